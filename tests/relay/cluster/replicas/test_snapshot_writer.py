"""Which node writes a room's snapshots, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from relay.cluster.replicas import snapshot_writer
from relay.cluster.replicas.snapshot_writer import SNAPSHOT_SECONDS, STAND_IN
from tests.helpers.cluster.by_hand import (
    ROOM,
    Nodes,
    a_room,
    ask_for_a_snapshot,
    attaches,
    broker_of,
)
from tests.helpers.cluster.nodes import SNAPSHOT_EVERY, Node, Player

Put = Callable[[str, int, bytes], Awaitable[None]]

AGAIN = 2 * SNAPSHOT_SECONDS
"""Hours of a quiet room would take the test 10 s."""


@pytest.fixture
def nodes() -> Nodes:
    return Nodes()


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


# Who writes, and when.


class Writes:
    """Notes when a node writes a snapshot. A node that cannot write fails each time."""

    def __init__(self, nodes: Nodes, node: Node, *, can: bool = True) -> None:
        self.times: list[float] = []
        put: Put = node.log.put_snapshot

        async def noted(room: str, seq: int, data: bytes) -> None:
            self.times.append(nodes.world.now)
            if not can:
                raise TimeoutError
            await put(room, seq, data)

        node.log.put_snapshot = noted  # type: ignore[method-assign] # what an engine may do


def two(nodes: Nodes) -> tuple[Node, Node, Player]:
    """Return two nodes with one room: the host's, and another player's; and that player."""
    first, second = nodes.start("n1"), nodes.start("n2")
    nodes.enters(first, "host")
    player = nodes.enters(second, "other")
    room = second.rooms[ROOM]
    assert broker_of(first).is_ours(room.seats[room.host].attachment)
    return first, second, player


def says(nodes: Nodes, player: Player, times: int) -> None:
    """Let a player send so often, and each frame have an entry of its own."""
    for _ in range(times):
        player.send()
        nodes.world.run(0.05)


def test_the_host_s_node_writes(nodes: Nodes) -> None:
    first, second, player = two(nodes)
    its, others = Writes(nodes, first), Writes(nodes, second)
    says(nodes, player, 2 * SNAPSHOT_EVERY)
    assert its.times
    assert not others.times


def test_another_node_writes_if_the_host_s_does_not(nodes: Nodes) -> None:
    first, second, player = two(nodes)
    Writes(nodes, first, can=False)
    others = Writes(nodes, second)
    says(nodes, player, STAND_IN * SNAPSHOT_EVERY)
    assert others.times


def test_what_happened_is_written_after_a_while_and_a_quiet_room_s_again(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_writer, "SNAPSHOT_AGAIN", AGAIN)
    first, _, _ = two(nodes)
    its = Writes(nodes, first)
    nodes.world.run(SNAPSHOT_SECONDS + 2)
    assert len(its.times) == 1
    nodes.world.run(AGAIN - 10)
    assert len(its.times) == 1
    nodes.world.run(20)
    assert len(its.times) == 2
