"""What a player may ask of the room, and what it is told if it may not."""

import pytest

from protocol import codec
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Target
from protocol.frames import (
    Deliver,
    Error,
    Frame,
    Host,
    Input,
    Joined,
    Kick,
    Left,
    LeftReason,
    Live,
    PlayerInfo,
    Presence,
    PresenceChanged,
    PresenceState,
    Property,
    Set,
    Snapshot,
    SnapshotWanted,
    Subscribe,
    Transfer,
)
from protocol.frames import Leave as LeaveFrame
from protocol.opcodes import Opcode
from relay.history.history import History
from relay.room.effects import Admit, Close, Later
from relay.room.entries import (
    Acknowledge,
    Detach,
    Entry,
    Evict,
    Expire,
    Join,
    Retire,
    Succeed,
)
from tests.helpers.playbook import (
    SPECTATOR,
    Playbook,
    Turned,
    a_room,
    asks,
    enters,
    error,
    hears,
    room_of,
    sends,
)

HERE, AWAY, LOST = PresenceState.HERE, PresenceState.AWAY, PresenceState.LOST
LEAVE = LeaveFrame()


def with_a_spectator() -> Playbook:
    """A room of the host, player 1, and spectator 2; its head is 3."""
    playbook = room_of(1)
    playbook.witness.apply(Join(2, info=SPECTATOR))
    playbook.witness.hear()
    return playbook


# LEAVE and PRESENCE.


def test_leave_gives_the_seat_up_at_once() -> None:
    assert (
        room_of(2)
        >> asks(2, LEAVE)
        << Close(2, CloseCode.NORMAL)
        << hears(1, Left(4, 2, LeftReason.LEFT))
        >> Detach(2)
        >> enters(12, 2, at=3)
        << Admit(12, player=3, seq=0, refused=ErrorCode.SEAT_EXPIRED)
        << hears(12, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 12), Joined(5, 3))
        << hears(12, Live(5))
    )


def test_the_last_to_leave_starts_the_rooms_end() -> None:
    assert room_of(1) >> asks(1, LEAVE) << Later(30, Retire(1)) << Close(1, CloseCode.NORMAL)


def test_presence_is_told_when_it_changes() -> None:
    assert (
        room_of(2)
        >> asks(2, Presence(HERE))
        >> asks(2, Presence(AWAY))
        << hears((1, 2), PresenceChanged(4, 2, AWAY))
        >> asks(2, Presence(AWAY))
        >> asks(2, Presence(HERE))
        << hears((1, 2), PresenceChanged(5, 2, HERE))
    )


def test_who_comes_back_is_here_whatever_it_said_before() -> None:
    assert (
        room_of(2)
        >> asks(2, Presence(AWAY))
        << hears((1, 2), PresenceChanged(4, 2, AWAY))
        >> enters(12, 2, at=4)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=4, resumed=True)
        << hears((1, 12), PresenceChanged(5, 2, HERE))
        << hears(12, Live(5))
    )


# SUBSCRIBE.


def test_removing_wins_where_a_group_is_both_added_and_removed() -> None:
    playbook = (
        room_of(2)
        >> asks(2, Subscribe((1, 2), (2,)))
        >> sends(1, -2)
        >> sends(1, -1)
        << hears(2, Deliver(5, 1, b""))
    )
    assert playbook
    assert playbook.witness.room.seats[2].groups == {1}


def test_groups_outlive_the_connection_and_end_with_the_seat() -> None:
    playbook = (
        room_of(2)
        >> asks(2, Subscribe((1, 2)))
        >> enters(12, 2, at=3)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=3, resumed=True)
        << hears(12, Live(3))
        >> sends(1, -1)
        << hears(12, Deliver(4, 1, b""))
        >> Evict(12)
        << hears(1, Left(5, 2, LeftReason.LEFT))
        >> sends(1, -1)
    )
    assert playbook
    assert playbook.witness.room.summary()["groups"] == {}


def test_a_spectator_may_listen_to_a_group() -> None:
    assert (
        with_a_spectator()
        >> asks(2, Subscribe((1,)))
        >> sends(1, -1)
        << hears(2, Deliver(4, 1, b""))
    )


# KICK.


def test_a_kick_ends_the_seat_and_bars_its_secret() -> None:
    assert (
        room_of(3)
        >> asks(1, Kick(3, "language"))
        << Close(3, CloseCode.KICKED, "language")
        << hears((1, 2), Left(5, 3, LeftReason.KICKED))
        >> enters(13, 3)
        << Turned(13, ErrorCode.KICKED, CloseCode.KICKED)
        >> enters(13, 3, at=5)
        << Turned(13, ErrorCode.KICKED, CloseCode.KICKED)
        >> enters(4)
        << Admit(4, player=4, seq=0)
        << hears(4, Joined(1, 1), Host(2, 1, 1), Joined(3, 2))
        << hears((1, 2, 4), Joined(6, 4))
        << hears(4, Live(6))
    )


