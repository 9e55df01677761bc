"""What every room offers, over a relay that a script plays: what is known, and which frames go."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clients.python import EVERYONE, HOST, LocalProtocolError, Player, PresenceState, group
from clients.python.base_room import BaseRoom
from clients.python.core.commands import Slot
from clients.python.core.room_state import RoomState
from protocol.codec import Role, decode, pack
from protocol.frames import (
    Frame,
    Host,
    Kick,
    Limits,
    Property,
    RoomOptions,
    Send,
    Set,
    Snapshot,
    Subscribe,
    Transfer,
    Volatile,
)
from tests.helpers.scripted_relay import (
    ANN,
    BOB,
    OTHER_EPOCH,
    SEAT,
    ScriptedRelay,
    welcome,
)

READ = 2
"""The seq up to which the program has taken the events: less than the client knows."""


class Held(BaseRoom[int]):
    """A room whose frames are held, and not sent."""

    def __init__(self, relay: ScriptedRelay) -> None:
        super().__init__(relay.client)
        self.frames: list[Frame] = []
        self.slots: list[Slot] = []

    @property
    def _facts(self) -> RoomState:
        return self._protocol.room

    @property
    def seq(self) -> int:
        return READ

    def _post(self, *messages: bytes) -> int:
        self.frames += [decode(message, by=Role.CLIENT) for message in messages]
        return len(self.frames)

    def _volatile(self, slot: Slot, message: bytes) -> None:
        self.slots.append(slot)
        self.frames.append(decode(message, by=Role.CLIENT))

    def drop(self) -> None:
        raise NotImplementedError

    def presence(self, state: PresenceState) -> None:
        raise NotImplementedError


@pytest.fixture
def relay() -> ScriptedRelay:
    return ScriptedRelay()


@pytest.fixture
def room(relay: ScriptedRelay) -> Held:
    return Held(relay.welcomes())


# What is known.


def test_a_room_knows_what_welcome_said(relay: ScriptedRelay) -> None:
    options, limits = RoomOptions(title="Ours", capacity=2), Limits(max_frame=1024)
    room = Held(relay.welcomes(options=options, limits=limits, complete_from=1))
    assert (room.code, room.me, room.seat) == ("K7QF", 1, SEAT)
    assert (room.options, room.limits, room.complete_from) == (options, limits, 1)


def test_a_room_follows_the_facts(room: Held, relay: ScriptedRelay) -> None:
    assert room.players == {1: ANN, 2: BOB}
    assert (room.host, room.is_host, room.term) == (1, True, 1)
    relay.says(Host(4, 2, 2))
    assert (room.host, room.is_host, room.term) == (2, False, 2)
    assert room.players[2].is_host


def test_the_state_is_that_of_the_connection(relay: ScriptedRelay) -> None:
    room = Held(relay)
    states = [room.state]
    for happens in (relay.welcomes, relay.closes):
        happens()
        states.append(room.state)
    assert states == ["connecting", "live", "reconnecting"]


def test_properties_are_the_rooms_and_each_players(room: Held, relay: ScriptedRelay) -> None:
    relay.says(Property(4, 0, "map", pack("ice"), 1, 1), Property(5, 2, "hp", pack(3), 1, 2))
    assert dict(room.properties) == {"map": "ice"}
    assert dict(room.properties_of(2)) == dict(room.properties_of(BOB)) == {"hp": 3}
    assert dict(room.properties_of(9)) == {}


def test_of_a_player_who_is_not_there_the_number_is_known(room: Held) -> None:
    assert room.player(2) == room.player(Player(2)) == BOB
    assert room.player(9) == Player(9)
    with pytest.raises(LocalProtocolError):
        room.player(0)


def test_a_printed_room_names_its_kind_and_who_is_there(room: Held) -> None:
    assert repr(room) == (
        "Held(code='K7QF', player=1, host=1, players={1: 'Ann', 2: 'Bob'}, state='live')"
    )


# What can be done.


@pytest.mark.parametrize(
    ("call", "frame"),
    [
        (lambda room: room.send("hi"), Send(None, pack("hi"))),
        (lambda room: room.send("hi", to=EVERYONE), Send(True, pack("hi"))),
        (lambda room: room.send("hi", to=HOST), Send(0, pack("hi"))),
        (lambda room: room.send("hi", to=group(7)), Send(-7, pack("hi"))),
        (lambda room: room.send_bytes(b"\xc1", to=[BOB, 3]), Send((2, 3), b"\xc1")),
        (lambda room: room.subscribe(1, 2), Subscribe((1, 2), ())),
        (lambda room: room.unsubscribe(1), Subscribe((), (1,))),
        (lambda room: room.set_property("map", "ice"), Set(0, "map", pack("ice"))),
        (
            lambda room: room.set_property("hp", 3, player=BOB, expected=0),
            Set(2, "hp", pack(3), 0),
        ),
        (lambda room: room.delete_property("map"), Set(0, "map", False)),
        (lambda room: room.delete_property("hp", player=2, expected=4), Set(2, "hp", False, 4)),
        (lambda room: room.kick(BOB, "rude"), Kick(2, "rude")),
        (lambda room: room.transfer(2), Transfer(2)),
        (lambda room: room.give_snapshot([1]), Snapshot(READ, 0, 1, pack([1]))),
        (lambda room: room.give_snapshot([1], seq=0), Snapshot(0, 0, 1, pack([1]))),
        (lambda room: room.give_snapshot_bytes(b"all", 3), Snapshot(3, 0, 1, b"all")),
    ],
    ids=lambda given: "" if callable(given) else str(given),
)
def test_a_call_is_one_frame_and_returns_its_number(
    call: Callable[[BaseRoom[int]], int], frame: Frame, room: Held
) -> None:
    assert call(room) == 1
    assert room.frames == [frame]


def test_a_snapshot_of_many_frames_is_posted_at_once(relay: ScriptedRelay) -> None:
    room = Held(relay.welcomes(limits=Limits(max_frame=256)))
    assert room.give_snapshot_bytes(bytes(600)) == len(room.frames) == 3


def test_a_volatile_value_goes_with_its_slot(room: Held) -> None:
    room.volatile(3, [1], to=BOB)
    room.volatile_bytes(4, b"raw")
    assert room.frames == [Volatile(3, 2, pack([1])), Volatile(4, None, b"raw")]
    assert room.slots == [(3, 2), (4, None)]


def test_groups_are_joined_again_in_a_new_seat(room: Held, relay: ScriptedRelay) -> None:
    room.subscribe(1, 2)
    room.unsubscribe(1)
    relay.closes().accepts().says(welcome(epoch=OTHER_EPOCH))
    assert Subscribe((2,)) in relay.heard()


@pytest.mark.parametrize(
    "call",
    [
        lambda room: room.send(object()),
        lambda room: room.send("hi", to="bob"),
        lambda room: room.volatile(256, 0),
        lambda room: room.subscribe(0),
        lambda room: room.kick(0),
        lambda room: room.give_snapshot(0, seq=-1),
    ],
    ids=["value", "target", "key", "group", "player", "seq"],
)
def test_a_mistake_raises_in_the_call_and_nothing_is_posted(
    call: Callable[[BaseRoom[int]], object], room: Held
) -> None:
    with pytest.raises(LocalProtocolError):
        call(room)
    assert room.frames == []
