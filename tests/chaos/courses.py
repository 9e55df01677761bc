"""The courses of a run: what the relay and the players go through, besides the faults."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Course:
    """One course.

    Attributes:
        resets: reasons for which streams may begin anew. Anything else that is missing is lost.
        shows: resets and notices that a batch must have; without them it does not test its name.
        options: of `relay serve`.
        ends: the signal by which the relay is ended in the middle of the storm, and started again.
        plan: fields of the plan that differ.
    """

    resets: frozenset[str] = frozenset()
    shows: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()
    ends: signal.Signals | None = None
    keeps_state: bool = False
    plan: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


COURSES: Mapping[str, Course] = MappingProxyType(
    {
        # Only connections are harmed.
        "steady": Course(),
        # A late joiner hears what was sent to all before.
        "told": Course(plan={"history": "full"}),
        # One player sends much before the others join. Some of them are cut off while they join.
        "long": Course(
            options=("--profile", "bench"),
            plan={
                "history": "full",
                "prelude": 2000,
                "sizes": (0, 40),
                "within": (1000, 2_000_000),
            },
        ),
        # The relay drains and writes its state. Its successor reads it, so nobody loses anything.
        "drained": Course(
            shows=frozenset({"DRAIN"}),
            options=("--drain-seconds", "1"),
            ends=signal.SIGTERM,
            keeps_state=True,
        ),
        # The relay is killed and begins anew. Every room gets a new epoch, and players are told.
        "killed": Course(
            resets=frozenset({"EPOCH_CHANGED", "ROOM_GONE"}),
            shows=frozenset({"EPOCH_CHANGED", "ROOM_GONE"}),
            ends=signal.SIGKILL,
        ),
        # Large frames to players who often stand still, so that outboxes overflow. Connections
        # live long, and history keeps everything, so that slow players catch up.
        "flooded": Course(
            shows=frozenset({"LAG"}),
            options=(
                *("--profile", "bench", "--outbox-bytes", "65536"),
                *("--history-bytes", "100000000", "--memory", "2000000000"),
            ),
            plan={
                "players": 6,
                "pause": 0.0,
                "sizes": (9_000, 15_000),
                "frames": 300,
                "within": (30_000, 10_000_000),
                "stalls": 0.5,
            },
        ),
        # A short history. The relay tells joiners that some of it is missing.
        "forgotten": Course(
            resets=frozenset({"HISTORY_TRIMMED"}),
            shows=frozenset({"HISTORY_TRIMMED"}),
            options=("--history-frames", "100"),
            plan={"history": "full", "pause": 0.01, "frames": 200, "within": (2, 100_000)},
        ),
        # Small frames at such a rate that the relay has to throttle everybody.
        "hurried": Course(
            shows=frozenset({"THROTTLE"}),
            options=("--frames-per-second", "60", "--frames-burst", "60"),
            plan={"pause": 0.0, "sizes": (0,), "frames": 300, "within": (2, 200_000)},
        ),
        # The relay makes everybody's network worse: late, slow, and with pauses.
        "shaped": Course(shows=frozenset({"SHAPED"}), plan={"network": "wifi", "frames": 10}),
        # Seats and rooms are held for less time than connections are lost.
        "fleeting": Course(
            resets=frozenset({"SEAT_EXPIRED", "ROOM_GONE", "EPOCH_CHANGED"}),
            shows=frozenset({"SEAT_EXPIRED", "ROOM_GONE"}),
            plan={"hold": 0, "keep": 0, "players": 2},
        ),
    }
)
