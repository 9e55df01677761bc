"""Who is kicked is kept out, and its network too where the room says so."""

from protocol import codec
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Host, Joined, Kick, Left, LeftReason, Live, PresenceChanged, Set
from relay.room.effects import Admit, Close, Later
from relay.room.entries import Detach, Evict, Expire, Join
from tests.helpers.playbook import (
    EPOCH,
    LOST,
    Turned,
    asks,
    enters,
    hears,
    key,
    room_of,
    with_a_spectator,
)


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


# Barred networks.


HOME, ELSEWHERE = b"network of home", b"network elsewhere"


def test_a_kick_bars_the_network_where_the_room_says_so() -> None:
    playbook = room_of(1, bar="address")
    for attachment in (2, 3):
        playbook.witness.apply(Join(attachment, key(attachment), network=HOME))
    playbook.witness.hear()
    assert (
        playbook
        >> asks(1, Kick(2))
        << Close(2, CloseCode.KICKED)
        << hears((1, 3), Left(5, 2, LeftReason.KICKED))
        >> Join(12, key(2), network=ELSEWHERE)
        << Turned(12, ErrorCode.KICKED, CloseCode.KICKED)
        >> Join(13, key(9), network=HOME)
        << Turned(13, ErrorCode.KICKED, CloseCode.KICKED)
        >> Join(14, network=HOME)
        << Turned(14, ErrorCode.KICKED, CloseCode.KICKED)
        >> Join(23, key(3), position=(EPOCH, 5), network=HOME)  # who has a seat keeps it
        << Close(3, CloseCode.REPLACED)
        << Admit(23, player=3, seq=5, resumed=True)
        << hears(23, Live(5))
        >> Evict(23)
        << hears(1, Left(6, 3, LeftReason.LEFT))
        >> Join(33, key(3), network=HOME)
        << Turned(33, ErrorCode.KICKED, CloseCode.KICKED)
        >> Join(34, key(4), network=ELSEWHERE)
        << Admit(34, player=4, seq=0)
        << hears(34, Joined(1, 1), Host(2, 1, 1))
        << hears((1, 34), Joined(7, 4))
        << hears(34, Live(7))
    )


def test_a_kick_bars_the_network_of_one_without_a_secret() -> None:
    playbook = room_of(1, bar="address")
    playbook.witness.apply(Join(2, network=HOME))
    playbook.witness.hear()
    assert (
        playbook
        >> asks(1, Kick(2))
        << Close(2, CloseCode.KICKED)
        << hears(1, Left(4, 2, LeftReason.KICKED))
        >> Join(12, network=HOME)
        << Turned(12, ErrorCode.KICKED, CloseCode.KICKED)
    )


def test_a_kick_bars_no_network_where_the_room_does_not_say_so() -> None:
    witness = room_of(1).witness
    witness.apply(Join(2, network=HOME))
    witness.apply(asks(1, Kick(2)))
    witness.apply(Join(3, network=HOME))
    assert 3 in witness.room.seats


def test_the_host_may_say_so_at_any_time() -> None:
    witness = room_of(1).witness
    for attachment in (2, 3):
        witness.apply(Join(attachment, network=HOME if attachment == 2 else ELSEWHERE))
    witness.apply(asks(1, Set(0, "@bar", codec.pack("address"))))
    assert witness.room.options.bar == "address"
    witness.apply(asks(1, Kick(2)))
    witness.apply(asks(1, Set(0, "@bar", codec.pack("seat"))))
    witness.apply(asks(1, Kick(3)))
    for attachment, network in ((4, HOME), (5, ELSEWHERE)):
        witness.apply(Join(attachment, network=network))
    assert list(witness.room.seats.attached) == [1, 5]  # what is barred stays barred
    witness.check_replay()


def test_the_network_that_is_barred_is_the_newest_of_the_seat() -> None:
    witness = room_of(1, bar="address").witness
    witness.apply(Join(2, key(2), network=HOME))
    witness.apply(Join(12, key(2), network=ELSEWHERE))
    witness.apply(asks(1, Kick(2)))
    for attachment, network in ((3, HOME), (4, ELSEWHERE)):
        witness.apply(Join(attachment, network=network))
    assert list(witness.room.seats.attached) == [1, 3]


def test_one_of_no_network_is_not_kept_out_with_others_of_none() -> None:
    witness = room_of(1, bar="address").witness
    witness.apply(Join(2))
    witness.apply(asks(1, Kick(2)))
    witness.apply(Join(3))
    assert 3 in witness.room.seats
