"""A program that is given bytes and answers in lines, whatever it does with either."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clients.fuzz.tail import Tail

MOST_CHUNKS = 1024
"""Pieces of at most 64 KiB that wait here. Then the program waits."""

MOST_SAID = 1 << 27
"""Bytes of the answers to a batch; the inputs of one are a hundredth of that."""

PARTING = 5.0
"""Seconds for our ends of the pipes to be free, once a program is gone."""


class TooMuch(Exception):
    """A program writes and writes, and no line ends."""


class End(NamedTuple):
    """How a program ended."""

    status: str
    told: str
    """What it said last on stderr."""


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
        self.has_fallen_silent = False
        """It has closed its output and goes on; known once it was ended."""
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

    def _chunk(self, patience: float) -> bytes:
        try:
            chunk = self._chunks.get(timeout=patience)
        except queue.Empty:
            self.is_hung = True
            return b""
        self._is_closed = not chunk
        return chunk

    def end(self) -> End:
        """End it, whatever it does."""
        if self._is_closed:  # it ends by itself, and its status says how
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                self.has_fallen_silent = True
        kill(self._process)
        code = self._process.wait()
        self._part()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        told = self._errors.words()
        self._errors.close()
        return End(meaning(code), told)

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
