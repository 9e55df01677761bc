"""What passes through a relay is counted once, and as it was on the wire."""

from __future__ import annotations

from collections import Counter

import pytest

from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Error,
    Frame,
    Kick,
    RoomOptions,
    Send,
    Update,
    Volatile,
    Welcome,
)
from protocol.opcodes import Opcode
from relay.delivery.tally import SAMPLED
from tests.helpers.cluster.wire import parties
from tests.helpers.peers import Peer, new_seat, party, until
from tests.relay.http.test_metrics import Samples, read

BOTH = pytest.mark.parametrize("is_portable", [False, True], ids=["direct", "portable"])
OPS = {each.name for each in Opcode} | {"OTHER"}


def by_op(found: Samples, name: str) -> Counter[str]:
    """Return a metric's values by opcode."""
    return Counter(
        {op: int(value) for op in OPS if (value := found.get(f"roomwire_{name}_total {op}"))}
    )


def heads(frames: int, size: int) -> int:
    """Return the bytes of so many messages with the heads of WebSocket, if all are short."""
    return size + 2 * frames


def heard(*peers: Peer) -> tuple[Counter[str], int]:
    """Return how many frames peers have heard, by opcode, and their bytes."""
    frames: list[Frame] = [frame for peer in peers for frame in peer.heard]
    ops = Counter(Opcode(encode(frame)[1]).name for frame in frames)
    return ops, sum(len(encode(frame)) for frame in frames)


@BOTH
async def test_what_is_counted_is_what_players_said_and_heard(is_portable: bool) -> None:
    async with party(is_portable=is_portable) as at:
        ann, bob, cid = [await at.enters("R") for _ in range(3)]
        said: list[Frame] = [Send(None, b"all"), Send((bob.me,), b"one"), Volatile(7, None, b"v")]
        for each in (ann, bob):
            await each.catches_up()
            each.says(*said[:1], said[2])
            await cid.hears(Update)
        ann.says(said[1])
        await bob.hears(Deliver, lambda frame: frame.payload == b"one")
        for each in (ann, bob, cid):
            await each.catches_up()
        found = await read(at)
    sent = {"SEND": (said[:1] * 2 + said[1:2]), "VOLATILE": said[2:] * 2}
    for op, frames in sent.items():
        assert by_op(found, "frames_in")[op] == len(frames)
        assert by_op(found, "bytes_in")[op] == sum(len(encode(frame)) for frame in frames)
    assert by_op(found, "frames_in").keys() == {"HELLO", "SEND", "VOLATILE", "PING"}
    ops, size = heard(ann, bob, cid)
    assert by_op(found, "frames_out") == ops
    assert sum(by_op(found, "bytes_out").values()) == size
    assert ops["DELIVER"] == 2 * 2 + 1


@BOTH
async def test_a_past_that_is_told_is_counted_in_bytes_alone(is_portable: bool) -> None:
    async with party(is_portable=is_portable) as at:
        ann = await at.enters("R", create=RoomOptions(history="full"))
        ann.says(*[Send(None, bytes([number])) for number in range(5)])
        await ann.catches_up()
        before = await read(at)
        bob = await at.enters("R")
        after = await read(at)
    delivered = [frame for frame in bob.heard if isinstance(frame, Deliver)]
    assert len(delivered) == 5
    grown = after["roomwire_history_bytes_total"] - before["roomwire_history_bytes_total"]
    assert grown >= heads(5, sum(len(encode(frame)) for frame in delivered))
    assert by_op(after, "frames_out")["DELIVER"] == by_op(before, "frames_out")["DELIVER"]


async def test_what_is_no_frame_is_counted_too() -> None:
    async with party() as at:
        ann = await at.enters("R")
        ann.says(b"\x91\x7d", b"\x91")
        await ann.catches_up()
        found = await read(at)
    assert by_op(found, "frames_in")["OTHER"] == 2
    assert by_op(found, "bytes_in")["OTHER"] == 3
    assert found["roomwire_refused_frames_total UNKNOWN_OPCODE"] == 1
    assert found["roomwire_refused_frames_total TRUNCATED"] == 1


async def test_every_connection_ends_once() -> None:
    async with party() as at:
        ann = await at.enters("R", create=RoomOptions(capacity=3))
        bob, cid = await at.enters("R"), await at.enters("R")
        late = await at.connects("R")
        late.greets()
        _, code = await late.is_turned_away()
        ann.says(Kick(bob.me))
        assert (await bob.ends())[0] == CloseCode.KICKED
        cid.raw.abort()
        await until(lambda: len(at.node.connections) == 1)
        found = await read(at)
    closes = {
        name.partition(" ")[2]: value
        for name, value in found.items()
        if name.startswith("roomwire_closes_total") and value
    }
    assert code == CloseCode.ROOM_FULL
    assert closes == {"KICKED": 1, "LOST": 1, "ROOM_FULL": 1}
    assert found["roomwire_refused_entries_total ROOM_FULL"] == 1
    assert found["roomwire_connects_total"] == sum(closes.values()) + 1


