"""A program that is given bytes and answers in lines, whatever it does with either."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

TOLD = 2000
"""Characters of a program's last words on stderr that a report has."""


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
        self._is_closed = False
        self._rest = b""
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._blobs: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - `end` closes it
        try:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=environment,
                bufsize=0,
                start_new_session=True,  # Ctrl+C is for us, and its children end with it
            )
        except (OSError, ValueError):
            self._errors.close()
            raise
        work = (self._read, self._write)
        self._threads = [threading.Thread(target=each, daemon=True) for each in work]
        for thread in self._threads:
            thread.start()

    def give(self, blob: bytes) -> None:
        """Write to it, without waiting."""
        self._blobs.put(blob)

    def take(self, count: int, patience: float) -> list[bytes]:
        """Return `count` lines, or fewer where it ends, or is silent for `patience` seconds."""
        parts = [self._rest]
        missing = count - self._rest.count(b"\n")
        while missing > 0 and not self._is_closed and (chunk := self._chunk(patience)):
            parts.append(chunk)
            missing -= chunk.count(b"\n")
        *lines, self._rest = b"".join(parts).split(b"\n")
        return lines

    @property
    def has_more(self) -> bool:
        """Whether it wrote something that was not taken yet. Its end is nothing."""
        while not self._is_closed and not self._chunks.empty():
            self._rest += self._chunk(0)
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
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
        kill(self._process)
        code = self._process.wait()
        self._blobs.put(None)
        for thread in self._threads:
            thread.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        with self._errors as errors:
            errors.seek(0)
            return End(meaning(code), errors.read()[-TOLD:].decode(errors="replace").strip())

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
