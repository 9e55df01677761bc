"""The players of the model of a room, and what each connection has yet to hear."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from protocol.frames import Frame, PlayerInfo, PresenceState, Snapshot
from tests.helpers.playbook import AWAY, HERE


@dataclass
class Person:
    """A player with a seat."""

    number: int
    key: bytes | None
    info: PlayerInfo
    connection: int | None
    joined: int
    network: bytes | None = None
    lost_with: int | None = None
    """The last connection, while the player has none."""
    state: PresenceState = HERE
    said: PresenceState = HERE
    absences: int = 0
    groups: set[int] = field(default_factory=set)
    taken: int = 0

    @property
    def role(self) -> str:
        return self.info.role

    @property
    def can_host(self) -> bool:
        return self.info.can_host and self.role == "player"

    @property
    def is_away(self) -> bool:
        return self.connection is not None and self.said == AWAY


SAID = "said"
"""In place of a slot: a frame to one connection alone."""


@dataclass
class Snap:
    """The newest snapshot."""

    frame: Snapshot
    giver: int
    at: int


@dataclass
class Stream:
    """What one connection has yet to hear.

    While it keeps up, everything waits in order. While it follows, frames to it alone come first,
    then what it missed, then the newest values.
    """

    waiting: list[tuple[object, Frame]] = field(default_factory=list)
    is_following: bool = True
    seq: int = 0
    """It missed the frames after this seq."""
    history: int = 0
    """Up to this seq, what it missed is history."""
    snap: Snap | None = None
    complete_from: int = 0
    """As far as its player was told, nothing that was for all is missing after this seq."""
    is_live: bool = False
    values: dict[object, Frame] = field(default_factory=dict)

    def put(self, slot: object, frame: Frame, bound: int) -> None:
        if self.is_following:
            self.keep(slot, frame)
            return
        for place, (other, _) in enumerate(self.waiting):
            if slot and slot == other and slot != SAID:
                self.waiting[place] = (slot, frame)
                return
        self.waiting.append((slot, frame))
        if len(self.waiting) > bound:
            self.fall_behind()

    def keep(self, slot: object, frame: Frame) -> None:
        if slot == SAID:
            self.waiting.append((slot, frame))
        elif slot:
            self.values.pop(slot, None)
            self.values[slot] = frame

    def fall_behind(self) -> None:
        facts: list[Any] = [frame for slot, frame in self.waiting if slot is None]
        self.is_following = True
        self.seq = facts[0].seq - 1 if facts else self.seq
        self.values = {slot: f for slot, f in self.waiting if slot not in (None, SAID, GONE)}
        self.waiting = [(slot, frame) for slot, frame in self.waiting if slot == SAID]

    def forget(self, number: int) -> None:
        """Drop the values of a player who left: none may come after LEFT."""
        self.values = {slot: f for slot, f in self.values.items() if not is_of(slot, number)}
        self.waiting = [(GONE if is_of(s, number) else s, frame) for s, frame in self.waiting]

    def end(self) -> None:
        if not self.is_live:  # a part of a stream's beginning is of no use
            self.waiting = [(slot, frame) for slot, frame in self.waiting if slot is not None]
        self.is_following, self.values = False, {}


GONE = ("gone",)
"""In place of a slot: a value of a player who left."""


def is_of(slot: object, number: int) -> bool:
    return isinstance(slot, tuple) and slot[0] == number
