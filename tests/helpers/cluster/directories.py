"""Nodes that tell each other of their rooms, over a bus that loses messages, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

from protocol.frames import RoomOptions
from relay.cluster.local_bus import LocalBus, LocalNet
from relay.cluster.news.directory import Directory
from relay.cluster.news.together import keep_mending, keep_telling
from relay.lobby.elsewhere import Elsewhere, RemoteRoom
from relay.lobby.listing import Filter, Listing
from relay.room.room import Room
from tests.helpers.cluster.virtual_time import VirtualLoop, World

QUIET_SECONDS = 6.0
"""Two digests, and an answer that did not come."""

News = tuple[Any, ...]


class LossyNet(LocalNet):
    """Carries messages with delay, and loses some."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.loss = 0.0
        self.messages = 0
        self._world = world

    def carry(self, node: str, message: bytes) -> None:
        self.messages += 1
        if self._world.dice.random() >= self.loss:
            asyncio.get_running_loop().call_later(0.01, self._arrive, node, message)


class Node:
    """Rooms, and a directory that tells of them."""

    def __init__(self, net: LossyNet, name: str) -> None:
        self.name = name
        self.rooms: dict[str, Room] = {}
        self.listing: Listing[Room | RemoteRoom] = Listing()
        self.elsewhere = Elsewhere(self.listing, self.rooms.__contains__)
        self.directory = Directory(LocalBus(net, name), self.elsewhere, self.rooms.values)
        boards = (self.directory.board,)
        self._tasks = [
            asyncio.get_running_loop().create_task(work)
            for work in (keep_telling(self.directory.look, boards), keep_mending(boards))
        ]

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()

    def add(self, room: Room) -> None:
        self.rooms[room.name] = room
        self.elsewhere.came(room)
        self.listing.add(room)

    def remove(self, name: str) -> None:
        self.listing.remove(self.rooms.pop(name))
        self.elsewhere.review(name)

    def listed(self) -> dict[str, News]:
        rooms, following = self.listing.page(Filter(), only_open=False, limit=10_000)
        assert following is None
        return {room.name: news_of(room) for room in rooms}


def news_of(room: Room | RemoteRoom) -> News:
    return (
        room.options,
        room.player_count,
        room.spectator_count,
        bool(room.password_hash),
        room.host_name,
        room.is_entered if isinstance(room, RemoteRoom) else room.joins > 0,
        room.barred,
    )


class Relay:
    """Several nodes, in virtual time."""

    def __init__(self, seed: int = 0) -> None:
        self.world = World(seed)
        self.net = LossyNet(self.world)
        self.loop = VirtualLoop(self.world)
        self.nodes: dict[str, Node] = {}
        self._numbers = count(1)
        self._epochs = count(1)
        self.begin()
        self.begin()

    def do(self, call: Callable[[], object]) -> None:
        self.loop.call_soon(call)
        self.world.run(0)
        assert not self.world.errors

    def begin(self) -> None:
        name = f"node-{next(self._numbers)}"
        self.do(lambda: self.nodes.update({name: Node(self.net, name)}))

    def kill(self, which: int) -> None:
        if len(self.nodes) > 1:
            node = self.nodes.pop(sorted(self.nodes)[which % len(self.nodes)])
            self.do(lambda: self.net.leave(node.name))
            self.do(node.end)

    def node(self, which: int) -> Node:
        return self.nodes[sorted(self.nodes)[which % len(self.nodes)]]

    def make_many(self, count: int) -> None:
        for number in range(count):
            self.make(0, f"R{number}", RoomOptions(title="long" * 15), "")

    def make(self, which: int, name: str, options: RoomOptions, password: str) -> None:
        node = self.node(which)
        if not any(name in each.rooms for each in self.nodes.values()):
            epoch = next(self._epochs).to_bytes(8)
            node.add(Room(name, epoch, options, password_hash=password))

    def share(self, which: int, name: str) -> None:
        """Let a further node have a room, as nodes of a cluster do."""
        node = self.node(which)
        if name not in node.rooms and (room := self.room(name)) is not None:
            node.add(room)

    def remove(self, which: int, name: str) -> None:
        if name in self.node(which).rooms:
            self.node(which).remove(name)

    def room(self, name: str) -> Room | None:
        found = (node.rooms[name] for node in self.nodes.values() if name in node.rooms)
        return next(found, None)

    def truth(self) -> dict[str, News]:
        rooms = {name: room for node in self.nodes.values() for name, room in node.rooms.items()}
        return {name: news_of(room) for name, room in rooms.items() if room.options.public}

    def check(self) -> None:
        self.world.run(QUIET_SECONDS)
        assert not self.world.errors
        for node in self.nodes.values():
            assert node.listed() == self.truth()
            known = {name for each in self.nodes.values() for name in each.rooms}
            assert len(node.rooms) + len(node.elsewhere) == len(known)
            away = (each for each in known - node.rooms.keys())
            rooms = (self.room(name) for name in away)
            assert node.elsewhere.players == sum(room.player_count for room in rooms if room)
