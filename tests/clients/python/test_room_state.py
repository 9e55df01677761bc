import pytest

from clients.python import events
from clients.python.events import Event, Player
from clients.python.room_state import Properties, RoomState
from protocol import frames, limits
from protocol.codec import pack
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame, LeftReason, PlayerInfo, PresenceState
from tests.helpers.scripted_relay import ANN, BOB, as_it_stands


def told(*facts: Frame, state: RoomState | None = None) -> tuple[RoomState, list[Event | None]]:
    state = state or RoomState()
    happened = []
    for fact in facts:
        state, event = state.apply(fact)
        happened.append(event)
    return state, happened


@pytest.fixture
def room() -> RoomState:
    return told(*as_it_stands())[0]


def test_the_room_as_it_stands_becomes_players_and_a_host() -> None:
    state, happened = told(*as_it_stands())
    assert state.players == {1: ANN, 2: BOB}
    assert (state.host, state.term) == (1, 1)
    assert happened == [
        events.Joined(Player(1, "Ann"), 1),
        events.Joined(BOB, 2),
        events.HostChanged(ANN, 1, 3),
        None,
    ]


def test_a_state_does_not_change_when_the_next_is_made(room: RoomState) -> None:
    before = dict(room.players)
    room.apply(frames.Left(4, 2, LeftReason.LEFT))
    assert room.players == before


def test_who_leaves_is_told_with_his_name_and_takes_his_properties_along(room: RoomState) -> None:
    room, _ = told(frames.Property(4, 2, "hp", pack(3), 1, 2), state=room)
    room, happened = told(frames.Left(5, 2, LeftReason.EXPIRED), state=room)
    assert happened == [events.Left(BOB, LeftReason.EXPIRED, 5)]
    assert set(room.players) == {1}
    assert 2 not in room.properties


def test_presence_is_a_players_state(room: RoomState) -> None:
    room, happened = told(frames.PresenceChanged(4, 2, PresenceState.AWAY), state=room)
    assert room.players[2].state is PresenceState.AWAY
    assert happened == [events.PresenceChanged(room.players[2], 4)]


def test_numbers_of_a_newer_relay_stay_numbers(room: RoomState) -> None:
    room, _ = told(frames.PresenceChanged(4, 2, 9), state=room)
    assert room.players[2].state == 9
    _, happened = told(frames.Left(5, 2, 77), state=room)
    assert isinstance(happened[0], events.Left)
    assert happened[0].reason == 77


def test_the_host_moves(room: RoomState) -> None:
    room, happened = told(frames.Host(4, 2, 2), state=room)
    assert [player.is_host for player in room.players.values()] == [False, True]
    assert happened == [events.HostChanged(room.players[2], 2, 4)]


def test_nobody_may_be_host(room: RoomState) -> None:
    room, happened = told(frames.Host(4, 0, 1), state=room)
    assert not any(player.is_host for player in room.players.values())
    assert happened == [events.HostChanged(None, 1, 4)]


def test_a_host_told_before_he_is_introduced_is_host_all_the_same() -> None:
    state, _ = told(frames.Host(1, 1, 1), frames.Joined(2, 1, PlayerInfo("Ann")))
    assert state.players == {1: ANN}


def test_properties_are_written_and_deleted(room: RoomState) -> None:
    room, happened = told(frames.Property(4, 0, "map", pack("ice"), 1, 2), state=room)
    properties = Properties(room.properties[0])
    assert dict(properties) == {"map": "ice"}
    assert (properties.version("map"), properties.version("mode")) == (1, 0)
    assert happened == [events.PropertyChanged(0, "map", pack("ice"), 1, 2, 4)]
    assert isinstance(happened[0], events.PropertyChanged)
    assert happened[0].value == "ice"

    room, happened = told(frames.Property(5, 0, "map", False, 2, 1), state=room)
    assert dict(Properties(room.properties[0])) == {}
    assert happened == [events.PropertyChanged(0, "map", None, 2, 1, 5)]
    assert isinstance(happened[0], events.PropertyChanged)
    assert happened[0].value is None


def test_a_property_that_is_no_value_says_so_when_read(room: RoomState) -> None:
    room, _ = told(frames.Property(4, 0, "map", b"\xc1", 1, 2), state=room)
    with pytest.raises(RemoteProtocolError):
        Properties(room.properties[0])["map"]


def snapshot(*parts: bytes, seq: int = 7) -> list[Frame]:
    return [frames.Snapshot(seq, n, len(parts), part) for n, part in enumerate(parts)]


def test_a_snapshot_is_told_once_all_its_parts_are_there() -> None:
    payload = pack({"map": [1, 2, 3]})
    state, happened = told(*snapshot(payload[:2], payload[2:5], payload[5:]))
    *before, received = happened
    assert before == [None, None]
    assert received == events.SnapshotReceived(7, payload)
    assert received.value == {"map": [1, 2, 3]}
    assert told(*snapshot(b"", seq=9), state=state)[1] == [events.SnapshotReceived(9, b"")]


FIRST = frames.Snapshot(7, 0, 3, b"")


@pytest.mark.parametrize(
    "wrong",
    [
        FIRST,
        frames.Snapshot(7, 2, 3, b""),
        frames.Snapshot(8, 1, 3, b""),
        frames.Snapshot(7, 1, 2, b""),
        frames.Snapshot(7, 1, 3, bytes(limits.SNAPSHOT_BYTES + 1)),
    ],
)
def test_a_part_that_does_not_follow_is_a_breach(wrong: Frame) -> None:
    state = told(FIRST)[0]
    with pytest.raises(RemoteProtocolError):
        state.apply(wrong)


def test_a_snapshot_that_does_not_begin_is_a_breach() -> None:
    for wrong in (frames.Snapshot(7, 1, 3, b""), frames.Snapshot(7, 3, 3, b"")):
        with pytest.raises(RemoteProtocolError):
            RoomState().apply(wrong)


def test_a_wish_for_a_snapshot_is_told() -> None:
    assert told(frames.SnapshotWanted(40))[1] == [events.SnapshotWanted(40)]
