"""Loads on a relay in a process of its own: outcomes, and no timings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clients.bench.gauge import Gauge, listener
from clients.bench.load import PROBES, crowd
from clients.bench.measure import measure
from clients.bench.returns import time_return
from clients.bench.shape import Shape
from clients.bench.sockets.dialect import Refused
from clients.bench.sockets.roomwire import Reliable, Volatile
from tests.helpers.relay import RelayProcess, relay_process


@pytest.fixture(scope="module")
def relay() -> Iterator[RelayProcess]:
    with relay_process("--profile", "bench") as relay:
        yield relay


def base(relay: RelayProcess) -> str:
    return f"ws://127.0.0.1:{relay.port}"


@pytest.mark.parametrize("speak", [Reliable, Volatile])
def test_all_that_is_sent_reaches_all_others_once(
    relay: RelayProcess, speak: type[Reliable]
) -> None:
    shape = Shape(rooms=6, players=4, hz=20, size=64)
    assert shape.rooms * shape.players > PROBES
    with crowd(speak(base(relay), shape.players), shape.rooms, shape.players) as players:
        row = measure(players, shape, seconds=0.5, warm_up=0.2, gauge=Gauge(relay.process.pid))
    assert row.sent == pytest.approx(shape.sends * 0.5, abs=1)
    assert row.delivered == row.expected == row.sent * 3
    assert row.lost_connections == 0
    assert row.latency is not None
    assert 0 < row.latency.p50 <= row.latency.p99 <= row.latency.longest


def test_long_payloads_count_like_short_ones(relay: RelayProcess) -> None:
    shape = Shape(rooms=1, players=3, hz=20, size=10_000)
    with crowd(Reliable(base(relay), 3), 1, 3) as players:
        row = measure(players, shape, seconds=0.3, warm_up=0.1)
    assert row.delivered == row.expected > 0


def test_one_who_comes_back_hears_all_of_a_gap(relay: RelayProcess) -> None:
    assert time_return(base(relay), 64, gap=300) > 0


def test_a_relay_with_everyday_rates_refuses_a_load_beyond_them() -> None:
    with (
        relay_process() as everyday,
        crowd(Reliable(base(everyday), 2), 1, 2) as players,
        pytest.raises(Refused, match="relay serve --profile bench"),
    ):
        measure(players, Shape(1, 2, 900), seconds=2, warm_up=0.1)


def test_a_relay_that_ends_is_no_measurement(relay: RelayProcess) -> None:
    with relay_process() as other, crowd(Reliable(base(other), 2), 1, 2) as players:
        other.end()
        with pytest.raises(Refused):
            measure(players, Shape(1, 2, 10), seconds=1, warm_up=0.1)


def test_the_process_behind_a_port_is_found(relay: RelayProcess) -> None:
    assert listener(relay.port) == relay.process.pid
    with pytest.raises(ValueError, match="no process"):
        Gauge(2**22 + 1)


@pytest.mark.parametrize(
    ("numbers", "complaint"),
    [((0, 2, 1, 64), "1 room"), ((1, 1, 1, 64), "2 players"), ((1, 2, 0, 64), "1,000 times"),
     ((1, 2, 1, 3), "stamp")],
)  # fmt: skip
def test_a_shape_that_is_no_load_is_refused(
    numbers: tuple[int, int, float, int], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Shape(*numbers)
