"""A model of a room. It is slow and simple: it keeps its whole history, one frame for each seq, and
looks everything up in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from protocol import codec
from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Target
from protocol.frames import (
    Deliver,
    Error,
    ErrorDetail,
    Frame,
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    Notice,
    NoticeDetail,
    NoticeKind,
    PlayerInfo,
    PresenceChanged,
    PresenceState,
    Property,
    Set,
    Snapshot,
    SnapshotWanted,
    Update,
)
from tests.helpers.playbook import AWAY, HERE, LAGGING, LOST
from tests.helpers.room_model_people import SAID, Person, Snap, Stream


class Model:
    """A room. A method does what one entry does. It returns the reason if the entry is refused."""

    def __init__(
        self, capacity: int, spectators: int, *, kept: int, bound: int, option: str
    ) -> None:
        """Args: kept: frames of history. bound: of an outbox. option: the room's `history`."""
        self.places = {"player": capacity, "spectator": spectators}
        self.kept, self.bound, self.option = kept, bound, option
        self.snap: Snap | None = None
        self.due = 0
        self.people: dict[int, Person] = {}
        self.joins = self.host = self.term = 0
        self.seeks_host = False
        self.bar = "seat"
        self.barred: set[bytes | None] = set()
        self.history: list[tuple[frozenset[int], Any]] = []
        self.to_all: dict[int, int] = {}
        """The seqs of SENDs to all, and the player that each leaves out."""
        self.values: dict[int, dict[int, Update]] = {}
        self.streams: dict[int, Stream] = {}

    # Lookups.

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
        beyond = wanted - set(range(self.joins + 1))  # 0 is a host where there is none
        return ErrorCode.NO_SUCH_PLAYER if beyond else wanted & everyone

    def standing(self) -> list[Any]:
        """Return the facts that hold: for each subject the newest."""
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
        if number == person.number:
            return ErrorCode.NOT_AVAILABLE
        return self.may_be_expelled(number)

    def may_be_expelled(self, number: int) -> ErrorCode | None:
        return None if number in self.people else ErrorCode.NO_SUCH_PLAYER

    def may_transfer(self, person: Person, number: int) -> ErrorCode | None:
        if person.number != self.host:
            return ErrorCode.NOT_HOST
        return self.may_be_host(number)

    def may_be_host(self, number: int) -> ErrorCode | None:
        if number not in self.people:
            return ErrorCode.NO_SUCH_PLAYER
        heir = self.people[number]
        return None if heir.state == HERE and heir.can_host else ErrorCode.NOT_HERE

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

    def may_give(self, person: Person, frame: Snapshot) -> ErrorCode | None:
        if person.number != self.host:
            return ErrorCode.NOT_HOST
        if self.option == "none":
            return ErrorCode.NOT_AVAILABLE
        oldest = self.snap.frame.seq if self.snap else 0
        return None if oldest <= frame.seq <= len(self.history) else ErrorCode.OUT_OF_RANGE

    # What connections hear.

    def tell(self, to: Iterable[int], cls: Any, *fields: Any) -> int:
        """Give a frame the next place in the order."""
        addressees = frozenset(to)
        frame = cls(len(self.history) + 1, *fields)
        self.history.append((addressees, frame))
        self.put(addressees, None, frame)
        return len(self.history)

    def put(self, to: Iterable[int], slot: object, frame: Frame) -> None:
        for number in to:
            connection = self.people[number].connection
            if connection is not None:
                self.streams[connection].put(slot, frame, self.bound)

    def refuse(self, person: Person, code: ErrorCode) -> None:
        self.tell([person.number], Error, code, "", ErrorDetail(frame=person.taken))

    # What happens.

    def join(
        self,
        connection: int,
        key: bytes | None,
        info: PlayerInfo,
        position: int | None,
        network: bytes | None = None,
    ) -> ErrorCode | None:
        if position is not None and position > len(self.history):
            return ErrorCode.EPOCH_CHANGED
        if key in self.barred:
            return ErrorCode.KICKED
        known = next((p for p in self.people.values() if key and p.key == key), None)
        if known is None and network in self.barred - {None}:
            return ErrorCode.KICKED
        peers = [p for p in self.people.values() if p.role == info.role]
        if known is None and len(peers) >= self.places[info.role]:
            return ErrorCode.ROOM_FULL
        person = known or self.seat_anew(key, info)
        person.connection, person.lost_with = connection, None
        person.network = network
        self.streams[connection] = Stream()  # `begin` tells the facts of this step, too.
        person.said = HERE
        self.set_state(person, HERE)
        self.settle_host()
        self.streams[connection] = self.begin(person, position if known else None)
        return None

    def seat_anew(self, key: bytes | None, info: PlayerInfo) -> Person:
        self.joins += 1
        person = Person(self.joins, key, info, None, len(self.history) + 1)
        self.people[self.joins] = person
        self.tell(self.people, Joined, self.joins, info)
        return person

    @property
    def trimmed(self) -> int:
        return max(0, len(self.history) - self.kept)

    def begin(self, person: Person, position: int | None) -> Stream:
        if position is not None and position >= max(person.joined, self.trimmed):
            return Stream(seq=position)
        facts: list[Any] = self.standing()
        seq = 0 if self.option == "full" else len(self.history)
        if self.snap is not None:
            facts.append(self.snap.frame)
            seq = self.snap.frame.seq
        waiting: list[tuple[object, Frame]] = [(None, frame) for frame in facts]
        has_past = self.option == "full" or self.snap is not None
        complete_from = 0 if has_past else len(self.history)
        if seq < self.trimmed:
            complete_from = self.trimmed
        return Stream(
            waiting,
            seq=seq,
            history=len(self.history),
            snap=self.snap,
            complete_from=complete_from,
        )

    def send(self, to: Iterable[int], sender: int, payload: bytes, all_but: int | None) -> None:
        seq = self.tell(to, Deliver, sender, payload)
        if all_but is not None:
            self.to_all[seq] = all_but
        if self.option != "none" and seq - self.due >= 0.6 * self.kept:
            self.due = seq - int(0.5 * self.kept)
            if self.host and self.people[self.host].connection:
                self.put([self.host], SAID, SnapshotWanted(seq))

    def write(self, frame: Set, by: int) -> None:
        """Set or delete a property. Args: by: the player who does; 0 is the operator."""
        scope, key, value = frame.scope, frame.key, frame.value
        if value is False and not self.version(scope, key):
            return
        self.tell(self.people, Property, scope, key, value, len(self.history) + 1, by)
        if (scope, key) == (0, "@capacity") and isinstance(value, bytes):
            self.places["player"] = codec.unpack(value)
        if (scope, key) == (0, "@bar") and isinstance(value, bytes):
            self.bar = codec.unpack(value)

    def take(self, connection: int, number: int) -> tuple[list[Frame], bool]:
        """Say what a connection of that player hears, and whether that is everything."""
        stream = self.streams[connection]
        if stream.is_following:  # answers overtake frames that wait for a slow reader
            stream.waiting.sort(key=lambda waiting: waiting[0] is None)
        first = [frame for _, frame in stream.waiting]
        stream.waiting = []
        if not stream.is_following:
            stream.seq = len(self.history)
            return first, True
        seq = stream.seq
        forgotten = min(self.trimmed, stream.history)
        if max(seq, forgotten) < self.trimmed:
            return first, False
        if seq < forgotten:
            seq = forgotten
            if forgotten > stream.complete_from:
                first.append(Notice(NoticeKind.TRIMMED, NoticeDetail(seq=forgotten)))
        missed = [f for to, f in self.history[seq:] if self.is_missed(stream, number, to, f)]
        finale: list[Frame] = []
        if not stream.is_live:
            retained = (v.values() for who, v in self.values.items() if who != number)
            finale = [Live(len(self.history)), *(value for each in retained for value in each)]
        values = [value for value in stream.values.values() if value not in finale]
        self.streams[connection] = Stream(is_following=False, is_live=True, seq=len(self.history))
        return [*first, *missed, *finale, *values], True

    def is_missed(self, stream: Stream, number: int, to: frozenset[int], frame: Any) -> bool:
        if frame.seq > stream.history:
            return number in to
        if frame.seq not in self.to_all:
            return False
        snap = stream.snap
        if snap is None or frame.seq > snap.at:
            return True
        return frame.seq > snap.frame.seq and self.to_all[frame.seq] != snap.giver

    def detach(self, person: Person) -> None:
        if person.key is None:
            self.remove(person, LeftReason.GONE)
        else:
            person.lost_with, person.connection = person.connection, None
            self.set_state(person, LOST)

    def remove(self, person: Person, reason: LeftReason) -> None:
        del self.people[person.number]
        self.values.pop(person.number, None)
        for stream in self.streams.values():
            stream.forget(person.number)
        self.tell(self.people, Left, person.number, reason)
        if self.host == person.number:
            self.elect()

    def set_state(self, person: Person, state: PresenceState) -> None:
        if person.state != state:
            person.state = state
            self.tell(self.people, PresenceChanged, person.number, state)

    def say(self, person: Person, state: PresenceState) -> None:
        person.absences += state == AWAY != person.said
        person.said = state
        if person.state != LAGGING:
            self.set_state(person, state)
        self.settle_host()

    def lag(self, person: Person, is_lagging: bool) -> None:
        if is_lagging or person.state == LAGGING:
            self.set_state(person, LAGGING if is_lagging else person.said)
            self.settle_host()

    def kick(self, person: Person) -> None:
        self.barred |= {person.key, person.network if self.bar == "address" else None}
        self.barred -= {None}
        self.remove(person, LeftReason.KICKED)

    def relieve(self, term: int, absence: int) -> None:
        host = self.people.get(self.host)
        if host and host.is_away and (term, absence) == (self.term, host.absences):
            self.seeks_host = True
            self.settle_host()

    def settle_host(self) -> None:
        """Do what follows when a player comes, or tells of itself."""
        host = self.people.get(self.host)
        if host is None:
            self.elect()
        elif host.said == HERE:
            self.seeks_host = False
        elif self.seeks_host and any(p.can_host and p.state == HERE for p in self.people.values()):
            self.elect()

    def elect(self) -> None:
        able = [p for p in self.people.values() if p.connection and p.can_host]
        here = [p.number for p in able if p.state == HERE]
        self.make_host(min(here or [p.number for p in able], default=0))

    def make_host(self, number: int) -> None:
        if number != self.host:
            self.host, self.term, self.seeks_host = number, self.term + 1, False
            self.tell(self.people, Host, number, self.term)


def subject(frame: Any) -> tuple[Any, ...]:
    """Return a frame's subject: a newer frame of the same subject replaces it."""
    match frame:
        case Property(scope=scope, key=key):
            return (Property, scope, key)
        case Joined(player=number) | PresenceChanged(player=number):
            return (type(frame), number)
        case Host():
            return (Host,)
    return (frame.seq,)
