"""A client under test: a program that prints a line of JSON for every event."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import signal
import subprocess
import tempfile
import threading
from typing import Any, Final

from clients.fuzz.peers.faults import Fault

TOLD: Final = 2000
"""Characters of a program's last words on stderr that a finding has."""

START_PATIENCE: Final = 20.0
"""Seconds for its first line at least: an interpreter takes its time to begin."""

VARIABLE: Final = "ROOMWIRE_URL"


class NoProgram(Exception):
    """The command cannot be started, or is no program of this kind."""


class Program:
    """A process whose lines are read in a thread of their own."""

    def __init__(self, command: str, url: str, patience: float) -> None:
        """Start it, and take its first line.

        Raises:
            NoProgram: it does not say hello.
        """
        self.patience = patience
        self.ended = False
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - `end` closes it
        try:
            self.process = subprocess.Popen(
                [*shlex.split(command), url],
                env={**os.environ, VARIABLE: url},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,  # Ctrl+C is for us, and its children end with it
            )
        except (OSError, ValueError, IndexError) as error:
            self._errors.close()
            raise NoProgram(f"{command}: {error}") from None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.reports = self._hello(command)

    def _hello(self, command: str) -> frozenset[str]:
        """Return the kinds of events that it prints."""
        try:
            hello = self.line(max(self.patience, START_PATIENCE))
            return frozenset({"message", "closed", *hello["reports"]})
        except (Fault, KeyError, TypeError) as error:
            told = self.end()
            raise NoProgram(
                f'{command}: the first line is to be {{"testee": NAME, "reports": [...]}}; '
                f"{error}\n{told}".rstrip()
            ) from None

    def line(self, patience: float) -> dict[str, Any]:
        """Return the next line.

        Raises:
            Fault: it says none, ends, or says what is no JSON.
        """
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            raise Fault("silent", "another event", f"nothing in {patience:g} s") from None
        if not line:
            self._lines.put(b"")
            raise Fault("died", "a program that goes on", self.last_words())
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise Fault("no_json", "a line of JSON", line.decode(errors="replace"))
        return said

    def last_words(self) -> str:
        """Say how it ended, and what it said last on stderr."""
        status = self.process.wait()
        self._errors.seek(0)
        told = self._errors.read()[-TOLD:].decode(errors="replace").strip()
        return f"status {status}: {told}"

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> str:
        """End it, whatever it does. Returns: its last words."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.name == "posix":
                    os.killpg(self.process.pid, signal.SIGKILL)
                else:
                    self.process.kill()
        told = self.last_words()
        self._reader.join(timeout=self.patience)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()
        return told

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")
