"""An audience takes what a room tells to those it is for, and keeps values for who comes later."""

from __future__ import annotations

import pytest

from protocol import fast_path
from relay.delivery.audience import Audience
from relay.delivery.outbox import Outbox
from relay.history.memory_budget import VALUES, Account
from relay.history.ws_frame import wrap
from tests.helpers.outboxes import Link, by_hand, update

DELAY = 10


class Hall:
    """An audience of players 1 to 3 who keep up."""

    def __init__(self, delay: int = 0) -> None:
        self.account = Account()
        self.audience = Audience(by_hand(), self.account, delay)
        self.outboxes: dict[int, Outbox] = {}
        for player in (1, 2, 3):
            self.enters(player)

    def enters(self, player: int, *, is_late: bool = False) -> None:
        self.outboxes[player] = Link().is_live().outbox
        self.audience.connect(player, self.outboxes[player], is_late=is_late)

    def heard(self) -> dict[int, list[bytes]]:
        """Take what waits, by player."""
        taken = {player: outbox.take() for player, outbox in self.outboxes.items()}
        return {player: messages for player, messages in taken.items() if messages}


def to(players: tuple[int, ...], message: bytes) -> dict[int, list[bytes]]:
    return {player: [message] for player in players}


def deliver(seq: int) -> bytes:
    return wrap(fast_path.deliver(seq, 1, fast_path.tail(b"hi")))


def test_a_message_is_for_all_for_all_but_one_or_for_some() -> None:
    hall = Hall()
    hall.audience.tell(0, deliver(1))
    assert hall.heard() == to((1, 2, 3), deliver(1))
    hall.audience.tell(2, deliver(2))
    assert hall.heard() == to((1, 3), deliver(2))
    hall.audience.tell(frozenset((2, 3, 9)), deliver(3))
    assert hall.heard() == to((2, 3), deliver(3))


def test_a_value_for_all_is_kept_for_who_comes_later_and_others_are_not() -> None:
    hall = Hall()
    for_all, for_one = update(b"for all", key=5), update(b"for one", key=6)
    hall.audience.tell_value(1, 5, 1, for_all)
    hall.audience.tell_value(1, 6, frozenset((2,)), for_one)
    assert hall.heard() == {2: [for_all, for_one], 3: [for_all]}
    assert list(hall.audience.retained.but_of(0)) == [for_all]
    assert hall.account.kinds[VALUES] > 0


def test_a_newer_value_takes_the_place_of_one_that_waits() -> None:
    hall = Hall()
    for value in (b"old", b"new"):
        hall.audience.tell_value(1, 0, 1, update(value))
    assert hall.heard() == to((2, 3), update(b"new"))


def test_nothing_is_kept_of_a_player_who_left() -> None:
    hall = Hall()
    hall.audience.tell_value(1, 0, 1, update(b"here"))
    hall.audience.disconnect(1)
    hall.audience.forget(1)
    hall.audience.tell(0, deliver(1))
    assert list(hall.audience.retained.but_of(0)) == []
    assert hall.account.kinds[VALUES] == 0
    assert set(hall.audience.fan_out) == {2, 3}
    assert 1 not in hall.heard()


def test_what_was_told_before_a_player_went_still_waits_for_it() -> None:
    hall = Hall()
    hall.audience.tell(0, deliver(1))
    hall.audience.disconnect(1)
    hall.audience.tell(0, deliver(2))
    assert hall.heard()[1] == [deliver(1)]


def test_the_newest_connection_of_a_player_is_told() -> None:
    hall = Hall()
    older = hall.outboxes[1]
    hall.enters(1)
    hall.audience.tell(0, deliver(1))
    assert (older.take(), hall.heard()[1]) == ([], [deliver(1)])


@pytest.mark.parametrize("delay", [0, DELAY])
def test_spectators_are_apart_where_the_room_keeps_them_behind(delay: int) -> None:
    hall = Hall(delay)
    hall.enters(4, is_late=True)
    hall.audience.tell(0, deliver(1))
    assert (4 in hall.heard()) == (not delay)
    assert (4 in hall.audience.fan_out) == (not delay)
    if hall.audience.delay is not None:
        assert set(hall.audience.delay.outboxes) == {4}
        hall.audience.disconnect(4)
        assert not hall.audience.delay.outboxes


def test_a_value_reaches_the_delay_line_only_later() -> None:
    hall = Hall(DELAY)
    assert hall.audience.delay is not None
    newest = hall.audience.delay.newest
    hall.audience.tell_value(1, 0, 1, update(b"here"))
    hall.audience.delay.tick(0, 0)
    assert list(newest.but_of(0)) == []
    hall.audience.delay.tick(DELAY, 0)
    assert list(newest.but_of(0)) == [update(b"here")]