def test_one_whose_connection_is_lost_can_be_kicked() -> None:
    assert (
        room_of(2)
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(4, 2, LOST))
        >> asks(1, Kick(2))
        << hears(1, Left(5, 2, LeftReason.KICKED))
        >> Expire(2)
        >> enters(12, 2, at=4)
        << Turned(12, ErrorCode.KICKED, CloseCode.KICKED)
    )


def test_a_kick_without_a_secret_bars_nobody() -> None:
    playbook = (
        with_a_spectator()
        >> asks(1, Kick(2))
        << Close(2, CloseCode.KICKED)
        << hears(1, Left(4, 2, LeftReason.KICKED))
    )
    assert playbook
    assert not playbook.witness.room.barred


# TRANSFER.


def test_the_host_passes_its_role_on() -> None:
    assert (
        room_of(3)
        >> asks(1, Transfer(2))
        << hears((1, 2, 3), Host(5, 2, 2))
        >> asks(1, Transfer(1))
        << hears(1, error(6, ErrorCode.NOT_HOST, op=Opcode.TRANSFER, frame=2))
        >> asks(2, Transfer(2))
        >> asks(2, Transfer(3))
        << hears((1, 2, 3), Host(7, 3, 3))
    )


def test_only_one_who_is_here_can_be_made_host() -> None:
    assert (
        room_of(2)
        >> asks(2, Presence(AWAY))
        << hears((1, 2), PresenceChanged(4, 2, AWAY))
        >> asks(1, Transfer(2))
        << hears(1, error(5, ErrorCode.NOT_HERE, op=Opcode.TRANSFER, frame=1, retry=True))
        >> Detach(2)
        << Later(30, Expire(2))
        << hears(1, PresenceChanged(6, 2, LOST))
        >> asks(1, Transfer(2))
        << hears(1, error(7, ErrorCode.NOT_HERE, op=Opcode.TRANSFER, frame=2, retry=True))
        >> Expire(2)
        << hears(1, Left(8, 2, LeftReason.EXPIRED))
        >> asks(1, Transfer(2))
        << hears(1, error(9, ErrorCode.NO_SUCH_PLAYER, op=Opcode.TRANSFER, frame=3))
    )


def test_a_spectator_cannot_be_made_host() -> None:
    assert (
        with_a_spectator()
        >> asks(1, Transfer(2))
        << hears(1, error(4, ErrorCode.NOT_HERE, op=Opcode.TRANSFER, frame=1))
    )


def test_one_who_cannot_be_host_is_not_made_host() -> None:
    witness = room_of(1).witness
    witness.apply(Join(2, info=PlayerInfo(can_host=False)))
    witness.hear()
    witness.apply(asks(1, Transfer(2)))
    (refused,) = witness.hear_one(1)
    assert isinstance(refused, Error)
    assert (refused.code, refused.detail.retry) == (ErrorCode.NOT_HERE, False)
    assert refused.detail.expected == "a player who is here and can be host"
    assert refused.detail.got == "a player who cannot be host"
    assert witness.room.host == 1


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


@pytest.mark.parametrize("frame", [Kick(2), Transfer(2), Kick(3), Kick(9)], ids=repr)
def test_only_the_host_may(frame: Frame) -> None:
    assert (
        room_of(3)
        >> asks(2, frame)
        << hears(2, error(5, ErrorCode.NOT_HOST, op=frame.opcode, frame=1))
    )


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (Set(0, "k", b"v"), ErrorCode.READ_ONLY),
        (Set(2, "k", b"v"), ErrorCode.READ_ONLY),
        (Kick(1), ErrorCode.NOT_HOST),
        (Transfer(1), ErrorCode.NOT_HOST),
    ],
    ids=repr,
)
def test_a_spectator_changes_nothing(frame: Frame, code: ErrorCode) -> None:
    assert (
        with_a_spectator() >> asks(2, frame) << hears(2, error(4, code, op=frame.opcode, frame=1))
    )


def test_a_host_cannot_kick_itself() -> None:
    assert (
        room_of(1)
        >> asks(1, Kick(1))
        << hears(1, error(3, ErrorCode.NOT_AVAILABLE, op=Opcode.KICK, frame=1))
    )


@pytest.mark.parametrize("target", [2, (1, 2)])
def test_a_refusal_of_send_teaches(target: Target) -> None:
    assert_teaches(room_of(1), sends(1, target))


