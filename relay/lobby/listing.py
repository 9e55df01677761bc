"""Which rooms a stranger is shown, and which one a quick match leads to.

Strangers ask often and relays have many rooms, so rooms stand on shelves, in order of their names:
one for each game, build and tag, which a room keeps for its life. For a stranger who asks for
several things we look through the shortest shelf, at no more than `LOOKS` rooms at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Generic, Protocol, TypeVar

from protocol.frames import RoomOptions

LOOKS = 1000
"""Rooms that are looked at for one answer: it takes no longer than a millisecond."""


class Listed(Protocol):
    """What a listing needs of a room."""

    @property
    def name(self) -> str: ...
    @property
    def options(self) -> RoomOptions: ...
    @property
    def password_hash(self) -> str: ...
    @property
    def player_count(self) -> int: ...


AnyRoom = TypeVar("AnyRoom", bound=Listed)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a room must be like. None is anything."""

    app: str | None = None
    build: str | None = None
    capacity: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    """The room has these, and may have more."""

    def fits(self, options: RoomOptions) -> bool:
        """Say whether a room that was made so is one of those."""
        return (
            self.app in (None, options.app)
            and self.build in (None, options.build)
            and self.capacity in (None, options.capacity)
            and self.tags.items() <= options.tags.items()
        )


def is_open(room: Listed, reserved: int = 0) -> bool:
    """Say whether any stranger may enter: no lock, no password, and a free place."""
    return (
        not room.options.locked
        and not room.password_hash
        and room.player_count + reserved < room.options.capacity
    )


Shelf = tuple[str, ...]
"""What the rooms on a shelf have in common."""

ALL: Shelf = ()


class Listing(Generic[AnyRoom]):
    """All public rooms of a node."""

    def __init__(self) -> None:
        self._rooms: dict[str, AnyRoom] = {}
        self._shelves: dict[Shelf, list[str]] = {}
        self._entered: set[str] = set()

    def add(self, room: AnyRoom) -> None:
        """Take a room in, if it is public."""
        if room.options.public:
            self._rooms[room.name] = room
            for shelf in self._shelves_of(room):
                insort(self._shelves.setdefault(shelf, []), room.name)

    def remove(self, room: AnyRoom) -> None:
        """Forget a room, if it is there."""
        if self._rooms.get(room.name) is room:
            for shelf in self._shelves_of(room):
                self._take_off(shelf, room.name)
            del self._rooms[room.name]
            self._entered.discard(room.name)

    def enter(self, room: AnyRoom) -> None:
        """Note that someone has entered a room: matches lead there first."""
        name = room.name
        if self._rooms.get(name) is room and name not in self._entered:
            self._take_off(self._match_shelf(room), name)
            self._entered.add(name)
            insort(self._shelves.setdefault(self._match_shelf(room), []), name)

    def page(
        self, wanted: Filter, *, only_open: bool, limit: int, after: str = ""
    ) -> tuple[list[AnyRoom], str | None]:
        """Return rooms in order of their names, and where the next page begins.

        Rooms come and go between pages; one that stays is on exactly one of them. A page holds
        fewer than it may where most rooms do not fit: the next one goes on from there.

        Args: after: name after which to begin. limit: rooms of a page.

        Returns: the page, and what to pass as `after` for the next one; None if this is the last.
        """
        names = self._shortest(wanted)
        start = bisect_right(names, after)
        found: list[AnyRoom] = []
        for name in names[start : start + LOOKS]:
            room = self._rooms[name]
            if wanted.fits(room.options) and (is_open(room) or not only_open):
                if len(found) == limit:
                    return found, found[-1].name
                found.append(room)
        return found, names[start + LOOKS - 1] if start + LOOKS < len(names) else None

    def best_match(
        self,
        wanted: Filter,
        reserved: Callable[[str], int],
        is_barred: Callable[[AnyRoom], bool],
    ) -> AnyRoom | None:
        """Return the fullest room that fits and has a place: games begin when rooms are full.

        Args:
            reserved: places of a room that were promised to others and not taken yet.
            is_barred: whether the asker would be turned away from a room.
        """
        best, most = None, (-1, "")
        for name in islice(self._candidates(wanted), LOOKS):
            room = self._rooms[name]
            promised = reserved(name)
            if wanted.fits(room.options) and is_open(room, promised):
                most_here = (room.player_count + promised, name)
                if most_here > most and not is_barred(room):
                    best, most = room, most_here
        return best

    def _candidates(self, wanted: Filter) -> Iterator[str]:
        shortest = self._shortest(wanted)
        if len(shortest) <= LOOKS or wanted.app is None or wanted.build is None:
            return iter(shortest)
        # Otherwise somebody who makes a thousand rooms would draw players there, and away from each
        # other.
        shelves = (("match", wanted.app, wanted.build, which) for which in ("entered", "empty"))
        return chain.from_iterable(self._shelves.get(shelf, ()) for shelf in shelves)

    def _shortest(self, wanted: Filter) -> list[str]:
        shelves = [ALL, *(("tag", *tag) for tag in wanted.tags.items())]
        if wanted.app is not None:
            shelves.append(("app", wanted.app))
        if wanted.build is not None:
            shelves.append(("build", wanted.build))
        return min((self._shelves.get(shelf, []) for shelf in shelves), key=len)

    def _shelves_of(self, room: AnyRoom) -> list[Shelf]:
        options = room.options
        tags: list[Shelf] = [("tag", *tag) for tag in options.tags.items()]
        named: list[Shelf] = [("app", options.app), ("build", options.build)]
        return [ALL, *named, *tags, self._match_shelf(room)]

    def _match_shelf(self, room: AnyRoom) -> Shelf:
        which = "entered" if room.name in self._entered else "empty"
        return ("match", room.options.app, room.options.build, which)

    def _take_off(self, shelf: Shelf, name: str) -> None:
        names = self._shelves[shelf]
        del names[bisect_left(names, name)]
        if not names:
            del self._shelves[shelf]
