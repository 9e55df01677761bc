"""The worker processes of a relay. Each has a place, which outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from relay.persistence.shares import share
from relay.policy.config import Settings
from relay.server.listening import Listener
from relay.workers.mail import make_box
from relay.workers.orders import Orders

COMMAND: Final = (sys.executable, "-P", "-m", "relay.workers.worker")
LEAST_MEMORY: Final = 64 * 1024 * 1024


class Crew:
    """All places, and the boxes for the mail of their workers and of the supervisor."""

    def __init__(self, settings: Settings, listener: Listener, token: str, path: Path) -> None:
        """Args: token: the operator's. path: the state file of which each worker has a share."""
        count = settings.workers
        ends = [make_box() for _ in range(count + 1)]
        self._boxes = [end for end, _ in ends]
        self._ways = [end for _, end in ends]
        self.places = [
            Place(
                Orders(
                    settings=_of_worker(settings, share(path, number)),
                    token=token,
                    number=number,
                    start=0,
                    count=count,
                    host=listener.host,
                    port=listener.port,
                    sockets=_descriptors(listener.sockets),
                    box=self._boxes[number].fileno(),
                    boxes=_descriptors(self._ways),
                    keeps=settings.state is not None,
                )
            )
            for number in range(count)
        ]

    @property
    def own_mail(self) -> tuple[socket.socket, list[socket.socket], int, int]:
        """What the supervisor's `Mail` is made of."""
        return self._boxes[-1], self._ways, len(self.places), 0

    def close(self) -> None:
        """Close all boxes, and drop what is still in them."""
        for end in (*self._boxes, *self._ways):
            end.close()

    def let_go(self) -> None:
        """Tell all workers that the relay ends."""
        for place in self.places:
            place.let_go()

    def hurry(self) -> None:
        """Tell all workers to end at once, without waiting for players."""
        for place in self.places:
            place.signal(signal.SIGTERM)

    def kill(self) -> None:
        for place in self.places:
            place.signal(signal.SIGKILL)


class Place:
    """The place of one worker at a time.

    Attributes:
        number: as a room's home has it. is_up: set while a worker serves there.
        is_empty: set while there is none.
        orders: those of the present worker, or of the last one.
        is_leaving: the worker was asked to make way for another, which gets its rooms.
    """

    def __init__(self, orders: Orders) -> None:
        self.number = orders.number
        self.is_up = asyncio.Event()
        self.is_empty = asyncio.Event()
        self.is_leaving = False
        self.orders = orders
        self._process: asyncio.subprocess.Process | None = None
        self._has_been_let_go = False

    @property
    def name(self) -> str:
        """The name of the present worker on the bus."""
        return self.orders.name

    @property
    def pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    async def run(self) -> int:
        """Run a worker. Returns: its exit code, or the number of a signal below 0."""
        self.is_leaving = False
        self.orders = orders = self.orders.next()
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=(*orders.sockets, orders.box, *orders.boxes),
            process_group=0,  # a Ctrl+C is for the supervisor
        )
        self._process = process
        self.is_empty.clear()
        self._say(orders.to_json())
        if self._has_been_let_go:
            self.let_go()
        try:
            return await process.wait()
        finally:
            self.is_up.clear()
            self.is_empty.set()
            self._process = None

    def leave(self) -> None:
        """Tell the worker to end, so that another can take its place."""
        self.is_leaving = True
        self.is_up.clear()
        self.signal(signal.SIGTERM)

    def let_go(self) -> None:
        """Tell the present worker, and one that is just starting, that the relay ends."""
        self._has_been_let_go = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):  # it has just ended
                self._process.send_signal(number)

    def _say(self, line: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line)


def _of_worker(settings: Settings, state: Path) -> dict[str, object]:
    """Return the settings of one worker, as JSON has them."""
    memory = max(settings.memory // settings.workers, LEAST_MEMORY)
    kept = None if settings.nats else state.absolute()  # NATS keeps rooms better
    own = settings.model_copy(update={"workers": 1, "memory": memory, "state": kept})
    return own.model_dump(mode="json")


def _descriptors(sockets: Sequence[socket.socket]) -> tuple[int, ...]:
    return tuple(each.fileno() for each in sockets)
