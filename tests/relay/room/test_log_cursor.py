"""A reader tells one player what was addressed to it, and of the past what was for all."""

from __future__ import annotations

from typing import Any

from protocol import fast_path
from protocol.codec import Role, decode
from protocol.frames import Deliver, Frame, Notice, NoticeDetail, NoticeKind, Snapshot, Subscribe
from relay.history.history import History
from relay.history.ws_frame import split, unwrap
from relay.room.log_cursor import NO_BACKFILL, Backfill, LogCursor
from relay.room.room import Room
from tests.helpers.playbook import asks, room_of, sends

ROOMY = 1 << 20


def eventful_room(**options: Any) -> Room:
    """A room of three where frames 6 to 13 are a SEND each, to every kind of target."""
    witness = room_of(3, **options).witness
    for entry in (
        asks(3, Subscribe((1,))),
        sends(9, None, b"no seat"),
        sends(1, None, b"5 others"),
        sends(2, True, b"6 everyone"),
        sends(1, 2, b"7 two"),
        sends(2, -1, b"8 group"),
        sends(3, (1, 2), b"9 both"),
        sends(3, 0, b"10 host"),
        sends(2, 99, b"refused"),
        sends(2, None, b"12 others"),
    ):
        witness.apply(entry)
    return witness.room


def cursor_of(room: Room, player: int, backfill: Backfill = NO_BACKFILL) -> LogCursor:
    return LogCursor(room.history, room, room.audience.retained, player, backfill)


def told(found: tuple[list[bytes], int] | None) -> list[Frame]:
    assert found is not None
    return [decode(unwrap(each), Role.RELAY) for run in found[0] for each in split(run)]


def payloads(found: tuple[list[bytes], int] | None) -> list[bytes]:
    return [frame.payload for frame in told(found) if isinstance(frame, Deliver)]


def test_a_player_is_told_what_was_addressed_to_it() -> None:
    room = eventful_room()
    assert room.seq == 12
    assert payloads(cursor_of(room, 1).read(4, ROOMY)) == [
        b"6 everyone",
        b"9 both",
        b"10 host",
        b"12 others",
    ]
    assert payloads(cursor_of(room, 2).read(4, ROOMY)) == [
        b"5 others",
        b"6 everyone",
        b"7 two",
        b"9 both",
    ]
    assert payloads(cursor_of(room, 3).read(6, ROOMY)) == [b"8 group", b"12 others"]
    [refused] = told(cursor_of(room, 2).read(10, ROOMY))
    assert getattr(refused, "seq", 0) == 11


def test_history_is_payloads_to_all() -> None:
    room = eventful_room()
    for player in (2, 4):
        reader = cursor_of(room, player, Backfill(room.seq))
        assert payloads(reader.read(0, ROOMY)) == [b"5 others", b"6 everyone", b"12 others"]
        assert all(isinstance(frame, Deliver) for frame in told(reader.read(0, ROOMY)))


def test_behind_history_is_what_was_addressed() -> None:
    room = eventful_room()
    reader = cursor_of(room, 2, Backfill(until=6))
    assert payloads(reader.read(4, ROOMY)) == [b"5 others", b"6 everyone"]
    assert payloads(reader.read(6, ROOMY)) == [b"7 two", b"9 both"]


def test_history_leaves_out_what_the_snapshot_covers() -> None:
    room = room_of(3, history="full").witness.room
    for entry in (
        sends(2, None, b"5 known"),
        sends(1, None, b"6 the giver's own"),
        sends(1, True, b"7 which the giver hears in order"),
        sends(2, None, b"8 unknown"),
        asks(1, Snapshot(5, 0, 2, b"state")),
        sends(1, None, b"9 sent between the parts"),
        asks(1, Snapshot(5, 1, 2, b"more")),
        sends(1, None, b"10 later"),
    ):
        room.apply(entry)
    reader = cursor_of(room, 4, Backfill(room.seq, room.snapshots.newest))
    heard, seq = list[bytes](), 5
    while seq < room.seq:
        found = reader.read(seq, ROOMY)
        assert found is not None
        heard += payloads(found)
        seq = found[1]
    assert [payload[:2].strip() for payload in heard] == [b"7", b"8", b"9", b"10"]


def test_a_newer_snapshot_takes_nothing_from_who_was_given_an_older() -> None:
    room = room_of(2, history="full").witness.room
    room.apply(sends(2, None, b"4"))
    room.apply(asks(1, Snapshot(4, 0, 1, b"state")))
    room.apply(sends(2, None, b"5"))
    reader = cursor_of(room, 3, Backfill(room.seq, room.snapshots.newest))
    room.apply(asks(1, Snapshot(5, 0, 1, b"newer")))
    assert payloads(reader.read(4, ROOMY)) == [b"5"]


def test_a_reader_says_how_far_it_came() -> None:
    room = eventful_room()
    reader = cursor_of(room, 3)
    assert reader.seq == 12
    found = reader.read(8, ROOMY)
    assert (payloads(found), found and found[1]) == ([b"12 others"], 12)
    assert reader.read(12, ROOMY) == ([], 12)


def trimmed_room() -> Room:
    """A room whose log holds frames 9 to 12 alone."""
    room = room_of(2).witness.room
    room.history = History(max_frames=4)
    for number in range(4, 13):
        room.apply(sends(1, None, b"%d" % number))
    return room


def test_what_is_trimmed_cannot_be_read() -> None:
    room = trimmed_room()
    assert cursor_of(room, 2).read(7, ROOMY) is None
    assert payloads(cursor_of(room, 2).read(8, ROOMY)) == [b"9", b"10", b"11", b"12"]


def test_a_history_that_was_trimmed_begins_where_the_log_does() -> None:
    """Or nobody could join a busy room whose log is full: it moves on before it is read."""
    room = trimmed_room()
    reader = cursor_of(room, 2, Backfill(10, complete_from=8))
    found = reader.read(2, ROOMY)
    assert payloads(found) == [b"9", b"10"]
    assert [frame for frame in told(found) if isinstance(frame, Notice)] == []
    room.apply(sends(1, None, b"13"))
    room.apply(sends(1, None, b"14"))
    found = reader.read(2, ROOMY)
    assert told(found) == [Notice(NoticeKind.TRIMMED, NoticeDetail(seq=10))]
    assert found is not None
    assert payloads(reader.read(found[1], ROOMY)) == [b"11", b"12", b"13", b"14"]
    room.apply(sends(1, None, b"15"))
    assert reader.read(2, ROOMY) is None  # 11 was no history


def test_ones_own_value_that_was_told_to_everyone_is_not_taken_for_told() -> None:
    room = room_of(2).witness.room
    for player in (1, 2):
        room.volatile(player, 7, True, fast_path.tail(b"%d" % player))
    kept = {
        (player, 7): update
        for player in (1, 2)
        for update in room.audience.retained.but_of(3 - player)
    }
    finale = list(cursor_of(room, 1).finish(kept))
    assert len(finale) == 2
    assert list(kept) == [(1, 7)]


def test_a_run_of_frames_comes_as_one() -> None:
    """A log is read by joining what is asked for, not frame by frame."""
    room = room_of(3).witness.room
    for _ in range(10):
        room.apply(sends(1, None, b"others"))
    room.apply(sends(1, 2, b"two"))
    room.apply(sends(1, True, b"all"))
    for player, history, runs in ((2, 0, 1), (3, 0, 2), (4, room.seq, 2), (1, 0, 1)):
        found = cursor_of(room, player, Backfill(history)).read(4, ROOMY)
        assert found is not None
        assert (player, len(found[0])) == (player, runs)
