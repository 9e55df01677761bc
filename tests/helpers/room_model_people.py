"""Who is in the model of a room, and what each connection has yet to hear."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from protocol.frames import Frame, PlayerInfo, PresenceState, Snapshot
from tests.helpers.playbook import AWAY, HERE


@dataclass
class Person:
    """Who has a seat."""

    number: int
    key: bytes | None
    info: PlayerInfo
    connection: int | None
    joined: int
    network: bytes | None = None
    lost_with: int | None = None
    """The connection that was lost, while there is none."""
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
"""Stands for a slot: what is said to one connection alone."""


@dataclass
class Snap:
    """The newest snapshot."""

    frame: Snapshot
    giver: int
    at: int


@dataclass
class Stream:
    """What one connection has yet to hear.

    It keeps up, and everything waits in its order, or it follows: then what was said comes first,
    then what it missed, then the newest values.
    """

    waiting: list[tuple[object, Frame]] = field(default_factory=list)
    is_following: bool = True
    seq: int = 0
    """What it missed comes after this."""
    history: int = 0
    """Up to here what it missed is history."""
    snap: Snap | None = None
    complete_from: int = 0
    """All that was for all after this is in it, as far as its player was told."""
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
        """Let no value of who left come after LEFT."""
        self.values = {slot: f for slot, f in self.values.items() if not is_of(slot, number)}
        self.waiting = [(GONE if is_of(s, number) else s, frame) for s, frame in self.waiting]

    def end(self) -> None:
        if not self.is_live:  # what the stream began with is of no use in part
            self.waiting = [(slot, frame) for slot, frame in self.waiting if slot is not None]
        self.is_following, self.values = False, {}


GONE = ("gone",)
"""Stands for a slot of a player who left."""


def is_of(slot: object, number: int) -> bool:
    return isinstance(slot, tuple) and slot[0] == number
