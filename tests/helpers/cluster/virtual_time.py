"""Time that passes when nothing else is to be done, for several event loops at once.

Each loop stands for one process: it can freeze, go on, and die. All that happens is in one order,
which the seed decides.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable, Coroutine
from contextvars import Context
from itertools import count
from typing import Any, TypeVarTuple

Ts = TypeVarTuple("Ts")


class World:
    """One clock, one order of events, one source of chance.

    Attributes:
        steps: how many events there were.
        errors: what no code has handled.
    """

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.dice = random.Random(seed)
        self.steps = 0
        self.errors: list[dict[str, Any]] = []
        self._events: list[tuple[float, int, VirtualLoop | None, asyncio.Handle]] = []
        self._numbers = count()
        self._outside = VirtualLoop(self)

    def after(self, seconds: float, call: Callable[..., object], *args: Any) -> None:
        """Let something happen that no process does."""
        self._outside.call_later(seconds, call, *args)

    def push(self, when: float, loop: VirtualLoop, handle: asyncio.Handle) -> None:
        heapq.heappush(self._events, (max(when, self.now), next(self._numbers), loop, handle))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self._events and self._events[0][0] <= until:
            self._step()
        self.now = until

    def _step(self) -> None:
        self.now, _, loop, handle = heapq.heappop(self._events)
        assert loop is not None
        if loop.is_dead or handle.cancelled():
            return
        if loop.is_frozen:
            loop.held.append(handle)
            return
        self.steps += 1
        asyncio._set_running_loop(loop)
        try:
            handle._run()
        finally:
            asyncio._set_running_loop(None)


class VirtualLoop(asyncio.BaseEventLoop):
    """One process's event loop."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.tasks: set[asyncio.Task[Any]] = set()
        self.is_frozen = False
        self.is_dead = False
        self.held: list[asyncio.Handle] = []

    def freeze(self) -> None:
        """Do nothing until `thaw`."""
        self.is_frozen = True

    def thaw(self) -> None:
        """Do all that was to be done meanwhile."""
        self.is_frozen = False
        held, self.held = self.held, []
        for handle in held:
            self.world.push(self.world.now, self, handle)

    def spawn(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Begin a task, from outside of the loop."""
        self.call_soon(lambda: self.tasks.add(self.create_task(work())))

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self.world.now

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self.world.push(self.world.now, self, handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.world.now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self.world.push(when, self, handle)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.world.errors.append(context)

    def __del__(self) -> None:
        pass  # it has nothing to close
