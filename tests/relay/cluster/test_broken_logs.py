"""Logs that are broken on purpose: a checker that does not find them proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from relay.cluster.log import Logged
from relay.cluster.replicas.parcels import Parcel
from relay.cluster.replicas.sequencer import Sequencer
from tests.helpers.cluster.simulated_log import FINE, STORM, Engine, NodeLog, Weather
from tests.helpers.cluster.simulation import Simulation

SEEDS = range(3)
MORE_SEEDS = range(12)
"""For a fault that shows in about half of all courses."""


class Drops(Engine):
    """Says that an entry is stored, and it is not."""

    def take(self, room: str, id: str, data: bytes) -> bool:
        is_unlucky = sum(id.encode()) % 101 == 0
        return True if is_unlucky else super().take(room, id, data)


class Swaps(Engine):
    """Delivers some entries to one node in another order."""

    held: Logged | None = None

    def deliver_to(self, log: NodeLog, room: str, logged: Logged) -> None:
        if log is not self.logs[0] or room != "ROOM0":
            return super().deliver_to(log, room, logged)
        first, self.held = self.held, None
        if first is None and not logged.seq % 10:
            self.held = logged
            return None
        if first is not None:
            super().deliver_to(log, room, Logged(first.seq, first.previous, logged.data))
            logged = Logged(logged.seq, logged.previous, first.data)
        return super().deliver_to(log, room, logged)


class Forgets(Engine):
    """Stores an entry each time that it comes."""

    def take(self, room: str, id: str, data: bytes) -> bool:
        return super().take(room, f"{id} {self.world.steps}", data)


class Zombie(Engine):
    """Has a leader who was deposed, and still delivers to one node what it never stores."""

    def take(self, room: str, id: str, data: bytes) -> bool:
        if self.is_leaderless:
            entries = self.store.rooms[room]
            before = entries[-1].seq if entries else 0
            self.deliver_to(self.logs[-1], room, Logged(self.store.seq + 1, before, data))
        return super().take(room, id, data)


def faults(
    engine: type[Engine], weather: Weather = FINE, seeds: Iterable[int] = SEEDS
) -> list[str]:
    found = []
    for seed in seeds:
        simulation = Simulation(seed, weather, engine=engine)
        simulation.run(10)
        found += simulation.checker.faults
    return found


@pytest.mark.parametrize("engine", [Drops, Swaps, Zombie])
def test_a_broken_log_is_found_out(engine: type[Engine]) -> None:
    assert any(faults(engine, seeds=(seed,)) for seed in MORE_SEEDS)


def test_a_log_that_stores_twice_is_mended() -> None:
    assert not faults(Forgets, STORM)


def test_a_replica_that_takes_twice_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def take(self: Sequencer, parcel: Parcel) -> Sequence[Parcel]:
        return (parcel,)

    monkeypatch.setattr(Sequencer, "take", take)
    found = faults(Forgets, STORM)
    assert any("told twice" in fault for fault in found)
    assert any("order" in fault for fault in found)


def test_a_replica_that_listens_to_the_dead_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(Engine):
        """Lets some entries arrive when their node was taken for dead."""

        def take(self, room: str, id: str, data: bytes) -> bool:
            if self.chance(0.1):
                self.world.after(4.0, super().take, room, id, data)
                return True
            return super().take(room, id, data)

    assert not faults(Late)
    monkeypatch.setattr(Sequencer, "fence", lambda self, incarnation: None)
    found = (fault for seed in MORE_SEEDS for fault in faults(Late, seeds=(seed,)))
    assert any("a node that is dead" in fault for fault in found)
