import pytest

from protocol.frames import Left, Update
from roomwire.comets.arena import Orb, Point
from tests.roomwire.comets.table import Table

ORBS = {"t": "orbs", "orbs": [[7, 500, 400], [9, 10.5, 20]], "scores": {"1": 3}}


@pytest.fixture
def guest() -> Table:
    """The table from where Bob sits."""
    return Table(player=2).enter()


def test_a_comet_tells_where_it_is_and_how_far_the_relay(guest: Table) -> None:
    told = guest.step(steer=Point(1, 0)).told()
    mine = guest.game.mine
    assert mine is not None
    assert told[0] == [round(mine.x), round(mine.y), round(mine.vx), round(mine.vy)]
    assert told[1] == guest.game.room.clock.rtt / 1000


def test_who_stands_still_says_nothing_twice(guest: Table) -> None:
    assert 0 in guest.step().told()
    assert guest.step().told() == {}


def test_it_tells_no_more_than_twenty_times_a_second(guest: Table) -> None:
    told = [0 in guest.step(0.01, Point(1, 0)).told() for _ in range(100)]
    assert 15 <= sum(told) <= 21


def test_orbs_are_where_the_host_says(guest: Table) -> None:
    guest.says(1, ORBS)
    assert guest.game.orbs == {7: Orb(7, 500, 400), 9: Orb(9, 10.5, 20)}
    assert guest.game.scores == {1: 3}


def test_nobody_but_the_host_lays_orbs(guest: Table) -> None:
    guest.says(2, ORBS)
    assert guest.game.orbs == {}


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "orbs",
        {"t": "orbs"},
        {"t": "orbs", "orbs": 7, "scores": {}},
        {
            "t": "orbs",
            "orbs": [7, [1], ["a", 1, 2], [1, "x", 2], [1, float("inf"), 2]],
            "scores": 3,
        },
        {"t": "orbs", "orbs": [], "scores": {"x": 1, "2": "many"}},
        {"t": "say", "text": 7},
        {"t": "grab", "orb": "7"},
        {"t": ["pop"]},
    ],
)
def test_nonsense_changes_nothing(guest: Table, value: object) -> None:
    guest.says(1, value)
    assert (guest.game.orbs, guest.game.scores, guest.game.lines) == ({}, {}, [])


@pytest.mark.parametrize("position", [None, [], [1, 2, 3], ["a", 1, 2, 3], [1, 2, 3, float("nan")]])
def test_a_comet_without_a_place_is_not_shown(guest: Table, position: object) -> None:
    guest.is_at(1, position)
    assert list(guest.game.others(guest.relay.now)) == []


def test_bytes_that_are_no_value_are_nonsense_too(guest: Table) -> None:
    guest.relay.says(Update(0, 1, b"\xc1"))
    guest.go_on()
    assert guest.game.comet(1) is None


def test_who_touches_an_orb_asks_the_host_for_it_once_a_second(guest: Table) -> None:
    guest.says(1, ORBS)
    assert guest.game.mine is not None
    guest.game.mine.x, guest.game.mine.y = 510, 410
    assert guest.step().sent() == [(0, {"t": "grab", "orb": 7})]
    assert guest.step().sent() == []
    assert guest.step(1.0).sent() == [(0, {"t": "grab", "orb": 7})]


def test_a_pulse_is_sent_and_others_push_me(guest: Table) -> None:
    guest.game.pop()
    guest.go_on()
    assert guest.sent() == [(None, {"t": "pop"})]
    assert guest.game.mine is not None
    guest.game.mine.x, guest.game.mine.y = 300, 300
    guest.is_at(1, [250, 300, 0, 0]).says(1, {"t": "pop"})
    assert guest.game.mine.vx > 0


def test_what_is_said_is_heard_and_kept_short(guest: Table) -> None:
    guest.game.say("x" * 500)
    guest.go_on()
    assert guest.sent() == [(True, {"t": "say", "text": "x" * 200})]
    guest.says(1, {"t": "say", "text": "y" * 500})
    assert guest.game.lines == [(1, "y" * 200)]


def test_who_leaves_takes_his_comet_along(guest: Table) -> None:
    guest.is_at(1, [250, 300, 10, 0])
    assert [player for player, _ in guest.game.others(guest.relay.now)] == [1]
    guest.relay.says(Left(9, 1, 1))
    guest.go_on()
    assert list(guest.game.others(guest.relay.now)) == []
