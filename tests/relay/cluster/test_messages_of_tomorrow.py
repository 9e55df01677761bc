"""What newer nodes tell: more fields and unknown kinds are passed over, and the rest is read.

What a log orders is no such message: there, all nodes must read the same, and a room says by which
rules it lives.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import msgpack
import pytest

from protocol.frames import PlayerInfo, RoomOptions
from relay.cluster.bus import Receive, Reply
from relay.cluster.gaps import TICKS, Gaps
from relay.cluster.heartbeats import BEAT, Heartbeats
from relay.cluster.local_log import LocalLog
from relay.cluster.log_broker import LogBroker
from relay.cluster.message_bus import Kind, MessageBus
from relay.cluster.news import directory, shared_limits, together
from relay.cluster.news.board import Board, Sheet
from relay.cluster.replicas.replica import Replica
from relay.cluster.replicas.whereabouts import SUBJECT as WHEREABOUTS
from relay.cluster.replicas.whereabouts import Whereabouts
from relay.cluster.values import SUBJECT as VALUES
from relay.cluster.values import VERSION, WANTED, WATCHED, Values
from relay.conditions.profiles import profile
from relay.conditions.shape import Shape
from relay.http import operating
from relay.http.app import create_app
from relay.http.metrics import siblings
from relay.inspect import overview
from relay.node import shapes
from relay.policy.config import Settings
from relay.policy.rate_limits import AddressBuckets, AddressCounts
from relay.room.entries import CONNECTION_BITS, Join
from relay.room.room import Room
from relay.server.as_one import as_one
from relay.server.gate import Gate
from relay.workers import orders
from tests.helpers.cluster.by_hand import ROOM, Nodes, begins, broker_of
from tests.helpers.peers import until

T = TypeVar("T")
OTHER = "tomorrow"
MORE = {"a field": "of tomorrow"}
OPTIONS = RoomOptions(title="Known", public=True)
HOTEL = Shape(profile("hotel"), None, 7)


class Ether(MessageBus):
    """A bus on which a test says what another node would say, and hears what is said to that."""

    def __init__(self) -> None:
        super().__init__("here", lambda node, message: self.said.append(msgpack.unpackb(message)))
        self.said: list[Any] = []
        self.subjects: set[str] = set()
        self.meet([OTHER])

    def subscribe(self, subject: str, receive: Receive) -> Callable[[], None]:
        self.subjects.add(subject)
        return super().subscribe(subject, receive)

    def answer(self, subject: str, reply: Reply) -> None:
        self.subjects.add(subject)
        super().answer(subject, reply)

    def tell(self, subject: str, data: bytes, kind: int = Kind.TOLD, number: int = 0) -> None:
        """Say something as the other node, in a message that has more fields, too."""
        self.take(msgpack.packb([kind, OTHER, self.name, subject, number, data, MORE]))

    def tell_all(self, subject: str, *values: Any) -> None:
        self.tell(subject, msgpack.packb(list(values)))

    async def answers(self, work: Coroutine[Any, Any, T], *values: Any) -> T:
        """Answer the question that is asked while work is done."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            await self.says(Kind.ASKED)
            _, _, _, subject, number, _ = self.said[-1]
            self.tell(subject, msgpack.packb(list(values)), Kind.ANSWERED, number)
        return task.result()

    async def says(self, kind: int, times: int = 1) -> None:
        """Wait until such a message was sent so often."""
        await until(lambda: [each[0] for each in self.said].count(kind) >= times)


@pytest.fixture
def bus() -> Ether:
    return Ether()


def digest_of(values: dict[str, bytes]) -> list[object]:
    sheet = Sheet()
    for key, value in values.items():
        sheet.put(key, value)
    return [*sheet.digest, MORE]


async def shows(bus: Ether, board: Board, **values: Any) -> None:
    """Show values on another node's board: one when asked for all, the others as news."""
    packed = {key: msgpack.packb(value) for key, value in values.items()}
    first = dict(list(packed.items())[:1])
    await bus.answers(board.mend(), first | {"unknown": MORE}, None, MORE)
    bus.tell_all(board._subject, packed | {"unknown": MORE}, digest_of(packed), MORE)
    assert not board.is_behind  # it reads all but the unknown kind, and does not ask again


# Each kind of message.


