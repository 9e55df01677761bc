"""Programs in Python that start at once: forked from a process that has imported the relay.

To import a relay takes over a second, again for each of the many that tests start. What such a
program does is the same. A test of the start itself, or of what is imported, starts Python anew.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

FORKING = get_context("forkserver")
PRELOADED = [
    "relay.cli.commands",
    "tests.helpers.portable",
    "tests.helpers.forked",
    "tests.helpers.preloaded",  # the last: it freezes what is there
]
FORKING.set_forkserver_preload(PRELOADED)

END_SECONDS = 60.0
"""For a program that ends by itself."""


class Forked:
    """A program that runs. It offers what tests use of `subprocess.Popen`.

    Attributes:
        stdout: what it prints.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        """Start `python -m module`. Args: environment: all of its variables. log: its stderr."""
        reading, writing = FORKING.Pipe(duplex=False)
        self._process = FORKING.Process(
            target=_run,
            args=(_file_of(module), [module, *arguments], dict(environment), writing, log),
        )
        self._process.start()
        writing.close()
        self.stdout = os.fdopen(os.dup(reading.fileno()))
        reading.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code, if it has ended."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Returns: the exit code; below 0 is the signal that killed it."""
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return code

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Let go of what it printed."""
        self.stdout.close()


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Let a program run to its end. Returns: what `subprocess.run` returns."""
    with tempfile.NamedTemporaryFile("r", suffix=".log") as log:
        with closing(Forked(module, arguments, os.environ, Path(log.name))) as program:
            printed = program.stdout.read()
            code = program.wait(END_SECONDS)
        return subprocess.CompletedProcess([module, *arguments], code, printed, log.read())


def _file_of(module: str) -> str:
    """Return the file that `python -m module` runs."""
    spec = find_spec(module)
    assert spec is not None
    if spec.submodule_search_locations is not None:
        return _file_of(f"{module}.__main__")
    assert spec.origin is not None
    return spec.origin


def _run(
    file: str, arguments: list[str], environment: dict[str, str], out: Connection, log: Path
) -> None:
    """Be a program, in a fork."""
    with out, log.open("ab") as errors:
        os.dup2(out.fileno(), 1)
        os.dup2(errors.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    runpy.run_path(file, run_name="__main__")
