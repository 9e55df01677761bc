from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.python.core import commands
from clients.python.core.commands import EVERYONE, HOST, OTHERS, To, group
from clients.python.events import Player
from protocol import frames, limits
from protocol.codec import Role, decode, encode, pack
from protocol.errors import LocalProtocolError
from protocol.frames import PresenceState
from protocol.limits import MAX_PLAYER

players = st.integers(1, MAX_PLAYER)
targets = (
    st.sampled_from([OTHERS, EVERYONE, HOST])
    | players
    | st.integers(1, 255).map(group)
    | st.lists(players | players.map(Player), max_size=5)
)


@given(targets, st.binary(max_size=300))
def test_send_has_the_bytes_that_the_codec_would_write(to: To, payload: bytes) -> None:
    assert commands.send(payload, to) == encode(frames.Send(commands.target(to), payload))


@given(st.integers(0, 255), targets, st.binary(max_size=300))
def test_volatile_has_the_bytes_that_the_codec_would_write(
    key: int, to: To, payload: bytes
) -> None:
    slot, message = commands.volatile(key, payload, to)
    assert message == encode(frames.Volatile(key, commands.target(to), payload))
    assert slot == (key, commands.target(to))


@pytest.mark.parametrize(
    ("to", "on_the_wire"),
    [
        (OTHERS, None),
        (False, None),
        (EVERYONE, True),
        (HOST, 0),
        (7, 7),
        (Player(7, "Gus"), 7),
        (group(3), -3),
        ([1, Player(2)], (1, 2)),
        ({4}, (4,)),
        ((n for n in (1, 2)), (1, 2)),
    ],
)
def test_a_target_may_be_named_in_many_ways(to: To, on_the_wire: object) -> None:
    assert commands.target(to) == on_the_wire


@pytest.mark.parametrize(
    "to", ["bob", b"ann", 1.5, -256, MAX_PLAYER + 1, [0], [True], ["bob"], [group(1)], object()]
)
def test_nobody_cannot_be_sent_to(to: To) -> None:
    with pytest.raises(LocalProtocolError, match=r"target|player"):
        commands.send(b"", to)


def test_a_payload_is_as_long_as_the_codec_writes_it_at_most() -> None:
    longest = bytes(limits.FRAME_IN_MAX)
    assert commands.send(longest, None) == encode(frames.Send(None, longest))
    for make in (commands.send, lambda payload, to: commands.volatile(0, payload, to)):
        with pytest.raises(LocalProtocolError) as caught:
            make(longest + b"x", None)
        with pytest.raises(LocalProtocolError) as by_codec:
            encode(frames.Send(None, longest + b"x"))
        assert (caught.value.code, caught.value.limit) == (
            by_codec.value.code,
            by_codec.value.limit,
        )


@pytest.mark.parametrize("key", [-1, 256, "x", 1.0, True])
def test_a_volatile_key_is_one_byte(key: int) -> None:
    with pytest.raises(LocalProtocolError, match="key"):
        commands.volatile(key, b"", None)


@pytest.mark.parametrize("number", [0, 256, -1, "red"])
def test_a_group_is_one_to_255(number: int) -> None:
    with pytest.raises(LocalProtocolError, match="group"):
        group(number)


@pytest.mark.parametrize("payload", [bytearray(b"ab"), memoryview(b"ab")])
def test_a_payload_may_be_any_bytes(payload: bytes) -> None:
    assert commands.send(payload, None) == commands.send(b"ab", None)


@pytest.mark.parametrize("payload", ["text", None, 1, [1]])
def test_a_payload_that_is_not_bytes_says_what_packs_it(payload: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="`send`"):
        commands.send(payload, None)


def test_values_for_all_survive_a_new_seat_and_those_for_one_player_do_not() -> None:
    kept = [to for to in (None, True, 0, group(1), 7, (7, 8)) if commands.is_for_all((0, to))]
    assert kept == [None, True, 0, -1]


def test_the_other_requests_are_frames_of_the_wire() -> None:
    requests = [
        commands.subscribe([1, 2], [3]),
        commands.kick(Player(2), "rude"),
        commands.transfer(2),
        commands.set_property("map", "ice", None, None),
        commands.set_property("hp", 3, Player(2), 0),
        commands.delete_property("map", None, 4),
        commands.presence(PresenceState.AWAY),
    ]
    assert [decode(request, by=Role.CLIENT) for request in requests] == [
        frames.Subscribe((1, 2), (3,)),
        frames.Kick(2, "rude"),
        frames.Transfer(2),
        frames.Set(0, "map", pack("ice"), False),
        frames.Set(2, "hp", pack(3), 0),
        frames.Set(0, "map", False, 4),
        frames.Presence(1),
    ]


@pytest.mark.parametrize(
    ("request_", "arguments"),
    [
        (commands.kick, (0, "")),
        (commands.kick, (1, "x" * 200)),
        (commands.transfer, (-1,)),
        (commands.set_property, ("", 1, None, None)),
        (commands.set_property, ("key", object(), None, None)),
        (commands.subscribe, ([0],)),
        (commands.presence, (PresenceState.LOST,)),
    ],
)
def test_requests_with_mistakes_do_not_leave(
    request_: Callable[..., bytes], arguments: tuple[object, ...]
) -> None:
    with pytest.raises(LocalProtocolError):
        request_(*arguments)


@given(st.binary(max_size=2000), st.integers(0, limits.MAX_INT))
def test_a_snapshot_is_cut_into_frames_that_the_relay_takes(payload: bytes, seq: int) -> None:
    messages = commands.snapshot(seq, payload, frames.Limits(max_frame=256))
    assert all(len(message) <= 256 for message in messages)
    parts = [decode(message, by=Role.CLIENT) for message in messages]
    assert parts == [
        frames.Snapshot(seq, n, len(messages), part.payload)
        for n, part in enumerate(parts)
        if isinstance(part, frames.Snapshot)
    ]
    assert b"".join(part.payload for part in parts if isinstance(part, frames.Snapshot)) == payload
    assert len(messages) == max(1, -(-len(payload) // (256 - commands.PART_HEAD)))


@pytest.mark.parametrize(
    ("relay", "most"),
    [
        (frames.Limits(), 64 * (16 * 1024 - commands.PART_HEAD)),
        (frames.Limits(max_frame=1024 * 1024), 1024 * 1024),
        (frames.Limits(max_frame=256, window=2), 2 * (256 - commands.PART_HEAD)),
    ],
)
def test_a_snapshot_has_its_limits(relay: frames.Limits, most: int) -> None:
    assert len(commands.snapshot(0, bytes(most), relay)) <= min(64, relay.window)
    with pytest.raises(LocalProtocolError, match=f"limit={most}"):
        commands.snapshot(0, bytes(most + 1), relay)


def test_a_snapshot_is_bytes_as_of_a_seq() -> None:
    for seq, payload in ((-1, b""), (0, "text")):
        with pytest.raises(LocalProtocolError):
            commands.snapshot(seq, payload, frames.Limits())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("whom", "is_named"),
    [
        (1, True),
        ((2, 1), True),
        ((2, 3), False),
        (2, False),
        (True, False),
        (None, False),
        (-1, False),
    ],
)
def test_a_slot_names_the_players_that_are_its_target(
    whom: commands.Target, is_named: bool
) -> None:
    assert commands.names((0, whom), 1) is is_named
