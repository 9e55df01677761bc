"""One relay process: its rooms, its connections, and the clock, chance and secrets they lack.

The node is where the pure part meets the world. It proposes what connections and timers want,
applies what the broker has ordered, and carries out the effects.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from protocol import WIRE_VERSION, limits
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Hello, RoomOptions
from relay.broker import Broker
from relay.broker.memory import MemoryBroker
from relay.delivery.deferred import Deferred, Queue
from relay.delivery.flush_scheduler import FlushScheduler
from relay.delivery.outbox import BATCH_BYTES
from relay.delivery.tally import Tally
from relay.lobby.homes import ALONE, Homes
from relay.lobby.reservations import Reservations
from relay.lobby.rooms import Rooms
from relay.node.admission import Admission
from relay.node.connection import Connection, Owner
from relay.node.counting.loop_lag import LoopLag
from relay.node.drain import Drain
from relay.node.journal import Journal
from relay.node.link import Link
from relay.node.on_join import OnJoin
from relay.node.operating import Operating
from relay.node.shapes import Shapes
from relay.node.tending.effects import Effects
from relay.node.tending.keeping import Keeping
from relay.node.tending.sweeping import Sweeping
from relay.node.tending.ticks import Ticks
from relay.policy.config import Settings
from relay.policy.passwords import Passwords
from relay.policy.rate_limits import AddressLimits
from relay.room.effects import Later
from relay.room.entries import Entry, Retire, Wake
from relay.room.refusals import Refusal
from relay.room.room import Room

log = logging.getLogger("relay")

CATCHING_UP = 4 * BATCH_BYTES  # bytes that are read from histories in a turn of the loop
JOIN_SECONDS = 5.0  # for whoever has made a room to enter it, where entries take their time
ACK_ROUND = 0.95 * limits.ACK_SECONDS / 3


class Node(Owner):
    """The rooms and connections of one process.

    Use it within one event loop, and call `close` at its end.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        on_join: OnJoin | None = None,
        broker: Broker | None = None,
        homes: Homes = ALONE,
    ) -> None:
        """Args: homes: which rooms live in this process."""
        self.settings = settings or Settings()
        self.version = WIRE_VERSION
        self.journal = Journal()
        self.passwords = _passwords(self.settings)
        self.limits = _limits(self.settings)
        self.acks = Deferred(lambda: self.later(ACK_ROUND, self.acks.go))
        """Acknowledgements: after a round or two they take a ride, a round later they go alone."""
        self.catching_up = Queue(_soon, CATCHING_UP)
        """Those who read from a history, in turns, so that they are no pause for the others."""
        # Relay time is the wall clock as it was at the start, and goes on evenly from there.
        self._began = time.time() - time.monotonic()
        self._broker: Broker = broker or MemoryBroker()
        self.is_alone = isinstance(self._broker, MemoryBroker)
        """No other node has its rooms."""
        self.tally = Tally(time.perf_counter, times=self.is_alone)
        self.append = self._broker.append
        """Propose an entry for a room, by the room's name."""
        self.connections: dict[int, Connection] = {}
        self.connects = 0
        self.loop_lag = LoopLag(self.later, time.perf_counter, lambda: bool(self.connections))
        self.draining: Drain | None = None
        """The way down, once it has begun: nobody enters any more."""
        self.rooms = self._make_rooms(homes)
        self.registry = self.rooms.registry
        self._by_name = self.registry.by_name
        self.memory = self.rooms.memory
        self.reservations = Reservations(
            self.settings.matches_per_address, self.settings.ipv6_site_factor
        )
        self._admission = self._make_admission(on_join)
        self.operating = Operating(self.registry, self._broker)
        self.shapes = Shapes(self.connections)
        self._tend()

    def _make_rooms(self, homes: Homes) -> Rooms:
        flushes = FlushScheduler(self.acks, _soon, time.monotonic, self.tally)
        return Rooms(
            self.settings,
            self.limits,
            self.passwords,
            homes=homes,
            check_open=self.check_open,
            begin=self._broker.create,
            retire=lambda room: self.propose(room, Retire(room.joins)),
            fan_out=flushes.fan_out,
            added=self._watch,
            removed=self._forget,
            opened=self.journal.opened,
            made_way=self.journal.made_way,
        )

    def _make_admission(self, on_join: OnJoin | None) -> Admission:
        return Admission(
            self.settings,
            self.rooms,
            self.limits,
            self.passwords,
            self.reservations,
            self.journal,
            on_join,
            self._broker.attach,
            self._when_it_came,
        )

    def _tend(self) -> None:
        """Look after rooms from now on."""
        self._effects = Effects(
            self.rooms,
            self.connections,
            self._broker,
            self.journal,
            self.shapes,
            self.operating,
            is_alone=self.is_alone,
            is_due=self._is_due,
            clock=self.clock,
        )
        self._ticks = Ticks(self.later)
        self._sweeping = Sweeping(
            self.rooms, self.reservations, self._broker, self.settings.history_seconds
        )
        self._broker.follow(self._apply if self.is_alone else self._apply_shared)
        self._broker.keep(Keeping(self.rooms, self.connections, self._effects.carry_out))

    def clock(self) -> int:
        """Return the relay's time in microseconds: of the epoch of Unix, never jumping."""
        return int((self._began + time.monotonic()) * 1e6)

    def _when_it_came(self, connection: Connection) -> int:
        """Return milliseconds that other nodes can compare; 0 if there are none."""
        return 0 if self.is_alone else connection.entrance.began

    def close(self) -> None:
        """Let go of what outlives a connection."""
        self.passwords.close()
        self.loop_lag.end()
        self._sweeping.stop()

    def max_frame(self, room: str) -> int:
        return self.rooms.max_frame(room)

    # Beginning and end.

    def restore(self, rooms: Iterable[Room], returning: float) -> None:
        """Take in rooms that another relay has held. Nobody may have connected yet.

        Args: returning: seconds before which not all of their players come back.
        """
        highest = 0
        for room in rooms:
            self.rooms.adopt(room)
            self.propose(room, Wake(returning))
            highest = max(highest, *room.seats.lost, 0)
        # A connection must not be taken for one that a seat has lost.
        self._broker.skip_attachments(highest)

    async def drain(self, seconds: float) -> float:
        """Let everybody go within so many seconds, and nobody in. Call it once.

        Returns: seconds before which not all of them come back.
        """
        self.draining = Drain(self.connections, seconds, comes_back=self.is_alone)
        if self.connections:
            what = "going down: %d connections end within %g s, or now upon a second signal"
            log.info(what, len(self.connections), seconds)
        await self.draining.run()
        return self.draining.returning

    def hurry(self) -> None:
        """Let everybody go at once, if they are to go anyway."""
        if self.draining is not None:
            self.draining.hurry()

    def check_open(self) -> None:
        """Raise `Refusal` if nobody may enter any more."""
        if self.draining is not None:
            raise self.draining.refusal()

    # Connections.

    def connect(self, link: Link, room: str, address: str) -> Connection:
        """Take a connection in, before its HELLO.

        A connection that this node or this address has no place for is closed at once: it is
        told so, and may come back.
        """
        attachment = self._broker.next_attachment()
        while attachment in self.connections:  # numbers begin anew after 4 million
            attachment = self._broker.next_attachment()
        connection = Connection(self, link, room, address, attachment)
        refusal = self._refuse_connection(address)
        self.connects += 1
        self.loop_lag.watch()
        self.connections[connection.attachment] = connection
        if refusal is not None:
            connection.is_counted = False
            connection.turned(refusal)
        return connection

    def _refuse_connection(self, address: str) -> Refusal | None:
        if self.draining is not None:
            return self.draining.refusal()
        if len(self.connections) + self.limits.elsewhere >= self.settings.max_connections:
            text = "this relay is full"
        elif not self.limits.connect(address):
            text = "too many connections from your address"
        else:
            return None
        return Refusal(ErrorCode.RELAY_FULL, text, close=CloseCode.RELAY_FULL, retry=True)

    def forget(self, connection: Connection) -> None:
        """Let a connection go that is no more."""
        if self.connections.pop(connection.attachment, None) and connection.is_counted:
            self.limits.disconnect(connection.address)
        if self.draining is not None:
            self.draining.note_departure()

    # Entries and effects.

    def propose(self, room: Room, entry: Entry) -> None:
        """Propose an entry for a room. It may be applied before this returns."""
        self.append(room.name, entry)

    def later(self, seconds: float | None, call: Callable[[], None]) -> asyncio.TimerHandle | None:
        """Call after so many seconds; None is never."""
        if seconds is None:
            return None
        return asyncio.get_running_loop().call_later(seconds, call)

    def soon(self, call: Callable[[], None]) -> Callable[[], None]:
        """Return what asks for a call in the next turn of the loop: it may be called anywhere."""
        loop = asyncio.get_running_loop()

        def ask() -> None:
            loop.call_soon(call)

        return ask

    def _apply(self, name: str, entry: Entry) -> None:
        room = self._by_name.get(name)
        if room is None:
            return
        effects = room.apply(entry)
        if effects:  # rarely: most messages have none
            for effect in effects:
                self._effects.carry_out(room, effect)

    def _apply_shared(self, name: str, entry: Entry) -> None:
        """Apply an entry that was proposed a while ago, here or at another node."""
        self._apply(name, entry)
        attachment = entry[0] if isinstance(entry, tuple) else getattr(entry, "attachment", 0)
        connection = self.connections.get(attachment)
        if connection is not None:
            connection.taken()

    def _is_due(self, room: Room, entry: Entry) -> bool:
        return self.draining is None or self.draining.is_due(room, entry)

    # Rooms.

    async def create_room(self, options: RoomOptions, name: str | None, address: str) -> Room:
        """Make a room, for the asker at `address`. It is kept for a while without players.

        Raises:
            Refusal: the name is taken or impossible, or there are too many rooms.
        """
        return await self.rooms.create(options, name, address)

    def _watch(self, room: Room) -> None:
        """Look after a room from now on."""
        self._sweeping.begin()
        delay = room.audience.delay
        if delay is not None:
            self._ticks.watch(room, delay)
        if not room.joins:  # gone after a while if nobody joins, be it that nobody is let in
            least = 0.0 if self.is_alone else JOIN_SECONDS
            self._effects.carry_out(room, Later(max(room.options.keep, least), Retire(0)))

    def _forget(self, room: Room) -> None:
        self._sweeping.forget(room)
        if room.audience.delay is not None:
            self._ticks.forget(room.audience.delay)

    # Admission.

    async def admit(self, connection: Connection, hello: Hello, message: bytes) -> None:
        await self._admission.admit(connection, hello, message)

    def too_late(self, connection: Connection) -> Refusal:
        return self._admission.too_late(connection)


def _passwords(settings: Settings) -> Passwords:
    return Passwords(
        settings.passwords_per_second,
        settings.passwords_burst,
        limit_loopback=settings.limit_loopback,
        site_factor=settings.ipv6_site_factor,
    )


def _limits(settings: Settings) -> AddressLimits:
    return AddressLimits(
        joins=(settings.joins_per_second, settings.joins_burst),
        rooms=(settings.rooms_per_second, settings.rooms_burst),
        connections=settings.connections_per_address,
        limit_loopback=settings.limit_loopback,
        site_factor=settings.ipv6_site_factor,
    )


def _soon(call: Callable[[], object]) -> None:
    asyncio.get_running_loop().call_soon(call)
