"""What a player may ask of the room, and what it is told if it may not."""

import pytest

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
    Set,
    Subscribe,
    Transfer,
)
from protocol.frames import Leave as LeaveFrame
from protocol.opcodes import Opcode
from relay.room.effects import Admit, Close, Later
from relay.room.entries import Detach, Entry, Evict, Expire, Join, Retire
from tests.helpers.playbook import (
    AWAY,
    HERE,
    LOST,
    Playbook,
    asks,
    enters,
    error,
    hears,
    room_of,
    sends,
    with_a_spectator,
)

LEAVE = LeaveFrame()


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
