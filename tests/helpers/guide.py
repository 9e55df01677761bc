"""The site of the docs: built once for all tests, and for all runs until its sources change."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def built_guide() -> Path:
    """Build the site as `make docs` does, unless it is there, and return its folder."""
    command = [sys.executable, "docs/build.py"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    return ROOT / "relay/guide"
