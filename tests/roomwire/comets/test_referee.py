from typing import Any

import pytest

from protocol.codec import pack
from protocol.frames import Host, Joined, Left, PlayerInfo, Property
from roomwire.comets.arena import HEIGHT, WIDTH
from roomwire.comets.referee import DOUBT, ORBS
from tests.roomwire.comets.table import Table


@pytest.fixture
def host() -> Table:
    """The table from where Ann sits."""
    return Table(player=1).enter()


def orbs(table: Table) -> dict[str, Any]:
    """Return what the host told of the orbs last."""
    (*_, (target, told)) = table.sent()
    assert target is True
    assert isinstance(told, dict)
    return told


def hears_itself(table: Table) -> None:
    """Let the host hear what it told, as everyone does."""
    table.says(1, orbs(table))


def test_who_becomes_host_lays_the_orbs_out() -> None:
    table = Table(player=2).enter()
    table.relay.says(Host(4, 2, 2))
    table.go_on()
    told = orbs(table)
    assert len(told["orbs"]) == ORBS
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for _, x, y in told["orbs"])
    assert told["scores"] == {}


def test_who_is_not_host_decides_nothing() -> None:
    table = Table(player=2).enter()
    table.is_at(1, [100, 100, 0, 0]).says(1, {"t": "grab", "orb": 7})
    table.relay.says(Joined(5, 3, PlayerInfo("Cyd")), Left(6, 1, 1))
    table.go_on()
    assert table.sent() == []


def test_who_is_at_an_orb_gets_it_and_another_is_laid(host: Table) -> None:
    orb = host.game.orbs[1]
    host.is_at(2, [orb.x + DOUBT, orb.y, 0, 0]).says(2, {"t": "grab", "orb": 1})
    told = orbs(host)
    assert told["scores"] == {"2": 1}
    assert {number for number, _, _ in told["orbs"]} == {*range(2, ORBS + 2)}


def test_of_two_who_grab_one_orb_the_first_gets_it(host: Table) -> None:
    host.relay.says(Joined(5, 3, PlayerInfo("Cyd")))
    orb = host.game.orbs[1]
    for player in (2, 3):
        host.is_at(player, [orb.x, orb.y, 0, 0])
    for player in (3, 2):
        host.says(player, {"t": "grab", "orb": 1})
    assert orbs(host)["scores"] == {"3": 1}


def test_who_is_nowhere_near_gets_nothing(host: Table) -> None:
    orb = host.game.orbs[1]
    away = orb.x - 900 if orb.x > WIDTH / 2 else orb.x + 900
    host.says(2, {"t": "grab", "orb": 1}).is_at(2, [away, orb.y, 0, 0])
    host.says(2, {"t": "grab", "orb": 1})
    assert host.sent() == []


def test_the_host_plays_too(host: Table) -> None:
    mine, orb = host.game.mine, host.game.orbs[1]
    assert mine is not None
    mine.x, mine.y = orb.x, orb.y
    host.says(1, {"t": "grab", "orb": 1})
    assert orbs(host)["scores"] == {"1": 1}


def test_who_joins_is_told(host: Table) -> None:
    host.relay.says(Joined(5, 3, PlayerInfo("Cyd")))
    host.go_on()
    assert len(orbs(host)["orbs"]) == ORBS


def test_scores_of_who_left_are_forgotten(host: Table) -> None:
    orb = host.game.orbs[1]
    host.is_at(2, [orb.x, orb.y, 0, 0]).says(2, {"t": "grab", "orb": 1})
    host.sent()
    host.relay.says(Left(9, 2, 1))
    host.go_on()
    assert orbs(host)["scores"] == {}


def test_the_next_host_goes_on_where_the_last_one_ended() -> None:
    table = Table(player=2).enter()
    table.says(1, {"t": "orbs", "orbs": [[40, 500, 400]], "scores": {"1": 3, "2": 5}})
    table.relay.says(Left(8, 1, 1), Host(9, 2, 2))
    table.go_on()
    told = orbs(table)
    assert [40, 500, 400] in told["orbs"]
    assert told["scores"] == {"2": 5}


def test_a_host_who_has_heard_nothing_finds_the_scores_in_the_room() -> None:
    table = Table(player=2).enter()
    table.relay.says(Property(7, 0, "scores", pack({"2": 5}), 1, 1), Host(9, 2, 2))
    table.go_on()
    assert orbs(table)["scores"] == {"2": 5}


def test_the_room_remembers_the_scores_at_most_once_a_second(host: Table) -> None:
    host.step()
    for number in (1, 2):
        orb = host.game.orbs[number]
        host.is_at(2, [orb.x, orb.y, 0, 0]).says(2, {"t": "grab", "orb": number})
    assert host.step().written() == {"scores": {"2": 2}}
    orb = host.game.orbs[3]
    host.is_at(2, [orb.x, orb.y, 0, 0]).says(2, {"t": "grab", "orb": 3})
    assert host.step().written() == {}
    assert host.step(1.0).written() == {"scores": {"2": 3}}
