import pytest

from clients.python import events
from clients.python.core.room_state import Properties, RoomFold
from clients.python.events import Event, Player
from protocol import frames, limits
from protocol.codec import pack
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame, LeftReason, PlayerInfo, PresenceState
from tests.helpers.scripted_relay import ANN, BOB, as_it_stands


def told(*facts: Frame, room: RoomFold | None = None) -> tuple[RoomFold, list[Event | None]]:
    room = room or RoomFold()
    return room, [room.apply(fact) for fact in facts]


@pytest.fixture
def room() -> RoomFold:
    return told(*as_it_stands())[0]


def test_the_room_as_it_stands_becomes_players_and_a_host() -> None:
    room, happened = told(*as_it_stands())
    assert room.state.players == {1: ANN, 2: BOB}
    assert (room.state.host, room.state.term) == (1, 1)
    assert happened == [
        events.Joined(Player(1, "Ann"), 1),
        events.Joined(BOB, 2),
        events.HostChanged(ANN, 1, 3),
        None,
    ]


def test_a_state_does_not_change_when_the_room_does(room: RoomFold) -> None:
    room.apply(frames.Property(4, 2, "hp", pack(3), 1, 2))
    before = room.state
    kept = dict(before.players), {n: dict(held) for n, held in before.properties.items()}
    for fact in (
        frames.Property(5, 2, "hp", pack(2), 2, 2),
        frames.Property(6, 0, "map", pack("ice"), 1, 1),
        frames.Host(7, 2, 2),
        frames.PresenceChanged(8, 1, PresenceState.AWAY),
        frames.Joined(9, 3, PlayerInfo("Cyd")),
        frames.Left(10, 2, LeftReason.LEFT),
    ):
        after = room.state
        room.apply(fact)
        assert room.state != after
    assert (before.players, before.properties, before.host) == (*kept, 1)


def test_a_state_that_nobody_has_looked_at_is_not_copied() -> None:
    room = RoomFold()
    room.apply(frames.Property(1, 1, "a", b"", 1, 1))
    scope = room.state.properties[1]
    room.apply(frames.Property(2, 1, "b", b"", 2, 1))
    room.apply(frames.Property(3, 1, "c", b"", 3, 1))
    again = room.state.properties[1]
    assert (set(scope), set(again)) == ({"a"}, {"a", "b", "c"})
    assert room.state is room.state


def test_a_player_may_be_one_who_cannot_host() -> None:
    room, _ = told(frames.Joined(1, 1, PlayerInfo("Ann", can_host=False)))
    assert not room.state.players[1].can_host


def test_who_leaves_is_told_with_his_name_and_takes_his_properties_along(room: RoomFold) -> None:
    room, _ = told(frames.Property(4, 2, "hp", pack(3), 1, 2), room=room)
    room, happened = told(frames.Left(5, 2, LeftReason.EXPIRED), room=room)
    assert happened == [events.Left(BOB, LeftReason.EXPIRED, 5)]
    assert set(room.state.players) == {1}
    assert 2 not in room.state.properties


def test_presence_is_a_players_state(room: RoomFold) -> None:
    room, happened = told(frames.PresenceChanged(4, 2, PresenceState.AWAY), room=room)
    assert room.state.players[2].state is PresenceState.AWAY
    assert happened == [events.PresenceChanged(room.state.players[2], 4)]


def test_numbers_of_a_newer_relay_stay_numbers(room: RoomFold) -> None:
    room, _ = told(frames.PresenceChanged(4, 2, 9), room=room)
    assert room.state.players[2].state == 9
    _, happened = told(frames.Left(5, 2, 77), room=room)
    assert isinstance(happened[0], events.Left)
    assert happened[0].reason == 77


def test_the_host_moves(room: RoomFold) -> None:
    room, happened = told(frames.Host(4, 2, 2), room=room)
    assert [player.is_host for player in room.state.players.values()] == [False, True]
    assert happened == [events.HostChanged(room.state.players[2], 2, 4)]


def test_nobody_may_be_host(room: RoomFold) -> None:
    room, happened = told(frames.Host(4, 0, 1), room=room)
    assert not any(player.is_host for player in room.state.players.values())
    assert happened == [events.HostChanged(None, 1, 4)]


def test_a_host_told_before_he_is_introduced_is_host_all_the_same() -> None:
    room, _ = told(frames.Host(1, 1, 1), frames.Joined(2, 1, PlayerInfo("Ann")))
    assert room.state.players == {1: ANN}


def test_properties_are_written_and_deleted(room: RoomFold) -> None:
    room, happened = told(frames.Property(4, 0, "map", pack("ice"), 1, 2), room=room)
    properties = Properties(room.state.properties[0])
    assert dict(properties) == {"map": "ice"}
    assert (properties.version("map"), properties.version("mode")) == (1, 0)
    assert happened == [events.PropertyChanged(0, "map", pack("ice"), 1, 2, 4)]
    assert isinstance(happened[0], events.PropertyChanged)
    assert happened[0].value == "ice"

    room, happened = told(frames.Property(5, 0, "map", False, 2, 1), room=room)
    assert dict(Properties(room.state.properties[0])) == {}
    assert happened == [events.PropertyChanged(0, "map", None, 2, 1, 5)]
    assert isinstance(happened[0], events.PropertyChanged)
    assert happened[0].value is None


def test_a_property_that_is_no_value_says_so_when_read(room: RoomFold) -> None:
    room, _ = told(frames.Property(4, 0, "map", b"\xc1", 1, 2), room=room)
    with pytest.raises(RemoteProtocolError):
        Properties(room.state.properties[0])["map"]


def snapshot(*parts: bytes, seq: int = 7) -> list[Frame]:
    return [frames.Snapshot(seq, n, len(parts), part) for n, part in enumerate(parts)]


def test_a_snapshot_is_told_once_all_its_parts_are_there() -> None:
    payload = pack({"map": [1, 2, 3]})
    room, happened = told(*snapshot(payload[:2], payload[2:5], payload[5:]))
    *before, received = happened
    assert before == [None, None]
    assert received == events.SnapshotReceived(7, payload)
    assert received.value == {"map": [1, 2, 3]}
    assert told(*snapshot(b"", seq=9), room=room)[1] == [events.SnapshotReceived(9, b"")]


FIRST = frames.Snapshot(7, 0, 3, b"")


@pytest.mark.parametrize(
    "wrong",
    [
        FIRST,
        frames.Snapshot(7, 2, 3, b""),
        frames.Snapshot(8, 1, 3, b""),
        frames.Snapshot(7, 1, 2, b""),
        frames.Snapshot(7, 1, 3, bytes(limits.SNAPSHOT_BYTES + 1)),
        frames.Snapshot(7, 0, limits.SNAPSHOT_PARTS + 1, b""),
    ],
)
def test_a_part_that_does_not_follow_is_a_breach(wrong: Frame) -> None:
    room = told(FIRST)[0]
    with pytest.raises(RemoteProtocolError):
        room.apply(wrong)


def test_a_snapshot_that_does_not_begin_is_a_breach() -> None:
    for wrong in (frames.Snapshot(7, 1, 3, b""), frames.Snapshot(7, 3, 3, b"")):
        with pytest.raises(RemoteProtocolError):
            RoomFold().apply(wrong)


def test_a_wish_for_a_snapshot_is_told() -> None:
    assert told(frames.SnapshotWanted(40))[1] == [events.SnapshotWanted(40)]
