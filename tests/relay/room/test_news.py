"""What a room says for the log alone, which its scripts leave out."""

from __future__ import annotations

from dataclasses import replace

from protocol.error_codes import ErrorCode
from protocol.frames import Kick, LeftReason
from relay.room.effects import Arrived, Departed, Effect, News, Refused
from relay.room.entries import Acknowledge, Ask, Detach, Entry, Expire, Join, Refuse
from relay.room.room import Room
from tests.helpers.playbook import a_room, enters, room_of


def news_of(room: Room, entry: Entry) -> list[Effect]:
    return [effect for effect in room.apply(entry) if isinstance(effect, News)]


def test_each_seat_arrives_once_and_departs_once() -> None:
    room = a_room()
    assert news_of(room, enters(1)) == [Arrived(1)]
    assert news_of(room, Acknowledge(1)) == []
    assert news_of(room, Detach(1)) == []
    assert news_of(room, replace(enters(1), attachment=2)) == []
    assert news_of(room, Join(3)) == [Arrived(2)]
    assert news_of(room, Detach(3)) == [Departed(2, LeftReason.GONE)]
    assert news_of(room, Detach(2)) == []
    assert news_of(room, Expire(2)) == [Departed(1, LeftReason.EXPIRED)]
    assert news_of(room, Expire(2)) == []


def test_the_kicked_depart_as_such() -> None:
    room = room_of(2).witness.room
    assert news_of(room, Ask(1, Kick(2))) == [Departed(2, LeftReason.KICKED, by=1)]


def test_a_refusal_is_news_of_who_is_refused() -> None:
    room = room_of(2).witness.room
    for entry in (Ask(2, Kick(1)), (2, (77,), b"\xc0"), Refuse(2, ErrorCode.ARITY, "no")):
        (refused,) = news_of(room, entry)
        assert isinstance(refused, Refused)
        assert (refused.player, refused.error.seq) == (2, room.seq)
