"""The last words of a program under test."""

from __future__ import annotations

import threading
from typing import IO, Final

TOLD: Final = 2000
"""Bytes of them that a report has."""

CHUNK: Final = 1 << 16


class Tail:
    """What a program wrote last on stderr. However much it writes, little is kept."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._last = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := self._stream.read(CHUNK):
            self._last = (self._last + chunk)[-TOLD:]

    def words(self, patience: float = 1.0) -> str:
        """Return the last words, after waiting so many seconds at most for the end of stderr."""
        self._thread.join(patience)
        return self._last.decode(errors="replace").strip()

    def close(self) -> None:
        """Let go of the stream, unless a process that nobody knows of still writes to it."""
        if not self._thread.is_alive():
            self._stream.close()
