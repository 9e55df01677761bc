"""What nodes tell each other while the NATS of one of them stands still: it hears it later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from protocol.frames import RoomOptions
from relay.cluster.nats.joining import Membership, joined
from relay.cluster.nats.options import Servers
from relay.cluster.news.board import Board
from relay.cluster.news.together import keep_mending, keep_telling
from relay.cluster.running import running
from relay.conditions.profiles import profile
from relay.conditions.shape import Shape
from relay.node.shapes import EVERYBODY, Shapes
from relay.room.room import Room
from tests.helpers.logs import LAYOUT
from tests.helpers.nats import NatsServer, nats_cluster, until

ROOM = Room("ROOM", b"an epoch", RoomOptions())
HOTEL, TRAIN = (Shape(profile(name), None) for name in ("hotel", "train-wifi"))


class Teller:
    """A node that shows others values on a board, and keeps conditions."""

    def __init__(self, node: Membership) -> None:
        self.node = node
        self.board = Board(node.bus, "values", lambda key: None)
        self.shapes = Shapes({})
        self.shapes.meet(node.bus)

    def says(self, value: bytes | None) -> None:
        self.board.put("key", value)
        self.board.tell()

    def hears(self) -> list[bytes]:
        return list(self.board.of("key").values())

    async def tend(self, stack: AsyncExitStack) -> None:
        assert self.shapes.board is not None
        boards = [self.board, self.shapes.board]
        await stack.enter_async_context(running(keep_telling(_nothing, boards)))
        await stack.enter_async_context(running(keep_mending(boards)))


async def _nothing() -> None:
    pass


Three = tuple[list[NatsServer], list[Teller]]


@pytest.fixture
async def three() -> AsyncIterator[Three]:
    """Run a node at each of three servers, which it does not leave."""
    with nats_cluster() as servers:
        async with AsyncExitStack() as stack:
            tellers = []
            for number, server in enumerate(servers):
                place = joined(Servers((server.url,)), f"node-{number}", LAYOUT)
                tellers.append(Teller(await stack.enter_async_context(place)))
                await tellers[-1].tend(stack)
            yield servers, tellers


@pytest.mark.timeout(120)
@pytest.mark.parametrize("hurt", ["freeze", "kill"])
async def test_what_is_told_while_the_nats_of_a_node_is_away_is_heard_later(
    three: Three, hurt: str
) -> None:
    servers, (here, there, away) = three
    here.shapes.put(ROOM, EVERYBODY, HOTEL)
    here.shapes.put(ROOM, 1, HOTEL)
    here.says(b"before")
    await until(lambda: all_know(three, {EVERYBODY: HOTEL, 1: HOTEL}, b"before"))
    getattr(servers[2], hurt)()
    await until(lambda: not away.node.connection.is_up)
    here.shapes.put(ROOM, EVERYBODY, TRAIN)
    there.shapes.put(ROOM, 1, None)
    away.shapes.put(ROOM, 3, TRAIN)  # nobody hears that either
    here.says(b"meanwhile")
    await until(lambda: there.hears() == [b"meanwhile"])
    assert away.hears() != [b"meanwhile"]
    assert away.shapes.of(ROOM) == {EVERYBODY: HOTEL, 1: HOTEL, 3: TRAIN}
    (servers[2].thaw if hurt == "freeze" else servers[2].start)()
    await until(lambda: all_know(three, {EVERYBODY: TRAIN, 3: TRAIN}, b"meanwhile"))


def all_know(three: Three, shapes: dict[int, Shape], value: bytes) -> bool:
    _, tellers = three
    _, *others = tellers
    is_heard = all(each.hears() == [value] for each in others)
    return is_heard and all(each.shapes.of(ROOM) == shapes for each in tellers)
