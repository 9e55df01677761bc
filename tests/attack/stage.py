"""Where attacks happen: a relay as users start it, on a core of its own, and what it takes."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

import psutil

from tests.helpers.relay import RelayProcess, relay_process

P = ParamSpec("P")
R = TypeVar("R")

KIBIBYTE, MEBIBYTE = 1024, 1024 * 1024
OPEN_FILES = 12_000


class Stage:
    """A running relay, looked at from outside."""

    def __init__(self, relay: RelayProcess) -> None:
        self.relay = relay
        self.port = relay.port
        self.process = psutil.Process(relay.process.pid)

    @property
    def memory(self) -> int:
        """Bytes that are resident."""
        return int(self.process.memory_info().rss)

    @property
    def files(self) -> int:
        """Open descriptors."""
        return int(self.process.num_fds())

    @property
    def log_lines(self) -> int:
        return self.relay.log.count("\n")

    async def takes(self, condition: Callable[[], bool], patience: float) -> float:
        """Wait until this holds. Returns: seconds, which are endless if it never does."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > patience:
                return float("inf")
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    async def peak(self, seconds: float) -> int:
        """Return the highest memory within the next seconds."""
        highest, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            highest = max(highest, self.memory)
            await asyncio.sleep(0.05)
        return highest


@contextmanager
def stage(*options: str, port: int = 0) -> Iterator[Stage]:
    """Run a relay with these options of `relay serve`."""
    with relay_process(*options, port=port) as relay:
        running = Stage(relay)
        if (os.cpu_count() or 1) > 1:
            running.process.cpu_affinity([0])
        yield running


@contextmanager
def attackers(many: int = 1) -> Iterator[ProcessPoolExecutor]:
    """Have processes that step back for who measures."""
    with ProcessPoolExecutor(many, get_context("spawn"), initializer=_step_back) as pool:
        yield pool


async def in_process(
    pool: ProcessPoolExecutor, attack: Callable[P, R], *arguments: P.args, **options: P.kwargs
) -> R:
    """Let another process attack meanwhile. Returns: what it returned."""
    assert not options, "executors take none"
    return await asyncio.get_running_loop().run_in_executor(pool, attack, *arguments)


def allow_many_files() -> None:
    """Let this process have connections by the thousand, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def leave_the_first_core() -> None:
    """Measure from another core than the relay's."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, range(1, os.cpu_count() or 1))


def _step_back() -> None:
    os.nice(10)
