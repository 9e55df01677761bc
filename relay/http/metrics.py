"""What a relay tells Prometheus of itself.

All of it is read when somebody asks: nothing is counted while frames are passed on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from protocol.frames import PresenceState
from relay.history.memory_budget import KINDS
from relay.node.node import Node

PATIENCE = 50
"""How many times as long as it takes to count the players their number is good."""

ROLES = ("player", "spectator")


def registry_of(node: Node) -> CollectorRegistry:
    """Return what gathers a node's metrics, and those of the process that runs it."""
    registry = CollectorRegistry()
    registry.register(NodeCollector(node))
    ProcessCollector(registry=registry)
    return registry


class Players:
    """Counts the players of all rooms, which takes its time where there are many rooms: then not
    more often than costs a fiftieth of it."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._count = 0
        self._good_until = 0.0

    def count(self) -> int:
        """Return how many there are, or were a moment ago."""
        began = time.perf_counter()
        if began >= self._good_until:
            self._count = sum(room.player_count for room in self._node.registry)
            ended = time.perf_counter()
            self._good_until = ended + PATIENCE * (ended - began)
        return self._count


class NodeCollector:
    """Reads a node's metrics from the state that it has anyway."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterator[Metric]:
        """Return how the node is now."""
        node = self._node
        yield _gauge("connections", "WebSockets, in a room or on their way", len(node.connections))
        yield CounterMetricFamily(
            "roomwire_connects", "WebSockets that there ever were", node.connects
        )
        yield _gauge("connections_max", "WebSockets at most", node.settings.max_connections)
        yield _gauge("rooms", "Rooms, also those that are kept while empty", len(node.registry))
        yield self._seats()
        yield self._memory()
        yield _gauge("memory_max_bytes", "Bytes that rooms may take", node.memory.limit)
        yield _gauge("draining", "1 once the relay goes down", node.draining is not None)

    def _memory(self) -> Metric:
        memory = self._node.memory
        metric = GaugeMetricFamily(
            "roomwire_memory_bytes", "Bytes that rooms take, by what for", labels=("kind",)
        )
        for kind, size in zip(KINDS, memory.kinds, strict=True):
            metric.add_metric((kind,), size)
        return metric

    def _seats(self) -> Metric:
        # Lists, as a large relay has many seats, and its players wait meanwhile.
        counts = [[0] * len(PresenceState) for _ in ROLES]
        for room in self._node.registry:
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
