"""What the broker does about rooms whose log or bus fails it in part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from protocol.frames import RoomOptions
from relay.cluster.log_broker import LogBroker
from relay.cluster.replicas import snapshots
from relay.cluster.replicas.parcels import Signal, What, pack_create, pack_signal
from relay.cluster.replicas.sequencer import Sequencer
from relay.room.entries import RULES, Create, Join
from relay.room.refusals import Refusal
from tests.helpers.cluster.checker import Checker
from tests.helpers.cluster.nodes import Node
from tests.helpers.cluster.simulated_log import Air, Engine, VagueEngine
from tests.helpers.cluster.virtual_time import World

ROOM = "ROOM"
CREATE = Create(ROOM, bytes(8), RoomOptions(hold=20, keep=3), "", 4096, 100, 2**20)
Put = Callable[[str, int, bytes], Awaitable[None]]


class Nodes:
    """Nodes on one log, with nobody but the test to ask anything of them."""

    def __init__(self, engine: type[Engine] = Engine) -> None:
        self.world = World(1)
        self.engine = engine(self.world)
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


# A log that has forgotten what a snapshot does not have.


@pytest.fixture
def vague() -> Nodes:
    return Nodes(VagueEngine)


def has_forgotten(nodes: Nodes) -> Node:
    """Return a node with a room: a snapshot is old, and the log keeps its newest entries alone."""
    node = a_room(nodes)
    ask_for_a_snapshot(node)
    nodes.world.run(1)
    assert nodes.engine.store.made[ROOM]
    for number in range(10):
        node.append(ROOM, Join(broker_of(node).next_attachment(), b"key %d" % number))
        nodes.world.run(0.2)
    del nodes.engine.store.rooms[ROOM][:-2]
    return node


def test_a_gap_between_snapshot_and_log_is_not_passed_over(vague: Nodes) -> None:
    node, late = has_forgotten(vague), vague.start("late")
    vague.do(late, attaches)
    assert len(node.rooms[ROOM].seats) > 5
    assert late.rooms[ROOM].summary() == node.rooms[ROOM].summary()


def test_a_room_that_nobody_has_goes_on_though_its_log_may_lack_something(
    vague: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    has_forgotten(vague).kill()
    late = vague.start("late")
    vague.do(late, attaches)
    assert ROOM not in late.rooms
    vague.world.run(15)
    assert ROOM in late.rooms
    assert "its log may lack entries" in caplog.text


# Rooms of a newer version.

NEWER = replace(CREATE, rules=RULES + 1)


def is_refused(nodes: Nodes, node: Node, work: Callable[[LogBroker], Awaitable[None]]) -> bool:
    refused: list[Refusal] = []

    async def tries(broker: LogBroker) -> None:
        try:
            await work(broker)
        except Refusal as refusal:
            refused.append(refusal)

    nodes.do(node, tries)
    return bool(refused)


def test_a_room_of_newer_rules_is_refused_and_no_other_begins_in_its_place(nodes: Nodes) -> None:
    node = nodes.start("n1")
    node.log.publish(ROOM, "newer", pack_create(NEWER))
    nodes.world.run(1)
    assert is_refused(nodes, node, begins)
    assert is_refused(nodes, node, attaches)
    assert not node.rooms


def test_who_makes_a_room_is_told_if_a_newer_one_comes_first(nodes: Nodes) -> None:
    node = nodes.start("n1")
    nodes.do(node, attaches)
    take = nodes.engine.take

    def first_the_newer(room: str, id: str, data: bytes) -> bool:
        return take(room, "newer", pack_create(NEWER)) and take(room, id, data)

    nodes.engine.take = first_the_newer  # type: ignore[method-assign] # what another node may do
    assert is_refused(nodes, node, begins)
    assert not node.rooms


def test_a_name_is_free_when_the_newer_room_has_ended(nodes: Nodes) -> None:
    node = nodes.start("n1")
    node.log.publish(ROOM, "newer", pack_create(NEWER))
    nodes.world.run(1)
    assert is_refused(nodes, node, attaches)
    end = snapshots.write(nodes.engine.store.seq, bytes(16), None, None, Sequencer())
    nodes.engine.store.put_snapshot(ROOM, nodes.engine.store.seq, end)
    nodes.do(node, begins)
    assert ROOM in node.rooms


def test_who_waits_for_a_room_whose_log_is_lost_waits_for_the_next(nodes: Nodes) -> None:
    node, entered = nodes.start("n1"), list[bool]()

    async def waits(broker: LogBroker) -> None:
        await broker.attach(ROOM)
        entered.append(True)

    broker = broker_of(node)
    node.loop.spawn(lambda: waits(broker))
    nodes.world.run(0)
    node.loop.call_soon(broker.restart, lambda room: True)
    nodes.world.run(1)
    assert entered