async def test_a_resume_is_counted_by_what_came_of_it() -> None:
    seat = new_seat()
    async with party() as at:
        ann = await at.enters("R", seat=seat)
        epoch, seq = ann.position
        again = await at.connects("R")
        again.greets(seat=seat, position=(epoch, seq))
        assert (await again.hears(Welcome)).session.resumed
        other = await at.connects("R")
        other.greets(seat=seat, position=(bytes(8), seq))
        assert (await other.hears(Error)).code == ErrorCode.EPOCH_CHANGED
        found = await read(at)
    resumes = {n: v for n, v in found.items() if n.startswith("roomwire_resumes_total") and v}
    assert resumes == {
        "roomwire_resumes_total RESUMED": 1,
        "roomwire_resumes_total EPOCH_CHANGED": 1,
    }
    assert not found["roomwire_refused_entries_total EPOCH_CHANGED"]


async def test_what_a_shared_room_refuses_is_counted_where_its_player_is() -> None:
    async with parties(2) as ((here, _), (there, _)):
        ann, bob = await here.enters("R"), await there.enters("R")
        ann.says(Send(None, b"before"))
        await bob.hears(Deliver)
        ann.says(Kick(9))
        await ann.hears(Error)
        ann.says(Send(None, b"after"))
        await bob.hears(Deliver)
        found = [await read(each) for each in (here, there)]
    name = "roomwire_refused_frames_total NO_SUCH_PLAYER"
    assert [each[name] for each in found] == [1, 0]


async def test_a_client_that_is_too_fast_is_counted() -> None:
    async with party(frames_per_second=5, frames_burst=5) as at:
        ann = await at.enters("R")
        ann.says(*[Volatile(1, None, bytes([number])) for number in range(12)])
        await ann.catches_up()
        found = await read(at)
    assert found["roomwire_throttles_total"] == 1
    assert found["roomwire_values_refused_total"] > 0
    assert by_op(found, "frames_in")["VOLATILE"] == 12


async def test_one_send_of_many_is_timed() -> None:
    async with party(is_portable=False, profile="bench") as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        for _ in range(SAMPLED // 16):
            ann.says(*[Send(None, b"x")] * 16)
            await ann.catches_up()
        await bob.catches_up()
        found = await read(at)
    assert found["roomwire_latency_seconds_count"] == 1
    assert found["roomwire_latency_seconds_bucket +Inf"] == 1
    assert 0 < found["roomwire_latency_seconds_sum"] < 10
    assert found["roomwire_fan_out_count"] == found["roomwire_fan_out_sum"] == 1


async def test_a_send_goes_to_those_who_are_here_though_entries_take_their_time() -> None:
    async with parties(2, profile="bench") as ((here, _), (there, _)):
        ann, bob, cid = [await at.enters("R") for at in (here, here, there)]
        for each in (bob, cid):
            await each.catches_up()
        said = [Send(None, bytes([number])) for number in range(SAMPLED)]
        for start in range(0, SAMPLED, 16):
            ann.says(*said[start : start + 16])
            await ann.catches_up()
        for each in (bob, cid):
            await each.hears(Deliver, lambda frame: frame.payload == said[-1].payload)
        found = [await read(at) for at in (here, there)]
    for metrics in found:
        assert metrics["roomwire_fan_out_count"] == metrics["roomwire_fan_out_sum"] == 1
        assert metrics["roomwire_latency_seconds_count"] == 0


async def test_the_loop_is_watched_while_there_are_connections() -> None:
    async with party() as at:
        ann = await at.enters("R")
        spread = at.node.loop_lag.spread
        await until(lambda: dict(spread.ranges())["+Inf"])
        ann.raw.abort()
        await until(lambda: not at.node.loop_lag.is_watching)
        found = await read(at)
    assert found["roomwire_loop_lag_seconds_count"] >= 1


async def test_the_loop_is_watched_though_entries_come_later() -> None:
    async with parties(1) as ((at, _),):
        ann = await at.enters("R")
        ann.says(Send(True, b"x"))
        await ann.hears(Deliver)
        spread = at.node.loop_lag.spread
        seen = dict(spread.ranges())["+Inf"]
        await until(lambda: dict(spread.ranges())["+Inf"] > seen)
