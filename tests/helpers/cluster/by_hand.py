"""Nodes that a test drives by hand, over a log and a bus."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from protocol.frames import RoomOptions
from relay.cluster.log_broker import LogBroker
from relay.cluster.replicas.parcels import Signal, What, pack_signal
from relay.room.entries import Create, Join
from tests.helpers.cluster.checker import Checker
from tests.helpers.cluster.nodes import Node, Player
from tests.helpers.cluster.simulated_log import Air, Engine
from tests.helpers.cluster.virtual_time import World

ROOM = "ROOM"
CREATE = Create(ROOM, bytes(8), RoomOptions(hold=20, keep=3), "", 4096, 100, 2**20)


class Nodes:
    """Nodes on one log, with nobody but the test to ask anything of them.

    Attributes: where: the node that players come to, dead or alive.
    """

    where: Node

    def __init__(self, engine: type[Engine] = Engine) -> None:
        self.world = World(1)
        self.engine = engine(self.world)
        self.checker = Checker()
        self._air = Air(self.engine)

    def start(self, name: str) -> Node:
        node = Node(name, self.engine, self._air, self.checker)
        self.world.run(0.1)
        return node

    def somewhere(self) -> Node:
        return self.where

    def enters(self, node: Node, name: str) -> Player:
        """Let a player enter at a node."""
        self.where = node
        player = Player(name, ROOM, self)
        self.world.run(1)
        assert player.is_settled
        return player

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
