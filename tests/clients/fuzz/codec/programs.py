"""Programs to compare with: our codecs, with bugs where a test wants one, and little scripts."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.helpers import forked
from tests.helpers.compiler import NAMES
from tests.helpers.node import find_node

ROOT = Path(__file__).parents[4]
ADAPTERS = ROOT / "clients" / "fuzz" / "adapters"
NODE = shlex.join([find_node(), str(ADAPTERS / "node.mjs")])

Patch = tuple[str, str, str]
"""A file of protocol/, what stands in it, and what shall."""


def run(
    *options: object, path: Path | None = None, is_forked: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run `relay fuzz`.

    Args:
        path: where another `protocol` lies, to be imported instead of ours.
        is_forked: whether it may be a fork. All forks have one hash seed.
    """
    if path is None and is_forked:
        return forked.run("relay", "fuzz", *map(str, options))
    command = [sys.executable, "-m", "relay", "fuzz", *map(str, options)]
    return subprocess.run(
        ["env", *environment(path), *command], capture_output=True, text=True, timeout=110
    )


def environment(path: Path | None) -> list[str]:
    """Return the variables that let Python import from `path` before the checkout."""
    return [] if path is None else ["PYTHONSAFEPATH=1", f"PYTHONPATH={path}:{ROOT}"]


def patched(folder: Path, patches: Iterable[Patch]) -> Path:
    """Copy `protocol` into a folder, with bugs; return the folder."""
    shutil.copytree(ROOT / "protocol", folder / "protocol")
    for name, old, new in patches:
        path = folder / "protocol" / name
        text = path.read_text()
        assert text.count(old) == 1, f"{name} has {text.count(old)} times {old!r}"
        path.write_text(text.replace(old, new))
    return folder


def python_with(path: Path | None) -> str:
    """Return the command of our Python adapter with the `protocol` of a folder."""
    command = ["env", *environment(path), sys.executable, "-m", "clients.fuzz.adapters.ours"]
    return shlex.join(command)


def compiled(source: Path, target: Path) -> Path:
    """Compile a program in C."""
    compiler = next(filter(None, map(shutil.which, NAMES)), None)
    assert compiler, f"this test needs a C compiler: {', '.join(NAMES)}"
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]
    subprocess.run([*command, "-o", target, source], check=True)
    return target


ANSWERING = """
import sys, time
stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
def say(line):
    stdout.write(line + b"\\n")
    stdout.flush()
say(b'{"adapter": "script"}')
while head := stdin.read(5):
    data = stdin.read(int.from_bytes(head[1:]))
"""
"""The beginning of a program in Python that answers to each `data`."""


def script(folder: Path, body: str) -> str:
    """Write a program that does `body` for each input; return its command."""
    path = folder / "script.py"
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    path.write_text(ANSWERING + lines)
    return shlex.join([sys.executable, str(path)])
