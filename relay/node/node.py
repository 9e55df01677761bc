"""One relay process: its rooms, its connections, and the clock, chance and secrets they lack.

The node is where the pure part meets the world. It proposes what connections and timers want,
applies what the broker has ordered, and carries out the effects.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count

from protocol import WIRE_VERSION, limits
from protocol.close_codes import CloseCode
from protocol.codec import encode, unknown_options
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Hello,
    Notice,
    NoticeDetail,
    NoticeKind,
    PlayerInfo,
    RoomOptions,
)
from protocol.limits import EPOCH_BYTES
from relay.broker import Broker
from relay.broker.memory import MemoryBroker
from relay.delivery.deferred import Deferred, Queue
from relay.delivery.delay_line import DelayLine
from relay.delivery.flush_scheduler import FlushScheduler
from relay.delivery.outbox import BATCH_BYTES
from relay.history.history import History
from relay.history.memory_budget import RESERVATIONS, ROOM_BYTES, Memory
from relay.history.ws_frame import wrap
from relay.node.admission import (
    OnJoin,
    check_app,
    check_creation,
    check_frame_size,
    check_version,
    info_of,
    judge,
    key_of,
    network_key,
    request_of,
    slow_down,
    wrong_password,
)
from relay.node.connection import Connection, Owner
from relay.node.drain import Drain
from relay.node.link import Link
from relay.node.listing import Listing
from relay.node.makers import Makers
from relay.node.registry import RoomRegistry, canonical
from relay.node.reservations import PROMISE_BYTES, Reservations
from relay.policy import machine
from relay.policy.config import Settings
from relay.policy.passwords import Passwords
from relay.policy.rate_limits import (
    AddressLimits,
    TokenBucket,
    is_loopback,
    network_of,
)
from relay.room.current_facts import FACT_BYTES
from relay.room.effects import (
    Admit,
    Close,
    Effect,
    Gone,
    Later,
    Turn,
)
from relay.room.entries import Entry, Join, Retire, Wake
from relay.room.refusals import Refusal
from relay.room.room import Room
from relay.room.seats import SEAT_BYTES

log = logging.getLogger("relay")

SWEEP_SECONDS = 5.0
TICK_SECONDS = 0.1
MEMORY_SECONDS = 60.0  # between two notices to a room that its past is lost
CATCHING_UP = 4 * BATCH_BYTES  # bytes that are read from logs in a turn of the loop
OVERHEAD = 1.5  # what the process takes for each byte that is counted
LEAST_MEMORY = 16 * 1024 * 1024  # bytes for rooms, however much the process takes without any
ROOMS_AFTER = 5000  # milliseconds after which an address with too many rooms may ask again
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
    ) -> None:
        self.settings = settings or Settings()
        self.version = WIRE_VERSION
        self.registry = RoomRegistry()
        self.memory = Memory(_limit(self.settings.memory))
        self._sweeper: asyncio.TimerHandle | None = None
        self.passwords = Passwords(
            self.settings.passwords_per_second,
            self.settings.passwords_burst,
            limit_loopback=self.settings.limit_loopback,
            site_factor=self.settings.ipv6_site_factor,
        )
        self.limits = AddressLimits(
            joins=(self.settings.joins_per_second, self.settings.joins_burst),
            rooms=(self.settings.rooms_per_second, self.settings.rooms_burst),
            connections=self.settings.connections_per_address,
            limit_loopback=self.settings.limit_loopback,
            site_factor=self.settings.ipv6_site_factor,
        )
        self.listing: Listing[Room] = Listing()
        self.makers = Makers(
            self.settings.rooms_per_address,
            limit_loopback=self.settings.limit_loopback,
            site_factor=self.settings.ipv6_site_factor,
        )
        self.reservations = Reservations(
            self.settings.matches_per_address, self.settings.ipv6_site_factor
        )
        self.connections: dict[int, Connection] = {}
        self.connects = 0
        self.draining: Drain | None = None
        """The way down, once it has begun: nobody enters any more."""
        self._on_join = on_join
        self._complaints = TokenBucket(1, 10)  # strangers cause them, and could fill the disk
        self.acks = Deferred(lambda: self.later(ACK_ROUND, self.acks.go))
        """Acknowledgements: after a round or two they take a ride, a round later they go alone."""
        self._turns = FlushScheduler(self.acks, _soon, time.monotonic)
        order: Broker = broker or MemoryBroker()
        order.follow(self._apply)
        self.append = order.append
        """Propose an entry for a room's log, by the room's name."""
        self.catching_up = Queue(_soon, CATCHING_UP)
        """Those who read from a log, in turns, so that they are no pause for the others."""
        self._alarms: dict[DelayLine, asyncio.TimerHandle] = {}
        self._told_of_memory: dict[str, float] = {}
        self._attachments = count(1)
        # Relay time is the wall clock as it was at the start, and goes on evenly from there.
        self._began = time.time() - time.monotonic()

    def clock(self) -> int:
        """Return the relay's time in microseconds: of the epoch of Unix, never jumping."""
        return int((self._began + time.monotonic()) * 1e6)

    def relay_info(self) -> dict[str, int]:
        """Count what there is."""
        return {"rooms": len(self.registry), "connections": len(self.connections)}

    def close(self) -> None:
        """Let go of what outlives a connection."""
        self.passwords.close()
        if self._sweeper is not None:
            self._sweeper.cancel()

    def max_frame(self, room: str) -> int:
        """Return how long a client's frame may be in the room that is called so."""
        found = self.registry.find(room)
        return self.settings.max_frame if found is None else found.max_frame

    # Beginning and end.

    def restore(self, rooms: Iterable[Room], returning: float) -> None:
        """Take in rooms that another relay has held. Nobody may have connected yet.

        Args: returning: seconds before which not all of their players come back.
        """
        highest = 0
        for room in rooms:
            self._adopt(room)
            self.propose(room, Wake(returning))
            highest = max(highest, *room.seats.lost, 0)
        # A connection must not be taken for one that a seat has lost.
        self._attachments = count(highest + 1)

    def _adopt(self, room: Room) -> None:
        """Take in a room with a log of this node's bounds and budget."""
        room.log.bound(self.settings.history_frames, self.settings.history_bytes)
        self.memory.adopt(room.account, room.name)
        self._add(room)

    async def drain(self, seconds: float) -> float:
        """Let everybody go within so many seconds, and nobody in. Call it once.

        Returns: seconds before which not all of them come back.
        """
        self.draining = Drain(self.connections, seconds)
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
        connection = Connection(self, link, room, address, next(self._attachments))
        refusal = self._refuse_connection(address)
        self.connects += 1
        self.connections[connection.attachment] = connection
        if refusal is not None:
            connection.is_counted = False
            connection.turned(refusal)
        return connection

    def _refuse_connection(self, address: str) -> Refusal | None:
        if self.draining is not None:
            return self.draining.refusal()
        if len(self.connections) >= self.settings.max_connections:
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
        """Propose an entry for a room's log. It may be applied before this returns."""
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
        room = self.registry.get(name)
        if room is None:
            return
        effects = room.apply(entry)
        if effects:  # rarely: most messages have none
            for effect in effects:
                self._carry_out(room, effect)

    def _carry_out(self, room: Room, effect: Effect) -> None:
        match effect:
            case Later(seconds, entry):
                self.later(seconds, lambda: self._propose_if_same(room, entry))
            case Gone():
                self._remove(room)
                log.info("room %s is gone", room.name)
            case Admit(attachment):
                if room.joins == 1:
                    self.listing.enter(room)
                    self.makers.enter(room.name)
                self.connections[attachment].admitted(room, effect)
            case Turn(attachment, refusal):
                self.connections[attachment].turned(refusal)
            case Close(attachment, code, reason):
                if attachment in self.connections:
                    self.connections[attachment].close(code, reason)

    def _propose_if_same(self, room: Room, entry: Entry) -> None:
        if self.draining is not None and not self.draining.is_due(room, entry):
            return
        # Another room may have got the name meanwhile; attachments and joins are the old one's.
        if self.registry.get(room.name) is room:
            self.propose(room, entry)

    # Rooms.

    async def create_room(self, options: RoomOptions, name: str | None, address: str) -> Room:
        """Make a room, for the asker at `address`. It is kept for a while without players.

        Raises:
            Refusal: the name is taken or impossible, or there are too many rooms.
        """
        name = canonical(name) if name else self.registry.new_name(secrets.choice)
        self._check_rooms(address)
        self._check_memory(self.memory.may_open(self._payer(name, address), ROOM_BYTES))
        password_hash = await self._hash(options.password, address)
        if self.registry.get(name) is not None:
            raise Refusal(ErrorCode.NOT_AVAILABLE, f"there is a room {name} already", retry=False)
        return self._open(name, options, password_hash, address)

    def _open(self, name: str, options: RoomOptions, password_hash: str, address: str) -> Room:
        """Make a room that is gone after a while if nobody joins, be it that nobody is let in."""
        self._check_place(address)  # once more, as a password takes its time
        if len(self.registry) >= self.settings.max_rooms:
            self._make_way()
        epoch = secrets.token_bytes(EPOCH_BYTES)
        options = replace(options, password="")
        account = self.memory.open(self._payer(name, address))
        room = Room(
            name,
            epoch,
            options,
            password_hash=password_hash,
            max_frame=self.settings.max_frame,
            log=History(
                max_frames=self.settings.history_frames,
                max_bytes=self.settings.history_bytes,
                account=account,
            ),
        )
        self._add(room)
        self.makers.make(name, address)
        log.info("room %s is open", name)
        self._carry_out(room, Later(options.keep, Retire(room.joins)))
        return room

    def _add(self, room: Room) -> None:
        self._turns.watch(room.audience.fan_out)
        self.registry.add(room)
        self.listing.add(room)
        if room.joins:
            self.listing.enter(room)
        if self._sweeper is None:
            self._sweep()
        if room.audience.delay is not None:
            delay = room.audience.delay
            delay.on_news = lambda: self._tick_in(TICK_SECONDS, room, delay)
            delay.note()

    def _remove(self, room: Room) -> None:
        self.registry.remove(room.name)
        self.listing.remove(room)
        self.makers.remove(room.name)
        room.account.close()
        self._told_of_memory.pop(room.name, None)
        if room.audience.delay is not None:
            self._cancel_tick(room.audience.delay)

    def _make_way(self) -> None:
        """Let a room go that nobody has entered, for another."""
        room = self.registry.get(self.makers.least_missed() or "")
        if room is not None:
            self._remove(room)
            log.info("room %s, which nobody had entered, made way for another", room.name)

    def _payer(self, name: str, address: str) -> str:
        """Return who is charged for a room: the address that made it, if addresses are limited."""
        is_free = is_loopback(address) and not self.settings.limit_loopback
        return name if is_free or not address else network_of(address)

    # Spectators who are kept behind.

    def _tick_in(self, seconds: float, room: Room, delay: DelayLine) -> None:
        self._cancel_tick(delay)
        alarm = self.later(seconds, lambda: self._tick(room, delay))
        if alarm is not None:
            self._alarms[delay] = alarm

    def _tick(self, room: Room, delay: DelayLine) -> None:
        """Move what delayed spectators may know, while there is more for them."""
        del self._alarms[delay]
        wait = delay.tick(time.monotonic(), room.seq)
        if wait is not None:
            self._tick_in(max(wait, TICK_SECONDS), room, delay)

    def _cancel_tick(self, delay: DelayLine) -> None:
        alarm = self._alarms.pop(delay, None)
        if alarm is not None:
            alarm.cancel()

    def _sweep(self) -> None:
        """Let what is too old go from all logs, every few seconds while there are rooms."""
        now = time.monotonic()
        self.memory.set(RESERVATIONS, PROMISE_BYTES * len(self.reservations))
        for room in self.registry:
            room.log.age(now, self.settings.history_seconds, room.needed_from)
            if room.account in self.memory.givers:
                self._tell_of_memory(room, now)
        self._sweeper = self.later(SWEEP_SECONDS, self._sweep) if len(self.registry) else None

    def _tell_of_memory(self, room: Room, now: float) -> None:
        """Tell players that their room lost its past, at most once a minute."""
        if now - self._told_of_memory.get(room.name, -MEMORY_SECONDS) < MEMORY_SECONDS:
            return
        self._told_of_memory[room.name] = now
        self.memory.givers.discard(room.account)
        notice = Notice(NoticeKind.MEMORY, NoticeDetail(seq=room.log.trimmed))
        for outbox in room.audience.fan_out.values():
            outbox.say(wrap(encode(notice)))

    def _check_memory(self, has_room: bool) -> None:
        if not has_room:
            raise Refusal(
                ErrorCode.RELAY_FULL,
                "this relay has no memory left for more of yours",
                close=CloseCode.RELAY_FULL,
                retry=True,
            )

    def _check_rooms(self, address: str) -> None:
        self.check_open()
        self._check_place(address)
        slow_down(self.limits.make_room(address, time.monotonic()), "rooms made")

    def _check_place(self, address: str) -> None:
        most = self.settings.rooms_per_address
        if not self.makers.may_make(address):
            raise Refusal(
                ErrorCode.TOO_FAST,
                f"too many rooms from your address: it may have {most} at a time",
                close=CloseCode.TOO_FAST,
                limit=most,
                retry=True,
                after=ROOMS_AFTER,
            )
        is_full = len(self.registry) >= self.settings.max_rooms
        if is_full and self.makers.least_missed() is None:
            raise Refusal(
                ErrorCode.RELAY_FULL,
                "this relay has no room for another room",
                close=CloseCode.RELAY_FULL,
                limit=self.settings.max_rooms,
                retry=True,
            )

    async def _hash(self, password: str, address: str) -> str:
        if not password:
            return ""
        return await self.passwords.hash(password, address, time.monotonic())

    # Admission.

    async def admit(self, connection: Connection, hello: Hello, message: bytes) -> None:
        """Decide whether a HELLO may enter its room, and propose that it joins.

        Raises:
            Refusal: it may not.
        """
        options = hello.options
        check_version(hello)
        name = canonical(connection.room_name)
        slow_down(self.limits.join(connection.address, time.monotonic()), "joins")
        key = key_of(name, options.seat)
        room, info = await self._find_or_open(name, key, hello, connection.address)
        if connection.is_closed:
            return
        if room.seat_of(key) is None:
            self._check_memory(room.account.may_grow(SEAT_BYTES + 2 * FACT_BYTES))
            if info.role == "player":
                self._check_places(room, connection.address)
        connection.hello = hello
        connection.ignored = unknown_options(message)
        network = network_key(name, self.limits.network(connection.address))
        self.propose(room, Join(connection.attachment, key, info, options.position, network))

    def too_late(self, connection: Connection) -> Refusal:
        """Say, to the operator and to the client, that a HELLO was not decided about in time."""
        seconds = self.settings.admit_seconds
        if not self._complaints.ask(1, time.monotonic()):
            what = (
                "connection %d is turned away: on_join, or a password, did not decide within %g s"
            )
            log.warning(what, connection.attachment, seconds)
        return Refusal(
            ErrorCode.RELAY_FULL,
            "it was not decided in time whether you may enter: come back later",
            close=CloseCode.RELAY_FULL,
            retry=True,
        )

    def _check_places(self, room: Room, address: str) -> None:
        now = time.monotonic()
        is_promised = self.reservations.take(room.name, address, now)
        others = self.reservations.count(room.name, now)
        if not is_promised and others and room.player_count + others >= room.options.capacity:
            raise Refusal(
                ErrorCode.ROOM_FULL,
                "the last places of this room are promised to others for some seconds",
                close=CloseCode.ROOM_FULL,
                limit=room.options.capacity,
                retry=True,
            )

    async def _find_or_open(
        self, name: str, key: bytes | None, hello: Hello, address: str
    ) -> tuple[Room, PlayerInfo]:
        """Return the room, and how the joiner is to be known there.

        Checking passwords and asking the game take time, in which rooms come and go: whatever was
        found out about another room than the one that is there at the end is found out again.
        """
        while True:
            room = self.registry.get(name)
            check_frame_size(hello.options, self.max_frame(name))
            if room is not None and room.seat_of(key) is not None:
                return room, info_of(hello.options)
            wanted, password_hash = RoomOptions(), ""
            if room is None:
                wanted = self._wanted(hello, name)
                self._check_rooms(address)
                self._check_memory(self.memory.may_open(self._payer(name, address), ROOM_BYTES))
                password_hash = await self._hash(wanted.password, address)
            else:
                check_app(room, hello.options)
                await self._check_password(room, hello.options.password, address)
            info = await judge(self._on_join, request_of(name, hello.options, address))
            if self.registry.get(name) is room:
                return room or self._open(name, wanted, password_hash, address), info

    def _wanted(self, hello: Hello, name: str) -> RoomOptions:
        wanted = check_creation(hello, name)
        if isinstance(hello.options.create, RoomOptions):
            return wanted
        return replace(self.settings.room_options, app=wanted.app, build=wanted.build)

    async def _check_password(self, room: Room, password: str, address: str) -> None:
        if not room.password_hash:
            return
        if not password:
            raise wrong_password(password)
        hashed, now = room.password_hash, time.monotonic()
        if not await self.passwords.verify(hashed, password, room.name, address, now):
            raise wrong_password(password)


def _limit(memory: int) -> int:
    """Return how much rooms may hold for the process to stay within so much memory."""
    return max(int((memory - machine.resident()) / OVERHEAD), LEAST_MEMORY)


def _soon(call: Callable[[], object]) -> None:
    asyncio.get_running_loop().call_soon(call)
