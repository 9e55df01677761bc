"""Nodes that share conditions: all come to the same, whatever crosses what on its way."""

from __future__ import annotations

import pytest

from protocol.frames import RoomOptions
from relay.conditions.profiles import profile
from relay.conditions.shape import Shape
from relay.node.shapes import EVERYBODY, Shapes
from relay.room.room import Room
from tests.helpers.cluster.simulated_log import Air, AirBus, Engine, Weather
from tests.helpers.cluster.virtual_time import VirtualLoop, World

ROOM = Room("ROOM", b"an epoch", RoomOptions())
HOTEL, TRAIN = (Shape(profile(name), None) for name in ("hotel", "train-wifi"))
SLOW = Weather(late=0.5)
ARRIVED = 5.0
"""Seconds within which all that was said is heard."""


class Cluster:
    """Nodes that begin when they are made, and whose messages overtake each other."""

    def __init__(self, seed: int, skew: float = 0.0) -> None:
        """Args: skew: seconds by which clocks go wrong at most."""
        self.world = World(seed)
        self.nodes: list[Shapes] = []
        self._engine = Engine(self.world, SLOW, kept=10)
        self._skew = skew
        self._air = Air(self._engine)

    def start(self) -> Shapes:
        loop = VirtualLoop(self.world)
        skew = self.world.dice.uniform(-self._skew, self._skew)
        shapes = Shapes({}, lambda: 1e9 + skew + self.world.now)
        self.nodes.append(shapes)
        name = f"n{len(self.nodes)}"
        shapes.meet(AirBus(self._air, name, loop, self._engine.connect(loop)))
        return shapes

    def put_something(self) -> None:
        node, dice = self.world.dice.choice(self.nodes), self.world.dice
        if dice.random() < 0.3:
            node.clear(ROOM)
        else:
            node.put(ROOM, dice.randrange(3), dice.choice((HOTEL, TRAIN, None)))

    def known(self) -> list[object]:
        self.world.run(ARRIVED)
        return [node.of(ROOM) for node in self.nodes]


def test_a_node_that_starts_is_told() -> None:
    cluster = Cluster(1)
    first = cluster.start()
    first.put(ROOM, EVERYBODY, HOTEL)
    first.put(ROOM, 2, TRAIN)
    cluster.start()
    assert cluster.known() == [{EVERYBODY: HOTEL, 2: TRAIN}] * 2


@pytest.mark.parametrize("seed", range(20))
def test_what_is_taken_off_while_a_node_starts_stays_off(seed: int) -> None:
    cluster = Cluster(seed)
    first, second = cluster.start(), cluster.start()
    first.put(ROOM, EVERYBODY, HOTEL)
    first.put(ROOM, 2, TRAIN)
    cluster.known()
    third = cluster.start()
    cluster.world.run(cluster.world.dice.uniform(0, 0.2))
    cluster.world.dice.choice((first, second, third)).clear(ROOM)
    assert cluster.known() == [{}] * 3


@pytest.mark.parametrize("seed", range(20))
def test_all_come_to_the_same_whoever_puts_what(seed: int) -> None:
    cluster = Cluster(seed, skew=60)
    for _ in range(3):
        cluster.start()
    for _ in range(30):
        cluster.world.run(cluster.world.dice.uniform(0, 0.02))
        cluster.put_something()
    cluster.start()
    cluster.put_something()
    first, *others = cluster.known()
    assert others == [first] * 3
