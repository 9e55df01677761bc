"""A program that is given bytes and answers in lines, whatever it does with either."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clients.fuzz.tail import Tail

MOST_CHUNKS = 1024
"""Pieces of at most 64 KiB that wait here. Then the program waits."""

MOST_SAID = 1 << 27
"""Bytes of the answers to a batch; the inputs of one are a hundredth of that."""

LOOK = 0.25
"""Seconds between two looks at whether a program that says nothing can still be told something."""

LAST_WORDS = 1.0
"""Seconds for a program to end, or to say something, once it has closed its input or output."""

PARTING = 5.0
"""Seconds for our ends of the pipes to be free, once a program is gone."""


class TooMuch(Exception):
    """A program writes and writes, and no line ends."""


class End(NamedTuple):
    """How a program ended."""

    status: str
    told: str
    """What it said last on stderr."""
    is_cut_off: bool
    """Whether it went on after it had closed its input or its output."""


class Program:
    """A process, with a thread that writes to it and one that reads: neither waits for the other.

    Whoever makes one must call `end`.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError, ValueError: it cannot be started.
        """
        self.is_hung = False
        self._is_deaf = False
        self._is_closed = False
        self._rest = b""
        self._chunks: queue.Queue[bytes] = queue.Queue(MOST_CHUNKS)
        self._blobs: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            bufsize=0,
            start_new_session=True,  # Ctrl+C is for us, and its children end with it
        )
        assert self._process.stderr is not None
        self._errors = Tail(self._process.stderr)
        work = (self._read, self._write)
        self._threads = [threading.Thread(target=each, daemon=True) for each in work]
        for thread in self._threads:
            thread.start()

    def give(self, blob: bytes) -> None:
        """Write to it, without waiting."""
        self._blobs.put(blob)

    def take(self, count: int, patience: float) -> list[bytes]:
        """Return `count` lines, or fewer where it ends, or is silent for `patience` seconds.

        Raises:
            TooMuch: it says more than any answers are.
        """
        parts, size = [self._rest], len(self._rest)
        missing = count - self._rest.count(b"\n")
        while missing > 0 and not self._is_closed and (chunk := self._chunk(patience)):
            parts.append(chunk)
            missing -= chunk.count(b"\n")
            size += len(chunk)
            if size > MOST_SAID:
                raise TooMuch
        *lines, self._rest = b"".join(parts).split(b"\n")
        return lines

    @property
    def has_more(self) -> bool:
        """Whether it wrote something that was not taken yet. Its end is nothing."""
        if not (self._rest or self._is_closed or self._chunks.empty()):
            self._rest = self._chunk(0)
        return bool(self._rest)

    @property
    def half_a_line(self) -> str:
        """The beginning of a line that it did not end."""
        return self._rest[:200].decode(errors="replace")

    def _chunk(self, patience: float) -> bytes:
        """Return what comes next; nothing if nothing can come any more, or if that takes long."""
        until = time.monotonic() + patience
        while True:
            left = until - time.monotonic()
            with contextlib.suppress(queue.Empty):
                chunk = self._chunks.get(timeout=max(0.0, min(LOOK, left)))
                self._is_closed = not chunk
                return chunk
            if left <= 0:
                self.is_hung = not self._is_deaf
                return b""
            if not self._is_deaf and self._has_closed_its_input():
                self._is_deaf = True
                until = min(until, time.monotonic() + LAST_WORDS)

    def _has_closed_its_input(self) -> bool:
        """Say whether nobody can read what is written to it. Windows does not tell."""
        if sys.platform == "win32":
            return False
        assert self._process.stdin is not None
        poll = select.poll()
        poll.register(self._process.stdin, 0)  # errors are told in any case
        return bool(poll.poll(0))

    def end(self) -> End:
        """End it, whatever it does."""
        closed = "output" if self._is_closed else "input" if self._is_deaf else ""
        if self._is_closed:  # it ends by itself, and its status says how
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LAST_WORDS)
        is_cut_off = bool(closed) and self._process.poll() is None
        kill(self._process)
        code = self._process.wait()
        self._part()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        told = self._errors.words()
        self._errors.close()
        status = f"it closed its {closed} and goes on" if is_cut_off else meaning(code)
        return End(status, told, is_cut_off)

    def _part(self) -> None:
        """Let the threads end. One of them may wait for somebody to take what it has read."""
        self._blobs.put(None)
        until = time.monotonic() + PARTING
        for thread in self._threads:
            while thread.is_alive() and time.monotonic() < until:
                with contextlib.suppress(queue.Empty):
                    self._chunks.get_nowait()
                thread.join(0.01)

    def _read(self) -> None:
        assert self._process.stdout is not None
        while chunk := self._process.stdout.read(1 << 20):
            self._chunks.put(chunk)
        self._chunks.put(b"")

    def _write(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone, as the reader notices
            while (blob := self._blobs.get()) is not None:
                view = memoryview(blob)
                while view:
                    view = view[self._process.stdin.write(view) :]


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children."""
    if os.name == "nt":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def meaning(code: int) -> str:
    """Say in words what an exit status means."""
    if code >= 0:
        return f"it ended with status {code}"
    return f"it was killed by {signal.Signals(-code).name}"