async def beats(bus: Ether) -> None:
    heartbeats = Heartbeats(bus, lambda: 1, [], lambda name: None, lambda name, entry: None)
    bus.tell(BEAT, (77).to_bytes(4, "big") + b"and more")
    assert 77 in heartbeats._pulse._heard


async def ticks(bus: Ether) -> None:
    missed: list[int] = []
    Gaps(bus, lambda: missed.append(1))
    for number in (77, 78, 80):
        bus.tell(TICKS, number.to_bytes(8, "big") + b"and more")
    assert len(missed) == 1


async def values(bus: Ether) -> None:
    room = Room("R", bytes(8), OPTIONS)
    own, other = 1 << CONNECTION_BITS | 1, 2 << CONNECTION_BITS | 1
    for attachment in (own, other):
        room.apply(Join(attachment, b"%d" % attachment, PlayerInfo()))
    found = Values(bus, lambda: 1, lambda name: room)
    found.open(room)
    known = [other, 2, 5, 2, b"\x82\x02hi", MORE]
    bus.tell_all(VALUES + "R", VERSION, room.epoch, False, [["unknown"], MORE, known], MORE)
    assert room.audience.retained.has_equal(2, 5, b"\x82\x02hi")
    bus.tell(WATCHED, b"R and more \xff")
    assert found._is_watched("R")
    bus.tell(WANTED, b"and more")


async def rooms(bus: Ether) -> None:
    node = create_app(Settings()).state.node
    found = directory.Directory(bus, node.rooms.elsewhere, list)
    options = directory.OPTIONS.dump(OPTIONS) | MORE
    told = [options, 3, 1, True, "Ann", True, [b"barred"], MORE]
    await shows(bus, found.board, KNOWN=told, NEXT=[MORE])
    await asyncio.sleep(0)
    room = node.rooms.elsewhere.find("KNOWN")
    assert room is not None
    assert (room.options.title, room.player_count, room.host_name) == ("Known", 3, "Ann")
    assert node.rooms.elsewhere.find("NEXT") is None


async def counts(bus: Ether) -> None:
    limits, players = shared_limits.SharedLimits(bus), AddressCounts(1)
    limits.share_counts("players", players)
    network = "192.0.2.1"
    await shows(bus, limits.board, **{f"players {network}": 1, f"cats {network}": 9, "?": MORE})
    assert not players.add(network)


async def spent(bus: Ether) -> None:
    limits, joins = shared_limits.SharedLimits(bus, lambda: 0.0), AddressBuckets(1, 5)
    limits.share_buckets("joins", joins)
    news = [["cats", "192.0.2.1", "", 9], [MORE], ["joins", "192.0.2.1", "", 5, MORE]]
    bus.tell_all(shared_limits.SPENT, *news)
    assert joins.ask("192.0.2.1", 0.0) > 0


async def promises(bus: Ether) -> None:
    node = create_app(Settings()).state.node
    as_one(bus, Gate(Settings()), node)
    bus.tell_all(together.PROMISES, "R", "192.0.2.1", True, MORE)
    assert len(node.reservations) == 1


async def conditions(bus: Ether) -> None:
    found = shapes.Shapes({})
    found.meet(bus)
    assert found.board is not None
    room = Room("R", bytes(8), OPTIONS)
    plain = HOTEL.plain()
    told = {**plain, "down": {**plain["down"], **MORE}, **MORE}
    await shows(
        bus,
        found.board,
        **{
            f"R {room.epoch.hex()}": [[2, 1, OTHER, told, MORE]],
            "a key of tomorrow": [[2, 1, OTHER, told]],
            f"S {room.epoch.hex()}": [MORE],
        },
    )
    assert found.of(room) == {2: HOTEL}


async def players(bus: Ether) -> None:
    node = create_app(Settings()).state.node
    room = Room("R", bytes(8), OPTIONS)
    room.apply(Join(1, b"key", PlayerInfo()))
    found = overview.Overviews(node)
    found.meet(bus)
    known = overview.PlayerOverview(1, "Ann", "player", "live", (), 0, node=OTHER)
    values = {key: getattr(known, key) for key in overview.KNOWN} | MORE
    end = [1, 2, 3, None, "LOST", "", MORE]
    said = await bus.answers(found.of(room), [values], [end], MORE)
    assert said.players[1] == known
    assert said.ends[0].name == "LOST"
    bus.tell(overview.SUBJECT, msgpack.packb(["R", room.epoch, MORE]), Kind.ASKED, 5)
    await bus.says(Kind.ANSWERED)


