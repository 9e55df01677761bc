"""Folders of this user's alone."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def runtime_folder() -> Path:
    """Return the folder for what lives as long as a relay runs. It is there.

    Raises:
        OSError: there can be none.
    """
    user = os.getuid() if hasattr(os, "getuid") else None
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    shared = Path(tempfile.gettempdir(), "roomwire" if user is None else f"roomwire-{user}")
    folder = Path(runtime, "roomwire") if runtime else shared
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()  # in a folder of all users' another may have made it before
    is_ours = user is None or (found.st_uid == user and not found.st_mode & 0o077)
    if not stat.S_ISDIR(found.st_mode) or not is_ours:
        raise OSError(f"{folder} is not this user's alone")
    return folder
