"""What the broker does about rooms whose log or bus fails it in part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from relay.cluster.log_broker import AUDIT_SECONDS, IDLE_SECONDS, LogBroker
from relay.cluster.replicas import snapshots
from relay.cluster.replicas.asking import UNSURE_SECONDS
from relay.cluster.replicas.parcels import pack_create
from relay.cluster.replicas.sequencer import Sequencer
from relay.room.entries import RULES, Join
from relay.room.refusals import Refusal
from tests.helpers.cluster.by_hand import (
    CREATE,
    ROOM,
    Nodes,
    a_room,
    ask_for_a_snapshot,
    attaches,
    begins,
    broker_of,
)
from tests.helpers.cluster.nodes import SNAPSHOT_EVERY, Node, Player
from tests.helpers.cluster.simulated_log import VagueEngine


@pytest.fixture
def nodes() -> Nodes:
    return Nodes()


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


def test_a_room_with_a_hole_is_opened_nowhere_and_ends_if_nobody_has_it(vague: Nodes) -> None:
    has_forgotten(vague).kill()
    late = vague.start("late")
    vague.do(late, attaches)
    vague.world.run(UNSURE_SECONDS - 5)
    assert is_refused(vague, late, attaches)
    assert is_refused(vague, late, begins)
    vague.world.run(10)
    assert ROOM not in late.rooms
    vague.do(late, begins)
    assert not late.rooms[ROOM].seats


class Pen:
    """Writes no snapshots of a node until it is mended."""

    def __init__(self, node: Node) -> None:
        self._node, self._write, self.is_broken = node, node.log.put_snapshot, True
        node.log.put_snapshot = self._put  # type: ignore[method-assign] # what an engine may do

    async def _put(self, room: str, seq: int, data: bytes) -> None:
        if self.is_broken:
            raise TimeoutError
        await self._write(room, seq, data)


LONG = 300.0


def talks(nodes: Nodes, player: Player, times: int) -> None:
    for _ in range(times):
        player.send()
        nodes.world.run(0.05)


def has_forgotten_what_was_said(nodes: Nodes) -> tuple[Node, Pen]:
    """Return the only node with a room, which cannot write the snapshot that others need."""
    node = nodes.start("n1")
    ann = nodes.enters(node, "ann")
    talks(nodes, ann, 2 * SNAPSHOT_EVERY)
    assert nodes.engine.store.made[ROOM]
    pen = Pen(node)
    talks(nodes, ann, 4 * SNAPSHOT_EVERY)
    del nodes.engine.store.rooms[ROOM][:-SNAPSHOT_EVERY]
    return node, pen


def test_a_room_waits_for_the_only_node_that_has_it_however_long_that_cannot_write(
    vague: Nodes,
) -> None:
    node, pen = has_forgotten_what_was_said(vague)
    late, before = vague.start("late"), vague.engine.store.seq
    vague.do(late, attaches)
    vague.world.run(LONG)
    assert ROOM not in late.rooms
    assert is_refused(vague, late, attaches)
    assert ROOM in node.rooms  # nobody has ended it meanwhile
    # What the late one says takes the place of entries in the log: it says it ever more rarely.
    assert vague.engine.store.seq - before < 60
    pen.is_broken = False
    vague.world.run(LONG / 5)
    vague.do(late, attaches)
    assert late.rooms[ROOM].summary() == node.rooms[ROOM].summary()
    assert not vague.checker.faults


@pytest.mark.parametrize("can_write", [True, False])
def test_who_was_cut_off_passes_over_no_gap(vague: Nodes, can_write: bool) -> None:
    node, away = vague.start("n1"), vague.start("n2")
    vague.enters(away, "bob")
    ann = vague.enters(node, "ann")
    pen = Pen(node)
    pen.is_broken = not can_write
    away.log.is_cut = True
    talks(vague, ann, 5 * SNAPSHOT_EVERY)
    del vague.engine.store.rooms[ROOM][: -3 * SNAPSHOT_EVERY]
    away.log.is_cut = False
    vague.world.run(5)
    assert (ROOM in away.rooms) == can_write
    pen.is_broken = False
    vague.world.run(5)
    vague.do(away, attaches)
    assert away.rooms[ROOM].summary() == node.rooms[ROOM].summary()
    assert not vague.checker.faults


def test_who_had_all_goes_on_at_once_when_an_old_room_wakes_up(vague: Nodes) -> None:
    """The log has forgotten what came before: but nobody has missed anything."""
    node, there = vague.start("n1"), vague.start("n2")
    vague.enters(node, "ann")
    vague.enters(there, "bob")
    for name in ("cid", "dan"):
        vague.world.run(LONG / 4)
        rooms = [node.rooms[ROOM], there.rooms[ROOM]]
        vague.engine.store.rooms[ROOM].clear()
        vague.enters(node, name)
        assert [node.rooms[ROOM], there.rooms[ROOM]] == rooms  # none was loaded anew
        assert len({len(room.seats) for room in rooms}) == 1
    assert not vague.checker.faults


def test_an_old_room_that_woke_up_outlives_its_nodes(vague: Nodes) -> None:
    """The log cannot tell that nothing was between the newest snapshot and its first entry."""
    node = vague.start("n1")
    ann = vague.enters(node, "ann")
    ask_for_a_snapshot(node)
    vague.world.run(1)
    vague.engine.store.rooms[ROOM].clear()
    talks(vague, ann, 1)
    vague.world.run(1)
    epoch, late = node.rooms[ROOM].epoch, vague.start("late")
    node.kill()
    vague.where = late
    vague.world.run(2)
    vague.do(late, attaches)
    assert late.rooms[ROOM].epoch == epoch


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


@pytest.mark.parametrize("phase", range(5))
def test_a_room_that_has_ended_is_followed_no_more(phase: int, nodes: Nodes) -> None:
    nodes.world.run(phase * AUDIT_SECONDS / 5)
    node = a_room(nodes)
    nodes.world.run(CREATE.options.hold + CREATE.options.keep + 2 * IDLE_SECONDS)
    assert ROOM not in node.rooms
    assert ROOM not in broker_of(node).replicas
