"""All bytes of one conversation, in both directions, as they came and went."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SENT, RECEIVED, NOTE = "sent", "received", "note"

FILE: Final = "transcript.jsonl"


@dataclass
class Transcript:
    """Entries in order: whose connection, which direction, and the bytes or words."""

    entries: list[tuple[str, str, bytes | str]] = field(default_factory=list)

    def sent(self, connection: str, data: bytes) -> None:
        self.entries.append((connection, SENT, data))

    def received(self, connection: str, data: bytes) -> None:
        self.entries.append((connection, RECEIVED, data))

    def note(self, connection: str, words: str) -> None:
        """Add what is known about the bytes that follow."""
        self.entries.append((connection, NOTE, words))

    @property
    def digest(self) -> str:
        """A hash of all that was sent: the same seed gives the same one."""
        digest = hashlib.sha256()
        for connection, way, data in self.entries:
            if way == SENT and isinstance(data, bytes):
                digest.update(connection.encode() + b"\0" + data)
        return digest.hexdigest()

    def write(self, folder: Path) -> None:
        """Write it into a folder, a line of JSON an entry."""
        lines = (json.dumps(line(*entry)) for entry in self.entries)
        (folder / FILE).write_text("".join(f"{each}\n" for each in lines))


def line(connection: str, way: str, data: bytes | str) -> dict[str, str]:
    """Return an entry as JSON has it; bytes are hex."""
    return {"by": connection, way: data if isinstance(data, str) else data.hex()}
