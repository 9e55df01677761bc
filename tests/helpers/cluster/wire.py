"""Relays in one process that share their rooms, on real sockets."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from relay.cluster.local_log import LocalLog
from relay.cluster.log_broker import LogBroker
from relay.room.entries import MAX_INCARNATION
from tests.helpers.peers import Party, party


class Wire:
    """Carries messages between the buses of one process."""

    def __init__(self) -> None:
        self.buses: list[WireBus] = []


class WireBus:
    """A node's bus. Nobody asks questions over it."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.name = name
        self._wire = wire
        self._receivers: dict[str, list[Callable[[str, bytes], None]]] = defaultdict(list)
        wire.buses.append(self)

    def publish(self, subject: str, data: bytes) -> None:
        for bus in self._wire.buses:
            if bus is not self:
                asyncio.get_running_loop().call_soon(bus.receive, self.name, subject, data)

    def subscribe(self, subject: str, receive: Callable[[str, bytes], None]) -> Callable[[], None]:
        self._receivers[subject].append(receive)
        return lambda: self._receivers[subject].remove(receive)

    def receive(self, sender: str, subject: str, data: bytes) -> None:
        for receive in list(self._receivers[subject]):
            receive(sender, data)

    def answer(self, subject: str, reply: object) -> None:
        raise NotImplementedError

    async def ask(self, node: str, subject: str, data: bytes, seconds: float) -> bytes:
        raise NotImplementedError

    async def ask_all(self, subject: str, data: bytes, seconds: float) -> Mapping[str, bytes]:
        raise NotImplementedError

    @property
    def others(self) -> frozenset[str]:
        return frozenset(bus.name for bus in self._wire.buses if bus is not self)


@asynccontextmanager
async def parties(count: int, **settings: Any) -> AsyncIterator[list[tuple[Party, LogBroker]]]:
    """Run so many relays that share their rooms. Yields: each with its broker."""
    log, wire = LocalLog(), Wire()
    async with AsyncExitStack() as stack:
        found = []
        for number in range(count):
            bus = WireBus(wire, f"n{number}")
            broker = LogBroker(lambda: 1 + secrets.randbelow(MAX_INCARNATION))
            broker.start(log, bus)
            stack.callback(broker.close)
            at = await stack.enter_async_context(party(broker=broker, **settings))
            found.append((at, broker))
        yield found
