"""A node of several is no more: its players are lost, and what the room waits for."""

from __future__ import annotations

from protocol.frames import Leave, Presence, PresenceChanged
from relay.room import membership
from relay.room.effects import Later
from relay.room.entries import CONNECTION_BITS, Detach, Expire, NodeGone, Retire, Succeed
from relay.room.membership import HOST_PATIENCE, UNSEEN_HOLD
from tests.helpers.playbook import AWAY, LOST, a_room, asks, enters, hears, room_of

THERE, ELSEWHERE = 5 << CONNECTION_BITS, 6 << CONNECTION_BITS


def test_only_those_who_were_connected_to_it_are_lost() -> None:
    script = room_of(1)
    for attachment in (THERE | 1, ELSEWHERE | 1, THERE | 2):
        script.witness.apply(enters(attachment, attachment))
    script.witness.hear()
    lost = (PresenceChanged(6, 2, LOST), PresenceChanged(7, 4, LOST))
    assert (
        script
        >> NodeGone(5)
        << Later(UNSEEN_HOLD, Expire(THERE | 1))
        << Later(UNSEEN_HOLD, Expire(THERE | 2))
        << hears((1, ELSEWHERE | 1), *lost)
        << hears(THERE | 2, lost[0])
        >> NodeGone(5)
    )


def test_its_host_has_a_while_to_come_back() -> None:
    room = a_room()
    room.apply(enters(THERE | 1))
    effects = room.apply(NodeGone(5))
    assert Later(HOST_PATIENCE, Succeed(1, THERE | 1)) in effects


def test_a_node_that_takes_a_room_up_waits_for_what_others_wait_for() -> None:
    room = a_room(hold=40, keep=9)
    assert membership.pending(room) == [Later(9, Retire(0))]
    room.apply(enters(1))
    room.apply(enters(2))
    assert membership.pending(room) == []
    waits = [*room.apply(Detach(1)), *room.apply(Detach(2))]
    assert sorted(map(repr, membership.pending(room))) == sorted(map(repr, waits))


def test_it_waits_for_a_host_who_is_away() -> None:
    room = a_room(host_away=9)
    room.apply(enters(1))
    waits = room.apply(asks(1, Presence(AWAY)))
    assert membership.pending(room) == waits
    room.apply(asks(1, Leave()))
    assert membership.pending(room) == [Later(room.options.keep, Retire(1))]
