"""The lobby: it lists rooms, finds one to play in, and makes one, by the relay's REST."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, Unpack
from urllib.parse import quote

from clients.python.core.address import parse_relay
from clients.python.errors import LobbyRefused
from clients.python.io.rest import Query, Rest, no_relay

TIMEOUT = 10.0  # seconds for an answer
EVERY = 3.0  # seconds between two requests for the list
LEAST = 1.0  # seconds: more requests would burden the relay
PAGE = 200  # rooms that a relay lists at once
PASSING = (429, 503)
"""Statuses that say when to come back."""


@dataclass(frozen=True, slots=True)
class ListedRoom:
    """A room as the relay describes it. Strangers wrote its title, its tags and its host's name:
    show them through `legible`."""

    url: str
    """Its address: `connect(room.url)` enters it."""
    code: str
    title: str
    players: int
    capacity: int
    spectators: int
    locked: bool
    password: bool
    """Whether one is needed."""
    public: bool
    app: str
    build: str
    tags: Mapping[str, str]
    host: str | None
    """The host's name, if there is a host."""
    created: bool = False
    """Whether this match made it."""


KINDS: Mapping[str, Any] = {
    "title": str,
    "players": int,
    "capacity": int,
    "spectators": int,
    "locked": bool,
    "password": bool,
    "public": bool,
    "app": str,
    "build": str,
    "tags": dict,
    "host": str | None,
}
"""The types of the fields that a relay gives for each room."""


@dataclass(frozen=True, slots=True)
class LobbyChange:
    """The first list, or one that has changed."""

    rooms: list[ListedRoom]
    """The whole list."""
    added: list[ListedRoom]
    changed: list[ListedRoom]
    removed: list[ListedRoom]


class Listing(TypedDict, total=False):
    """Which rooms to list; all keywords are optional."""

    app: str
    """Rooms of this game."""
    build: str
    """Rooms of this build of it."""
    tags: Mapping[str, str]
    """Rooms that have all of these."""
    only_open: bool
    """Only rooms that any stranger may enter now."""


class Wanted(TypedDict, total=False):
    """Options of a room. The relay has a default for each one that is left out."""

    title: str
    """Shown to people in lists."""
    app: str
    """The game's name. Clients of another game cannot enter."""
    build: str
    """The game's build. Clients of another build cannot enter."""
    tags: Mapping[str, str]
    """For filters and quick match."""
    capacity: int
    """Players at most."""
    spectators: int
    """Spectators at most."""
    hold: int
    """Seconds for which a lost player's seat is held."""
    keep: int
    """Seconds for which the room is kept while it is empty."""
    history: Literal["none", "snapshot", "full"]
    """Which part of the past a late joiner hears."""
    write: Literal["all", "host"]
    """Who may set the room's properties."""
    host_keys: Sequence[str]
    """Keys of properties that only the host may set, even on a player."""
    delay: int
    """Seconds by which spectators are behind."""
    host_away: int
    """Seconds after which a host who is away loses the role; 0: never."""
    bar: Literal["seat", "address"]
    """What a kick keeps out: the seat, or also new seats from its address."""
    chaos: bool
    """Whether a link to the room may ask for a bad network: `?chaos=train-wifi&seed=42`."""


class NewRoom(Wanted, total=False):
    """A room to be made."""

    name: str
    """Its code. The relay draws one if it is left out."""
    public: bool
    """Whether lists and quick matches show it."""
    locked: bool
    password: str
    """Everyone who enters must give it."""


class BlockingLobby:
    """The lobby for a program without an event loop; each call waits for the relay's answer."""

    def __init__(
        self, url: str, *, timeout: float = TIMEOUT, tls: ssl.SSLContext | None = None
    ) -> None:
        """Args and errors: as the async `Lobby`, in every method."""
        relay = parse_relay(url)
        self._url = relay.url
        self._rest = Rest(relay, timeout, tls)

    def rooms(self, *, limit: int = 1000, **which: Unpack[Listing]) -> list[ListedRoom]:
        """Return public rooms, in order of their codes."""
        found: list[ListedRoom] = []
        after = ""
        while len(found) < limit:
            page = self._rest.ask("/api/rooms", query=_query(which, limit - len(found), after))
            rooms, following = self._page(page)
            found += rooms
            if following is None:
                break
            if following <= after:
                raise no_relay(self._url)
            after = following
        return found

    def match(self, **wanted: Unpack[Wanted]) -> ListedRoom:
        """Find a room to play in now, or make one."""
        return self._room(self._rest.ask("/api/match", body=wanted))

    def make(self, **wanted: Unpack[NewRoom]) -> ListedRoom:
        """Make a room."""
        return self._room(self._rest.ask("/api/rooms", body=wanted))

    def describe(self, code: str) -> ListedRoom:
        """Describe a public room."""
        return self._room(self._rest.ask(f"/api/rooms/{quote(code, safe='')}"))

    def watch(self, *, every: float = EVERY, **which: Unpack[Listing]) -> Iterator[LobbyChange]:
        """Yield the list as it stands, and again whenever it has changed."""
        return _changes(Watch(self, every, which))

    def _page(self, answer: Any) -> tuple[list[ListedRoom], str | None]:
        match answer:
            case {"rooms": [*rooms], "next": None | str() as following}:
                return [self._room(room) for room in rooms], following
        raise no_relay(self._url)

    def _room(self, answer: Any) -> ListedRoom:
        match answer:
            case {"room": str() as code} if all(
                isinstance(answer.get(key), kind) for key, kind in KINDS.items()
            ):
                known = {key: answer[key] for key in KINDS}
                is_new = answer.get("created") is True
                # Made from our own URL: behind a proxy, a relay may not know its address.
                return ListedRoom(f"{self._url}/r/{code}", code, **known, created=is_new)
        raise no_relay(self._url)


