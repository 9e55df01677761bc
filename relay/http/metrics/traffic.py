"""The metrics of what passes through a relay: frames, values, connections that end, and delays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from protocol.opcodes import Opcode
from relay.delivery.spread import Spread
from relay.delivery.tally import Traffic
from relay.node.node import Node

PREFIX: Final = "roomwire_"
NAMES: Final = {int(opcode): opcode.name for opcode in Opcode}
OTHER: Final = "OTHER"


class TrafficCollector:
    """Reads what a node has counted."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._shown: dict[tuple[str, str], int] = {}

    def collect(self) -> Iterator[Metric]:
        """Return the metrics as they are."""
        yield from self._frames()
        yield from self._values()
        yield from self._connections()
        yield from self._delays()

    def _frames(self) -> Iterator[Metric]:
        tally = self._node.tally
        yield from self._of_opcodes("in", "that players sent", tally.came)
        yield from self._of_opcodes("out", "that went to players, each to one", tally.went)
        text = "Bytes that were read from rooms' histories for players who catch up"
        yield _counter("history_bytes", text, tally.history_bytes)
        text = "Writes to players who read fast enough, each with all that a turn had for one"
        yield _counter("writes", text, tally.writes)

    def _of_opcodes(self, way: str, whose: str, traffic: Traffic) -> Iterator[Metric]:
        for what, numbers in (("frames", traffic.frames), ("bytes", traffic.bytes)):
            text = "Frames" if what == "frames" else "Bytes of frames, without WebSocket's heads,"
            name = f"{PREFIX}{what}_{way}"
            metric = CounterMetricFamily(name, f"{text} {whose}", labels=("op",))
            for op, number in _named(numbers).items():
                metric.add_metric((op,), self._risen(name, op, number))
            yield metric

    def _risen(self, name: str, op: str, number: int) -> int:
        """Return a number, or the highest that was shown so far. Until a turn is written, DELIVERs
        may be too few for a moment, and what then has to wait is taken back: Prometheus would take
        that for a restart."""
        highest = self._shown[name, op] = max(number, self._shown.get((name, op), 0))
        return highest

    def _values(self) -> Iterator[Metric]:
        tally = self._node.tally
        text = "Values that a newer one replaced before they were sent to a slow player"
        yield _counter("values_conflated", text, tally.conflated)
        text = "Values that never go to a player: they read too slowly"
        yield _counter("values_dropped", text, tally.dropped)
        text = "Values that go to nobody: their sender was over the rate"
        yield _counter("values_refused", text, tally.refused)

    def _connections(self) -> Iterator[Metric]:
        events = self._node.journal.events
        text = "Connections that have ended, by close code; LOST: this relay has not closed them"
        yield _by("closes", text, "code", events.closes)
        yield _by("refused_entries", "HELLOs that were refused", "code", events.refused_entries)
        yield _by("refused_frames", "Frames that were refused", "code", events.refused_frames)
        text = "HELLOs that wanted to resume, by what came of it"
        yield _by("resumes", text, "outcome", events.resumes)
        yield _counter("throttles", "Times that a client was too fast", events.throttles)
        yield _counter("lags", "Times that a player read too slowly", events.lags)
        text = "Times that on_join failed, or a HELLO was not decided about in time"
        yield _counter("faults", text, events.faults)

    def _delays(self) -> Iterator[Metric]:
        text = "Seconds from when a SEND was read until it was written; 1 in 256 is timed"
        yield _histogram("latency_seconds", text, self._node.tally.latency)
        text = "Players here to whom a SEND went at once; 1 in 256 is looked at"
        yield _histogram("fan_out", text, self._node.tally.fan_out)
        text = "Seconds by which the event loop was late; it is asked 4 times a second"
        yield _histogram("loop_lag_seconds", text, self._node.loop_lag.spread)


def _named(numbers: list[int]) -> dict[str, int]:
    """Return numbers by the names of opcodes, those without a name together, without zeros."""
    named: dict[str, int] = {}
    for op, number in enumerate(numbers):
        if number:
            name = NAMES.get(op, OTHER)
            named[name] = named.get(name, 0) + number
    return named


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, text, value)


def _by(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    metric = CounterMetricFamily(PREFIX + name, text, labels=(label,))
    for value, count in counts.items():
        metric.add_metric((value,), count)
    return metric


def _histogram(name: str, text: str, spread: Spread) -> Metric:
    metric = HistogramMetricFamily(PREFIX + name, text)
    metric.add_metric((), list(spread.ranges()), spread.sum)
    return metric
