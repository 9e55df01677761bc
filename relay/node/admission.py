"""All that a HELLO passes on its way into a room: versions, passwords, places, and `on_join`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from protocol import WIRE_VERSION, WIRE_VERSION_MIN
from protocol.close_codes import CloseCode
from protocol.codec import unknown_options
from protocol.error_codes import ErrorCode
from protocol.frames import Hello, HelloOptions, PlayerInfo, RoomOptions
from protocol.limits import HEAD_ROOM
from relay.lobby.registry import canonical
from relay.lobby.reservations import Reservations
from relay.lobby.rooms import Rooms, check_memory
from relay.node.connection import Connection
from relay.node.journal import Journal
from relay.node.on_join import OnJoin, info_of, judge, request_of
from relay.policy.config import Settings
from relay.policy.keys import key_of, network_key
from relay.policy.passwords import Passwords
from relay.policy.rate_limits import AddressLimits
from relay.room.current_facts import FACT_BYTES
from relay.room.entries import Join
from relay.room.refusals import Refusal, slow_down
from relay.room.room import Room
from relay.room.seats import SEAT_BYTES


class Admission:
    """Decides who may enter, as far as the room itself cannot say."""

    def __init__(
        self,
        settings: Settings,
        rooms: Rooms,
        limits: AddressLimits,
        passwords: Passwords,
        reservations: Reservations,
        journal: Journal,
        on_join: OnJoin | None,
        attach: Callable[[str], Awaitable[None]],
        came: Callable[[Connection], int],
    ) -> None:
        """
        Args:
            attach: brings the room of a name here, if there is one anywhere.
            came: tells when a connection came; see `Join.at`.
        """
        self._settings = settings
        self._rooms = rooms
        self._limits = limits
        self._passwords = passwords
        self._reservations = reservations
        self._journal = journal
        self._on_join = on_join
        self._attach = attach
        self._came = came

    async def admit(self, connection: Connection, hello: Hello, message: bytes) -> None:
        """Decide whether a HELLO may enter its room, and propose that it joins.

        Raises:
            Refusal: it may not.
        """
        # SPEC 10 lists these checks in this order, from here to the room's own in membership.py.
        options = hello.options
        check_version(hello)
        name = canonical(connection.room_name)
        slow_down(self._limits.join(connection.address, time.monotonic()), "joins")
        key = key_of(name, options.seat)
        found = await self._find_or_open(name, key, hello, connection)
        if found is None:
            return
        room, info = found
        if room.seat_of(key) is None:
            check_memory(room.account.may_grow(SEAT_BYTES + 2 * FACT_BYTES))
            if info.role == "player":
                self._check_places(room, connection.address)
        connection.hello = hello
        connection.conduct.secrets = _secrets(options)
        connection.ignored = unknown_options(message)
        network = network_key(name, self._limits.network(connection.address))
        at, attachment = self._came(connection), connection.attachment
        if attachment in room.seats.lost:  # of long ago: its number came once more
            raise come_again()
        connection.node.propose(room, Join(attachment, key, info, options.position, network, at))

    def too_late(self, connection: Connection) -> Refusal:
        """Say, to the operator and to the client, that a HELLO was not decided about in time."""
        self._journal.undecided(connection.attachment, self._settings.admit_seconds)
        return Refusal(
            ErrorCode.RELAY_FULL,
            "it was not decided in time whether you may enter: come back later",
            close=CloseCode.RELAY_FULL,
            retry=True,
        )

    def _check_places(self, room: Room, address: str) -> None:
        now = time.monotonic()
        is_promised = self._reservations.take(room.name, address, now)
        others = self._reservations.count(room.name, now)
        if not is_promised and others and room.player_count + others >= room.options.capacity:
            raise Refusal(
                ErrorCode.ROOM_FULL,
                "the last places of this room are promised to others for some seconds",
                close=CloseCode.ROOM_FULL,
                limit=room.options.capacity,
                retry=True,
            )

    async def _find_or_open(
        self, name: str, key: bytes | None, hello: Hello, connection: Connection
    ) -> tuple[Room, PlayerInfo] | None:
        """Return the room, and the joiner's info there; None if the joiner has gone.

        Checking passwords and asking the game take time, in which rooms come and go. If the room is
        another one at the end, all is checked again.
        """
        address = connection.address
        while True:
            await self._attach(name)
            room = self._rooms.registry.get(name)
            check_frame_size(hello.options, self._rooms.max_frame(name))
            # SPEC 10.5: no password, lock or capacity stands in the way of a known seat.
            if room is not None and room.seat_of(key) is not None:
                return room, info_of(hello.options)
            wanted, password_hash = RoomOptions(), ""
            if room is None:
                wanted = self._wanted(hello, name)
                self._rooms.check_may_make(name, address)
                password_hash = await self._rooms.hash(wanted.password, address)
            else:
                check_app(room, hello.options)
                await self._check_password(room, hello.options.password, address)
            info = await self._judge(name, hello.options, connection)
            if _has_gone(connection):  # the game's code may go on though its task was cancelled
                return None
            if self._rooms.registry.get(name) is room:
                if room is None:
                    room = await self._rooms.open(name, wanted, password_hash, address)
                if _has_gone(connection):
                    return None
                if room is not None:
                    return room, info

    async def _judge(self, name: str, options: HelloOptions, connection: Connection) -> PlayerInfo:
        try:
            return await judge(self._on_join, request_of(name, options, connection.address))
        except Refusal:
            raise
        except Exception as error:
            if not connection.is_closed:
                self._journal.fault(connection.attachment, name, error)
            raise undecidable() from error

    def _wanted(self, hello: Hello, name: str) -> RoomOptions:
        wanted = check_creation(hello, name)
        if isinstance(hello.options.create, RoomOptions):
            return wanted
        return replace(self._settings.room_options, app=wanted.app, build=wanted.build)

    async def _check_password(self, room: Room, password: str, address: str) -> None:
        if not room.password_hash:
            return
        if not password:
            raise wrong_password(password)
        hashed, now = room.password_hash, time.monotonic()
        if not await self._passwords.verify(hashed, password, room.name, address, now):
            raise wrong_password(password)


def _has_gone(connection: Connection) -> bool:
    # By a call: mypy believes that what was False before an await is so after it, too.
    return connection.is_closed


def check_version(hello: Hello) -> None:
    """Raise unless a version is spoken by both sides."""
    lowest = hello.options.min or hello.version
    if lowest > WIRE_VERSION or hello.version < WIRE_VERSION_MIN:
        raise Refusal(
            ErrorCode.VERSION,
            f"this relay speaks wire version {WIRE_VERSION_MIN} to {WIRE_VERSION}, "
            f"you speak {lowest} to {hello.version}",
            close=CloseCode.VERSION,
            expected=f"{WIRE_VERSION_MIN}..{WIRE_VERSION}",
            got=f"{lowest}..{hello.version}",
        )


def check_frame_size(options: HelloOptions, max_frame: int) -> None:
    """Raise if players here may send more than this client takes."""
    # SPEC 10.3: DELIVER and UPDATE may be so much longer than what was sent.
    longest = max_frame + HEAD_ROOM
    if longest > options.max_frame:
        raise Refusal(
            ErrorCode.FRAME_SIZE,
            f"frames in this room may have {longest} bytes, you take {options.max_frame}",
            close=CloseCode.FRAME_SIZE,
            expected=f"max_frame of at least {longest}",
            got=str(options.max_frame),
            limit=longest,
        )


def check_app(room: Room, options: HelloOptions) -> None:
    """Raise if the room was made by another game, or another build of it."""
    for what in ("app", "build"):
        theirs, ours = getattr(options, what), getattr(room.options, what)
        if ours and theirs != ours:
            raise Refusal(
                ErrorCode.OTHER_APP,
                f"this room is of {what} {ours!r}, you are {theirs!r}",
                close=CloseCode.OTHER_APP,
                expected=ours,
                got=theirs,
            )


def check_creation(hello: Hello, name: str) -> RoomOptions:
    """Return the options for the missing room that this HELLO makes, or raise."""
    options = hello.options
    if options.position is not None:
        raise Refusal(ErrorCode.ROOM_GONE, f"room {name} is no more")
    if options.create is False:
        raise Refusal(
            ErrorCode.NO_SUCH_ROOM,
            f"there is no room {name}",
            close=CloseCode.NO_SUCH_ROOM,
            retry=True,
        )
    wanted = options.create if isinstance(options.create, RoomOptions) else RoomOptions()
    return replace(wanted, app=wanted.app or options.app, build=wanted.build or options.build)


def come_again() -> Refusal:
    return Refusal(
        ErrorCode.RELAY_FULL,
        "a seat of this room was left by a connection of the same number: connect again",
        close=CloseCode.RELAY_FULL,
        retry=True,
    )


def undecidable() -> Refusal:
    # SPEC 8: this code says stay away, or a client would ask code that fails again and again.
    return Refusal(
        ErrorCode.NOT_ADMITTED,
        "this game could not decide whether you may enter: try again later",
        close=CloseCode.NOT_ADMITTED,
        retry=True,
    )


def wrong_password(got: str) -> Refusal:
    return Refusal(
        ErrorCode.WRONG_PASSWORD,
        "the password is wrong" if got else "the room wants a password",
        close=CloseCode.WRONG_PASSWORD,
        retry=True,
    )


def _secrets(options: HelloOptions) -> tuple[bytes, ...]:
    """Return the secrets of a HELLO, as their bytes stand in messages."""
    told = (options.password.encode(), options.ticket.encode(), options.seat or b"")
    return tuple(secret for secret in told if secret)