class Lobby:
    """The lobby of a relay: list its rooms, find one to play in, make one.

        lobby = Lobby("localhost:8000")
        found = await lobby.match(app="chess", tags={"mode": "blitz"})
        async with connect(found.url, app="chess", name="Ann") as room:

    Every method raises `LobbyRefused` if the relay says no. It has the relay's reason and, where
    waiting helps, the seconds to wait. Every method raises `Unreachable` if no relay answers.
    """

    def __init__(
        self, url: str, *, timeout: float = TIMEOUT, tls: ssl.SSLContext | None = None
    ) -> None:
        """
        Args:
            url: of the relay, with or without scheme, as for `connect`.
            timeout: seconds for an answer.
            tls: for https, where the system's own certificates do not do.

        Raises:
            ValueError: the address is none.
        """
        self._blocking = BlockingLobby(url, timeout=timeout, tls=tls)

    async def rooms(self, *, limit: int = 1000, **which: Unpack[Listing]) -> list[ListedRoom]:
        """Return public rooms, in order of their codes.

        Args:
            limit: rooms at most.
            which: see `Listing`.
        """
        return await asyncio.to_thread(self._blocking.rooms, limit=limit, **which)

    async def match(self, **wanted: Unpack[Wanted]) -> ListedRoom:
        """Find a room to play in, or make one. A place is kept for this address for 15 s.

        Args:
            wanted: see `Wanted`. App and build must be equal to the room's, even if they are left
                out here. Tags and capacity count only if they are given.
        """
        return await asyncio.to_thread(self._blocking.match, **wanted)

    async def make(self, **wanted: Unpack[NewRoom]) -> ListedRoom:
        """Make a room. Args: wanted: see `NewRoom`."""
        return await asyncio.to_thread(self._blocking.make, **wanted)

    async def describe(self, code: str) -> ListedRoom:
        """Describe a public room. For a private one the relay answers 404, as for none."""
        return await asyncio.to_thread(self._blocking.describe, code)

    def watch(
        self, *, every: float = EVERY, **which: Unpack[Listing]
    ) -> AsyncIterator[LobbyChange]:
        """Yield the list as it stands, and again whenever it has changed.

        If the relay says when to come back, this waits. Any other refusal raises.

        Args:
            every: seconds between two requests, at least 1.
            which: see `Listing`.
        """
        return _changes_async(Watch(self._blocking, every, which))


@dataclass(slots=True)
class Watch:
    """Asks for a list again and again."""

    lobby: BlockingLobby
    every: float
    which: Listing
    pause: float = field(default=0.0, init=False)
    """Seconds until the next request."""
    _seen: dict[str, ListedRoom] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not self.every >= LEAST:
            raise ValueError(f"look at the list every {LEAST:g} s at most, not every {self.every}")

    def look(self) -> LobbyChange | None:
        """Ask for the list; return the change, or None if it is as before."""
        self.pause = self.every
        try:
            rooms = self.lobby.rooms(**self.which)
        except LobbyRefused as refused:
            if refused.status not in PASSING or refused.after is None:
                raise
            self.pause = max(self.every, refused.after)
            return None
        return self._compare(rooms)

    def _compare(self, rooms: list[ListedRoom]) -> LobbyChange | None:
        seen, self._seen = self._seen, {room.code: room for room in rooms}
        if seen == self._seen:
            return None
        known = seen or {}
        return LobbyChange(
            rooms,
            added=[room for room in rooms if room.code not in known],
            changed=[room for room in rooms if known.get(room.code, room) != room],
            removed=[room for code, room in known.items() if code not in self._seen],
        )


def _changes(watch: Watch) -> Iterator[LobbyChange]:
    while True:
        if (change := watch.look()) is not None:
            yield change
        time.sleep(watch.pause)


async def _changes_async(watch: Watch) -> AsyncIterator[LobbyChange]:
    while True:
        if (change := await asyncio.to_thread(watch.look)) is not None:
            yield change
        await asyncio.sleep(watch.pause)


def _query(which: Listing, limit: int, after: str) -> Query:
    query = [("limit", str(min(limit, PAGE))), ("after", after)]
    query += [("app", which["app"])] if "app" in which else []
    query += [("build", which["build"])] if "build" in which else []
    query += [("tag", f"{key}:{value}") for key, value in which.get("tags", {}).items()]
    query += [("open", "true")] if which.get("only_open") else []
    return query
