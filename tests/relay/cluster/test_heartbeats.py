"""What becomes of the players of a node that is not heard any more."""

from __future__ import annotations

import pytest

from relay.cluster.pulse import PATIENCE
from tests.helpers.cluster.by_hand import ROOM, Nodes, attaches
from tests.helpers.cluster.nodes import Node


@pytest.fixture
def nodes() -> Nodes:
    return Nodes()


def connected(node: Node) -> set[bytes]:
    """Return who is connected, as a node sees it."""
    return {seat.key or b"" for seat in node.rooms[ROOM].seats.attached.values()}


def test_players_at_a_node_that_is_silent_are_lost_for_the_others(
    nodes: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = nodes.start("n1"), nodes.start("n2")
    nodes.enters(here, "stays")
    nodes.enters(there, "goes")
    there.kill()
    nodes.world.run(PATIENCE - 0.5)
    assert connected(here) == {b"stays", b"goes"}
    nodes.world.run(1.5)
    assert connected(here) == {b"stays"}
    assert "its players in 1 rooms are lost" in caplog.text


def test_a_node_that_ends_without_players_worries_nobody(
    nodes: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = nodes.start("n1"), nodes.start("n2")
    nodes.enters(here, "stays")
    nodes.do(there, attaches)
    there.kill()
    nodes.world.run(PATIENCE + 1)
    assert not caplog.messages


def test_a_room_that_comes_after_the_death_hears_of_it_at_once(nodes: Nodes) -> None:
    here, there = nodes.start("n1"), nodes.start("n2")
    nodes.enters(there, "goes")
    there.kill()
    nodes.world.run(PATIENCE + 1)
    assert ROOM not in here.rooms
    nodes.do(here, attaches)
    assert len(here.rooms[ROOM].seats.lost) == 1
    assert connected(here) == set()
