"""All measurements of one Roomwire relay, and their report."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from clients.bench import row as rows
from clients.bench.gauge import Gauge
from clients.bench.guests import LateJoiners, StuckPlayers, wait_until_inside
from clients.bench.load import Crowd, crowd
from clients.bench.measure import Say, measure, silent
from clients.bench.returns import GAP, time_return
from clients.bench.row import Row
from clients.bench.shape import Shape
from clients.bench.sockets.roomwire import Reliable, Volatile

KINDS = {"send": Reliable, "volatile": Volatile}

IDLE_ROOMS, IDLE_PLAYERS = 64, 16
IDLE_SECONDS = 1.0  # seconds until the relay has given back what the entries needed
RETURNS = 5
STUCK_SECONDS = 10.0  # seconds for all of them to enter


@dataclass(frozen=True, slots=True)
class Idle:
    """Players who enter and then do nothing."""

    seats: int
    joins_per_second: float
    """A join is the upgrade, HELLO, WELCOME and LIVE."""
    ms_per_join: float | None
    """CPU of the relay for each join."""
    kib_per_seat: float | None
    """Memory of the relay for each idle seat."""


@dataclass(frozen=True, slots=True)
class Report:
    """The measurements. Times are in milliseconds; the text shows medians."""

    rows: list[Row]
    idle: Idle | None = None
    late_join: list[float] | None = None
    returns: list[float] | None = None
    """How long a return over a gap of GAP frames took, each time."""
    cut_off: int | None = None
    """How often stuck players were cut off."""

    def as_dict(self) -> dict[str, object]:
        """Return it for programs."""
        idle = self.idle
        return {
            "rows": [row.as_dict() for row in self.rows],
            "joins_per_second": idle and round(idle.joins_per_second, 1),
            "ms_per_join": idle and idle.ms_per_join and round(idle.ms_per_join, 3),
            "idle_seats": idle and idle.seats,
            "kib_per_idle_seat": idle and idle.kib_per_seat and round(idle.kib_per_seat, 2),
            "late_join_ms": self.late_join,
            "return_ms": self.returns,
            "return_gap": GAP,
            "stuck_cut_off": self.cut_off,
        }

    def __str__(self) -> str:
        lines = [rows.table(self.rows)]
        if self.idle:
            lines += ["", f"{'joins a second':42}{self.idle.joins_per_second:13,.0f}"]
            if self.idle.ms_per_join is not None:
                lines.append(f"{'CPU of the relay for each, ms':42}{self.idle.ms_per_join:13.2f}")
            if self.idle.kib_per_seat is not None:
                seats = f"KiB for each of {self.idle.seats:,} idle seats"
                lines.append(f"{seats:42}{self.idle.kib_per_seat:13.1f}")
        for what, times in (
            ("late join under this load, ms", self.late_join),
            (f"return over {GAP:,} frames, ms", self.returns),
        ):
            if times:
                lines.append(f"{what:42}{statistics.median(times):13.1f}  at most {max(times):.1f}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Survey:
    """A relay, and how to measure it."""

    base: str
    """The relay's URL, such as ws://localhost:8000."""
    shape: Shape
    kind: str
    seconds: float
    gauge: Gauge | None = None
    say: Say = silent

    def brief(self) -> Report:
        """Measure one row.

        Raises:
            OSError: nothing listens there.
            Refused: the relay refuses a player, or says that the load is too much.
        """
        with self._crowd() as players:
            return Report([self._row(players, self.kind)])

    def full(self) -> Report:
        """Measure everything. Raises: as `brief`."""
        idle = self._idle()
        with self._crowd() as players:
            plain = self._row(players, self.kind)
            self.say("one player of each room never reads")
            with contextlib.closing(StuckPlayers(players.dialect, self.shape.rooms)) as stuck:
                wait_until_inside(stuck, STUCK_SECONDS)
                beside = self._row(players, f"{self.kind}, 1 stuck", stuck.look)
            self.say("late joiners")
            with contextlib.closing(LateJoiners(players.dialect, self.shape.rooms)) as late:
                joined = self._row(players, f"{self.kind}, late joins", late.look)
        self.say(f"returns over {GAP:,} frames")
        returns = [time_return(self.base, self.shape.size) * 1000 for _ in range(RETURNS)]
        return Report(
            [plain, beside, joined],
            idle,
            [seconds * 1000 for seconds in late.seconds],
            returns,
            stuck.cut_off,
        )

    def _crowd(self) -> contextlib.AbstractContextManager[Crowd]:
        dialect = KINDS[self.kind](self.base, self.shape.players)
        return crowd(dialect, self.shape.rooms, self.shape.players)

    def _row(self, players: Crowd, kind: str, *beside: Callable[[float], None]) -> Row:
        return measure(
            players,
            self.shape,
            seconds=self.seconds,
            kind=kind,
            gauge=self.gauge,
            beside=beside,
            say=self.say,
        )

    def _idle(self) -> Idle:
        self.say(f"{IDLE_ROOMS * IDLE_PLAYERS:,} players enter, and do nothing")
        before = self.gauge.read() if self.gauge else None
        with crowd(Reliable(self.base, IDLE_PLAYERS), IDLE_ROOMS, IDLE_PLAYERS) as players:
            seats = len(players.connections)
            time.sleep(IDLE_SECONDS)
            after = self.gauge.read() if self.gauge else None
        if before is None or after is None:
            return Idle(seats, seats / players.seconds, None, None)
        used, grown = after.cpu - before.cpu, (after.memory - before.memory) / 1024
        return Idle(seats, seats / players.seconds, used * 1000 / seats, grown / seats)
