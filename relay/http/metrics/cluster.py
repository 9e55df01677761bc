"""The metrics of a relay that shares its rooms with others, beside those that every relay has.

Only `relay serve --nats` shows them. All values are read when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from relay.cluster.log_broker import LogBroker

if TYPE_CHECKING:
    from relay.cluster.nats.joining import Membership  # which needs nats-py
    from relay.cluster.nats.streams import Stream

PREFIX: Final = "roomwire_cluster_"

SMALLEST: Final = frozenset({f"{PREFIX}connected"})
"""Of several workers, the one that has least says what is so."""
LARGEST: Final = frozenset(
    PREFIX + name
    for name in (
        "nodes",
        "leader_changes",
        "waited_seconds",
        "stream_entries",
        "stream_bytes",
        "stream_max_bytes",
        "stream_lag",
    )
)
"""All workers see the same, and one may see it later than others."""


class ClusterCollector:
    """Reads the metrics of a node in a cluster from its state."""

    def __init__(self, broker: LogBroker, membership: Membership) -> None:
        self._broker = broker
        self._membership = membership

    def collect(self) -> Iterator[Metric]:
        """Return the metrics as they are."""
        yield from self._of_rooms()
        yield from self._of_the_log()
        yield from self._of_nats()
        yield from self._of_streams()

    def _of_rooms(self) -> Iterator[Metric]:
        log, replicas = self._membership.log, self._broker.replicas
        behind = sum(each.chain.is_behind for each in replicas.values())
        yield _gauge("replicas", "Rooms that this relay has, alone or beside others", len(replicas))
        yield _gauge("rooms_behind", "Of these, rooms of which entries are missing here", behind)
        stalled = sum(map(log.is_troubled, replicas))
        yield _gauge("rooms_stalled", "Of these, rooms whose entries wait for NATS", stalled)

    def _of_the_log(self) -> Iterator[Metric]:
        counts = self._broker.counts
        filled = counts.filled + sum(each.filled for each in self._broker.replicas.values())
        yield _counter("entries", "Entries of rooms' logs that were taken", counts.parcels)
        yield _counter("frames", "What was in them: frames of players, and timers", counts.frames)
        yield _counter("bytes", "Bytes of these entries", counts.size)
        yield _counter("filled", "Entries that were missed, and read later", filled)
        yield _counter("resent", "Times that an entry was sent to NATS again", counts.resent)
        yield _counter("fenced", "Frames of relays that others took for dead", counts.fenced)
        text = "Times that other relays took this one for dead"
        yield _counter("fencings", text, self._broker.fenced_times)
        yield self._trips()

    def _trips(self) -> Metric:
        trips = self._membership.log.records.trips
        text = "Seconds that entries took to be stored and to come back; one at a time is timed"
        metric = HistogramMetricFamily(f"{PREFIX}stored_seconds", text)
        metric.add_metric((), list(trips.spread.ranges()), trips.spread.sum)
        return metric

    def _of_nats(self) -> Iterator[Metric]:
        connection, bus = self._membership.connection, self._membership.bus
        yield _gauge("nodes", "Relays that are heard, this one included", len(bus.others) + 1)
        yield _gauge("connected", "1 while there is a connection to NATS, else 0", connection.is_up)
        yield _counter("cuts", "Connections to NATS that ended", connection.times_cut)

    def _of_streams(self) -> Iterator[Metric]:
        records, streams = self._membership.log.records, self._membership.log.streams
        changes = CounterMetricFamily(
            f"{PREFIX}leader_changes", "Times that a stream got another leader", labels=("stream",)
        )
        _add_all(changes, records.leader_changes)
        yield changes
        waited = CounterMetricFamily(
            f"{PREFIX}waited_seconds",
            "Seconds for which a stream stored nothing that it was asked to, as without a leader",
            labels=("stream",),
        )
        _add_all(waited, records.waited)
        yield waited
        yield _of_each("stream_entries", "Entries in a stream", _values(streams, "entries"))
        yield _of_each("stream_bytes", "Bytes in a stream", _values(streams, "bytes"))
        most = _values(streams, "max_bytes")
        yield _of_each("stream_max_bytes", "Most bytes in a stream", most)
        lag = {name: max(each.followers.values(), default=0) for name, each in streams.items()}
        yield _of_each("stream_lag", "Entries by which a stream's slowest server lags", lag)


def _values(streams: Mapping[str, Stream], field: str) -> dict[str, float]:
    return {name: getattr(stream, field) for name, stream in streams.items()}


def _of_each(name: str, text: str, values: Mapping[str, float]) -> Metric:
    metric = GaugeMetricFamily(PREFIX + name, text, labels=("stream",))
    _add_all(metric, values)
    return metric


def _add_all(metric: CounterMetricFamily | GaugeMetricFamily, values: Mapping[str, float]) -> None:
    for stream, value in values.items():
        metric.add_metric((stream,), value)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, text, value)
