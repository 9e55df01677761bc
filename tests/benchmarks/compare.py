"""All servers side by side: the load that each bears, and its cost."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from clients.bench.row import BUSY, Row
from clients.bench.shape import Shape
from tests.benchmarks.peer import Peer
from tests.benchmarks.search import highest, rate
from tests.benchmarks.stage import Stage, holds

SHAPES = ((50, 8), (10, 64))
"""Rooms, and players in each room."""

EASY = (50, 8, 10.0)
"""Rooms, players and Hz of a load that every server bears."""

COSTS = (EASY, (50, 8, 90.0))
"""Loads to compare CPU at: one for all servers, and one for the fast ones."""

TURNS = 3
"""Turns of each server at such a load, in a round."""

ROUNDS = 3
BUDGET = 21 * 60.0
"""Seconds for all rounds. A round that would take longer does not begin."""

LATER = 0.75
"""Time of a later round, as a share of the first: it knows about where to search."""


@dataclass
class Standing:
    """The results of one server, with a value for each round."""

    name: str
    most: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    """Most deliveries a second, by rooms and players; 0 if it bears none of the tried loads."""
    rungs: dict[tuple[int, int], int] = field(default_factory=dict)
    half: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    """p99 in milliseconds at half of the most that the first round found."""
    cost: dict[tuple[int, int, float], list[float]] = field(default_factory=dict)
    """CPU microseconds for a delivery, if nothing was lost."""
    load_cpu: float = 0.0
    """The highest share of a core that the load itself used in a valid row."""
    disturbed: int = 0
    """Rows in which others on this machine disturbed the load, even after more tries."""


class Comparison:
    """Rounds in which every server has its turn, so that a slow machine slows all alike."""

    def __init__(self, peers: Sequence[Peer]) -> None:
        self.peers = peers
        self.standings = {peer.name: Standing(peer.name) for peer in peers}
        self.rounds = 0
        self._began = time.monotonic()

    def run(self, rounds: int = ROUNDS) -> None:
        """Run the first round, and more while there is time."""
        for turn in range(rounds):
            passed = time.monotonic() - self._began
            if turn and passed + passed / turn * LATER > BUDGET:
                break
            for rooms, players in SHAPES:
                for peer in self.peers:
                    self._most(peer, rooms, players)
            self.compare_costs()
            self.rounds += 1

    def compare_costs(self) -> None:
        """Give each server several turns, in rotation, as the costs differ by little."""
        for rooms, players, hz in COSTS * TURNS:
            for peer in self.peers:
                self._cost(peer, rooms, players, hz)

    def _most(self, peer: Peer, rooms: int, players: int) -> None:
        standing, key = self.standings[peer.name], (rooms, players)
        with Stage(peer, rooms, players) as stage:
            rung = highest(
                lambda hz: self._bears(standing, stage, hz), start=standing.rungs.get(key)
            )
            most = 0.0 if rung is None else Shape(rooms, players, rate(rung)).deliveries
            standing.most.setdefault(key, []).append(most)
            if rung is not None:
                standing.rungs.setdefault(key, rung)
                row = self._row(standing, stage, rate(standing.rungs[key]) / 2)
                if row is not None and row.latency is not None:
                    standing.half.setdefault(key, []).append(row.latency.p99)

    def _cost(self, peer: Peer, rooms: int, players: int, hz: float) -> None:
        standing = self.standings[peer.name]
        key, load = (rooms, players, hz), Shape(rooms, players, hz).deliveries
        if key != EASY and max(standing.most.get((rooms, players), [load])) < load / 2:
            return  # it would only lose messages
        with Stage(peer, rooms, players) as stage:
            row = self._row(standing, stage, hz)
        if row is not None and row.delivered == row.expected and row.us_per_delivery is not None:
            standing.cost.setdefault(key, []).append(row.us_per_delivery)

    def _bears(self, standing: Standing, stage: Stage, hz: float) -> bool:
        row = self._row(standing, stage, hz)
        # If the load needs all of its own core, it does not measure the server.
        return row is not None and holds(row) and row.load_cpu < BUSY

    def _row(self, standing: Standing, stage: Stage, hz: float) -> Row | None:
        row = stage.row(hz)
        if row is not None and row.load_cpu < BUSY:
            standing.load_cpu = max(standing.load_cpu, row.load_cpu)
        if row is not None and not row.is_honest:
            standing.disturbed += 1
        self._say(standing, stage, hz, row)
        return row

    def _say(self, standing: Standing, stage: Stage, hz: float, row: Row | None) -> None:
        minutes = (time.monotonic() - self._began) / 60
        shape = Shape(stage.rooms, stage.players, hz)
        line = f"{minutes:5.1f} min  {standing.name:18} {shape.deliveries:9,.0f}/s  {shape}  "
        if row is None or row.latency is None:
            line += "threw players out" if row is None else "delivered nothing"
        else:
            line += f"{row.share:.1%} p99 {row.latency.p99:.1f} ms load {row.load_cpu:.0%}"
            line += "" if row.is_honest else " (load disturbed)"
        print(line, file=sys.stderr, flush=True)
