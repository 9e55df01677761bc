"""The workers of one machine answer as one: whether the relay drains, and what Prometheus reads.

Nodes of a cluster answer each for itself, as Prometheus and load balancers ask each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from relay.cluster.bus import Bus
from relay.http.metrics import cluster
from relay.node.node import Node

DRAINING: Final = "draining"
METRICS: Final = "metrics"
HEALTH_SECONDS: Final = 0.5
METRICS_SECONDS: Final = 3.0
YES, NO = b"+", b"-"

SMALLEST: Final = cluster.SMALLEST | {"process_start_time_seconds", "roomwire_draining"}
LARGEST: Final = cluster.LARGEST | {"roomwire_connections_max"}
"""All workers have the same limit together. That of memory is shared out, so it is summed."""

Key = tuple[str, tuple[tuple[str, str], ...]]


class Silent(Exception):
    """A worker has not answered, and nothing can be said of all."""


class Siblings:
    """The other workers, if there are any."""

    def __init__(self, node: Node, metrics: CollectorRegistry) -> None:
        """Args: metrics: this worker's."""
        self._node = node
        self._metrics = metrics
        self._bus: Bus | None = None

    def meet(self, bus: Bus) -> None:
        """Answer as one with the workers on a bus from now on."""
        self._bus = bus
        bus.answer(DRAINING, self._say_if_draining)
        bus.answer(METRICS, self._say_metrics)

    async def drain(self) -> bool:
        """Say whether the whole relay goes down, not just this worker for another to follow."""
        if self._node.draining is None:
            return False
        if self._bus is None:
            return True
        answers = await self._bus.ask_all(DRAINING, b"", HEALTH_SECONDS)
        return NO not in answers.values()

    async def metrics(self) -> bytes:
        """Return what Prometheus is to read, of all workers.

        Raises:
            Silent: one of them has not said its part: its counters would seem to begin anew.
        """
        own = generate_latest(self._metrics)
        if self._bus is None:
            return own
        expected = self._bus.others
        answers = await self._bus.ask_all(METRICS, b"", METRICS_SECONDS)
        # One that has just ended is missed by nobody: the next scrape finds its successor.
        missing = (expected & self._bus.others) - answers.keys()
        if missing:
            raise Silent(f"{', '.join(sorted(missing))} has not answered")
        return summed([own, *answers.values()])

    async def _say_if_draining(self, asker: str, data: bytes) -> bytes:
        return NO if self._node.draining is None else YES

    async def _say_metrics(self, asker: str, data: bytes) -> bytes:
        return generate_latest(self._metrics)


def summed(texts: Iterable[bytes]) -> bytes:
    """Add up what Prometheus would read of each worker."""
    families: dict[str, Metric] = {}
    values: dict[str, dict[Key, list[Sample]]] = {}
    for text in texts:
        for family in text_string_to_metric_families(text.decode()):
            families.setdefault(family.name, family)
            found = values.setdefault(family.name, {})
            for sample in family.samples:
                key = (sample.name, tuple(sample.labels.items()))
                found.setdefault(key, []).append(sample)
    for name, family in families.items():
        join = _way(name)
        family.samples = [
            each[0]._replace(value=join(sample.value for sample in each))
            for each in values[name].values()
        ]
    registry = CollectorRegistry()
    registry.register(_Known(families.values()))
    return generate_latest(registry)


def _way(name: str) -> Callable[[Iterable[float]], float]:
    if name in SMALLEST:
        return min
    return max if name in LARGEST else sum


class _Known(Collector):
    """Shows what is known already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families
