"""A game that `relay new` has made, as its README says to run it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

END_SECONDS = 30  # for a process to end by itself
ADDRESS = re.compile(r"http://[^\s/]+:\d+")


@dataclass
class Game:
    """A project, and where its relay and its page are."""

    project: Path
    url: str
    python: str | Path = sys.executable

    @contextmanager
    def bots(self) -> Iterator[None]:
        """Let bots in by the command of the project's README."""
        readme = (self.project / "README.md").read_text()
        command = re.search(r"^    relay (bots .*?)( +#|$)", readme, re.M)
        assert command is not None
        asked = shlex.split(ADDRESS.sub(self.url, command[1]))
        if "--url" not in asked:  # it means the usual port
            asked += ["--url", self.url]
        command_line = [self.python, "-m", "relay", *asked]
        with ended_after(subprocess.Popen(command_line, cwd=self.project, text=True)):
            yield


@contextmanager
def served(project: Path, python: str | Path = sys.executable) -> Iterator[Game]:
    """Run a project's serve.py on a free port."""
    process = subprocess.Popen(
        [python, "serve.py"],
        cwd=project,
        env={**os.environ, "RELAY_PORT": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with ended_after(process):
        assert process.stderr is not None
        yield Game(project, address_in(process.stderr), python)


def address_in(output: Iterable[str]) -> str:
    """Return the address that a server prints; fail if it ends without one."""
    said = []
    for line in output:
        said.append(line)
        if (found := ADDRESS.search(line)) is not None:
            return found[0]
    pytest.fail("".join(said))


@contextmanager
def ended_after(process: subprocess.Popen[str]) -> Iterator[None]:
    """End a process on leaving, or kill it and fail."""
    with process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
