"""What a room tells whom, in which order: SEND and counting."""

import pytest

from protocol import fast_path
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Target
from protocol.frames import (
    Deliver,
    ErrorDetail,
    Hash,
    Host,
    Input,
    Joined,
    Kick,
    Left,
    LeftReason,
    Live,
    Presence,
    PresenceChanged,
    PresenceState,
    Ready,
    Set,
    Snapshot,
    Subscribe,
    Transfer,
)
from protocol.frames import Send as SendFrame
from protocol.opcodes import COUNTED, Opcode
from relay.history.ws_frame import wrap
from relay.room.effects import Admit, Close, Later
from relay.room.entries import Acknowledge, Ask, Detach, Evict, Expire, Join, Refuse, Succeed
from tests.helpers.playbook import (
    SPECTATOR,
    Moves,
    Refused,
    asks,
    enters,
    error,
    hears,
    room_of,
    sends,
)

HI = b"hi"


# The order.


def test_the_first_bytes_of_the_design_hold() -> None:
    """SEND "hi" to the others, as player 2 hears it at seq 7 from player 1."""
    witness = room_of(2).witness
    for _ in range(3):
        witness.apply(sends(2, 1))
    witness.apply((1, None, bytes.fromhex("9310C0C4026869")[3:]))
    assert witness.outboxes[2].take() == [wrap(bytes.fromhex("94110701C4026869"))]


def test_all_hear_the_same_order_with_gaps_where_frames_were_for_others() -> None:
    assert (
        room_of(3)
        >> sends(1, 3, b"for 3")
        << hears(3, Deliver(5, 1, b"for 3"))
        >> sends(2, True, b"for all")
        << hears((1, 2, 3), Deliver(6, 2, b"for all"))
        >> sends(3, 1, b"for 1")
        << hears(1, Deliver(7, 3, b"for 1"))
    )


@pytest.mark.parametrize("size", [0, 1, 127, 255, 256, 65_535, 65_536])
def test_a_payload_arrives_byte_for_byte(size: int) -> None:
    payload = bytes(range(256)) * 257
    payload = payload[:size]
    assert room_of(2) >> sends(1, None, payload) << hears(2, Deliver(4, 1, payload))


def test_a_frame_is_encoded_once_for_all_receivers() -> None:
    witness = room_of(3).witness
    witness.apply(sends(1, True, HI))
    messages = [outbox.take()[0] for outbox in witness.outboxes.values()]
    assert messages[0] is messages[1] is messages[2]


# Targets, by the host (player 1) and by another (player 2) in a room of three.


@pytest.mark.parametrize(
    ("sender", "target", "receivers"),
    [
        (1, None, (2, 3)),
        (2, False, (1, 3)),
        (1, True, (1, 2, 3)),
        (2, 0, (1,)),
        (1, 0, (1,)),
        (1, 3, (3,)),
        (2, 2, (2,)),
        (2, (1, 3), (1, 3)),
        (2, (3, 3, 2), (2, 3)),
        (1, (), ()),
        (1, -7, ()),
    ],
)
def test_a_target_names_who_hears(sender: int, target: Target, receivers: tuple[int, ...]) -> None:
    assert room_of(3) >> sends(sender, target, HI) << hears(receivers, Deliver(5, sender, HI))


def test_a_group_is_those_who_subscribe_when_the_frame_is_ordered() -> None:
    assert (
        room_of(3)
        >> asks(1, Subscribe(add=(7, 255)))
        >> asks(3, Subscribe(add=(7,)))
        >> sends(2, -7, b"both")
        << hears((1, 3), Deliver(5, 2, b"both"))
        >> sends(1, -7, b"oneself too")
        << hears((1, 3), Deliver(6, 1, b"oneself too"))
        >> asks(1, Subscribe(remove=(7, 9)))
        >> sends(2, -7, b"the other")
        << hears(3, Deliver(7, 2, b"the other"))
        >> sends(2, -255, b"the last group")
        << hears(1, Deliver(8, 2, b"the last group"))
    )


def test_addressees_are_fixed_when_a_frame_is_ordered() -> None:
    """A resume replays to those who were subscribed then, not to those who are now."""
    assert (
        room_of(3)
        >> asks(3, Subscribe(add=(7,)))
        >> Detach(2)
        << Later(30, Expire(2))
        << hears((1, 3), PresenceChanged(5, 2, PresenceState.LOST))
        >> Detach(3)
        << Later(30, Expire(3))
        << hears(1, PresenceChanged(6, 3, PresenceState.LOST))
        >> sends(1, -7, HI)
        >> enters(12, 2, at=6)
        << Admit(12, player=2, seq=6, resumed=True)
        << hears((1, 12), PresenceChanged(8, 2, PresenceState.HERE))
        << hears(12, Live(8))
        >> asks(12, Subscribe(add=(7,)))
        >> enters(13, 3, at=6)
        << Admit(13, player=3, seq=6, resumed=True)
        << hears(13, Deliver(7, 1, HI), PresenceChanged(8, 2, PresenceState.HERE))
        << hears((1, 12, 13), PresenceChanged(9, 3, PresenceState.HERE))
        << hears(13, Live(9))
    )


def test_the_host_is_who_it_is_when_the_frame_is_ordered() -> None:
    assert (
        room_of(3)
        >> asks(1, Transfer(3))
        << hears((1, 2, 3), Host(5, 3, 2))
        >> sends(1, 0, HI)
        << hears(3, Deliver(6, 1, HI))
    )


def test_targets_who_left_are_skipped() -> None:
    assert (
        room_of(3)
        >> Evict(3)
        << hears((1, 2), Left(5, 3, LeftReason.LEFT))
        >> sends(1, 3, HI)
        >> sends(1, (2, 3), HI)
        << hears(2, Deliver(7, 1, HI))
    )


