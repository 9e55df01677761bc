"""What SET does to properties, and to those that are options of the room."""

import pytest

from protocol import codec
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Deliver, Host, Joined, Left, LeftReason, Live, Property, Set
from protocol.opcodes import Opcode
from relay.room.effects import Admit
from relay.room.entries import Evict
from tests.helpers.playbook import Turned, asks, enters, error, hears, room_of, sends

# SET.


def test_a_property_is_told_to_all_and_versioned_by_its_seq() -> None:
    assert (
        room_of(2)
        >> asks(2, Set(0, "map", b"1"))
        << hears((1, 2), Property(4, 0, "map", b"1", 4, 2))
        >> asks(1, Set(0, "map", b""))
        << hears((1, 2), Property(5, 0, "map", b"", 5, 1))
        >> asks(2, Set(2, "colour", b"red"))
        << hears((1, 2), Property(6, 2, "colour", b"red", 6, 2))
        >> asks(1, Set(2, "colour", b"blue"))
        << hears((1, 2), Property(7, 2, "colour", b"blue", 7, 1))
    )


def test_compare_and_set_lets_one_of_two_win() -> None:
    assert (
        room_of(2)
        >> asks(1, Set(0, "flag", b"1", expected=0))
        << hears((1, 2), Property(4, 0, "flag", b"1", 4, 1))
        >> asks(2, Set(0, "flag", b"2", expected=0))
        << hears(2, error(5, ErrorCode.STALE_VERSION, op=Opcode.SET, frame=1, retry=True))
        >> asks(2, Set(0, "flag", b"2", expected=4))
        << hears((1, 2), Property(6, 0, "flag", b"2", 6, 2))
        >> asks(1, Set(0, "flag", value=False, expected=4))
        << hears(1, error(7, ErrorCode.STALE_VERSION, op=Opcode.SET, frame=2, retry=True))
    )


def test_no_version_ever_comes_twice_not_even_after_a_deletion() -> None:
    assert (
        room_of(1)
        >> asks(1, Set(0, "k", b"v"))
        << hears(1, Property(3, 0, "k", b"v", 3, 1))
        >> asks(1, Set(0, "k", value=False, expected=3))
        << hears(1, Property(4, 0, "k", value=False, version=4, by=1))
        >> asks(1, Set(0, "k", value=False))
        >> asks(1, Set(0, "k", b"v", expected=3))
        << hears(1, error(5, ErrorCode.STALE_VERSION, op=Opcode.SET, frame=4, retry=True))
        >> asks(1, Set(0, "k", b"v", expected=0))
        << hears(1, Property(6, 0, "k", b"v", 6, 1))
    )


def test_a_scope_that_is_full_takes_no_more() -> None:
    assert (
        room_of(1)
        >> asks(1, Set(0, "big", bytes(40_000)))
        << hears(1, Property(3, 0, "big", bytes(40_000), 3, 1))
        >> asks(1, Set(0, "too", bytes(30_000)))
        << hears(1, error(4, ErrorCode.NO_ROOM_LEFT, op=Opcode.SET, frame=2, limit=65_536))
        >> asks(1, Set(1, "too", bytes(30_000)))
        << hears(1, Property(5, 1, "too", bytes(30_000), 5, 1))
    )


def test_a_players_properties_are_its_own_and_the_hosts() -> None:
    assert (
        room_of(3)
        >> asks(2, Set(3, "k", b"v"))
        << hears(2, error(5, ErrorCode.NOT_YOURS, op=Opcode.SET, frame=1))
        >> asks(2, Set(3, "k", value=False))
        << hears(2, error(6, ErrorCode.NOT_YOURS, op=Opcode.SET, frame=2))
        >> asks(2, Set(9, "k", b"v"))
        << hears(2, error(7, ErrorCode.NO_SUCH_PLAYER, op=Opcode.SET, frame=3))
    )


def test_a_players_properties_go_with_it() -> None:
    playbook = (
        room_of(2)
        >> asks(2, Set(2, "k", b"v"))
        << hears((1, 2), Property(4, 2, "k", b"v", 4, 2))
        >> Evict(2)
        << hears(1, Left(5, 2, LeftReason.LEFT))
        >> asks(1, Set(2, "k", b"v"))
        << hears(1, error(6, ErrorCode.NO_SUCH_PLAYER, op=Opcode.SET, frame=1))
        >> enters(3)
        << Admit(3, player=3, seq=0)
        << hears(3, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 3), Joined(7, 3))
        << hears(3, Live(7))
    )
    assert playbook
    assert not list(playbook.witness.room.properties)


# Properties that are the room's options.


def test_the_host_locks_the_room_and_sets_its_capacity() -> None:
    locked, capacity = codec.pack(True), codec.pack(3)
    playbook = (
        room_of(2)
        >> asks(1, Set(0, "@locked", locked))
        << hears((1, 2), Property(4, 0, "@locked", locked, 4, 1))
        >> enters(3)
        << Turned(3, ErrorCode.LOCKED, CloseCode.LOCKED)
        >> asks(1, Set(0, "@capacity", capacity, expected=0))
        << hears((1, 2), Property(5, 0, "@capacity", capacity, 5, 1))
    )
    assert playbook
    assert playbook.witness.room.options.locked
    assert playbook.witness.room.options.capacity == 3