async def rejections(bus: Ether) -> None:
    node = create_app(Settings()).state.node
    found = overview.Overviews(node)
    found.meet(bus)
    known = {
        **dict.fromkeys(("room", "player", "attachment", "address", "closed", "op", "code"), None),
        "room": "R",
        "attachment": 1,
        "at": 1,
        "text": "",
        "code": "BAD",
        "data": "",
        "size": 3,
    }
    end = [1, None, 3, None, "LOST", "", 0, "R", MORE]
    shut = [1, "192.0.2.1", "why", 2, MORE]
    said = await bus.answers(found.outside("R"), [known | MORE], [end], [shut], MORE)
    assert operating.Rejected(**said.rejected[0]).node == OTHER
    assert (said.ends[0].room, said.shut_out[0].times) == ("R", 2)
    bus.tell(overview.ABOUT_OUTSIDE, msgpack.packb(["R", MORE]), Kind.ASKED, 5)
    await bus.says(Kind.ANSWERED)


async def whereabouts(bus: Ether) -> None:
    replicas: dict[str, Replica] = {}
    found = Whereabouts(bus, replicas)
    assert await bus.answers(found.furthest("R"), 7, MORE) == 7
    bus.tell(WHEREABOUTS, msgpack.packb(["R", MORE]), Kind.ASKED, 5)
    await bus.says(Kind.ANSWERED)


async def workers(bus: Ether) -> None:
    state = create_app(Settings()).state
    state.siblings.meet(bus)
    for number, subject in enumerate((siblings.DRAINING, siblings.METRICS)):
        bus.tell(subject, b"and more", Kind.ASKED, number)
    await bus.says(Kind.ANSWERED, times=2)
    bus.tell("anything", b"", kind=99)


CHECKS: dict[str, Callable[[Ether], Awaitable[None]]] = {
    BEAT: beats,
    TICKS: ticks,
    VALUES: values,
    WANTED: values,
    WATCHED: values,
    directory.SUBJECT: rooms,
    shared_limits.COUNTS: counts,
    shared_limits.SPENT: spent,
    together.PROMISES: promises,
    shapes.SUBJECT: conditions,
    overview.SUBJECT: players,
    overview.ABOUT_OUTSIDE: rejections,
    WHEREABOUTS: whereabouts,
    siblings.DRAINING: workers,
    siblings.METRICS: workers,
}
"""Each kind of message between nodes, and what reads one of tomorrow."""


@pytest.mark.parametrize("check", dict.fromkeys(CHECKS.values()))
async def test_a_message_of_tomorrow_is_read_by_what_is_known_of_it(
    check: Callable[[Ether], Awaitable[None]], bus: Ether
) -> None:
    await check(bus)


@pytest.fixture
def broker() -> Iterator[LogBroker]:
    broker = LogBroker(lambda: 1)
    yield broker
    broker.close()


async def test_there_is_one_for_each_kind_of_message(bus: Ether, broker: LogBroker) -> None:
    state = create_app(Settings()).state
    broker.start(LocalLog(), bus)
    state.overviews.meet(bus)
    state.siblings.meet(bus)
    as_one(bus, Gate(Settings()), state.node)
    of_rooms = {VALUES}
    assert bus.subjects | of_rooms == CHECKS.keys()


def test_a_node_passes_over_what_is_of_no_kind_that_it_knows() -> None:
    nodes = Nodes()
    node = nodes.start("n1")
    nodes.do(node, begins)
    for number, data in enumerate((b"", b"\xff", msgpack.packb([2, MORE]))):
        node.log.publish(ROOM, f"tomorrow {number}", data)
    nodes.world.run(1)
    assert ROOM in node.rooms
    assert not broker_of(node).replicas[ROOM].chain.is_behind


def test_a_worker_reads_the_orders_of_a_newer_supervisor() -> None:
    given = orders.Orders({}, "", 0, 0, 1, "", 0, (3,), 4, (5,), keeps=False)
    told = json.loads(given.to_json()) | MORE
    assert orders.read(json.dumps(told).encode()) == given