@pytest.mark.parametrize("target", [4, (1, 4), (4_294_967_295,)])
def test_a_target_who_never_was_is_refused(target: Target) -> None:
    assert (
        room_of(3)
        >> sends(2, target, HI)
        << hears(2, error(5, ErrorCode.NO_SUCH_PLAYER, op=Opcode.SEND, frame=1))
    )


def test_a_frame_for_a_host_who_is_lost_waits_in_the_log() -> None:
    assert (
        room_of(2)
        >> Detach(1)
        << Later(30, Expire(1))
        << Later(2, Succeed(1, 1))
        << hears(2, PresenceChanged(4, 1, PresenceState.LOST))
        >> sends(2, 0, HI)
        >> enters(11, 1, at=4)
        << Admit(11, player=1, seq=4, resumed=True)
        << hears(11, Deliver(5, 2, HI))
        << hears((2, 11), PresenceChanged(6, 1, PresenceState.HERE))
        << hears(11, Live(6))
    )


def test_a_spectator_hears_and_cannot_speak() -> None:
    assert (
        room_of(1)
        >> Join(2, info=SPECTATOR)
        << Admit(2, player=2, seq=0)
        << hears(2, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 2), Joined(3, 2, SPECTATOR))
        << hears(2, Live(3))
        >> sends(1, None, HI)
        << hears(2, Deliver(4, 1, HI))
        >> sends(2, None, HI)
        << hears(2, error(5, ErrorCode.READ_ONLY, op=Opcode.SEND, frame=1))
        >> Moves(2, 0, None, HI)
        << Refused(ErrorCode.READ_ONLY)
    )


# Counting.


def test_what_is_accepted_refused_and_malformed_all_counts() -> None:
    playbook = (
        room_of(2)
        >> sends(2, None, HI)
        << hears(1, Deliver(4, 2, HI))
        >> asks(2, Kick(1, "no"))
        << hears(2, error(5, ErrorCode.NOT_HOST, op=Opcode.KICK, frame=2))
        >> Refuse(
            2, ErrorCode.ARITY, "SEND has 2 fields", ErrorDetail(op=16, offset=0, retry=False)
        )
        << hears(2, error(6, ErrorCode.ARITY, op=Opcode.SEND, offset=0, frame=3))
        >> sends(2, 9, HI)
        << hears(2, error(7, ErrorCode.NO_SUCH_PLAYER, op=Opcode.SEND, frame=4))
    )
    assert playbook
    assert playbook.witness.room.seats[2].taken == 4


def test_every_counted_frame_counts_and_no_other() -> None:
    counted = [
        Subscribe(),
        Kick(9),
        Transfer(9),
        Set(0, "k", b"v"),
        Snapshot(0, 0, 1, b""),
        Input(0, b""),
        Hash(0, b"h"),
        Ready(True),
    ]
    assert {SendFrame.opcode, *(frame.opcode for frame in counted)} == COUNTED
    witness = room_of(2).witness
    for count, frame in enumerate(counted, start=1):
        witness.apply(asks(1, frame))
        assert witness.room.seats[1].taken == count
    witness.apply(asks(1, Presence(PresenceState.AWAY)))
    witness.apply(Acknowledge(1))
    witness.room.volatile(1, 0, None, fast_path.tail(HI))
    assert witness.room.seats[1].taken == len(counted)


def test_what_this_room_has_no_use_for_is_refused_in_order() -> None:
    assert (
        room_of(1)
        >> asks(1, Input(0, b""))
        << hears(1, error(3, ErrorCode.NOT_AVAILABLE, op=Opcode.INPUT, frame=1))
        >> asks(1, Hash(0, b"h"))
        << hears(1, error(4, ErrorCode.NOT_AVAILABLE, op=Opcode.HASH, frame=2))
        >> asks(1, Ready(True))
        << hears(1, error(5, ErrorCode.NOT_AVAILABLE, op=Opcode.READY, frame=3))
        >> asks(1, Snapshot(0, 0, 1, b""))
        << hears(1, error(6, ErrorCode.NOT_AVAILABLE, op=Opcode.SNAPSHOT, frame=4))
    )


def test_a_refusal_is_replayed_to_its_sender_alone() -> None:
    assert (
        room_of(2)
        >> sends(2, 9, HI)
        << hears(2, error(4, ErrorCode.NO_SUCH_PLAYER, op=Opcode.SEND, frame=1))
        >> enters(12, 2, at=3)
        << Close(2, CloseCode.REPLACED)
        << Admit(12, player=2, seq=3, resumed=True)
        << hears(12, error(4, ErrorCode.NO_SUCH_PLAYER, op=Opcode.SEND, frame=1), Live(4))
        >> enters(11, 1, at=3)
        << Close(1, CloseCode.REPLACED)
        << Admit(11, player=1, seq=3, resumed=True)
        << hears(11, Live(4))
    )


@pytest.mark.parametrize(
    "entry",
    [
        sends(1, None, HI),
        asks(1, Kick(2)),
        Refuse(1, ErrorCode.ARITY, ""),
        Acknowledge(1),
        Detach(1),
        Evict(1),
    ],
    ids=lambda entry: type(entry).__name__,
)
def test_an_entry_of_a_replaced_connection_comes_too_late(entry: Ask) -> None:
    playbook = (
        room_of(2)
        >> enters(11, 1)
        << Close(1, CloseCode.REPLACED)
        << Admit(11, player=1, seq=0)
        << hears(11, Joined(1, 1), Host(2, 1, 1), Joined(3, 2), Live(3))
        >> entry
        >> Moves(1, 0, None, HI)
    )
    assert playbook
    assert playbook.witness.room.seats[1].taken == 0
