"""A client under test: the program that `relay conform client` starts, too.

It is told in lines of JSON what to do, and prints one for every event (docs/guide/conformance.md).
Here it is a bot: as soon as it prints a message that calls for an answer, it is told to send the
same bytes back, and after `closed` to enter anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import signal
import subprocess
import threading
import time
from typing import Any, Final

from clients.fuzz.peers.faults import Fault, last_of
from clients.fuzz.tail import Tail

MOST_LINES: Final = 10_000
"""Lines that wait here. Then the program waits."""

LONGEST: Final = 1 << 24
"""Bytes of a line; what is longer is cut, and is no JSON then."""

PARTING: Final = 1.0
"""Seconds for a program to end that has closed its output."""

START_PATIENCE: Final = 20.0
"""Seconds for its first line at least: an interpreter takes its time to begin."""

ALWAYS: Final = frozenset(
    ("message", "joined", "left", "presence", "host", "property", "live", "resumed", "closed")
)
"""Events that every program prints."""

PRINTED_WITH: Final = {"volatile": "update", "snapshot": "snapshot"}
"""What a program can do, and the event that goes with it."""

ENDS: Final = ("closed", "failed")
"""Events after which there is no client."""


class NoProgram(Exception):
    """The command cannot be started, or is no program of this kind."""


class Program:
    """A process, with a thread that reads its lines and one that writes to it."""

    def __init__(self, command: str, url: str, patience: float) -> None:
        """Start it, and take its first line.

        Raises:
            NoProgram: it does not say hello.
        """
        self.patience = patience
        self.to_answer: set[str] = set()
        """Payloads, in hex, that call for an answer."""
        self._enter = {"do": "connect", "url": url, "options": {"name": "Testee"}}
        self._lines: queue.Queue[bytes] = queue.Queue(MOST_LINES)
        self._orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        try:
            self.process = subprocess.Popen(
                shlex.split(command) or [""],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl+C is for us, and its children end with it
            )
        except (OSError, ValueError) as error:
            raise NoProgram(f"cannot start {command!r}: {error}") from None
        assert self.process.stderr is not None
        self._errors = Tail(self.process.stderr)
        self._threads = [
            threading.Thread(target=each, daemon=True) for each in (self._read, self._write)
        ]
        for thread in self._threads:
            thread.start()
        self.can = self._hello(command)
        self.reports = ALWAYS | {PRINTED_WITH[each] for each in self.can & PRINTED_WITH.keys()}
        self.do(self._enter)

    def _hello(self, command: str) -> frozenset[str]:
        """Return what it can do beyond what every program does."""
        try:
            hello = self.line(max(self.patience, START_PATIENCE))
            if hello["event"] == "hello":
                return frozenset(hello["can"])
            error: object = f"it is {hello}"
        except (Fault, KeyError, TypeError) as wrong:
            error = wrong
        told = self.end()
        raise NoProgram(
            f'{command}: the first line is to be {{"event": "hello", "can": [...]}}; '
            f"{error}\n{told}".rstrip()
        )

    def do(self, order: dict[str, Any]) -> None:
        """Tell it to do something, without waiting."""
        self._orders.put(json.dumps(order).encode() + b"\n")

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
        if (said := read(line)) is None:
            raise Fault("no_json", "a line of JSON", line.decode(errors="replace"))
        return said

    def last_words(self) -> str:
        """Say in few words how it ended, and what it said last on stderr."""
        return last_of(self._all_words())

    def _all_words(self) -> str:
        try:
            status = f"status {self.process.wait(PARTING)}"
        except subprocess.TimeoutExpired:
            status = "it closed its output and goes on"
        return f"{status}: {self._errors.words(PARTING)}"

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
        told = self._all_words()
        self._part()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
        self._errors.close()
        return told

    def _part(self) -> None:
        """Let the threads end. One of them may wait for somebody to take what it has read."""
        self._orders.put(b"")
        until = time.monotonic() + self.patience
        for thread in self._threads:
            while thread.is_alive() and time.monotonic() < until:
                with contextlib.suppress(queue.Empty):
                    self._lines.get_nowait()
                thread.join(0.01)

    def _read(self) -> None:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline(LONGEST):
            self._lines.put(line)
            self._react(read(line) or {})
        self._lines.put(b"")

    def _react(self, said: dict[str, Any]) -> None:
        if said.get("event") in ENDS:
            self.do(self._enter)
        elif said.get("event") == "message" and said.get("payload") in self.to_answer:
            self.do({"do": "send", "payload": said["payload"], "to": None})
            if "volatile" in self.can:
                self.do({"do": "volatile", "key": 1, "payload": said["payload"], "to": None})

    def _write(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone, as the reader notices
            while order := self._orders.get():
                self.process.stdin.write(order)
                self.process.stdin.flush()


def read(line: bytes) -> dict[str, Any] | None:
    """Read a line; None where it is no JSON object."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
