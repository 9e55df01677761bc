"""What every log does, whatever engine stores it: each case takes one that is empty."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from relay.cluster.log import Log, Logged

Case = Callable[[Log], Awaitable[None]]


async def delivered(log: Log, room: str, count: int, seen: list[Logged]) -> list[Logged]:
    """Wait until so many entries are there, by delivery or by reading what was missed."""
    while len(seen) < count:
        await asyncio.sleep(0.01)
        after = seen[-1].seq if seen else 0
        for entry in await log.read(room, after):
            if not seen or entry.seq > seen[-1].seq:
                seen.append(entry)
    return seen[:count]


async def stored(log: Log, room: str, *datas: bytes) -> Sequence[Logged]:
    """Publish these, one after another, and return them as they are stored."""
    for number, data in enumerate(datas):
        log.publish(room, f"{room} {data!r} {number}", data)
        while len(await log.read(room, 0)) <= number:  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.01)
    return await log.read(room, 0)


async def entries_have_their_order_and_name_the_one_before(log: Log) -> None:
    entries = await stored(log, "A", b"1", b"2", b"3")
    assert [entry.data for entry in entries] == [b"1", b"2", b"3"]
    first, second, third = entries
    assert first.previous == 0
    assert (second.previous, third.previous) == (first.seq, second.seq)
    assert first.seq < second.seq < third.seq


async def an_id_is_stored_once(log: Log) -> None:
    for _ in range(3):
        log.publish("A", "same", b"once")
    await stored(log, "B", b"other")
    entries: Sequence[Logged] = ()
    while not entries:
        entries = await log.read("A", 0)
    log.publish("A", "same", b"again")
    await stored(log, "B", b"more")
    assert [entry.data for entry in await log.read("A", 0)] == [b"once"]


async def rooms_are_apart(log: Log) -> None:
    ours, theirs = await stored(log, "A", b"1", b"2"), await stored(log, "B", b"3")
    assert [entry.data for entry in await log.read("A", 0)] == [b"1", b"2"]
    assert theirs[0].previous == 0
    newest = await log.last(["A", "B", "NONE"])
    assert newest == {"A": ours[-1].seq, "B": theirs[-1].seq}


async def what_follows_is_delivered_until_nobody_listens(log: Log) -> None:
    seen: list[Logged] = []
    unfollow = log.follow("A", seen.append)
    entries = await stored(log, "A", b"1", b"2")
    assert await delivered(log, "A", 2, seen) == list(entries)
    unfollow()
    known = len(seen)
    await stored(log, "A", b"1", b"2", b"3")
    assert len(seen) == known


async def a_read_begins_where_it_is_told_and_is_bounded(log: Log) -> None:
    entries = await stored(log, "A", *(b"%d" % number for number in range(5)))
    assert list(await log.read("A", entries[1].seq)) == list(entries[2:])
    assert list(await log.read("A", entries[0].seq, 2)) == list(entries[1:3])
    assert not await log.read("A", entries[-1].seq)
    assert not await log.read("NONE", 0)


async def a_first_entry_is_stored_when_the_call_returns(log: Log) -> None:
    await log.publish_first("A", "first", b"create")
    await log.publish_first("A", "first", b"create")
    assert [entry.data for entry in await log.read("A", 0)] == [b"create"]


async def the_newest_snapshots_come_first(log: Log) -> None:
    assert not await log.snapshots("A")
    for seq in (5, 7, 9):
        await log.put_snapshot("A", seq, b"%d" % seq * 1000)
    kept = await log.snapshots("A")
    assert kept[0] == (9, b"9" * 1000)
    assert not await log.snapshots("B")


CASES: list[Case] = [
    entries_have_their_order_and_name_the_one_before,
    an_id_is_stored_once,
    rooms_are_apart,
    what_follows_is_delivered_until_nobody_listens,
    a_read_begins_where_it_is_told_and_is_bounded,
    a_first_entry_is_stored_when_the_call_returns,
    the_newest_snapshots_come_first,
]
