"""What every log does, whatever engine it has: in one process, simulated, or JetStream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count, pairwise

import pytest

from relay.cluster.log import Log, Logged
from tests.helpers.logs import LOGS, Logs
from tests.helpers.nats import until

numbers = count()


@pytest.fixture(scope="module", params=LOGS)
async def logs(request: pytest.FixtureRequest) -> AsyncIterator[Logs]:
    async with LOGS[request.param]() as logs:
        yield logs


@pytest.fixture
def room() -> str:
    """Name a room of this test's own."""
    return f"ROOM_{next(numbers)}-A"


async def stored(log: Log, room: str, *data: bytes) -> list[Logged]:
    """Publish entries, and return them once they are kept."""
    before = len(await log.read(room, 0))
    for each in data:
        log.publish(room, f"{next(numbers)}", each)
    found: list[Logged] = []
    while len(found) < before + len(data):
        found = [*await log.read(room, 0)]
    return found


async def followed(log: Log, room: str) -> list[Logged]:
    """Follow a room. Returns: what is heard of it, once something is: until then some is missed."""
    heard: list[Logged] = []
    log.follow(room, heard.append)
    await stored(log, room, b"first")
    await until(lambda: heard)
    return heard


async def test_what_is_published_is_delivered_to_all_who_follow(logs: Logs, room: str) -> None:
    heard = [await followed(log, room) for log in logs]
    for number in range(50):
        logs[number % 2].publish(room, f"id-{number}", b"%d" % number)
    await until(lambda: all(len(entries) >= 50 for entries in heard))
    kept = [*await logs[0].read(room, 0)]
    for entries in heard:
        assert [*entries] == kept[-len(entries) :]


async def test_entries_of_one_node_keep_their_order(logs: Logs, room: str) -> None:
    wanted = [b"%d" % number for number in range(200)]
    assert [each.data for each in await stored(logs[0], room, *wanted)] == wanted


async def test_each_entry_names_the_one_before_it(logs: Logs, room: str) -> None:
    other = room + "B"
    for data in (b"a", b"b", b"c"):
        await stored(logs[0], room, data)
        await stored(logs[1], other, data)
    first, *rest = await logs[1].read(room, 0)
    assert first.previous == 0
    assert [each.previous for each in rest] == [first.seq, rest[0].seq]
    assert all(a.seq < b.seq for a, b in pairwise([first, *rest]))


async def test_an_id_is_stored_once(logs: Logs, room: str) -> None:
    for log in logs * 3:
        log.publish(room, "the same", b"once")
    await stored(logs[0], room, b"the last")
    assert [each.data for each in await logs[1].read(room, 0)] == [b"once", b"the last"]


async def test_a_read_goes_on_where_another_ended(logs: Logs, room: str) -> None:
    kept = await stored(logs[0], room, *(b"%d" % number for number in range(10)))
    assert [*await logs[1].read(room, 0, 4)] == kept[:4]
    assert [*await logs[1].read(room, kept[3].seq, 4)] == kept[4:8]
    assert [*await logs[1].read(room, kept[8].seq)] == kept[9:]
    assert [*await logs[1].read(room, kept[9].seq)] == []


async def test_a_room_without_entries_is_empty(logs: Logs, room: str) -> None:
    assert [*await logs[0].read(room, 0)] == []
    assert [*await logs[0].snapshots(room)] == []
    assert dict(await logs[0].last([room])) == {}


async def test_rooms_hear_nothing_of_each_other(logs: Logs, room: str) -> None:
    heard = await followed(logs[1], room)
    for ending in ("B", "-", "_", "0"):
        await stored(logs[0], room + ending, b"another's")
    await stored(logs[0], room, b"own")
    await until(lambda: heard[-1].data == b"own")
    assert [entry.data for entry in heard] == [b"first", b"own"]


async def test_the_newest_seq_of_each_room_is_told(logs: Logs, room: str) -> None:
    rooms = [f"{room}{number}" for number in range(20)]
    newest = {name: (await stored(logs[0], name, b"a", b"b"))[-1].seq for name in rooms}
    assert dict(await logs[1].last([*rooms, room])) == newest


async def test_who_unfollows_hears_no_more(logs: Logs, room: str) -> None:
    gone: list[bytes] = []
    heard: list[bytes] = []
    unfollow = logs[0].follow(room, lambda entry: gone.append(entry.data))
    logs[0].follow(room, lambda entry: heard.append(entry.data))
    await stored(logs[0], room, b"first")
    await until(lambda: heard == gone == [b"first"])
    unfollow()
    unfollow()
    await stored(logs[0], room, b"second")
    await until(lambda: heard == [b"first", b"second"])
    assert gone == [b"first"]


async def test_a_first_entry_is_kept_once_it_is_said_to_be(logs: Logs, room: str) -> None:
    await logs[0].publish_first(room, "birth", b"begun")
    assert [each.data for each in await logs[0].read(room, 0)] == [b"begun"]
    await logs[1].publish_first(room, "birth", b"begun")
    assert len(await logs[0].read(room, 0)) == 1


@pytest.mark.parametrize("data", [b"", b"\r\n\0 PUB", bytes(2_000_000)])
async def test_data_comes_back_as_it_was(logs: Logs, room: str, data: bytes) -> None:
    heard = await followed(logs[1], room)
    (_, kept) = await stored(logs[0], room, data)
    assert kept.data == data
    await until(lambda: heard[-1].data == data)


async def test_the_newest_snapshots_come_first(logs: Logs, room: str) -> None:
    seqs = [entry.seq for entry in await stored(logs[0], room, b"a", b"b", b"c")]
    for seq in seqs:
        await logs[0].put_snapshot(room, seq, b"%d" % seq)
    await logs[0].put_snapshot(room + "B", seqs[0], b"another's")
    found = await logs[1].snapshots(room)
    assert found[0] == (seqs[-1], b"%d" % seqs[-1])
    assert [seq for seq, _ in found] == sorted((seq for seq, _ in found), reverse=True)


async def test_a_snapshot_may_be_long_and_the_next_one_short(logs: Logs, room: str) -> None:
    long = bytes(range(256)) * 12 * 1024  # 3 MiB
    first, *others = [entry.seq for entry in await stored(logs[0], room, *[b"x"] * 5)]
    await logs[0].put_snapshot(room, first, long)
    assert [*await logs[1].snapshots(room)] == [(first, long)]
    for seq in others:
        await logs[0].put_snapshot(room, seq, b"")
    assert (await logs[1].snapshots(room))[0] == (others[-1], b"")
