"""Nodes that share rooms, and their players, without sockets."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Protocol

from protocol import fast_path
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Leave, RoomOptions
from relay.cluster.log_broker import LogBroker
from relay.cluster.replicas.replica import Replica
from relay.history.history import History
from relay.room import membership
from relay.room.effects import Admit, Close, Effect, Gone, Later, TurnedAway
from relay.room.entries import Act, Ask, Create, Detach, Entry, Join
from relay.room.refusals import Refusal
from relay.room.room import Room
from tests.helpers.cluster.checker import Checker
from tests.helpers.cluster.simulated_log import Air, AirBus, Engine
from tests.helpers.cluster.virtual_time import VirtualLoop, World

HISTORY = 4000
SNAPSHOT_EVERY = 12
LIVE_SECONDS = 1.5  # until a node that died is gone for the others


class Nodes(Protocol):
    """All nodes there are."""

    world: World
    checker: Checker

    def somewhere(self) -> Node:
        """Return a node that lives."""


class WatchedBroker(LogBroker):
    """Has every step checked."""

    name: str
    checker: Checker

    def taken(self, replica: Replica) -> None:
        room = self._keeper.room(replica.name)
        if room is not None and replica.create is not None:
            self.checker.watch(self.name, room)
            self.checker.compare(self.name, replica, room)
        super().taken(replica)


class Node:
    """One process: the rooms that it has, and the players who are connected to it."""

    def __init__(self, name: str, engine: Engine, air: Air, checker: Checker) -> None:
        self.name = name
        self.world = engine.world
        self.loop = VirtualLoop(self.world)
        self.log = engine.connect(self.loop)
        self.rooms: dict[str, Room] = {}
        self.players: dict[int, Player] = {}
        self.broker: LogBroker | None = None
        self._air = air
        self._bus = AirBus(air, name, self.loop, self.log)
        self._checker = checker
        self.loop.spawn(self._start)

    async def _start(self) -> None:
        dice = self.world.dice
        broker = WatchedBroker(lambda: dice.randrange(1, 2**31), SNAPSHOT_EVERY)
        broker.name, broker.checker = self.name, self._checker
        broker.follow(self._apply)
        broker.keep(self)
        broker.start(self.log, self._bus)
        self.broker = broker

    def kill(self) -> None:
        self.loop.is_dead = True
        self.log.is_cut = True
        self.world.after(LIVE_SECONDS, self._air.leave, self.name)
        for player in list(self.players.values()):
            self.world.after(0.1, player.lost, self)

    def append(self, room: str, entry: Entry) -> None:
        if self.broker is not None:
            self.broker.append(room, entry)

    def operate(self, name: str, act: Callable[[int], Act]) -> None:
        """Let the operator do something in a room that is here. Args: act: makes it."""
        if self.broker is not None and name in self.rooms:
            self.append(name, act(self.broker.next_attachment()))

    # What a broker asks of its node.

    def make(self, create: Create) -> None:
        self.rooms[create.name] = room = Room(
            create.name,
            create.epoch,
            create.options,
            max_frame=create.max_frame,
            history=History(max_frames=create.history_frames, max_bytes=create.history_bytes),
        )
        self._carry_out(room, membership.pending(room))

    def adopt(self, room: Room, create: Create) -> None:
        room.history.bound(create.history_frames, create.history_bytes)
        self.rooms[room.name] = room
        self._carry_out(room, membership.pending(room))

    def room(self, name: str) -> Room | None:
        return self.rooms.get(name)

    def lose(self, name: str) -> None:
        self.rooms.pop(name)
        for player in [p for p in self.players.values() if p.room == name]:
            player.close()

    def overwhelmed(self, attachment: int) -> None:
        if attachment in self.players:
            self.players[attachment].close()

    def stalled(self, name: str, is_stalled: bool) -> None:
        pass

    def fenced(self) -> None:
        for player in list(self.players.values()):
            player.close()

    # Entries and effects.

    def _apply(self, name: str, entry: Entry) -> None:
        room = self.rooms.get(name)
        if room is None:
            return
        self._checker.hear(self.name, room, entry)
        effects = room.apply(entry)
        self._carry_out(room, effects)
        assert self.broker is not None
        if isinstance(entry, Act) and self.broker.is_ours(entry.errand):
            self._checker.answer(self.name, entry, effects)
        attachment = entry[0] if isinstance(entry, tuple) else None
        if attachment in self.players:
            self.players[attachment].acknowledge(room)

    def _carry_out(self, room: Room, effects: Sequence[Effect]) -> None:
        assert self.broker is not None
        for effect in effects:
            match effect:
                case Later(seconds, entry):
                    self.loop.call_later(seconds, self._propose, room, entry)
                case Gone():
                    self._checker.watch(self.name, room)
                    del self.rooms[room.name]
                case Admit(attachment, number) if self.broker.is_ours(attachment):
                    if attachment in self.players:
                        self.players[attachment].admitted(room, number)
                    else:
                        self.append(room.name, Detach(attachment))
                case Close(attachment, CloseCode.KICKED) if attachment in self.players:
                    self.players[attachment].kicked()
                case TurnedAway(attachment, refusal) if attachment in self.players:
                    is_barred = refusal.code == ErrorCode.KICKED
                    player = self.players[attachment]
                    player.kicked() if is_barred else player.close()
                case Close(attachment) if attachment in self.players:
                    self.players[attachment].close()
                case _:
                    pass

    def _propose(self, room: Room, entry: Entry) -> None:
        if self.rooms.get(room.name) is room:
            self.append(room.name, entry)


class Player:
    """A client: it sends numbered payloads, and sends again what was not acknowledged."""

    def __init__(self, name: str, room: str, nodes: Nodes) -> None:
        self.name = name.encode()
        self.room = room
        self.number = 0
        self.acknowledged: dict[tuple[bytes, bytes], set[int]] = defaultdict(set)
        self.pending: deque[int] = deque()
        self.is_quiet = False
        self.node: Node | None = None
        self._nodes = nodes
        self._attachment = 0
        self._seat: tuple[bytes, int] | None = None
        self._taken = 0
        self._life = 0
        self._is_live = False
        self._come(0.0)

    @property
    def is_settled(self) -> bool:
        return self._is_live and not self.pending

    def send(self) -> None:
        """Send one payload, at once or when the connection is there."""
        if not self.is_quiet and self._seat is not None:
            self.number += 1
            self.pending.append(self.number)
            if self._is_live:
                self._send(self.number)

    def lost(self, node: Node) -> None:
        """The connection to this node is gone."""
        if self.node is node:
            self.close()

    def leave(self) -> None:
        if self.node is not None and self._is_live:
            self.node.append(self.room, Ask(self._attachment, Leave()))

    def close(self) -> None:
        """Be disconnected, and come back after a moment."""
        node, self.node = self.node, None
        self._is_live = False
        if node is not None and node.players.pop(self._attachment, None) is not None:
            node.append(self.room, Detach(self._attachment))
            self._come(self._nodes.world.dice.uniform(0.02, 0.4))

    def kicked(self) -> None:
        """Be barred, and come back as somebody else."""
        self.name += b"+"
        self._seat = None
        self.close()

    # On the way in.

    def _come(self, seconds: float) -> None:
        self._life += 1
        self._nodes.world.after(seconds, self._choose, self._life)

    def _choose(self, life: int) -> None:
        node = self._nodes.somewhere()
        self._nodes.world.after(3.0, self._too_late, life)
        node.loop.spawn(lambda: self._enter(node, life))

    def _too_late(self, life: int) -> None:
        if life == self._life and not self._is_live:
            node, self.node = self.node, None
            if node is not None:
                node.players.pop(self._attachment, None)
            self._come(0.1)

    async def _enter(self, node: Node, life: int) -> None:
        broker = node.broker
        assert broker is not None
        try:
            await broker.attach(self.room)
            if node.room(self.room) is None:
                await broker.create(self._create())
        except Refusal:
            return
        if life != self._life or node.loop.is_dead:
            return
        self.node = node
        self._attachment = broker.next_attachment()
        node.players[self._attachment] = self
        node.append(self.room, Join(self._attachment, self.name))

    def _create(self) -> Create:
        epoch = self._nodes.world.dice.randbytes(8)
        return Create(self.room, epoch, RoomOptions(hold=20, keep=3), "", 4096, HISTORY, 2**24)

    # Once there.

    def admitted(self, room: Room, number: int) -> None:
        seat = (room.epoch, number)
        if seat != self._seat:  # what was sent from the old one may have come, or not
            self._seat, self._taken = seat, 0
            self.pending.clear()
        self._is_live = True
        self._life += 1
        self.acknowledge(room)
        for pending in self.pending:
            self._send(pending)

    def acknowledge(self, room: Room) -> None:
        assert self._seat is not None
        taken = room.seats[self._seat[1]].taken
        for _ in range(taken - self._taken):
            self.acknowledged[room.epoch, self.name].add(self.pending.popleft())
        self._taken = taken

    def _send(self, number: int) -> None:
        assert self.node is not None
        tail = fast_path.tail(b"%s:%d" % (self.name, number))
        self.node.append(self.room, (self._attachment, None, tail))
