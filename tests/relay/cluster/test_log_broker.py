"""What the broker does about rooms whose log or bus fails it in part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import pytest

from protocol.frames import RoomOptions
from relay.cluster.log_broker import LogBroker
from relay.cluster.replicas.parcels import Signal, What, pack_signal
from relay.room.entries import Create, Join
from tests.helpers.cluster.checker import Checker
from tests.helpers.cluster.nodes import Node
from tests.helpers.cluster.simulated_log import Air, Engine
from tests.helpers.cluster.virtual_time import World

ROOM = "ROOM"
CREATE = Create(ROOM, bytes(8), RoomOptions(hold=20, keep=3), "", 4096, 100, 2**20)
Put = Callable[[str, int, bytes], Awaitable[None]]


class Nodes:
    """Nodes on one log, with nobody but the test to ask anything of them."""

    def __init__(self) -> None:
        self.world = World(1)
        self.engine = Engine(self.world)
        self._air = Air(self.engine)

    def start(self, name: str) -> Node:
        node = Node(name, self.engine, self._air, Checker())
        self.world.run(0.1)
        return node

    def do(self, node: Node, work: Callable[[LogBroker], Coroutine[Any, Any, None]]) -> None:
        """Have something done at a node, and let a second pass."""
        broker = broker_of(node)
        node.loop.spawn(lambda: work(broker))
        self.world.run(1)


def broker_of(node: Node) -> LogBroker:
    assert node.broker is not None
    return node.broker


async def begins(broker: LogBroker) -> None:
    await broker.create(CREATE)


async def attaches(broker: LogBroker) -> None:
    await broker.attach(ROOM)


@pytest.fixture
def nodes() -> Nodes:
    return Nodes()


def a_room(nodes: Nodes) -> Node:
    """Return a node with a room, whose only player is gone at once: it ends after a while."""
    node = nodes.start("n1")
    nodes.do(node, begins)
    node.append(ROOM, Join(broker_of(node).next_attachment(), b"key"))
    nodes.world.run(1)
    assert len(node.rooms[ROOM].seats) == 1
    return node


def ask_for_a_snapshot(node: Node) -> None:
    node.log.publish(ROOM, "wanted", pack_signal(Signal(What.SNAPSHOT_WANTED, 1)))


def ends_and_is_forgotten(nodes: Nodes, node: Node) -> None:
    """Let the room end, and its log forget it; whoever comes later finds no room."""
    while node.rooms:
        nodes.world.run(1)
    nodes.world.run(30)
    nodes.engine.store.rooms[ROOM].clear()
    late = nodes.start("late")
    nodes.do(late, attaches)
    assert broker_of(late).replicas[ROOM].ready.is_set()
    assert not late.rooms


def test_a_room_ends_for_good_though_a_snapshot_of_it_is_being_written(nodes: Nodes) -> None:
    node = a_room(nodes)
    put: Put = node.log.put_snapshot

    async def slowly(room: str, seq: int, data: bytes) -> None:
        await asyncio.sleep(12)
        await put(room, seq, data)

    node.log.put_snapshot = slowly  # type: ignore[method-assign] # what an engine may do
    ask_for_a_snapshot(node)
    ends_and_is_forgotten(nodes, node)


def test_a_room_ends_for_good_though_its_snapshot_fails_at_first(nodes: Nodes) -> None:
    node = a_room(nodes)
    ask_for_a_snapshot(node)
    nodes.world.run(1)
    put, tries = node.log.put_snapshot, 0

    async def at_last(room: str, seq: int, data: bytes) -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise TimeoutError
        await put(room, seq, data)

    node.log.put_snapshot = at_last  # type: ignore[method-assign] # what an engine may do
    ends_and_is_forgotten(nodes, node)


def test_a_replica_goes_on_after_what_no_log_should_raise(nodes: Nodes) -> None:
    a_room(nodes)
    late = nodes.start("late")
    snapshots, tries = late.log.snapshots, 0

    async def at_last(room: str) -> Sequence[tuple[int, bytes]]:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise KeyError("a header")
        return await snapshots(room)

    late.log.snapshots = at_last  # type: ignore[method-assign] # what an engine may do
    nodes.do(late, attaches)
    assert ROOM in late.rooms


def test_audits_go_on_after_what_no_log_should_raise(nodes: Nodes) -> None:
    node = a_room(nodes)
    last, tries = node.log.last, 0

    async def at_last(rooms: Sequence[str]) -> Mapping[str, int]:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise KeyError("a room")
        return await last(rooms)

    node.log.last = at_last  # type: ignore[method-assign] # what an engine may do
    nodes.world.run(5)
    assert tries > 3
