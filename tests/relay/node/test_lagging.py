"""A client that reads too slowly is told so late, told again when it keeps up, or cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from protocol.close_codes import CloseCode
from protocol.frames import NoticeDetail
from relay.node.lagging import LAG_SECONDS, Lagging
from tests.helpers.outboxes import Link, update


@dataclass
class Connection:
    """An outbox, what its slowness asks for, and timers that fire when the test says so."""

    seconds: float | None = 5.0
    link: Link = field(default_factory=lambda: Link().is_live())
    told: list[tuple[bool, NoticeDetail]] = field(default_factory=list)
    closes: list[CloseCode] = field(default_factory=list)
    timers: list[tuple[float, asyncio.TimerHandle, Callable[[], None]]] = field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        self.lagging = Lagging(
            self.link.outbox,
            self.seconds,
            later=self.later,
            tell=lambda lags, detail: self.told.append((lags, detail)),
            close=self.closes.append,
        )

    def later(self, seconds: float | None, call: Callable[[], None]) -> asyncio.TimerHandle | None:
        if seconds is None:
            return None
        timer = asyncio.get_running_loop().call_later(3600, call)
        self.timers.append((seconds, timer, call))
        return timer

    def fires(self, seconds: float) -> None:
        """Let the timers of so many seconds fire, unless they were cancelled."""
        for after, timer, call in self.timers:
            if after == seconds and not timer.cancelled():
                call()

    def falls_behind(self) -> None:
        self.link.falls_behind()
        self.lagging.fell_behind()

    def catches_up(self) -> None:
        self.link.takes_all()
        self.lagging.caught_up()


@pytest.fixture
async def slow() -> Connection:
    return Connection()


async def test_a_short_burst_is_told_to_nobody(slow: Connection) -> None:
    slow.falls_behind()
    slow.catches_up()
    slow.fires(LAG_SECONDS)
    slow.fires(5.0)
    assert (slow.told, slow.closes) == ([], [])


async def test_a_slow_client_is_told_when_it_will_be_cut_and_then_is(slow: Connection) -> None:
    slow.falls_behind()
    slow.fires(LAG_SECONDS)
    assert slow.told == [(True, NoticeDetail(after=4900))]
    slow.fires(5.0)
    assert slow.closes == [CloseCode.TOO_SLOW]


async def test_one_that_catches_up_is_told_how_many_values_it_missed(slow: Connection) -> None:
    slow.falls_behind()
    slow.fires(LAG_SECONDS)
    for value in range(3):
        slow.link.hears(update(value))
    slow.catches_up()
    slow.fires(5.0)
    assert slow.told[1:] == [(False, NoticeDetail(dropped=2))]
    assert slow.closes == []


async def test_to_fall_behind_again_begins_anew(slow: Connection) -> None:
    slow.falls_behind()
    slow.catches_up()
    slow.falls_behind()
    slow.fires(LAG_SECONDS)
    assert [lags for lags, _ in slow.told] == [True]


async def test_to_be_behind_still_sets_no_second_timer(slow: Connection) -> None:
    slow.falls_behind()
    slow.lagging.fell_behind()
    assert [seconds for seconds, *_ in slow.timers] == [LAG_SECONDS, 5.0]


async def test_an_outbox_that_caught_up_in_the_same_turn_is_not_slow(slow: Connection) -> None:
    slow.link.falls_behind()
    slow.link.takes_all()
    slow.lagging.fell_behind()
    assert slow.timers == []


async def test_without_a_limit_nobody_is_cut() -> None:
    patient = Connection(seconds=None)
    patient.falls_behind()
    patient.fires(LAG_SECONDS)
    assert patient.told == [(True, NoticeDetail())]
    assert [seconds for seconds, *_ in patient.timers] == [LAG_SECONDS]


async def test_a_client_that_the_history_has_left_behind_is_cut_at_once() -> None:
    lost = Connection(link=Link(max_frames=1).is_live())
    lost.link.falls_behind()
    for _ in range(20):
        lost.link.tells()
    lost.link.takes_all()
    assert lost.link.outbox.is_lost
    lost.lagging.fell_behind()
    assert lost.closes == [CloseCode.TOO_SLOW]


async def test_after_the_end_nothing_is_told(slow: Connection) -> None:
    slow.falls_behind()
    slow.fires(LAG_SECONDS)
    slow.lagging.end()
    slow.fires(5.0)
    slow.catches_up()
    slow.falls_behind()
    assert [lags for lags, _ in slow.told] == [True]
    assert slow.closes == []
