"""Which rooms a stranger is shown, and which one a quick match leads to."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from protocol.frames import RoomOptions


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


def page(
    rooms: Iterable[AnyRoom], wanted: Filter, *, only_open: bool, limit: int, after: str = ""
) -> tuple[list[AnyRoom], str | None]:
    """Return public rooms in order of their names, and where the next page begins.

    Rooms come and go between pages; one that stays is on exactly one of them.

    Args: after: name after which to begin. limit: rooms of a page.

    Returns: the page, and what to pass as `after` for the next one; None if this is the last.
    """
    fitting = (
        room
        for room in rooms
        if room.options.public
        and room.name > after
        and wanted.fits(room.options)
        and (is_open(room) or not only_open)
    )
    found = heapq.nsmallest(limit + 1, fitting, key=lambda room: room.name)
    return found[:limit], found[limit - 1].name if len(found) > limit else None


def best_match(
    rooms: Iterable[AnyRoom], wanted: Filter, reserved: Callable[[AnyRoom], int]
) -> AnyRoom | None:
    """Return the fullest public room that fits and has a place: games begin when rooms are full.

    Args: reserved: places of a room that were promised to others and not taken yet.
    """
    fitting = (
        room
        for room in rooms
        if room.options.public and wanted.fits(room.options) and is_open(room, reserved(room))
    )
    return max(
        fitting, key=lambda room: (room.player_count + reserved(room), room.name), default=None
    )