def test_a_room_may_hold_more_than_its_new_capacity() -> None:
    one = codec.pack(1)
    assert (
        room_of(2)
        >> asks(1, Set(0, "@capacity", one))
        << hears((1, 2), Property(4, 0, "@capacity", one, 4, 1))
        >> enters(3)
        << Turned(3, ErrorCode.ROOM_FULL, CloseCode.ROOM_FULL)
        >> sends(2, None)
        << hears(1, Deliver(5, 2, b""))
    )


@pytest.mark.parametrize(
    ("key", "value", "code", "limit"),
    [
        ("@locked", b"\x01", ErrorCode.WRONG_TYPE, None),
        ("@locked", b"\xc0", ErrorCode.WRONG_TYPE, None),
        ("@locked", b"", ErrorCode.TRUNCATED, None),
        ("@locked", b"\xc3\xc3", ErrorCode.TRAILING_BYTES, None),
        ("@capacity", b"\xc3", ErrorCode.WRONG_TYPE, None),
        ("@capacity", b"\x00", ErrorCode.OUT_OF_RANGE, 1),
        ("@capacity", b"\xcd\x04\x01", ErrorCode.OUT_OF_RANGE, 1024),
        ("@capacity", b"\xcb" + bytes(8), ErrorCode.WRONG_TYPE, None),
        ("@capacity", b"\xc1", ErrorCode.FORBIDDEN_TYPE, None),
        ("@capacity", False, ErrorCode.NOT_AVAILABLE, None),
        ("@hold", b"\x01", ErrorCode.NOT_AVAILABLE, None),
        ("@", b"\x01", ErrorCode.NOT_AVAILABLE, None),
        ("@bar", b"\xc3", ErrorCode.WRONG_TYPE, None),
        ("@bar", codec.pack("planet"), ErrorCode.OUT_OF_RANGE, None),
        ("@host_away", b"\x01", ErrorCode.NOT_AVAILABLE, None),
    ],
)
def test_an_option_takes_what_fits_it(
    key: str, value: bytes | bool, code: ErrorCode, limit: int | None
) -> None:
    before = room_of(1).witness.room.summary()
    playbook = (
        room_of(1)
        >> asks(1, Set(0, key, value))
        << hears(1, error(3, code, op=Opcode.SET, frame=1, limit=limit))
    )
    assert playbook
    after = playbook.witness.room.summary()
    assert (after["options"], after["properties"]) == (before["options"], before["properties"])


def test_only_the_host_sets_options() -> None:
    assert (
        room_of(2)
        >> asks(2, Set(0, "@locked", b"\xc3"))
        << hears(2, error(4, ErrorCode.NOT_HOST, op=Opcode.SET, frame=1))
        >> asks(2, Set(0, "@locked", value=False))
        << hears(2, error(5, ErrorCode.NOT_HOST, op=Opcode.SET, frame=2))
    )


def test_a_players_own_property_of_that_name_is_no_option() -> None:
    playbook = (
        room_of(2)
        >> asks(2, Set(2, "@locked", b"\xc3"))
        << hears((1, 2), Property(4, 2, "@locked", b"\xc3", 4, 2))
        >> asks(2, Set(2, "@capacity", b"any bytes"))
        << hears((1, 2), Property(5, 2, "@capacity", b"any bytes", 5, 2))
    )
    assert playbook
    assert not playbook.witness.room.options.locked


# Refusals.


@pytest.mark.parametrize("scope", [0, 2])
def test_in_a_room_that_only_the_host_may_write_players_have_their_own_properties(
    scope: int,
) -> None:
    told = Property(4, scope, "k", b"v", 4, 2)
    refused = error(4, ErrorCode.NOT_HOST, op=Opcode.SET, frame=1)
    assert (
        room_of(2, write="host")
        >> asks(2, Set(scope, "k", b"v"))
        << (hears((1, 2), told) if scope else hears(2, refused))
        >> asks(1, Set(scope, "k", b"v"))
        << hears((1, 2), Property(5, scope, "k", b"v", 5, 1))
    )


@pytest.mark.parametrize("scope", [0, 2])
def test_a_key_of_the_hosts_is_set_and_deleted_by_the_host_alone_in_every_scope(scope: int) -> None:
    refused = error(4, ErrorCode.NOT_HOST, op=Opcode.SET, frame=1)
    assert (
        room_of(2, host_keys=("score",))
        >> asks(2, Set(scope, "score", b"9"))
        << hears(2, refused)
        >> asks(1, Set(scope, "score", b"1"))
        << hears((1, 2), Property(5, scope, "score", b"1", 5, 1))
        >> asks(2, Set(scope, "score", False))
        << hears(2, error(6, ErrorCode.NOT_HOST, op=Opcode.SET, frame=2))
        >> asks(2, Set(scope, "colour", b"red"))
        << hears((1, 2), Property(7, scope, "colour", b"red", 7, 2))
    )
