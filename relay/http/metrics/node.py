"""The metrics of a relay: its rooms, seats, connections and memory."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from protocol.frames import PresenceState
from relay.history.memory_budget import KINDS
from relay.http.metrics.traffic import TrafficCollector
from relay.node.node import Node
from relay.room.room import Room

PATIENCE = 50
"""A count of the players is reused for this many times the time that it took."""

ROLES = ("player", "spectator")


def registry_of(node: Node) -> CollectorRegistry:
    """Return a registry of a node's metrics, and of those of its process."""
    registry = CollectorRegistry()
    registry.register(NodeCollector(node))
    registry.register(TrafficCollector(node))
    ProcessCollector(registry=registry)
    return registry


class Players:
    """Counts the players of all rooms. With many rooms that takes long, so it counts only as often
    as costs a fiftieth of the relay's time."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._count = 0
        self._good_until = 0.0

    def count(self) -> int:
        """Return the number of players, as it is or was a moment ago."""
        began = time.perf_counter()
        if began >= self._good_until:
            self._count = sum(room.player_count for room in self._node.registry)
            ended = time.perf_counter()
            self._good_until = ended + PATIENCE * (ended - began)
        return self._count


class NodeCollector:
    """Reads a node's metrics from its state."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterator[Metric]:
        """Return the node's metrics as they are."""
        node = self._node
        yield _gauge("connections", "WebSockets, in a room or entering one", len(node.connections))
        yield CounterMetricFamily("roomwire_connects", "WebSockets since the start", node.connects)
        yield _gauge("connections_max", "Most WebSockets at a time", node.settings.max_connections)
        rooms = self._counted()
        text = "Rooms, the empty ones included; of relays that share one, one counts it"
        yield _gauge("rooms", text, len(rooms))
        yield self._seats(rooms)
        yield self._memory()
        yield _gauge("memory_max_bytes", "Most bytes that rooms may take", node.memory.limit)
        yield _gauge("draining", "1 while the relay goes down, else 0", node.draining is not None)

    def _memory(self) -> Metric:
        memory = self._node.memory
        metric = GaugeMetricFamily(
            "roomwire_memory_bytes", "Bytes that rooms take, by their use", labels=("kind",)
        )
        for kind, size in zip(KINDS, memory.kinds, strict=True):
            metric.add_metric((kind,), size)
        return metric

    def _counted(self) -> list[Room]:
        """Return the rooms that this node counts: another may count one that both have."""
        counts = self._node.rooms.elsewhere.counts
        return [room for room in self._node.registry if not counts(room.name)]

    def _seats(self, rooms: Iterable[Room]) -> Metric:
        # Comprehensions, as players wait while this runs, and a large relay has many seats.
        counts = [[0] * len(PresenceState) for _ in ROLES]
        for room in rooms:
            for seat in room.seats.values():
                counts[seat.is_spectator][seat.state] += 1
        labels = ("role", "presence")
        metric = GaugeMetricFamily("roomwire_seats", "Seats that are taken", labels=labels)
        for role, states in zip(ROLES, counts, strict=True):
            for state, count in zip(PresenceState, states, strict=True):
                metric.add_metric((role, state.name.lower()), count)
        return metric


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"roomwire_{name}", text, value)
