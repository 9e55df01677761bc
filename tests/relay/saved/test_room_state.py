"""A room that was kept is the room that it was, and what is no room is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from protocol import fast_path
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Host,
    Joined,
    Kick,
    Left,
    LeftReason,
    PlayerInfo,
    Presence,
    PresenceChanged,
    PresenceState,
    Property,
    RoomOptions,
    Set,
    Snapshot,
    Subscribe,
)
from protocol.limits import HISTORY_BYTES
from protocol.opcodes import Opcode
from relay.history.history import History
from relay.room.effects import TurnedAway
from relay.room.entries import Detach, Join, Relieve
from relay.room.room import Room
from relay.saved import room_state
from relay.saved.room_state import BadState
from roomwire.testing import mutants
from tests.helpers.playbook import Moves, Witness, a_room, asks, enters, key, sends
from tests.helpers.room_machine import HISTORY, RoomMachine

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"


def kept(room: Room) -> Room:
    """Return the room as it is after it went through bytes."""
    return room_state.load(msgpack.unpackb(msgpack.packb(room_state.dump(room))))


class KeptRoomMachine(RoomMachine):
    """Drives a room that is kept and made anew again and again: nothing tells it from its model."""

    @rule()
    @precondition(lambda self: self.made > 3)
    def keep(self) -> None:
        before, after = self.room, kept(self.room)
        assert after.summary() == before.summary()
        after.history.bound(HISTORY, HISTORY_BYTES)
        after.audience = before.audience
        for reader in self.witness.readers:
            reader.history, reader.head = after.history, after
        self.room = self.witness.room = after


TestKeptRoom = pytest.mark.fuzz(KeptRoomMachine.TestCase)
TestKeptRoom.settings = settings(
    max_examples=max(10, settings().max_examples // 500), stateful_step_count=50
)


def lived_in() -> Room:
    """Make a room in which about everything has happened that a room knows of."""
    room = Room(
        "ROOM",
        b"an epoch",
        RoomOptions(
            title="Duel",
            capacity=9,
            hold=7,
            history="snapshot",
            host_away=20,
            bar="address",
            tags={"mode": "ctf"},
        ),
        password_hash=HASH,
        max_frame=4096,
    )
    witness = Witness(room)
    for player in (1, 2, 3, 4, 5):
        witness.apply(enters(player, role="spectator" if player == 4 else "player"))
    witness.apply(Join(6, info=PlayerInfo(can_host=False), network=b"a network"))
    witness.apply(Join(7, network=b"a barred network"))
    for entry in (
        sends(1, True, b"to all"),
        sends(2, (1, 3), b"to two"),
        sends(2, 2**40, b"to nobody"),
        asks(1, Set(0, "map", b"\xa4dust")),
        asks(1, Set(0, "@capacity", b"\x07")),
        asks(2, Set(2, "colour", b"\xa3red")),
        asks(2, Subscribe((1, 255), ())),
        asks(3, Subscribe((1,), ())),
        asks(1, Set(0, "round", b"\x01")),
        asks(1, Set(0, "round", False)),
        asks(1, Kick(5)),
        asks(1, Kick(7)),
        asks(1, Presence(PresenceState.AWAY)),
        asks(1, Snapshot(9, 0, 2, b"the game")),
        asks(1, Snapshot(9, 1, 2, b"as it was")),
        asks(1, Snapshot(12, 0, 2, b"the next")),
        Detach(2),
        Detach(4),
    ):
        witness.apply(entry)
    witness.move(Moves(3, 1, None, b"here"))
    return room


class TestKeeping:
    def test_what_was_kept_is_all_there(self) -> None:
        room = lived_in()
        again = kept(room)
        assert again.summary() == room.summary()
        assert (again.name, again.epoch, again.password_hash) == ("ROOM", b"an epoch", HASH)
        assert (again.player_count, again.spectator_count, again.max_frame) == (4, 1, 4096)
        assert again.history.trimmed == room.history.trimmed
        assert again.options.capacity == 7

    def test_both_go_on_alike(self) -> None:
        room = lived_in()
        room.audience.retained.drop(3)
        again = kept(room)
        for entry in (enters(8, 2, at=room.seq), sends(8, -1, b"group"), enters(9), Detach(1)):
            effects = room.apply(entry)
            assert again.apply(entry) == effects
        assert again.summary() == room.summary()

    def test_who_is_away_and_who_is_kept_out_is_known_afterwards(self) -> None:
        room = lived_in()
        room.apply(asks(3, Presence(PresenceState.AWAY)))
        room.apply(Relieve(room.term, 1))
        again = kept(room)
        assert again.seeks_host
        for witness in (room, again):
            (turn,) = witness.apply(Join(8, network=b"a barred network"))
            assert isinstance(turn, TurnedAway)
            assert turn.refusal.code == ErrorCode.KICKED
            witness.apply(asks(3, Presence(PresenceState.HERE)))
            assert witness.host == 3
        assert again.summary() == room.summary()

    def test_a_new_room_is_kept(self) -> None:
        room = a_room()
        assert kept(room).summary() == room.summary()

    def test_what_was_trimmed_stays_trimmed(self) -> None:
        room = a_room()
        room.history = History(max_frames=2)
        witness = Witness(room)
        witness.apply(enters(1))
        for _ in range(3):
            witness.apply(sends(1, True))
        again = kept(room)
        assert again.history.trimmed == room.history.trimmed > 0
        assert not again.history.reaches_back_to(room.history.trimmed - 1)

    def test_no_log_is_too_long(self) -> None:
        room = a_room()
        room.history = History(max_frames=10**6)
        room.apply(enters(1))
        for _ in range(2**16):
            room.apply(sends(1, (), b""))
        assert len(kept(room).history) == len(room.history) > 2**16

    def test_spectators_are_not_told_sooner(self) -> None:
        room = a_room(delay=5)
        room.apply(enters(1))
        assert room.audience.delay is not None
        room.audience.delay.tick(0.0, room.seq)
        room.audience.delay.tick(5.0, room.seq)
        shown = room.audience.delay.seq
        room.apply(sends(1, True, b"news"))
        again = kept(room)
        assert again.audience.delay is not None
        assert again.audience.delay.seq == shown < again.seq
        again.audience.delay.tick(100.0, again.seq)
        assert again.audience.delay.seq == shown
        again.audience.delay.tick(105.0, again.seq)
        assert again.audience.delay.seq == again.seq

    def test_volatile_values_are_not_kept(self) -> None:
        assert list(lived_in().audience.retained.but_of(1))
        assert not list(kept(lived_in()).audience.retained.but_of(1))

    def test_connections_are_not_kept(self) -> None:
        assert lived_in().audience.fan_out
        assert not kept(lived_in()).audience.fan_out


# Damage.


def dumped() -> dict[str, Any]:
    """Return a kept room to be damaged by hand, as the file gives it back."""
    value: dict[str, Any] = msgpack.unpackb(msgpack.packb(room_state.dump(lived_in())))
    return value


def a_seat(value: dict[str, Any], player: int) -> dict[str, Any]:
    seat: dict[str, Any] = next(seat for seat in value["seats"] if seat["player"] == player)
    return seat


def tells(value: dict[str, Any], frame: Any) -> None:
    """Let another fact stand, as the last one."""
    value["standing"] = [*value["standing"], encode(frame)]
    value["seq"] = frame.seq
    value["log"] = [*value["log"], *([n, 0, encode(Deliver(n, 1, b""))] for n in new(value))]


def passes_host(value: dict[str, Any], player: int) -> None:
    value["standing"] = [message for message in value["standing"] if message[1] != Opcode.HOST]
    tells(value, Host(99, player, 9))


def new(value: dict[str, Any]) -> Iterator[int]:
    yield from range(value["log"][-1][0] + 1, value["seq"] + 1)


def of_sender(value: dict[str, Any], head: bytes) -> None:
    """Let somebody else say what was said in the log."""
    at = next(at for at, each in enumerate(value["log"]) if each[2][1] == Opcode.DELIVER)
    seq, to, message = value["log"][at]
    value["log"][at] = [seq, to, message[:3] + head + message[4:]]


def changed(value: dict[str, Any], change: Callable[[list[Any]], object]) -> None:
    """Change the fields of a property in the log."""
    logged = next(each for each in value["log"] if each[2][1] == Opcode.PROPERTY)
    fields = msgpack.unpackb(logged[2])
    change(fields)
    logged[2] = msgpack.packb(fields)


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no name": lambda value: value.pop("name"),
    "a name in small letters": lambda value: value.update(name="room"),
    "a name that is none": lambda value: value.update(name="RO OM"),
    "a short epoch": lambda value: value.update(epoch=b"short"),
    "no options": lambda value: value.update(options=[]),
    "a capacity of 0": lambda value: value["options"].update(capacity=0),
    "a password in clear": lambda value: value["options"].update(password="secret"),
    "a password that is not hashed": lambda value: value.update(password_hash="secret"),
    "a frame limit of 0": lambda value: value.update(max_frame=0),
    "a seq that is none": lambda value: value.update(seq=-1),
    "a seq beyond the log": lambda value: value.update(seq=value["seq"] + 1),
    "a seq before the log's end": lambda value: value.update(seq=value["seq"] - 1),
    "no seats": lambda value: value.update(seats=[]),
    "a seat more": lambda value: value["seats"].append({"player": 9, "attachment": 9}),
    "a seat twice": lambda value: value["seats"].append(value["seats"][0]),
    "seats in disorder": lambda value: value["seats"].reverse(),
    "fewer joins than players": lambda value: value.update(joins=2),
    "one key for two": lambda value: a_seat(value, 2).update(key=key(1)),
    "one attachment for two": lambda value: a_seat(value, 3).update(attachment=1),
    "a key that is empty": lambda value: a_seat(value, 2).update(key=b""),
    "held without a secret": lambda value: a_seat(value, 2).pop("key"),
    "held and not lost": lambda value: a_seat(value, 1).update(is_attached=False),
    "lost and not held": lambda value: a_seat(value, 2).update(is_attached=True),
    "a negative count": lambda value: a_seat(value, 2).update(taken=-1),
    "a group beyond all": lambda value: a_seat(value, 2).update(groups=[256]),
    "a bar that is none": lambda value: value.update(barred=["seat 1"]),
    "no facts": lambda value: value.update(standing=[]),
    "a fact twice": lambda value: value["standing"].append(value["standing"][-1]),
    "facts in disorder": lambda value: value["standing"].reverse(),
    "a fact cut off": lambda value: value["standing"].append(b"\x94\x20"),
    "a fact that is none": lambda value: tells(value, Left(99, 1, LeftReason.LEFT)),
    "a fact of the future": lambda value: value["standing"].append(encode(Host(999, 1, 9))),
    "a fact that has another": lambda value: tells(value, Host(99, 2, 9)),
    "a host who never was": lambda value: passes_host(value, 77),
    "a host who only looks on": lambda value: passes_host(value, 4),
    "a host who cannot be": lambda value: passes_host(value, 6),
    "a network that is none": lambda value: a_seat(value, 1).update(network=""),
    "a negative count of absences": lambda value: a_seat(value, 1).update(absences=-1),
    "a host who is sought and is not": lambda value: value.update(seeks_host=1),
    "a name for nobody": lambda value: tells(value, Joined(99, 77)),
    "a presence of nobody": lambda value: tells(value, PresenceChanged(99, 77, PresenceState.LOST)),
    "a presence that is none": lambda value: tells(value, PresenceChanged(99, 1, 77)),
    "a presence that needs no word": lambda value: tells(
        value, PresenceChanged(99, 1, PresenceState.HERE)
    ),
    "a property of nobody": lambda value: tells(value, Property(99, 77, "k", b"", 99, 1)),
    "a property that is deleted": lambda value: tells(value, Property(99, 0, "k", False, 99, 1)),
    "a property of another version": lambda value: tells(value, Property(99, 0, "k", b"", 9, 1)),
    "a property too large": lambda value: tells(value, Property(99, 0, "k", bytes(2**17), 99, 1)),
    "spectators who know the future": lambda value: value.update(shown=99),
    "a snapshot without parts": lambda value: value["snapshots"]["newest"].update(parts=[]),
    "a snapshot without its end": lambda value: value["snapshots"]["newest"]["parts"].pop(),
    "a snapshot of another seq": lambda value: value["snapshots"]["newest"].update(seq=8),
    "a snapshot that is none": lambda value: value["snapshots"].update(
        parts=[encode(Deliver(1, 1, b""))]
    ),
    "a snapshot of nobody's": lambda value: value["snapshots"]["newest"].update(giver=0),
    "no log": lambda value: value.update(log=None),
    "a log without its end": lambda value: value["log"].pop(),
    "a log without its beginning": lambda value: value["log"].pop(0),
    "a log with a gap": lambda value: value["log"].pop(5),
    "a log in disorder": lambda value: value["log"].reverse(),
    "more trimmed than was": lambda value: value.update(trimmed=1),
    "a frame cut off": lambda value: value["log"][7].pop(),
    "a frame's message cut off": lambda value: value["log"][7].append(value["log"][7].pop()[:-1]),
    "a frame of a sender who is none": lambda value: of_sender(value, b"\xc0"),
    "a frame of a sender beyond all": lambda value: of_sender(value, b"\xcf" + bytes([1] * 8)),
    "a frame too long": lambda value: value["log"][7].__setitem__(
        2, fast_path.deliver(value["log"][7][0], 1, fast_path.tail(bytes(2**21)))
    ),
    "a property without its end": lambda value: changed(value, lambda fields: fields.pop()),
    "a property with a seq that is true": lambda value: changed(
        value, lambda fields: fields.__setitem__(1, True)
    ),
    "a property of a word": lambda value: changed(
        value, lambda fields: fields.__setitem__(2, "two")
    ),
    "a property with a long key": lambda value: changed(
        value, lambda fields: fields.__setitem__(3, "k" * 999)
    ),
    "a frame with another's seq": lambda value: value["log"][8].append(value["log"][8].pop()[:2]),
    "a frame for nobody": lambda value: value["log"][7].__setitem__(1, -1),
    "a frame for words": lambda value: value["log"][7].__setitem__(1, ["all"]),
    "a frame that is none": lambda value: value["log"].__setitem__(7, 7),
    "a frame at a seq that is true": lambda value: value["log"][0].__setitem__(0, True),
    "a frame at a seq beyond all": lambda value: value["log"][0].__setitem__(0, 2**64 - 1),
}


class TestDamage:
    def test_what_is_not_damaged_is_right(self) -> None:
        value = dumped()
        room_state.load(value)
        tells(value, Property(99, 0, "k", b"", 99, 1))
        assert room_state.load(value).seq == 99

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_damage_is_seen(self, damage: str) -> None:
        value = dumped()
        DAMAGES[damage](value)
        with pytest.raises(BadState) as error:
            room_state.load(value)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("value", [None, 7, "room", [], {}, {"name": "ROOM"}])
    def test_what_is_no_room_is_refused(self, value: object) -> None:
        with pytest.raises(BadState):
            room_state.load(value)

    @given(mutants(st.just(msgpack.packb(room_state.dump(lived_in())))))
    def test_no_damage_raises_anything_else(self, data: bytes) -> None:
        try:
            value = msgpack.unpackb(data)
        except (ValueError, msgpack.UnpackException):
            return
        try:
            room = room_state.load(value)
        except BadState:
            return
        assert kept(room).summary() == room.summary()
