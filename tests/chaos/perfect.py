"""A room that keeps every promise, and writes the journals of its players. The checker must find
nothing wrong with them. Tests damage them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol.fields.field_types import Target
from tests.chaos.journal import (
    Acknowledged,
    Announced,
    Asked,
    Began,
    Delivered,
    Fact,
    GivenUp,
    Hosted,
    Joined,
    Journal,
    Left,
    Live,
    Refused,
    Resumed,
    Seated,
    Sent,
)


@dataclass
class Member:
    """A player with a seat, and the frames that it has not sent yet."""

    journal: Journal
    player: int = 0
    position: int = 0
    is_connected: bool = False
    groups: set[int] = field(default_factory=set)
    pending: list[Sent | Asked] = field(default_factory=list)
    numbers: int = 0
    counts: int = 0
    taken: int = 0


class PerfectRoom:
    """Frames of connected members take their place at once; those of others when they are back."""

    def __init__(self, *, has_history: bool = False, remembers: int | None = None) -> None:
        """Args:
        has_history: a fresh stream tells all that was sent to all before.
        remembers: it keeps only this many of these frames, and says so.
        """
        self.has_history = has_history
        self.remembers = remembers
        self.journals: list[Journal] = []
        self.members: list[Member] = []
        self._begin("first")

    def _begin(self, epoch: str) -> None:
        self.epoch = epoch
        self.seq = self.joins = self.host = self.term = 0
        self.log: list[tuple[frozenset[int], Fact]] = []
        self.standing: dict[tuple[str, int], Fact] = {}
        self.past: list[Delivered] = []

    # What may happen.

    def join(self) -> None:
        journal = Journal(f"p{len(self.journals)}")
        self.journals.append(journal)
        member = Member(journal)
        self.members.append(member)
        self._seat(member, "")

    def leave(self, member: Member) -> None:
        self.members.remove(member)
        del self.standing["joined", member.player]
        self._tell_all(Left(self._next(), member.player))
        if member.player == self.host and self.members:
            self._elect(self.members[0])

    def send(self, member: Member, target: Target) -> None:
        member.numbers += 1
        self._say(member, Sent(member.numbers, member.counts + 1, target, member.position))

    def send_nonsense(self, member: Member) -> None:
        member.numbers += 1
        self._say(
            member, Sent(member.numbers, member.counts + 1, 10**6, member.position, "refused")
        )

    def subscribe(self, member: Member, group: int) -> None:
        groups = frozenset({group})
        if group in member.groups:
            self._say(member, Asked(member.counts + 1, member.position, remove=groups))
        else:
            self._say(member, Asked(member.counts + 1, member.position, add=groups))

    def transfer(self, member: Member) -> None:
        if member.player != self.host:
            self._elect(member)

    def cut(self, member: Member) -> None:
        member.is_connected = False

    def resume(self, member: Member) -> None:
        if member.is_connected:
            return
        member.journal.said.append(Seated(self.epoch, member.player))
        member.journal.heard.append(Resumed())
        for to, fact in self.log:
            if fact.seq > member.position and member.player in to:
                member.journal.heard.append(fact)
        self._live(member)

    def trim(self, member: Member) -> None:
        """Let a member come back whose position history no longer covers."""
        self._stream(member, "HISTORY_TRIMMED")

    def crash(self) -> None:
        """Begin anew, and lose what was not acknowledged."""
        self._begin(self.epoch + "'")
        for member in self.members:
            member.is_connected, member.player = False, 0
        for member in self.members:
            given_up = tuple(each.number for each in member.pending if isinstance(each, Sent))
            member.pending.clear()
            member.journal.said += [Acknowledged(member.taken), GivenUp(given_up)]
            member.journal.heard.append(Announced(given_up))
            self._seat(member, "EPOCH_CHANGED")

    def finish(self) -> list[Journal]:
        """Let everything arrive, and return the journals."""
        for member in self.members:
            self.resume(member)
        for member in self.members:
            member.journal.said.append(Acknowledged(member.taken))
            member.journal.is_complete = True
        return self.journals

    # How.

    def _seat(self, member: Member, reason: str) -> None:
        self.joins += 1
        member.player = self.joins
        member.counts = member.taken = 0
        member.groups.clear()
        member.is_connected = False
        joined = Joined(self._next(), member.player)
        self.standing["joined", member.player] = joined
        self._tell_all(joined)
        if not self.host:
            self._elect(member)
        self._stream(member, reason)

    def _stream(self, member: Member, reason: str) -> None:
        member.journal.said.append(Seated(self.epoch, member.player))
        member.journal.heard.append(Began(self.epoch, member.player, reason))
        standing = sorted(self.standing.values(), key=lambda fact: fact.seq)
        member.journal.heard.extend(standing)
        first = 0 if self.remembers is None else max(len(self.past) - self.remembers, 0)
        if self.has_history:
            member.journal.heard.extend(self.past[first:])
        self._live(member, complete_from=self.past[first - 1].seq if first else 0)

    def _live(self, member: Member, complete_from: int = 0) -> None:
        member.journal.heard.append(Live(self.seq, complete_from))
        member.position = self.seq
        member.is_connected = True
        while member.pending:  # one by one, as a waiting frame has not changed groups yet
            self._order(member, member.pending.pop(0))

    def _say(self, member: Member, said: Sent | Asked) -> None:
        member.counts += 1
        member.journal.said.append(said)
        if isinstance(said, Asked):
            member.groups ^= said.add | said.remove
        if member.is_connected:
            self._order(member, said)
        else:
            member.pending.append(said)

    def _order(self, member: Member, said: Sent | Asked) -> None:
        member.taken += 1
        if isinstance(said, Asked):
            return
        seq = self._next()
        if said.expected == "refused":
            self._tell({member.player}, Refused(seq, said.count, "NO_SUCH_PLAYER"))
        else:
            fact = Delivered(seq, member.player, member.journal.label, said.number)
            self._tell(self._addressees(said.target, member.player), fact)
            if said.target is None or said.target is True:
                self.past.append(fact)

    def _addressees(self, target: Target, sender: int) -> set[int]:
        seated = {member.player for member in self.members}
        if target is None:
            return seated - {sender}
        if target is True:
            return seated
        if isinstance(target, tuple):
            return seated & set(target)
        if target >= 0:
            return seated & {target or self.host}
        return {member.player for member in self.members if -target in self._taken_groups(member)}

    def _taken_groups(self, member: Member) -> set[int]:
        groups = set(member.groups)
        for said in member.pending:
            if isinstance(said, Asked):
                groups ^= said.add | said.remove
        return groups

    def _elect(self, member: Member) -> None:
        self.host, self.term = member.player, self.term + 1
        hosted = Hosted(self._next(), self.host, self.term)
        self.standing["host", 0] = hosted
        self._tell_all(hosted)

    def _tell_all(self, fact: Fact) -> None:
        self._tell({member.player for member in self.members}, fact)

    def _tell(self, to: Iterable[int], fact: Fact) -> None:
        addressees = frozenset(to)
        self.log.append((addressees, fact))
        for member in self.members:
            if member.is_connected and member.player in addressees:
                member.journal.heard.append(fact)
                member.position = fact.seq

    def _next(self) -> int:
        self.seq += 1
        return self.seq
