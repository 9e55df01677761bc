"""Three nats-servers: one may die, freeze or leave, and nothing that was stored is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count, pairwise

import pytest

from relay.cluster.log import Logged
from relay.cluster.nats.joining import Membership, joined
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import Servers
from relay.cluster.nats.streams import Stream
from tests.helpers.logs import JOIN_SECONDS
from tests.helpers.nats import NatsServer, nats_cluster, until, urls

LAYOUT = Layout(streams=3, max_bytes=64 * 1024**2, max_entries=1_000_000)
PACE = 0.002  # seconds between two entries
AGAIN_SECONDS = 0.3
ELECTION_SECONDS = 4.0  # at least, when a leader has not handed over
ROOM = "ROOM"


@asynccontextmanager
async def cluster() -> AsyncIterator[tuple[list[NatsServer], list[Membership]]]:
    """Run three servers and two nodes."""
    with nats_cluster() as servers:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(JOIN_SECONDS):
                nodes = [
                    await stack.enter_async_context(joined(Servers(urls(servers)), name, LAYOUT))
                    for name in ("one", "two")
                ]
            yield servers, nodes


class Writer:
    """Publishes numbered entries, and each again until it is heard, as a replica does."""

    def __init__(self, node: Membership, room: str = ROOM) -> None:
        self.room = room
        self.heard: dict[int, Logged] = {}
        self.published: dict[int, float] = {}
        self.slowest = 0.0
        self._waiting: dict[int, float] = {}
        self._node = node
        self._now = asyncio.get_running_loop().time
        node.log.follow(room, self._hear)

    def _hear(self, entry: Logged) -> None:
        self.heard[entry.seq] = entry
        number = int(entry.data)
        if self._waiting.pop(number, None) is not None:
            self.slowest = max(self.slowest, self._now() - self.published[number])

    async def write(self, until_is_set: asyncio.Event) -> None:
        for number in count():
            now = self._now()
            if not until_is_set.is_set():
                self.published[number] = self._waiting[number] = now
                self._publish(number)
            for late in [n for n, at in self._waiting.items() if now - at > AGAIN_SECONDS]:
                self._waiting[late] = now
                self._publish(late)
            if until_is_set.is_set() and not await self._missing():
                return
            await asyncio.sleep(PACE)

    async def _missing(self) -> bool:
        """Say whether something is not heard. What was stored and not delivered is read."""
        if self._waiting and self._node.connection.is_up:
            for entry in await kept(self._node, self.room):
                self._hear(entry)
        return bool(self._waiting)

    def _publish(self, number: int) -> None:
        self._node.log.publish(self.room, f"{self.room} {number}", b"%d" % number)


async def kept(node: Membership, room: str) -> list[Logged]:
    found: list[Logged] = []
    try:
        while more := await node.log.read(room, found[-1].seq if found else 0):
            found += more
    except OSError:
        return []
    return found


async def leader_of(servers: list[NatsServer], node: Membership) -> NatsServer:
    stream = await node.streams.look_at(LAYOUT.stream_of(ROOM))
    return next(server for server in servers if server.name == stream.leader)


async def looked_at(node: Membership) -> list[Stream]:
    return [await node.streams.look_at(name) for name in LAYOUT.all]


async def nothing_is_lost(writer: Writer, node: Membership) -> None:
    """Check what is kept against what was heard: all of it once, in one chain."""
    everything: list[Logged] = []
    await until_all_are_kept(writer, node, everything)
    assert Counter(int(entry.data) for entry in everything) == Counter(writer.published.keys())
    assert everything[0].previous == 0
    assert all(after.previous == before.seq for before, after in pairwise(everything))
    by_seq = {entry.seq: entry.data for entry in everything}
    assert {seq: by_seq.get(seq) for seq in writer.heard} == {
        seq: entry.data for seq, entry in writer.heard.items()
    }


async def until_all_are_kept(writer: Writer, node: Membership, found: list[Logged]) -> None:
    while len(found) < len(writer.published):  # a server that lags behind may answer
        found[:] = await kept(node, writer.room)


async def play(hurt: str) -> tuple[Writer, Writer]:
    """Write in two rooms while the leader of one is hurt.

    Returns: the writers, checked. That of the room which kept its leader comes last.
    """
    async with cluster() as (servers, (one, two)):
        await leaders_are_spread(one)
        leader = await leader_of(servers, one)
        elsewhere = await room_elsewhere(one, leader)
        writers, done = (Writer(one), Writer(two, elsewhere)), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for writer in writers:
                group.create_task(writer.write(done))
            await until(lambda: all(len(writer.heard) > 50 for writer in writers))
            heard = len(writers[0].published)
            getattr(leader, hurt)()
            await until(lambda: len(writers[0].heard) > heard + 50)
            if leader.process is None:
                leader.start()
            leader.thaw()
            done.set()
        await nothing_is_lost(writers[0], two)
        await nothing_is_lost(writers[1], one)
        return writers


async def room_elsewhere(node: Membership, leader: NatsServer) -> str:
    """Name a room whose stream another server leads."""
    led = {stream.name for stream in await looked_at(node) if stream.leader == leader.name}
    return next(room for room in map(str, count()) if LAYOUT.stream_of(room) not in led)


@pytest.mark.timeout(120)
async def test_a_leader_that_is_killed_loses_nothing_and_stops_no_other_room() -> None:
    hurt, other = await play("kill")
    assert other.slowest < ELECTION_SECONDS / 2 < hurt.slowest


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("turn", range(5))
@pytest.mark.parametrize("hurt", ["kill", "freeze", "terminate"])
async def test_a_leader_that_is_hurt_loses_nothing(hurt: str, turn: int) -> None:
    await play(hurt)


@pytest.mark.timeout(120)
async def test_planned_work_stops_no_room_for_long() -> None:
    """Leaders are spread, moved and ended in order, and rooms go on."""
    async with cluster() as (servers, (one, two)):
        streams = await looked_at(one)
        assert all(len(stream.peers) == 3 for stream in streams)
        writer, done = Writer(one), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.write(done))
            await until(lambda: len(writer.heard) > 50)
            await leaders_are_spread(one)
            await move_leader(one, two)
            (await leader_of(servers, one)).terminate()
            heard = len(writer.published)
            await until(lambda: len(writer.heard) > heard + 50)
            done.set()
        await nothing_is_lost(writer, two)
        assert writer.slowest < ELECTION_SECONDS


async def leaders_are_spread(node: Membership) -> None:
    while True:
        streams = await looked_at(node)
        led = Counter(stream.leader for stream in streams)
        if len(led) == 3 and max(led.values()) <= 2:
            return
        await node.streams.spread(streams)


async def move_leader(node: Membership, other: Membership) -> None:
    name = LAYOUT.stream_of(ROOM)
    before = await node.streams.look_at(name)
    wanted = next(iter(before.followers))
    await node.streams.step_down(name, wanted)
    while await leader_by(other, name) != wanted:
        pass


async def leader_by(node: Membership, name: str) -> str | None:
    """Return who leads a stream, as a node is told. While it changes nobody may answer."""
    try:
        return (await node.streams.look_at(name)).leader
    except OSError:
        return None


async def test_a_node_leaves_a_server_that_is_frozen() -> None:
    with nats_cluster() as servers:
        async with joined(Servers(urls(servers)), "one", LAYOUT) as node:
            (frozen,) = [each for each in servers if str(each.port) in node.connection.url]
            frozen.freeze()
            await until(
                lambda: node.connection.is_up and str(frozen.port) not in node.connection.url
            )
            frozen.thaw()


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_a_server_that_is_cut_off_from_the_others_is_left() -> None:
    """It answers its clients, and stores nothing: nobody but the watch can tell."""
    with nats_cluster() as servers:
        async with joined(Servers(urls(servers)), "one", LAYOUT) as node:
            others = [each for each in servers if str(each.port) not in node.connection.url]
            writer, done = Writer(node), asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(writer.write(done))
                await until(lambda: len(writer.heard) > 50)
                for server in others:
                    server.freeze()
                await until(lambda: node.log.is_troubled(ROOM))
                await until(lambda: node.connection.times_cut > 0)
                for server in others:
                    server.thaw()
                heard = len(writer.heard)
                await until(lambda: len(writer.heard) > heard + 50, 40)
                assert not node.log.is_troubled(ROOM)
                done.set()
            await nothing_is_lost(writer, node)
