"""Reads the files in which a relay keeps its rooms."""

from __future__ import annotations

import stat
from pathlib import Path


def kept(file: Path) -> bytes | None:
    """Return the file's content, and check that nobody else may read it. None: no file."""
    if not file.exists():
        return None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file.read_bytes()


def found(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def files(path: Path) -> list[str]:
    """Return the names of a file and of all files beside it."""
    return sorted(found(path.parent))
