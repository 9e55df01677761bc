"""Nodes that share conditions: all come to the same, whatever crosses what on its way."""

from __future__ import annotations

import pytest

from protocol.frames import RoomOptions
from relay.cluster.news.together import keep_mending, keep_telling
from relay.conditions.profiles import profile
from relay.conditions.shape import Shape
from relay.node.shapes import EVERYBODY, Shapes
from relay.room.room import Room
from tests.helpers.cluster.simulated_log import Air, AirBus, Engine, NodeLog, Weather
from tests.helpers.cluster.virtual_time import VirtualLoop, World

ROOM = Room("ROOM", b"an epoch", RoomOptions())
HOTEL, TRAIN = (Shape(profile(name), None) for name in ("hotel", "train-wifi"))
SLOW = Weather(late=0.5)
ARRIVED = 5.0
"""Seconds within which all that was said is heard."""


class Cluster:
    """Nodes that begin when they are made, and whose messages overtake each other."""

    def __init__(self, seed: int, skew: float = 0.0, weather: Weather = SLOW) -> None:
        """Args: skew: seconds by which clocks go wrong at most."""
        self.world = World(seed)
        self.nodes: list[Shapes] = []
        self.logs: list[NodeLog] = []
        self._engine = Engine(self.world, weather, kept=10)
        self._skew = skew
        self._air = Air(self._engine)

    def start(self) -> Shapes:
        loop = VirtualLoop(self.world)
        skew = self.world.dice.uniform(-self._skew, self._skew)
        shapes = Shapes({}, lambda: 1e9 + skew + self.world.now)
        self.nodes.append(shapes)
        log = self._engine.connect(loop)
        self.logs.append(log)
        shapes.meet(AirBus(self._air, f"n{len(self.nodes)}", loop, log))
        assert shapes.board is not None
        boards = [shapes.board]
        loop.spawn(lambda: keep_telling(_nothing, boards))
        loop.spawn(lambda: keep_mending(boards))
        return shapes

    def put_something(self) -> None:
        node, dice = self.world.dice.choice(self.nodes), self.world.dice
        if dice.random() < 0.3:
            node.clear(ROOM)
        else:
            node.put(ROOM, dice.randrange(3), dice.choice((HOTEL, TRAIN, None)))

    def calm(self) -> None:
        self._engine.weather = SLOW

    def known(self) -> list[object]:
        self.world.run(ARRIVED)
        return [node.of(ROOM) for node in self.nodes]


async def _nothing() -> None:
    pass


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


@pytest.mark.parametrize("seed", range(5))
def test_what_is_put_and_taken_off_while_a_node_is_cut_off_is_known_there_later(seed: int) -> None:
    cluster = Cluster(seed)
    first, _, third = (cluster.start() for _ in range(3))
    first.put(ROOM, 1, HOTEL)
    first.put(ROOM, 2, HOTEL)
    cluster.known()
    cluster.logs[2].is_cut = True
    first.put(ROOM, 1, None)
    first.put(ROOM, EVERYBODY, TRAIN)
    third.put(ROOM, 3, TRAIN)
    assert cluster.known()[2] != cluster.known()[0]
    cluster.logs[2].is_cut = False
    assert cluster.known() == [{EVERYBODY: TRAIN, 2: HOTEL, 3: TRAIN}] * 3


@pytest.mark.parametrize("seed", range(5))
def test_what_is_lost_on_its_way_is_known_later(seed: int) -> None:
    cluster = Cluster(seed, weather=Weather(late=0.5, lost=0.5))
    for _ in range(3):
        cluster.start()
    for _ in range(10):
        cluster.world.run(cluster.world.dice.uniform(0, 0.5))
        cluster.put_something()
    cluster.calm()
    first, *others = cluster.known()
    assert others == [first] * 2


def test_a_room_that_is_gone_is_forgotten() -> None:
    cluster = Cluster(1)
    first, second = cluster.start(), cluster.start()
    first.put(ROOM, 1, HOTEL)
    cluster.known()
    for node in (first, second):
        node.forget(ROOM)
    assert cluster.known() == [{}, {}]
