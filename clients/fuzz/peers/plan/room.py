"""A room as it should be: who is told which fact, in which order, and what is refused.

It is small, and made for one order of events: the hostile client and the two honest players beside
it never speak at the same time. So each of them hears an exactly known list of facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from protocol import frames
from protocol.error_codes import ErrorCode
from protocol.fields.numbers import LeftReason, PresenceState
from protocol.opcodes import is_counted

ANN, BOB = 1, 2
"""The honest players' numbers. Ann makes the room, and is host."""

Fact = tuple[object, ...]
"""A frame's name, and what it says; without its seq, and without numbers that the relay draws."""

PLAYER_GROUPS: Final = 3


@dataclass
class Person:
    """A player, as the room knows them."""

    number: int
    joined_at: int
    state: int = PresenceState.HERE
    state_at: int = 0
    groups: set[int] = field(default_factory=set)
    role: str = "player"


@dataclass(frozen=True, slots=True)
class Said:
    """A message, and what a right relay makes of it."""

    message: bytes
    frame: frames.Frame | None = None
    """None: the message is damaged."""
    code: str = ""
    offset: int | None = None
    """The error, where it is damaged."""


class Room:
    """Facts in order, and who is told them."""

    def __init__(self, history: str) -> None:
        self.people: dict[int, Person] = {}
        self.taken: Counter[int] = Counter()
        """Counted messages, by player."""
        self.told: dict[int, list[Fact]] = {}
        """What each player is to be told, since the beginning of their stream."""
        self.strays: dict[int, list[Fact]] = {}
        """Errors outside the order that each connection is to get, until they are looked at."""
        self.values: dict[int, dict[tuple[int, int], list[bytes]]] = {}
        """Volatile values that each player may hear, by sender and key."""
        self.max_frame = 16_384
        self.has_history = history != "none"
        self._history = history
        self._newest = 0
        self._clock = 0
        self._host_at = 0
        self._properties: dict[tuple[int, str], tuple[int, bytes, int]] = {}
        self._past: list[Fact] = []
        self._snapshot: tuple[bytes, ...] | None = None
        self._parts: list[bytes] = []

    # Who comes and goes.

    def enters(self, role: str = "player") -> int:
        """Give a new seat. Returns: its number."""
        self._newest += 1
        number = self._newest
        self._tick()
        self.people[number] = Person(number, self._clock, role=role)
        self.values[number] = {}
        self.strays[number] = []
        self.told[number] = []
        self._tell(("JOINED", number), [each for each in self.people if each != number])
        if number == ANN:
            self._tick()
            self._host_at = self._clock
        self.told[number] = self.fresh(number)
        self._meet_values(number)
        return number

    def returns(self, number: int, heard: int | None) -> None:
        """Take a seat up again.

        Args: heard: facts up to the position; None: the stream begins anew.
        """
        self._change(number, PresenceState.HERE)
        if heard is None:
            self.told[number] = self.fresh(number)
        self._meet_values(number)

    def is_lost(self, number: int) -> None:
        self._change(number, PresenceState.LOST)

    def lags(self, number: int) -> int:
        """Mark one who reads too slowly. Returns: what they last said of themselves."""
        said = self.people[number].state
        self._change(number, PresenceState.LAGGING)
        return said

    def keeps_up(self, number: int, said: int) -> None:
        """Take the mark away (SPEC 12.6.2)."""
        self._change(number, said)

    def leaves(self, number: int, reason: int = LeftReason.LEFT) -> None:
        """End a seat."""
        del self.people[number]
        for scope, key in [each for each in self._properties if each[0] == number]:
            del self._properties[scope, key]
        for values in self.values.values():
            for slot in [each for each in values if each[0] == number]:
                del values[slot]
        self._tell(("LEFT", number, int(reason)), self.people)

    def fresh(self, number: int) -> list[Fact]:
        """Return what a fresh stream tells (SPEC 12.2)."""
        facts: list[tuple[int, Fact]] = [(self._host_at, ("HOST", ANN))]
        for person in self.people.values():
            facts.append((person.joined_at, ("JOINED", person.number)))
            if person.state != PresenceState.HERE:
                facts.append((person.state_at, ("PRESENCE", person.number, int(person.state))))
        for (scope, key), (at, value, by) in self._properties.items():
            facts.append((at, ("PROPERTY", scope, key, value, by)))
        return [fact for _, fact in sorted(facts, key=lambda each: each[0])] + self._told_past()

    def _told_past(self) -> list[Fact]:
        if self._history == "none" or (self._history == "snapshot" and self._snapshot is None):
            return []
        parts: list[Fact] = [("SNAPSHOT", part) for part in self._snapshot or ()]
        return parts + self._past

    # What is said.

    def says(self, by: int, said: Said) -> None:
        """Take a message of a player who is in the room."""
        counts = is_counted(said.message)
        self.taken[by] += counts
        code, offset = self._judge(by, said)
        if code and counts:
            self._tell(("ERROR", code, self.taken[by], offset), [by])
        elif code:
            self.strays[by].append(("ERROR", code, offset))

    def _judge(self, by: int, said: Said) -> tuple[str, int | None]:
        if len(said.message) > self.max_frame:
            return "TOO_BIG", None
        if said.frame is None:
            return said.code, said.offset
        return self._do(by, said.frame), None

    def _do(self, by: int, frame: frames.Frame) -> str:
        """Do what a legal frame asks for. Returns: why it is refused; "" where it is not."""
        match frame:
            case frames.Send() | frames.Volatile() | frames.Set() if self._only_watches(by):
                return "READ_ONLY"
            case frames.Send(target, payload):
                return self._send(by, target, payload)
            case frames.Volatile(key, target, payload):
                return self._volatile(by, key, target, payload)
            case frames.Subscribe(add, remove):
                person = self.people[by]
                person.groups = (person.groups | set(add)) - set(remove)
            case frames.Set():
                return self._set(by, frame)
            case frames.Presence(state):
                self._change(by, state)
            case frames.Hello():
                return "UNEXPECTED"
            case frames.Input() | frames.Hash() | frames.Ready():
                return "NOT_AVAILABLE"
            case frames.Snapshot():
                return self._take_snapshot(by, frame)
            case frames.Kick() | frames.Transfer() if by != ANN:
                return "NOT_HOST"
            case frames.Kick(player):
                self.leaves(player, LeftReason.KICKED)
        return ""

    def _only_watches(self, number: int) -> bool:
        return self.people[number].role == "spectator"

    def _send(self, by: int, target: object, payload: bytes) -> str:
        audience = self._audience(by, target)
        if audience is None:
            return "NO_SUCH_PLAYER"
        fact: Fact = ("DELIVER", by, payload)
        self._tell(fact, audience)
        if target is None or isinstance(target, bool):
            self._past.append(fact)
        return ""

    def _audience(self, by: int, target: object) -> Iterable[int] | None:
        """Return who hears a SEND (SPEC 6); None where a number was never given."""
        everyone = set(self.people)
        if target is None or target is False:
            return everyone - {by}
        if target is True:
            return everyone
        if target == 0:
            return {ANN}
        if isinstance(target, int) and target < 0:
            return {each for each in everyone if -target in self.people[each].groups}
        named = {target} if isinstance(target, int) else set(target)  # type: ignore[call-overload]  # players
        return None if max(named, default=0) > self._newest else named & everyone

    def _volatile(self, by: int, key: int, target: object, payload: bytes) -> str:
        audience = self._audience(by, target)
        if audience is None:
            return "NO_SUCH_PLAYER"
        for number in audience:
            self.values[number].setdefault((by, key), []).append(payload)
        return ""

    def _meet_values(self, number: int) -> None:
        """SPEC 14.2: whoever comes is told the newest values of all others."""
        for other, values in self.values.items():
            for (sender, key), payloads in list(values.items()):
                if other != number and sender not in (number, other) and sender in self.people:
                    self.values[number].setdefault((sender, key), payloads[-1:])

    def _set(self, by: int, frame: frames.Set) -> str:
        scope, key = frame.scope, frame.key
        if scope > self._newest:
            return "NO_SUCH_PLAYER"
        if key.startswith("@") and scope == 0:
            return "NOT_HOST" if by != ANN else "NOT_AVAILABLE"
        if scope not in (0, by) and by != ANN:
            return "NOT_YOURS"
        held = self._properties.get((scope, key))
        if frame.expected is not False and (frame.expected == 0) != (held is None):
            return "STALE_VERSION"
        if isinstance(frame.value, bytes):
            self._tell(("PROPERTY", scope, key, frame.value, by), self.people)
            self._properties[scope, key] = (self._clock, frame.value, by)
        elif held is not None:
            self._tell(("PROPERTY", scope, key, False, by), self.people)
            del self._properties[scope, key]
        return ""

    def _take_snapshot(self, by: int, frame: frames.Snapshot) -> str:
        if by != ANN:
            return "NOT_HOST"
        if self._history == "none":
            return "NOT_AVAILABLE"
        self._parts.append(frame.payload)
        if frame.part == frame.parts - 1:
            self._snapshot, self._parts = tuple(self._parts), []
            self._past.clear()
        return ""

    # Facts.

    def _change(self, number: int, state: int) -> None:
        person = self.people[number]
        if person.state != state:
            self._tell(("PRESENCE", number, int(state)), self.people)
            person.state, person.state_at = state, self._clock

    def _tell(self, fact: Fact, audience: Iterable[int]) -> None:
        self._tick()
        for number in audience:
            self.told[number].append(fact)

    def _tick(self) -> None:
        self._clock += 1


def code_of(code: int) -> str:
    """Return the name of an error's code, or the number that has none."""
    try:
        return ErrorCode(code).name
    except ValueError:
        return str(code)


def fact_of(frame: frames.Frame) -> Fact | None:
    """Return the fact that a frame of a relay tells; None where it tells none in the order."""
    match frame:
        case frames.Deliver(_, sender, payload):
            return ("DELIVER", sender, payload)
        case frames.Joined(_, player):
            return ("JOINED", player)
        case frames.Left(_, player, reason):
            return ("LEFT", player, reason)
        case frames.PresenceChanged(_, player, state):
            return ("PRESENCE", player, state)
        case frames.Host(_, player):
            return ("HOST", player)
        case frames.Property(_, scope, key, value, _, by):
            return ("PROPERTY", scope, key, value, by)
        case frames.Snapshot(_, _, _, payload):
            return ("SNAPSHOT", payload)
        case frames.Error(seq, code, _, detail) if seq:
            return ("ERROR", code_of(code), detail.frame, detail.offset)
    return None
