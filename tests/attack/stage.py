"""The stage of an attack: a relay as users start it, on a core of its own, and its resources."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, ParamSpec, TypeVar

import psutil

from tests.attack.verdict import Timing
from tests.helpers.forked import FORKING, PRELOADED
from tests.helpers.relay import MODULE, RelayProcess, relay_process

P = ParamSpec("P")
R = TypeVar("R")

KIBIBYTE, MEBIBYTE = 1024, 1024 * 1024
OPEN_FILES = 12_000
PATIENCE = 30.0
"""Seconds for something that must happen, however busy the machine."""
FREE_SECONDS = 15.0
NICENESS = 10

FORKING.set_forkserver_preload(["__main__", "tests.attack.attacks", *PRELOADED])


@dataclass(frozen=True, slots=True)
class Scale:
    """How large an attack is.

    Attributes:
        many: attackers at a time, or of each kind.
        seconds: least seconds of the attack, and of the measurement before it.
        options: for the relay, besides those that an attack needs.
    """

    many: int = 1
    seconds: float = 0.0
    options: tuple[str, ...] = ()

    def option(self, name: str, default: float) -> float:
        """Return the value of an option of the relay."""
        return (
            float(self.options[self.options.index(name) + 1]) if name in self.options else default
        )


class Stage:
    """A running relay, looked at from outside."""

    core: ClassVar[int | None] = None
    """The relay's own core, once this process has left it."""
    niceness: ClassVar[int] = 0
    """The niceness of attackers, so that the measuring process goes first."""
    may_fork: ClassVar[bool] = True
    """Whether relays may be forked, which no user does."""

    def __init__(self, relay: RelayProcess) -> None:
        self.relay = relay
        self.port = relay.port
        self.process = psutil.Process(relay.process.pid)

    @property
    def memory(self) -> int:
        """Resident bytes of its own: a library's are there as soon as they are needed."""
        held = self.process.memory_info()
        return int(held.rss - held.shared)

    @property
    def mapped(self) -> int:
        """Resident bytes of files. A fork has only those that it needed itself."""
        return int(self.process.memory_info().shared)

    @property
    def cpu(self) -> float:
        """Seconds of a core that it has taken."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    @property
    def files(self) -> int:
        """Open descriptors."""
        return int(self.process.num_fds())

    @property
    def log_lines(self) -> int:
        return self.relay.log.count("\n")

    async def takes(self, condition: Callable[[], bool]) -> float:
        """Wait until this holds. Returns: the seconds; infinite if it never did."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > PATIENCE:
                return float("inf")
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    async def frees(self, files: int) -> Timing:
        """Wait until no more descriptors are open than there were."""
        took = await self.takes(lambda: self.files <= files)
        return Timing("until its descriptors are free", took, FREE_SECONDS, "s")

    async def peak(self, attack: asyncio.Future[R]) -> int:
        """Return the highest memory until an attack is over."""
        highest = self.memory
        while not attack.done():
            await asyncio.sleep(0.02)  # the rate of the samples
            highest = max(highest, self.memory)
        return highest


@contextmanager
def stage(
    *options: str, port: int = 0, module: str = MODULE, is_forked: bool = True
) -> Iterator[Stage]:
    """Run a relay with these options of `relay serve`.

    Args:
        module: has that command.
        is_forked: as for `relay_process`; False where all of its memory is measured.
    """
    is_forked = is_forked and Stage.may_fork
    with relay_process(
        *options, port=port, module=module, is_forked=is_forked, is_patient=False
    ) as relay:
        running = Stage(relay)
        if Stage.core is not None:
            running.process.cpu_affinity([Stage.core])
        yield running


@contextmanager
def attackers(many: int = 1) -> Iterator[ProcessPoolExecutor]:
    """Start processes to attack from."""
    nice = (Stage.niceness,)
    with ProcessPoolExecutor(many, FORKING, initializer=os.nice, initargs=nice) as pool:
        yield pool


def in_process(
    pool: ProcessPoolExecutor, attack: Callable[P, R], *arguments: P.args, **options: P.kwargs
) -> asyncio.Future[R]:
    """Let another process attack meanwhile. Returns: a future of its result."""
    assert not options, "executors take none"
    return asyncio.get_running_loop().run_in_executor(pool, attack, *arguments)


def allow_many_files() -> None:
    """Let this process open thousands of connections, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def measure_alone() -> None:
    """Leave the first core to relays, and let attackers use only time that nobody else needs."""
    Stage.niceness, Stage.may_fork = NICENESS, False
    first, *others = sorted(os.sched_getaffinity(0))
    if others:
        os.sched_setaffinity(0, others)
        Stage.core = first
