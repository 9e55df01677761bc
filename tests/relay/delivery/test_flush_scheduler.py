"""Rooms are flushed at the end of a turn, or a little later, while turns bring more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.delivery.deferred import Deferred
from relay.delivery.flush_scheduler import LONGEST, FlushScheduler
from relay.delivery.tally import UNREAD
from relay.history.ws_frame import wrap
from tests.helpers.outboxes import Link


class Loop:
    """A loop whose turns the test ends, with a room of one player in it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.soon: list[Callable[[], None]] = []
        self.turns = FlushScheduler(
            Deferred(lambda: None), self.soon.append, lambda: self.now, UNREAD
        )

    def room(self) -> Link:
        return Link(max_bytes=1 << 20, fan_out=self.turns.fan_out()).flows()

    def turn(self, seconds: float = 0.0) -> None:
        """End a turn that took so long."""
        self.now += seconds
        soon, self.soon[:] = self.soon[:], []
        for call in soon:
            call()


def test_one_message_goes_out_when_its_turn_ends() -> None:
    loop = Loop()
    room = loop.room()
    told = room.tells()
    assert room.written == []
    loop.turn()
    assert (room.written, loop.soon) == ([told], [])


def test_rooms_wait_for_one_another_as_long_as_turns_bring_more() -> None:
    loop = Loop()
    one, other = loop.room(), loop.room()
    told = [one.tells(), one.tells()]
    loop.turn()
    told.append(one.tells())
    also = other.tells()
    loop.turn()
    assert one.written == other.written == []
    loop.turn()
    assert (one.written, other.written, loop.soon) == ([b"".join(told)], [also], [])


def test_no_room_waits_for_long() -> None:
    loop = Loop()
    room = loop.room()
    told = [room.tells(), room.tells()]
    loop.turn(1.0)
    for _ in range(3):
        told.append(room.tells())
        loop.turn(0.4 * LONGEST)
    assert room.written == [b"".join(told)]


@pytest.mark.parametrize("is_to_all", [True, False])
def test_much_does_not_wait(is_to_all: bool) -> None:
    """Or players who read well would have to wait with it, and count as slow."""
    loop = Loop()
    room = loop.room()
    told = [room.tells(), room.tells()]
    if is_to_all:
        told.append(room.tells(bytes(70_000)))
    else:
        room.outbox.say(wrap(bytes(70_000)))
        told.append(wrap(bytes(70_000)))
    loop.turn()
    assert room.written == [b"".join(told)]


def test_each_wait_is_for_itself() -> None:
    loop = Loop()
    room = loop.room()
    for _ in range(3):
        told = [room.tells(), room.tells()]
        loop.turn(2 * LONGEST)
        told.append(room.tells())
        loop.turn(0.5 * LONGEST)
        assert told[0] not in room.written
        loop.turn()
        assert room.written.pop() == b"".join(told)


def test_an_answer_alone_waits_for_nothing() -> None:
    loop = Loop()
    room = loop.room()
    answer = wrap(b"pong")
    room.outbox.say(answer)
    loop.turn()
    assert room.written == [answer]
