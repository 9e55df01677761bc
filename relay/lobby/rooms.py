"""All rooms: made and let go of, as many as the relay and each address may have."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import RoomOptions
from protocol.limits import EPOCH_BYTES
from relay.delivery.fan_out import FanOut
from relay.history.history import History
from relay.history.memory_budget import ROOM_BYTES, Memory
from relay.lobby.elsewhere import Elsewhere, RemoteRoom
from relay.lobby.homes import Homes
from relay.lobby.listing import Filter, Listing, is_open
from relay.lobby.makers import Makers
from relay.lobby.registry import RoomRegistry, canonical
from relay.policy import machine
from relay.policy.config import Settings
from relay.policy.keys import network_key
from relay.policy.passwords import Passwords
from relay.policy.rate_limits import AddressLimits, is_loopback, network_of
from relay.room.entries import Create
from relay.room.refusals import Refusal, slow_down
from relay.room.room import Room

OVERHEAD = 1.5  # what the process takes for each byte that is counted
LEAST_MEMORY = 16 * 1024 * 1024  # bytes for rooms, however much the process takes without any
ROOMS_AFTER = 5000  # milliseconds after which an address with too many rooms may ask again


class Rooms:
    """Every room of a relay, and who has made it.

    Attributes:
        registry: the rooms by name. elsewhere: those that other nodes have. listing: all of them,
            in the order in which they are listed.
        makers: the address that made each. memory: what all of them hold.
    """

    def __init__(
        self,
        settings: Settings,
        limits: AddressLimits,
        passwords: Passwords,
        *,
        homes: Homes,
        check_open: Callable[[], None],
        begin: Callable[[Create], Awaitable[None]],
        retire: Callable[[Room], None],
        fan_out: Callable[[], FanOut],
        added: Callable[[Room], None],
        removed: Callable[[Room], None],
        opened: Callable[[str], None],
        made_way: Callable[[str], None],
    ) -> None:
        """
        Args:
            homes: which rooms live in this process.
            check_open: raises `Refusal` if nobody may enter any more.
            begin: proposes that a room begins, and returns when there is one of its name: `make`
                was called, unless there was one already. retire: proposes that an empty room ends.
            fan_out: makes that of a room.
            added: called with each room that there is from then on; removed: with one that is gone.
            opened: called with the name of each new room; made_way: with that of one which was let
                go for another.
        """
        self.registry = RoomRegistry(homes)
        self.listing: Listing[Room | RemoteRoom] = Listing()
        self.elsewhere = Elsewhere(self.listing, lambda name: self.registry.get(name) is not None)
        self.makers = Makers(
            settings.rooms_per_address,
            limit_loopback=settings.limit_loopback,
            site_factor=settings.ipv6_site_factor,
        )
        self.memory = Memory(_limit(settings.memory))
        self._settings = settings
        self._limits = limits
        self._passwords = passwords
        self._check_open = check_open
        self._begin = begin
        self._retire = retire
        self._fan_out = fan_out
        self._added = added
        self._removed = removed
        self._opened = opened
        self._made_way = made_way
        self._askers: dict[bytes, str] = {}
        """The address that asked for each room which is to begin, by epoch."""

    def __len__(self) -> int:
        """Return how many rooms all nodes have."""
        return len(self.registry) + len(self.elsewhere)

    def find(self, name: str) -> Room | RemoteRoom | None:
        """Return the room of this name, in capitals or not, whichever node has it."""
        return self.registry.find(name) or self.elsewhere.find(name.upper())

    def hidden_page(
        self, wanted: Filter, *, only_open: bool, limit: int, after: str = ""
    ) -> tuple[list[Room | RemoteRoom], str | None]:
        """Return a page of all rooms. `listing.page` does the same for those that are public."""
        every: list[Room | RemoteRoom] = [*self.registry, *self.elsewhere]
        fitting = [
            room
            for room in sorted(every, key=lambda room: room.name)
            if room.name > after and wanted.fits(room.options) and (is_open(room) or not only_open)
        ]
        page = fitting[:limit]
        return page, page[-1].name if len(fitting) > limit else None

    def max_frame(self, name: str) -> int:
        """Return how many bytes a client's frame may have in the room of this name."""
        # SPEC 10.3: a room keeps its limit, or what was sent within it could not be sent again.
        found = self.registry.find(name)
        return self._settings.max_frame if found is None else found.max_frame

    async def create(self, options: RoomOptions, name: str | None, address: str) -> Room:
        """Make a room, for the asker at `address`. It is kept for a while without players.

        Raises:
            Refusal: the name is taken or impossible, or there are too many rooms.
        """
        name = canonical(name) if name else self.registry.new_name(secrets.choice)
        self.check_may_make(name, address)
        password_hash = await self.hash(options.password, address)
        room = None
        if self.registry.get(name) is None:
            room = await self.open(name, options, password_hash, address)
        if room is None:
            raise Refusal(ErrorCode.NOT_AVAILABLE, f"there is a room {name} already", retry=False)
        return room

    async def open(
        self, name: str, options: RoomOptions, password_hash: str, address: str
    ) -> Room | None:
        """Have a room begin. It goes after a while if nobody joins, even if nobody is let in.

        Returns: None if meanwhile somebody else has made a room of this name.
        """
        self._check_place(address)  # once more, as a password takes its time
        if len(self) >= self._settings.max_rooms:
            self._make_way()
        settings, epoch = self._settings, secrets.token_bytes(EPOCH_BYTES)
        create = Create(
            name,
            epoch,
            replace(options, password=""),
            password_hash,
            settings.max_frame,
            settings.history_frames,
            settings.history_bytes,
        )
        self._askers[epoch] = address
        try:
            await self._begin(create)
        finally:
            del self._askers[epoch]
        room = self.registry.get(name)
        if room is None or room.epoch != epoch:
            return None
        self._opened(name)
        return room

    def make(self, create: Create) -> Room:
        """Make a room, on its first entry."""
        name = create.name
        # Whoever asked for it at another node is known there.
        address = self._askers.get(create.epoch, "")
        room = Room(
            name,
            create.epoch,
            create.options,
            password_hash=create.password_hash,
            max_frame=create.max_frame,
            history=History(
                max_frames=create.history_frames,
                max_bytes=create.history_bytes,
                account=self.memory.open(self._payer(name, address)),
            ),
            fan_out=self._fan_out(),
        )
        self.makers.make(name, address)
        self.add(room)
        return room

    def add(self, room: Room) -> None:
        """Take in a room that there was before, or that is new."""
        self.registry.add(room)
        self.elsewhere.came(room)
        self.listing.add(room)
        if room.joins:
            self.listing.enter(room)
        self._added(room)

    def adopt(self, room: Room, create: Create | None = None) -> None:
        """Take in a room with another relay's account, which nobody serves here yet.

        Args: create: the room's first entry, which bounds its history; else this relay does.
        """
        bounds = self._settings if create is None else create
        room.history.bound(bounds.history_frames, bounds.history_bytes)
        room.audience.fan_out = self._fan_out()
        self.memory.adopt(room.account, room.name)
        self.add(room)

    def enter(self, room: Room) -> None:
        """Take note of a room's first player."""
        self.listing.enter(room)
        self.makers.enter(room.name)

    def remove(self, room: Room) -> None:
        """Let go of a room."""
        self.registry.remove(room.name)
        self.listing.remove(room)
        self.elsewhere.review(room.name)
        self.makers.remove(room.name)
        room.account.close()
        self._removed(room)

    async def hash(self, password: str, address: str) -> str:
        """Return the hash of a password, at the address's expense; "" for no password."""
        if not password:
            return ""
        return await self._passwords.hash(password, address, time.monotonic())

    # What is allowed.

    def is_barred(self, room: Room | RemoteRoom, address: str) -> bool:
        """Say whether the room's host has barred all new seats of this address."""
        # SPEC 15.8: what is barred is a hash, which takes its time; most rooms bar nobody.
        return bool(room.barred) and (
            network_key(room.name, self._limits.network(address)) in room.barred
        )

    def check_may_make(self, name: str, address: str) -> None:
        """Raise `Refusal` if this address may not make a room now."""
        self._check_open()
        check_home(self.registry.homes, name)
        self._check_place(address)
        slow_down(self._limits.make_room(address, time.monotonic()), "rooms made")
        check_memory(self.memory.may_open(self._payer(name, address), ROOM_BYTES))

    def _check_place(self, address: str) -> None:
        most = self._settings.rooms_per_address
        if not self.makers.may_make(address):
            raise Refusal(
                ErrorCode.TOO_FAST,
                f"too many rooms from your address: it may have {most} at a time",
                close=CloseCode.TOO_FAST,
                limit=most,
                retry=True,
                after=ROOMS_AFTER,
            )
        is_full = len(self) >= self._settings.max_rooms
        if is_full and self.makers.least_missed() is None:
            raise Refusal(
                ErrorCode.RELAY_FULL,
                "this relay has no room for another room",
                close=CloseCode.RELAY_FULL,
                limit=self._settings.max_rooms,
                retry=True,
            )

    def _make_way(self) -> None:
        """Let a room go that nobody has entered, for another."""
        room = self.registry.get(self.makers.least_missed() or "")
        if room is not None:
            self._made_way(room.name)
            self._retire(room)

    def _payer(self, name: str, address: str) -> str:
        """Return who is charged for a room: the address that made it, if addresses are limited."""
        is_free = is_loopback(address) and not self._settings.limit_loopback
        return name if is_free or not address else network_of(address)


def check_home(homes: Homes, name: str) -> None:
    """Raise `Refusal` if a room lives elsewhere: there must not be two of one name."""
    if not homes.is_own(name):
        raise Refusal(
            ErrorCode.RELAY_FULL,
            "the room of this name lives in another process of this relay: ask again",
            close=CloseCode.RELAY_FULL,
            retry=True,
        )


def check_memory(has_room: bool) -> None:
    """Raise `Refusal` if there is no memory for what somebody asks."""
    if not has_room:
        raise Refusal(
            ErrorCode.RELAY_FULL,
            "this relay has no memory left for more of yours",
            close=CloseCode.RELAY_FULL,
            retry=True,
        )


def _limit(memory: int) -> int:
    """Return how much rooms may hold for the process to stay within so much memory."""
    return max(int((memory - machine.resident()) / OVERHEAD), LEAST_MEMORY)