@pytest.mark.parametrize("entry", [sends(2, None), asks(2, Set(0, "k", b"v"))], ids=repr)
def test_a_refusal_of_a_spectator_teaches(entry: Entry) -> None:
    assert_teaches(with_a_spectator(), entry)


@pytest.mark.parametrize(
    "frame",
    [
        Kick(9),
        Transfer(9),
        Set(9, "k", b"v"),
        Set(0, "k", b"v", expected=7),
        Set(0, "k", bytes(70_000)),
        Set(0, "@capacity", b"\x00"),
        Set(0, "@other", b"\x00"),
        Kick(1),
        Input(0, b""),
    ],
    ids=lambda frame: repr(frame)[:40],
)
def test_a_refusal_teaches(frame: Frame) -> None:
    """It says what was wrong, which frame, what was expected, and whether to try again."""
    assert_teaches(room_of(1), asks(1, frame))


def assert_teaches(playbook: Playbook, entry: Entry) -> None:
    playbook.witness.apply(entry)
    [[refusal]] = playbook.witness.hear().values()
    assert isinstance(refusal, Error)
    detail = refusal.detail
    assert len(refusal.text.split()) >= 3
    assert (detail.frame, detail.op is None, detail.retry is None) == (1, False, False)
    assert detail.expected
    assert detail.got or detail.limit


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


# SNAPSHOT.


def with_a_short_history(frames: int, **options: str) -> Playbook:
    """A room of two, as `room_of` makes it, whose log holds so many frames."""
    room = a_room(**options)
    room.history = History(max_frames=frames)
    playbook = Playbook(room)
    for player in (1, 2):
        playbook.witness.apply(enters(player))
        playbook.witness.apply(Acknowledge(player))
    playbook.witness.hear()
    return playbook


def test_a_snapshot_is_taken_without_a_word() -> None:
    playbook = room_of(2, history="snapshot") >> asks(1, Snapshot(3, 0, 1, b"state"))
    assert playbook
    assert playbook.witness.room.seats[1].taken == 1
    assert playbook.witness.room.snapshots.newest is not None


def test_only_the_host_gives_snapshots() -> None:
    assert (
        room_of(2, history="full")
        >> asks(2, Snapshot(3, 0, 1, b"state"))
        << hears(2, error(4, ErrorCode.NOT_HOST, op=Opcode.SNAPSHOT, frame=1))
        >> asks(1, Snapshot(3, 0, 2, b"half a state"))
        >> asks(1, Transfer(2))
        << hears((1, 2), Host(5, 2, 2))
        >> asks(2, Snapshot(3, 1, 2, b"another's half"))
        << hears(2, error(6, ErrorCode.NOT_AVAILABLE, op=Opcode.SNAPSHOT, frame=2, retry=True))
        >> asks(2, Snapshot(6, 0, 1, b"its own"))
    )


def test_a_snapshot_of_the_future_is_refused() -> None:
    assert (
        room_of(1, history="full")
        >> asks(1, Snapshot(3, 0, 1, b"state"))
        << hears(1, error(3, ErrorCode.OUT_OF_RANGE, op=Opcode.SNAPSHOT, frame=1, limit=2))
    )


def test_the_host_is_asked_for_a_snapshot_when_history_fills_up() -> None:
    assert (
        with_a_short_history(10, history="snapshot")
        >> sends(2, None, b"4")
        << hears(1, Deliver(4, 2, b"4"))
        >> sends(1, None, b"5")
        << hears(2, Deliver(5, 1, b"5"))
        >> sends(2, None, b"6")
        << hears(1, Deliver(6, 2, b"6"), SnapshotWanted(6))
        >> sends(2, 2, b"7")
        << hears(2, Deliver(7, 2, b"7"))
        << hears(1, SnapshotWanted(7))
        >> asks(1, Snapshot(7, 0, 1, b"state"))
        >> sends(2, None, b"8")
        << hears(1, Deliver(8, 2, b"8"))
    )


def test_without_a_host_who_is_connected_nobody_is_asked() -> None:
    assert (
        with_a_short_history(10, history="full")
        >> Detach(1)
        << Later(30, Expire(1))
        << Later(2, Succeed(1, 1))
        << hears(2, PresenceChanged(4, 1, LOST))
        >> sends(2, None, b"5")
        >> sends(2, None, b"6")
        >> sends(2, None, b"7")
    )


def test_a_room_without_history_asks_for_nothing() -> None:
    playbook = with_a_short_history(4)
    assert playbook >> sends(1, 1) << hears(1, Deliver(4, 1, b"")) >> sends(1, ()) >> sends(1, ())
