"""A log over a bad network: it delays, drops, doubles, lags and has no leader at times."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from relay.cluster.local_log import MOST_BYTES, Store
from relay.cluster.log import READ_LIMIT, Deliver, Logged, Trouble, Unfollow
from relay.cluster.message_bus import MessageBus
from tests.helpers.cluster.virtual_time import VirtualLoop, World


@dataclass(frozen=True)
class Weather:
    """Shares of what goes wrong, and seconds."""

    lost: float = 0.0
    """Publications that never arrive."""
    dropped: float = 0.0
    """Deliveries that never arrive."""
    doubled: float = 0.0
    """Deliveries that arrive twice."""
    late: float = 0.0
    """Messages that take up to half a second."""
    lagging: float = 0.0
    """Reads that do not see the newest entries."""


FINE = Weather()
STORM = Weather(lost=0.1, dropped=0.2, doubled=0.1, late=0.1, lagging=0.3)
AWAY_SECONDS = 0.7  # until a node that is cut off gives up to wait for an answer


class Engine:
    """What stores entries for all nodes."""

    def __init__(self, world: World, weather: Weather = FINE, kept: int = 1000) -> None:
        """Args: kept: entries of each room."""
        self.world = world
        self.weather = weather
        self.store = Store(kept)
        self.is_leaderless = False
        self.takes_snapshots = True
        self.logs: list[NodeLog] = []

    def connect(self, loop: VirtualLoop) -> NodeLog:
        log = NodeLog(self, loop)
        self.logs.append(log)
        return log

    def chance(self, share: float) -> bool:
        return share > 0 and self.world.dice.random() < share

    def delay(self) -> float:
        dice = self.world.dice
        return dice.uniform(0.01, 0.5) if self.chance(self.weather.late) else dice.expovariate(1000)

    def take(self, room: str, id: str, data: bytes) -> bool:
        """Take a publication that has arrived. Returns: whether the entry is stored."""
        if self.is_leaderless:
            return False
        logged = self.store.add(room, id, data, self.world.now)
        if logged is not None:
            self.deliver(room, logged)
        return True

    def deliver(self, room: str, logged: Logged) -> None:
        for log in self.logs:
            self.deliver_to(log, room, logged)

    def deliver_to(self, log: NodeLog, room: str, logged: Logged) -> None:
        times = 2 if self.chance(self.weather.doubled) else 1
        for _ in range(times):
            if not self.chance(self.weather.dropped):
                self.world.after(self.delay(), log.arrive, room, logged)

    def seen(self) -> int:
        """Return the newest seq that a read sees."""
        lag = self.world.dice.randrange(1, 40) if self.chance(self.weather.lagging) else 0
        return self.store.seq - lag


class Vague(Store):
    """Cannot tell what was before the first entry of a read, as an engine may do."""

    def read(self, room: str, after: int, limit: int, until: int) -> list[Logged]:
        first, *others = super().read(room, after, limit, until) or (None,)
        if first is None:
            return []
        is_kept = any(each.seq == after for each in self.rooms[room])
        return [replace(first, previous=after if is_kept else 0), *others]


class VagueEngine(Engine):
    def __init__(self, world: World, weather: Weather = FINE, kept: int = 1000) -> None:
        super().__init__(world, weather, kept)
        self.store = Vague(kept)


class NodeLog:
    """The log as one node has it."""

    def __init__(self, engine: Engine, loop: VirtualLoop) -> None:
        self.on_trouble: Trouble = lambda is_troubled: None
        self.is_cut = False
        self._engine = engine
        self._loop = loop
        self._followers: dict[str, list[Deliver]] = defaultdict(list)

    @property
    def most_bytes(self) -> int:
        return MOST_BYTES

    def publish(self, room: str, id: str, data: bytes) -> None:
        engine = self._engine
        if not self.is_cut and not engine.chance(engine.weather.lost):
            engine.world.after(engine.delay(), engine.take, room, id, data)

    async def publish_first(self, room: str, id: str, data: bytes) -> None:
        for _ in range(20):
            await self._ask()
            if self._engine.take(room, id, data):
                return
            await asyncio.sleep(0.25)
        raise TimeoutError

    def follow(self, room: str, deliver: Deliver) -> Unfollow:
        followers = self._followers[room]
        followers.append(deliver)
        return lambda: followers.remove(deliver) if deliver in followers else None

    async def read(self, room: str, after: int, limit: int = READ_LIMIT) -> Sequence[Logged]:
        await self._ask()
        return self._engine.store.read(room, after, limit, self._engine.seen())

    async def last(self, rooms: Sequence[str]) -> Mapping[str, int]:
        await self._ask()
        return self._engine.store.last(rooms, self._engine.seen())

    async def put_snapshot(self, room: str, seq: int, data: bytes) -> None:
        await self._ask()
        if self._engine.is_leaderless or not self._engine.takes_snapshots:
            raise TimeoutError
        self._engine.store.put_snapshot(room, seq, data)

    async def snapshots(self, room: str) -> Sequence[tuple[int, bytes]]:
        await self._ask()
        return list(self._engine.store.made[room])

    def is_troubled(self, room: str) -> bool:
        return False

    def arrive(self, room: str, logged: Logged) -> None:
        """Have a delivery taken by the node, when it runs."""
        if not self.is_cut:
            self._loop.call_soon(self._deliver, room, logged)

    def _deliver(self, room: str, logged: Logged) -> None:
        for deliver in list(self._followers[room]):
            deliver(logged)

    async def _ask(self) -> None:
        if self.is_cut:
            await asyncio.sleep(AWAY_SECONDS)
            raise TimeoutError
        await asyncio.sleep(self._engine.delay())


class Air:
    """What carries messages between the nodes, in the weather of a log."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._buses: dict[str, AirBus] = {}

    def join(self, bus: AirBus) -> None:
        """Let a bus hear the others, and be heard."""
        self._buses[bus.name] = bus
        for each in self._buses.values():
            each.meet(self._buses)

    def leave(self, name: str) -> None:
        """Let a node be gone for the others."""
        del self._buses[name]
        for each in self._buses.values():
            each.meet(self._buses)

    def carry(self, node: str, message: bytes) -> None:
        """Carry a message to a node, or lose it."""
        engine = self._engine
        if node in self._buses and not engine.chance(engine.weather.lost):
            engine.world.after(engine.delay(), self._buses[node].arrive, message)


class AirBus(MessageBus):
    """A node's bus, which is cut off when its log is."""

    def __init__(self, air: Air, name: str, loop: VirtualLoop, log: NodeLog) -> None:
        super().__init__(name, self._say)
        self._air = air
        self._loop = loop
        self._log = log
        air.join(self)

    def _say(self, node: str, message: bytes) -> None:
        if not self._log.is_cut:
            self._air.carry(node, message)

    def arrive(self, message: bytes) -> None:
        """Have a message taken by the node, when it runs."""
        if not self._log.is_cut:
            self._loop.call_soon(self.take, message)
