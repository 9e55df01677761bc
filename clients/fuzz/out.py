"""The folder for findings, checked first: a run of hours must not end with nowhere to write."""

from __future__ import annotations

import os
from pathlib import Path


def check(folder: Path) -> None:
    """Check, before a run, that it can be made or written to.

    Raises:
        OSError: it cannot.
    """
    whole = folder.absolute()
    there = next(each for each in (whole, *whole.parents) if each.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"--out {folder}: {there} is no folder")
    if not os.access(there, os.W_OK):
        raise PermissionError(f"--out {folder}: nothing can be written to {there}")
