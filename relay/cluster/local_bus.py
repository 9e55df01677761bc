"""Buses of several nodes in one process, for tests: perfect, but never at once."""

from __future__ import annotations

import asyncio

from relay.cluster.message_bus import MessageBus


class LocalNet:
    """Connects the buses of one process."""

    def __init__(self) -> None:
        self._buses: dict[str, LocalBus] = {}

    def join(self, bus: LocalBus) -> None:
        """Let a bus hear the others, and be heard."""
        self._buses[bus.name] = bus
        self._meet()

    def leave(self, name: str) -> None:
        """Remove a node, as if it were killed."""
        del self._buses[name]
        self._meet()

    def carry(self, node: str, message: bytes) -> None:
        """Carry a message to a node, if it still lives then."""
        asyncio.get_running_loop().call_soon(self._arrive, node, message)

    def _arrive(self, node: str, message: bytes) -> None:
        if node in self._buses:
            self._buses[node].take(message)

    def _meet(self) -> None:
        for bus in self._buses.values():
            bus.meet(self._buses)


class LocalBus(MessageBus):
    """The bus of one node among those on a net. It is there as soon as it is made."""

    def __init__(self, net: LocalNet, name: str) -> None:
        super().__init__(name, net.carry)
        net.join(self)
