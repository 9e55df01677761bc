"""The summary of a run of bots, in numbers and in words."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from protocol.legible import isolated


def recent() -> deque[float]:
    """Return a list for measurements. It keeps the newest ones, as a run may last for days."""
    return deque(maxlen=100_000)


@dataclass(slots=True)
class Tally:
    """Counts of a run as it goes on."""

    joined: int = 0
    """Bots that have entered."""
    events: int = 0
    sent: int = 0
    """Frames of bots that have left."""
    received: int = 0
    reconnects: int = 0
    refused: int = 0
    trips: deque[float] = field(default_factory=recent)
    """Round trips to the relay, in milliseconds."""
    lateness: deque[float] = field(default_factory=recent)
    """How late ticks began, in milliseconds. If it is much, the process has too many bots."""
    complaints: list[str] = field(default_factory=list)
    """Why bots could not enter, or broke."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles, in milliseconds; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Return the percentiles of some values."""
        ordered = sorted(values)
        return cls(*(percentile(ordered, share) for share in (0.50, 0.95, 0.99)))

    def __str__(self) -> str:
        known = (("p50", self.p50), ("p95", self.p95), ("p99", self.p99))
        spread = "  ".join(f"{name} {value:.1f} ms" for name, value in known if value is not None)
        return spread or "not measured"


@dataclass(frozen=True, slots=True)
class Report:
    """The summary of a run."""

    script: str
    room: str
    count: int
    joined: int
    seconds: float
    events: int
    events_per_second: float
    sent: int
    received: int
    reconnects: int
    refused: int
    round_trip: Spread
    lateness: Spread
    complaints: list[str]

    @property
    def is_good(self) -> bool:
        """Whether every bot entered, and none broke."""
        return self.joined == self.count and not self.complaints

    def as_json(self) -> str:
        """Return it for programs."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        who = f"{self.joined} of {self.count} bots ({self.script})"
        if not self.joined:
            return "\n".join([f"{who} could enter", *summed(self.complaints)])
        lines = [
            f"{who} in room {isolated(self.room)} for {self.seconds:.1f} s",
            f"  events       {self.events:,} ({self.events_per_second:,.0f} a second)",
            f"  frames       {self.sent:,} sent, {self.received:,} received",
            f"  round trip   {self.round_trip}",
            f"  ticks late   {self.lateness}",
            f"  reconnects   {self.reconnects}, refused frames {self.refused}",
        ]
        return "\n".join([*lines, *summed(self.complaints)])


def make_report(tally: Tally, *, script: str, room: str, count: int, seconds: float) -> Report:
    """Sum a run up."""
    return Report(
        script=script,
        room=room,
        count=count,
        joined=tally.joined,
        seconds=round(seconds, 3),
        events=tally.events,
        events_per_second=round(tally.events / seconds, 1) if seconds else 0.0,
        sent=tally.sent,
        received=tally.received,
        reconnects=tally.reconnects,
        refused=tally.refused,
        round_trip=Spread.of(tally.trips),
        lateness=Spread.of(tally.lateness),
        complaints=tally.complaints,
    )


def percentile(ordered: list[float], share: float) -> float | None:
    """Return the value that this share of all values lies below; None without values."""
    if not ordered:
        return None
    return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 3)


def summed(complaints: list[str]) -> list[str]:
    """Return each different complaint once, and how often it came."""
    different = Counter(isolated(each) or "(nothing that can be read)" for each in complaints)
    return [f"  {count} x  {each}" for each, count in different.items()]
