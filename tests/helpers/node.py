"""Node, and the browser client as Node loads it."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "relay" / "web" / "client" / "roomwire.js"

NODE_OPTIONS = ("--experimental-websocket", "--no-warnings")
"""Options of Node. Before version 22 its WebSocket needs the first one."""


@functools.cache
def find_node() -> str:
    """Return the path of Node, the machine's own or that of the virtual environment."""
    find = [sys.executable, str(ROOT / "clients" / "browser" / "node.py"), "find"]
    return subprocess.run(find, check=True, capture_output=True, text=True).stdout.strip()
