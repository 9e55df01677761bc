"""When the host is asked for a snapshot, and which are taken."""

from protocol.error_codes import ErrorCode
from protocol.frames import Deliver, Host, PresenceChanged, Snapshot, SnapshotWanted, Transfer
from protocol.opcodes import Opcode
from relay.history.history import History
from relay.room.effects import Later
from relay.room.entries import Acknowledge, Detach, Expire, Succeed
from tests.helpers.playbook import (
    LOST,
    Playbook,
    a_room,
    asks,
    enters,
    error,
    hears,
    room_of,
    sends,
)


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
