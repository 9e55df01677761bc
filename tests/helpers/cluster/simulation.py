"""Rooms over several nodes for some minutes, with everything that goes wrong: in a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from protocol.codec import pack
from protocol.frames import Kick, Set, Transfer
from relay.room.entries import Dissolve, Operate, Say, incarnation_of
from tests.helpers.cluster.checker import Checker
from tests.helpers.cluster.nodes import Node, Player
from tests.helpers.cluster.simulated_log import FINE, Air, Engine, Weather
from tests.helpers.cluster.virtual_time import World

SETTLES: Final = 90.0
"""Seconds within which all is well again after the last fault: seats are held, logs audited."""


class Simulation:
    """Some nodes and players, and what happens to them.

    Attributes:
        faults: what goes wrong, each a method; `run` chooses among them.
    """

    def __init__(
        self,
        seed: int,
        weather: Weather = FINE,
        *,
        engine: type[Engine] = Engine,
        node: type[Node] = Node,
        nodes: int = 3,
        rooms: int = 2,
        players: int = 3,
        kept: int = 150,
    ) -> None:
        """Args: players: of each room. kept: entries of each room that the log keeps."""
        self.world = World(seed)
        self.checker = Checker()
        self.engine = engine(self.world, weather, kept)
        self._air = Air(self.engine)
        self._node = node
        self._made = 0
        self.nodes: list[Node] = []
        for _ in range(nodes):
            self._add_node()
        self.players = [
            Player(f"p{room}.{number}", f"ROOM{room}", self)
            for room in range(rooms)
            for number in range(players)
        ]
        self.faults: list[Callable[[], None]] = [
            self.lose_leader,
            self.freeze,
            self.cut,
            self.kill,
            self.reconnect,
            self.leave,
            self.operate,
        ]
        self._is_over = False

    def somewhere(self) -> Node:
        return self.world.dice.choice(self.nodes)

    def run(self, seconds: float, *, fault_every: float = 2.0) -> None:
        """Let players play for so long, mend all, and check what happened."""
        self._play()
        if fault_every:
            self._go_wrong(fault_every)
        self.world.run(seconds)
        self._is_over = True
        self._heal()
        for _ in range(int(SETTLES)):
            self.world.run(1.0)
            if self.checker.faults or self._is_settled():
                break
        self._check()

    # What happens.

    def _play(self) -> None:
        dice = self.world.dice
        if not self._is_over:
            for _ in range(dice.choice((1, 1, 1, 5))):
                dice.choice(self.players).send()
            self.world.after(dice.expovariate(60), self._play)

    def _go_wrong(self, every: float) -> None:
        if not self._is_over:
            self.world.dice.choice(self.faults)()
            pause = self.world.dice.expovariate(1 / every)
            self.world.after(pause, self._go_wrong, every)

    def lose_leader(self) -> None:
        self.engine.is_leaderless = True
        self.world.after(self.world.dice.uniform(0.5, 5), self._elect)

    def _elect(self) -> None:
        self.engine.is_leaderless = False

    def refuse_snapshots(self) -> None:
        self.engine.takes_snapshots = False
        self.world.after(self.world.dice.uniform(5, 20), self._take_snapshots)

    def _take_snapshots(self) -> None:
        self.engine.takes_snapshots = True

    def freeze(self) -> None:
        node = self.somewhere()
        node.loop.freeze()
        self.world.after(self.world.dice.uniform(0.2, 5), node.loop.thaw)

    def cut(self) -> None:
        node = self.somewhere()
        node.log.is_cut = True
        self.world.after(self.world.dice.uniform(0.2, 5), self._mend, node)

    def _mend(self, node: Node) -> None:
        node.log.is_cut = node.loop.is_dead

    def kill(self) -> None:
        self._kill(self.somewhere())

    def kill_all(self) -> None:
        for node in list(self.nodes):
            self._kill(node)

    def _kill(self, node: Node) -> None:
        node.kill()
        self.nodes.remove(node)
        self._add_node()

    def _add_node(self) -> None:
        self._made += 1
        self.nodes.append(self._node(f"n{self._made}", self.engine, self._air, self.checker))

    def reconnect(self) -> None:
        self.world.dice.choice(self.players).close()

    def leave(self) -> None:
        self.world.dice.choice(self.players).leave()

    def operate(self) -> None:
        """Let an operator do, at some node, what leaves its room there."""
        dice = self.world.dice
        frame = dice.choice(
            [
                Kick(dice.randint(1, 9), "enough"),
                Transfer(dice.randint(1, 9)),
                Set(0, "@capacity", pack(dice.randint(8, 16))),
                None,
            ]
        )
        self.somewhere().operate(
            self._some_room(),
            lambda errand: Say(errand, "hello") if frame is None else Operate(errand, frame),
        )

    def dissolve(self) -> None:
        self.somewhere().operate(self._some_room(), Dissolve)

    def _some_room(self) -> str:
        return self.world.dice.choice(self.players).room

    def _heal(self) -> None:
        self.engine.weather = FINE
        self.engine.is_leaderless = False
        self.engine.takes_snapshots = True
        for node in self.nodes:
            node.loop.thaw()
            self._mend(node)
        for player in self.players:
            player.is_quiet = True

    # What is right in the end.

    def _is_settled(self) -> bool:
        return all(player.is_settled for player in self.players) and not self._differences()

    def _differences(self) -> list[str]:
        """Say which replicas do not stand where the log ends, and which seats nobody has."""
        found = []
        connected = {
            (player.room, attachment)
            for node in self.nodes
            for attachment, player in node.players.items()
        }
        for node in self.nodes:
            assert node.broker is not None
            for name, replica in node.broker.replicas.items():
                entries = self.engine.store.rooms[name]
                if entries and replica.chain.applied != entries[-1].seq:
                    found.append(f"{node.name} is at {replica.chain.applied} of {name}'s log")
            for name, room in node.rooms.items():
                found += [
                    f"nobody has a seat of {incarnation_of(attachment)}"
                    for attachment in room.seats.attached
                    if (name, attachment) not in connected
                ]
        return found

    def _check(self) -> None:
        faults = self.checker.faults
        faults += self._differences()
        faults += [
            f"{player.name!r} waits for {list(player.pending)[:3]}"
            for player in self.players
            if not player.is_settled
        ]
        faults += [f"not handled: {error}" for error in self.world.errors]
        for node in self.nodes:
            assert node.broker is not None
            for name, room in node.rooms.items():
                replica = node.broker.replicas[name]
                self.checker.watch(node.name, room)
                self.checker.compare_states(node.name, replica, room)
        acknowledged: dict[tuple[bytes, bytes], set[int]] = {}
        for player in self.players:
            acknowledged.update(player.acknowledged)
        self.checker.check_told(acknowledged)
