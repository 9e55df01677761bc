"""Our relay and clients with a bug put in, and `relay fuzz` as people type it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.helpers import forked
from tests.helpers.node import NODE_OPTIONS, find_node
from tests.helpers.relay import ADDRESS

ROOT = Path(__file__).parents[4]
PACKAGES = ("roomwire", "protocol", "relay", "clients")
TESTEES = "clients.conform.testees"
BROWSER = ROOT / "clients" / "conform" / "testees" / "node.mjs"

IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"


class Bug(NamedTuple):
    """What stands in a file, and what shall."""

    file: str
    old: str
    new: str


def with_bug(folder: Path, bug: Bug) -> list[str]:
    """Copy our packages, with a bug. Returns: the command of a Python that imports the copy.

    What Python has compiled comes along, or each copy would be compiled for over a second.
    """
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("browser", "web", "guide", "*.pyc.*")  # half written
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    path = folder / bug.file
    text = path.read_text()
    assert text.count(bug.old) == 1, f"{bug.file} has {text.count(bug.old)} times {bug.old!r}"
    path.write_text(text.replace(bug.old, bug.new))
    return ["env", f"PYTHONPATH={folder}", "PYTHONSAFEPATH=1", sys.executable]


def python(testee: str, command: list[str] | None = None) -> str:
    """Return the command of one of our testees in Python."""
    return shlex.join([*(command or [sys.executable]), "-m", f"{TESTEES}.{testee}"])


def browser_client() -> str:
    """Return the command of the browser client in Node."""
    return shlex.join([find_node(), *NODE_OPTIONS, str(BROWSER)])


@contextmanager
def relay_of(command: list[str]) -> Iterator[str]:
    """Run a relay with the Python of a command. Yields: its URL."""
    arguments = ("-m", "relay", "serve", "--port", "0", "--log-level", "error")
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = ADDRESS.search(process.stdout.readline())
            assert found, "the relay did not start"
            yield found[0]
        finally:
            process.kill()


class Done(NamedTuple):
    """How a run of `relay fuzz` ended."""

    status: int
    report: dict[str, Any]
    text: str

    @property
    def kinds(self) -> set[str]:
        return {finding["kind"] for finding in self.report["findings"]}


def fuzz(*options: object) -> Done:
    """Run `relay fuzz` to its end."""
    done = forked.run("relay", "fuzz", *map(str, options), "--json", "--quiet")
    assert done.stdout, done.stderr
    return Done(done.returncode, json.loads(done.stdout), done.stdout)
