"""Rooms over several nodes, through everything that goes wrong: deterministic, by its seed."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.room.entries import Dissolve, Operate, Say
from tests.helpers.cluster.simulated_log import FINE, STORM, Weather
from tests.helpers.cluster.simulation import Simulation
from tests.helpers.strategies import share

SHARES = st.sampled_from([0.0, 0.02, 0.3])
WEATHERS = st.builds(Weather, SHARES, SHARES, SHARES, SHARES, SHARES)


def test_all_is_well_in_fine_weather() -> None:
    simulation = Simulation(1, FINE)
    simulation.run(20, fault_every=0)
    assert not simulation.checker.faults


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_doubled_or_reordered_and_replicas_are_one(seed: int) -> None:
    simulation = Simulation(seed, STORM)
    simulation.run(30)
    assert not simulation.checker.faults
    assert len(simulation.checker.told) == 2  # and no room began anew


@pytest.mark.parametrize("seed", range(3))
def test_replicas_stay_one_while_operators_act_and_end_rooms(seed: int) -> None:
    simulation = Simulation(seed, STORM)
    simulation.faults += [simulation.operate, simulation.operate, simulation.dissolve]
    simulation.run(30, fault_every=0.5)
    assert not simulation.checker.faults
    assert len(simulation.checker.told) > 2  # rooms that were ended began anew
    acts = simulation.checker.answered.values()
    assert {type(act) for act in acts} == {Operate, Say, Dissolve}


@pytest.mark.fuzz
@share(0.1)
@given(seed=st.integers(0, 2**32), weather=WEATHERS, fault_every=st.sampled_from([0, 0.5, 2.0]))
def test_any_weather_gives_equal_rooms(seed: int, weather: Weather, fault_every: float) -> None:
    simulation = Simulation(seed, weather, rooms=1)
    simulation.run(4, fault_every=fault_every)
    assert not simulation.checker.faults


@pytest.mark.fuzz
@pytest.mark.long
def test_a_million_steps() -> None:
    """With `SIMULATED_STEPS` it goes on for as many."""
    wanted, steps, seed = int(os.environ.get("SIMULATED_STEPS", "1000000")), 0, 1000
    while steps < wanted:
        simulation = Simulation(seed, STORM)
        simulation.run(60)
        assert not simulation.checker.faults, f"seed {seed}"
        steps += simulation.world.steps
        seed += 1


@pytest.mark.parametrize("has_snapshots", [True, False])
def test_rooms_outlive_all_nodes_unless_the_log_has_forgotten_them(has_snapshots: bool) -> None:
    simulation = Simulation(5, FINE, kept=60)
    if not has_snapshots:
        simulation.engine.store.put_snapshot = lambda room, seq, data: None  # type: ignore[method-assign] # what an engine may do
    simulation.world.after(4, simulation.kill_all)
    simulation.run(20, fault_every=0)
    assert not simulation.checker.faults
    assert len(simulation.checker.told) == (2 if has_snapshots else 4)


def test_a_seed_decides_all() -> None:
    def course() -> list[object]:
        simulation = Simulation(7, STORM)
        simulation.run(10)
        return [simulation.world.steps, simulation.checker.told]

    assert course() == course()
