"""Look at the files that a relay keeps its rooms in."""

from __future__ import annotations

import stat
from pathlib import Path


def kept(file: Path) -> bytes | None:
    """Return what is in the file, which nobody else may read; None if there is none."""
    if not file.exists():
        return None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file.read_bytes()


def found(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def files(path: Path) -> list[str]:
    """Return the names of a file and of all beside it."""
    return sorted(found(path.parent))
