"""A real tshark with our dissector; `python -m tests.helpers.tshark --install` gets one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from clients.fuzz.grammar.dissector import lua
from tests.helpers import debian

PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
SECONDS = 50

ROOT_WARNING = "Running as user"


def dissected(capture: Path, *options: str) -> str:
    """Return what tshark prints of a capture with our dissector; fail if it complains."""
    where = shutil.which("tshark", path=PATH)
    assert where, "this test needs tshark: `make tshark` installs it"
    command = [where, "-X", f"lua_script:{script()}", "-r", str(capture), *options]
    # A home of its own: the settings and plugins of whoever runs the test are not asked.
    with tempfile.TemporaryDirectory() as home:
        clean = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home}
        ended = subprocess.run(
            command, env=clean, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    complaints = [line for line in ended.stderr.splitlines() if not line.startswith(ROOT_WARNING)]
    assert (ended.returncode, complaints) == (0, []), ended.stderr
    return ended.stdout


def fields(capture: Path, *names: str, only: str = "roomwire") -> list[dict[str, list[str]]]:
    """Return fields of every packet that a filter lets pass: each with all its values."""
    wanted = [word for name in names for word in ("-e", name)]
    packets: list[dict[str, Any]] = json.loads(
        dissected(capture, "-Y", only, "-T", "json", *wanted)
    )
    return [
        {name: packet["_source"]["layers"].get(name, []) for name in names} for packet in packets
    ]


@cache
def script() -> Path:
    """Write the dissector to a file, once."""
    path = Path(tempfile.mkdtemp()) / "roomwire.lua"
    path.write_text(lua(), "utf-8")
    return path


def install() -> str:
    """Return a sentence about the tshark that is there now."""
    if not shutil.which("tshark", path=PATH):
        debian.install("tshark")
    found = shutil.which("tshark", path=PATH)
    if found is None:
        sys.exit(
            "The tests of the dissector need tshark, and apt-get (as root) could not install it: "
            "install it so that it is on PATH, and run again."
        )
    return f"tshark: {found}"


if __name__ == "__main__":
    print(install())
