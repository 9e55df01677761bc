"""The readers that the codec writes and compiles as it is imported, one for each class of frames.

They are in no file. So neither the hook that instruments imports nor coverage.py sees them, unless
they are shown to these.

Each function imports the codec itself: it must not be there before it can be instrumented.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from protocol.frames import Frame


class Made(NamedTuple):
    """A reader that is in no file."""

    table: dict[int, Any]
    """Where the codec looks for it, by the head of the frame."""
    head: int
    cls: type[Frame]
    reader: FunctionType


def made() -> Iterator[Made]:
    """Yield each reader that is in no file."""
    from protocol.codec import CLIENT_READERS, FRAMES, RELAY_READERS, Role

    for role, readers in {Role.CLIENT: CLIENT_READERS, Role.RELAY: RELAY_READERS}.items():
        for opcode, table in readers.items():
            for head, reader in [*table.items()]:
                if isinstance(reader, FunctionType) and reader.__code__.co_filename.startswith("<"):
                    yield Made(table, head, FRAMES[role][opcode], reader)


def give_files(folder: Path) -> list[Path]:
    """Write all these readers to files, and let the codec read with those. Returns: the files."""
    from protocol.quick.generated import USED, source

    files: dict[Path, None] = {}
    for table, head, cls, _ in made():
        names, path = dict(USED), folder / f"{cls.__name__}.py"
        text = source(cls, names)
        path.write_text(text)
        exec(compile(text, path, "exec"), names)
        table[head] = names["read"]
        files[path] = None
    return [*files]
