"""What every log does, and what replicas make of damage in one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.cluster.local_log import LocalLog
from relay.cluster.log import Log
from tests.helpers.cluster.log_suite import CASES, Case
from tests.helpers.cluster.simulated_log import FINE, Engine, VagueEngine
from tests.helpers.cluster.simulation import Simulation
from tests.helpers.cluster.virtual_time import VirtualLoop, World

Make = Callable[[World, VirtualLoop], Log]


def local(world: World, loop: VirtualLoop) -> Log:
    return LocalLog()


def simulated(world: World, loop: VirtualLoop) -> Log:
    return Engine(world).connect(loop)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("make", [local, simulated])
def test_what_every_log_does(make: Make, case: Case) -> None:
    world = World(1)
    loop = VirtualLoop(world)
    log, ended = make(world, loop), list[bool]()

    async def play() -> None:
        await case(log)
        ended.append(True)

    loop.spawn(play)
    world.run(30)
    assert ended, [task.exception() for task in loop.tasks if task.done()] or "it hangs"


class Damages(Engine):
    """Stores some entries with a bit changed: for good, so that all nodes read the same."""

    def take(self, room: str, id: str, data: bytes) -> bool:
        if self.chance(0.02):
            at = self.world.dice.randrange(len(data))
            data = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
        return super().take(room, id, data)


def test_damaged_entries_are_skipped_alike_and_come_again() -> None:
    simulation = Simulation(3, FINE, engine=Damages)
    simulation.run(60, fault_every=0)
    assert not simulation.checker.faults


def test_what_a_log_forgot_while_a_node_was_cut_off_is_missed() -> None:
    simulation = Simulation(7, FINE, engine=VagueEngine, kept=60)
    simulation.faults = [simulation.cut, simulation.cut, simulation.freeze, simulation.reconnect]
    simulation.run(30)
    assert not simulation.checker.faults


@pytest.mark.parametrize("seed", [5, 9])
def test_no_room_is_opened_with_a_hole_while_nobody_can_write_snapshots(seed: int) -> None:
    """With these seeds, replicas that pass over what they cannot know differ in the end."""
    simulation = Simulation(seed, FINE, engine=VagueEngine, rooms=1, kept=40)
    simulation.faults = [
        simulation.refuse_snapshots,
        simulation.refuse_snapshots,
        simulation.cut,
        simulation.freeze,
        simulation.kill,
    ]
    simulation.run(20, fault_every=1.0)
    assert not simulation.checker.faults
