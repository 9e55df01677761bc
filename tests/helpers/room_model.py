"""What a room means, without a thought for speed: a model that keeps its whole history, one frame
for each seq, and looks everything up in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from protocol.error_codes import ErrorCode
from protocol.frames import (
    Error,
    ErrorDetail,
    Frame,
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    PlayerInfo,
    PresenceChanged,
    PresenceState,
    Property,
    Set,
    Update,
)
from protocol.kinds import Target

HERE, LOST = PresenceState.HERE, PresenceState.LOST


@dataclass
class Person:
    """Who has a seat."""

    number: int
    key: bytes | None
    role: str
    connection: int | None
    joined: int
    lost_with: int | None = None
    """The connection that was lost, while there is none."""
    state: PresenceState = HERE
    groups: set[int] = field(default_factory=set)
    taken: int = 0


@dataclass
class Stream:
    """What one connection has yet to hear; `begun`: with so many frames it began."""

    waiting: list[tuple[object, Frame]]
    begun: int

    def is_beyond(self, bound: int) -> bool:
        return len(self.waiting) - self.begun > bound

    def put(self, slot: object, frame: Frame) -> None:
        for place, (other, _) in enumerate(self.waiting):
            if slot and slot == other:
                self.waiting[place] = (slot, frame)
                return
        self.waiting.append((slot, frame))


class Model:
    """A room. Methods do what one entry does; those that can be refused return the reason."""

    def __init__(self, capacity: int, spectators: int, history: int) -> None:
        """Args: history: frames that a resume can ask for."""
        self.places = {"player": capacity, "spectator": spectators}
        self.kept = history
        self.people: dict[int, Person] = {}
        self.joins = self.host = self.term = 0
        self.barred: set[bytes | None] = set()
        self.history: list[tuple[frozenset[int], Any]] = []
        self.values: dict[int, dict[int, Update]] = {}
        self.streams: dict[int, Stream] = {}

    # Looking up.

    def at(self, connection: int) -> Person | None:
        return next((p for p in self.people.values() if p.connection == connection), None)

    def addressees(self, target: Target, sender: Person) -> set[int] | ErrorCode:
        everyone = set(self.people)
        if sender.role == "spectator":
            return ErrorCode.READ_ONLY
        if target is True:
            return everyone
        if target is None or target is False:
            return everyone - {sender.number}
        if isinstance(target, int) and target < 0:
            return {number for number in everyone if -target in self.people[number].groups}
        wanted = {target or self.host} if isinstance(target, int) else set(target)
        beyond = wanted - set(range(1, self.joins + 1))
        return ErrorCode.NO_SUCH_PLAYER if beyond else wanted & everyone

    def standing(self) -> list[Any]:
        """Return the facts that hold now: each the newest about its subject."""
        newest = {subject(frame): frame for _, frame in self.history}
        return sorted(filter(self.holds, newest.values()), key=lambda frame: frame.seq)

    def holds(self, frame: Any) -> bool:
        match frame:
            case Joined(player=number):
                return number in self.people
            case PresenceChanged(player=number, state=state):
                return number in self.people and state != HERE
            case Property(scope=scope, value=value):
                return value is not False and (not scope or scope in self.people)
        return isinstance(frame, Host)

    def version(self, scope: int, key: str) -> int:
        about = (Property, scope, key)
        return max((f.seq for f in self.standing() if subject(f) == about), default=0)

    def lost_with(self, connection: int) -> Person | None:
        return next((p for p in self.people.values() if p.lost_with == connection), None)

    # What may be refused, and why.

    def may_kick(self, person: Person, number: int) -> ErrorCode | None:
        if person.number != self.host:
            return ErrorCode.NOT_HOST
        if number not in self.people:
            return ErrorCode.NO_SUCH_PLAYER
        return ErrorCode.NOT_AVAILABLE if number == person.number else None

    def may_transfer(self, person: Person, number: int) -> ErrorCode | None:
        if person.number != self.host:
            return ErrorCode.NOT_HOST
        if number not in self.people:
            return ErrorCode.NO_SUCH_PLAYER
        heir = self.people[number]
        return ErrorCode.NOT_HERE if heir.state != HERE or heir.role == "spectator" else None

    def may_set(self, person: Person, frame: Set) -> ErrorCode | None:
        is_option = frame.scope == 0 and frame.key.startswith("@")
        if person.role == "spectator":
            return ErrorCode.READ_ONLY
        if is_option and person.number != self.host:
            return ErrorCode.NOT_HOST
        if is_option and frame.value is False:
            return ErrorCode.NOT_AVAILABLE
        if frame.scope and frame.scope not in self.people:
            return ErrorCode.NO_SUCH_PLAYER
        if frame.scope not in (0, person.number) and person.number != self.host:
            return ErrorCode.NOT_YOURS
        version = self.version(frame.scope, frame.key)
        is_stale = frame.expected is not False and frame.expected != version
        return ErrorCode.STALE_VERSION if is_stale else None

    # Telling.

    def tell(self, to: Iterable[int], cls: Any, *fields: Any) -> int:
        """Let a frame take the next place in the order."""
        addressees = frozenset(to)
        frame = cls(len(self.history) + 1, *fields)
        self.history.append((addressees, frame))
        self.put(addressees, None, frame)
        return len(self.history)

    def put(self, to: Iterable[int], slot: object, frame: Frame) -> None:
        for number in to:
            connection = self.people[number].connection
            if connection is not None:
                self.streams[connection].put(slot, frame)

    def refuse(self, person: Person, code: ErrorCode) -> None:
        self.tell([person.number], Error, code, "", ErrorDetail(frame=person.taken))

    # What happens.

    def join(
        self, connection: int, key: bytes | None, role: str, position: int | None
    ) -> ErrorCode | None:
        if position is not None and position > len(self.history):
            return ErrorCode.EPOCH_CHANGED
        if key in self.barred:
            return ErrorCode.KICKED
        known = next((p for p in self.people.values() if key and p.key == key), None)
        peers = [p for p in self.people.values() if p.role == role]
        if known is None and len(peers) >= self.places[role]:
            return ErrorCode.ROOM_FULL
        person = known or self.seat_anew(key, role)
        person.connection, person.lost_with = connection, None
        self.streams[connection] = Stream([], 0)  # What is told meanwhile, `begin` tells.
        self.set_state(person, HERE)
        if not self.host:
            self.elect()
        self.streams[connection] = self.begin(person, position if known else None)
        return None

    def seat_anew(self, key: bytes | None, role: str) -> Person:
        self.joins += 1
        person = Person(self.joins, key, role, None, len(self.history) + 1)
        self.people[self.joins] = person
        self.tell(self.people, Joined, self.joins, PlayerInfo(role=role))
        return person

    def begin(self, person: Person, position: int | None) -> Stream:
        oldest = max(person.joined, len(self.history) - self.kept)
        if position is not None and position >= oldest:
            missed = self.history[position:]
            told = [frame for to, frame in missed if person.number in to]
        else:
            told = self.standing()
        frames: list[Any] = [*told, Live(len(self.history))]
        for sender, values in self.values.items():
            frames += values.values() if sender != person.number else []
        return Stream([(None, frame) for frame in frames], len(frames))

    def detach(self, person: Person) -> None:
        if person.key is None:
            self.remove(person, LeftReason.GONE)
        else:
            person.lost_with, person.connection = person.connection, None
            self.set_state(person, LOST)

    def remove(self, person: Person, reason: LeftReason) -> None:
        del self.people[person.number]
        self.values.pop(person.number, None)
        self.tell(self.people, Left, person.number, reason)
        if self.host == person.number:
            self.elect()

    def set_state(self, person: Person, state: PresenceState) -> None:
        if person.state != state:
            person.state = state
            self.tell(self.people, PresenceChanged, person.number, state)

    def elect(self) -> None:
        able = [p for p in self.people.values() if p.connection and p.role == "player"]
        here = [p.number for p in able if p.state == HERE]
        self.make_host(min(here or [p.number for p in able], default=0))

    def make_host(self, number: int) -> None:
        if number != self.host:
            self.host, self.term = number, self.term + 1
            self.tell(self.people, Host, number, self.term)


def subject(frame: Any) -> tuple[Any, ...]:
    """Say what a frame is about: a newer one about the same overrules it."""
    match frame:
        case Property(scope=scope, key=key):
            return (Property, scope, key)
        case Joined(player=number) | PresenceChanged(player=number):
            return (type(frame), number)
        case Host():
            return (Host,)
    return (frame.seq,)
