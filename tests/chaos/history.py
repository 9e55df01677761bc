"""One epoch of a room, put together from what everybody said and heard.

Nobody hears of a SUBSCRIBE, and a frame that nobody heard has no known place. So there are two
answers to "whom was a frame for": the players it was certainly for, and those it may have been for.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from math import inf
from operator import itemgetter

from tests.chaos.journal import (
    Acknowledged,
    Asked,
    Delivered,
    Fact,
    GivenUp,
    Hosted,
    Joined,
    Journal,
    Left,
    Refused,
    Seated,
    Sent,
)

Span = tuple[float, float]
"""Something happened after the first seq, and no later than the second."""


@dataclass(slots=True)
class Term:
    """What one player said from one seat, and its fate."""

    label: str
    epoch: str
    player: int
    sent: dict[int, Sent] = field(default_factory=dict)
    """Frames by number."""
    asked: list[Asked] = field(default_factory=list)
    acknowledged: int = 0
    is_last: bool = True
    """Whether the player had no other seat afterwards."""
    placed: dict[int, int] = field(default_factory=dict)
    """The seq of each frame that somebody heard, by number."""
    refusals: dict[int, list[Refused]] = field(default_factory=dict)
    """Refusals by count. More than one for a count is a fault."""
    places: list[tuple[int, int]] = field(default_factory=list)
    """Count and seq of all frames with a known place, in order."""

    def span(self, said: Sent | Asked) -> Span:
        """Return the seqs between which a frame lies that nobody heard."""
        index = bisect_left(self.places, said.count, key=itemgetter(0))
        low = self.places[index - 1][1] if index else 0
        high = self.places[index][1] if index < len(self.places) else inf
        return max(low, said.after), high


def terms_of(journal: Journal) -> list[Term]:
    """Split what a player said by its seats."""
    terms: list[Term] = []
    for each in journal.said:
        match each:
            case Seated(epoch, player):
                if not terms or (terms[-1].epoch, terms[-1].player) != (epoch, player):
                    terms.append(Term(journal.label, epoch, player))
            case Sent(number=number):
                terms[-1].sent[number] = each
            case Asked():
                terms[-1].asked.append(each)
            case Acknowledged(count) if terms:
                terms[-1].acknowledged = max(terms[-1].acknowledged, count)
            case GivenUp() | Acknowledged():
                pass
    for term in terms[:-1]:
        term.is_last = False
    return terms


@dataclass(frozen=True, slots=True)
class Addressees:
    certain: frozenset[int]
    possible: frozenset[int]


class History:
    """The seats, hosts and groups of an epoch, and the fact at each seq."""

    def __init__(self, epoch: str, terms: Iterable[Term], stayed: Container[str]) -> None:
        """Args: stayed: labels of the players who were there when everything had arrived."""
        self.epoch = epoch
        self.terms = {term.player: term for term in terms}
        self.facts: dict[int, Fact] = {}
        self.end = 0
        """The seq of the last frame of a player who stayed: everybody has waited for those. A slow
        relay may tell the frames of one who left while the run ends."""
        self._stayed = stayed
        self.conflicts: list[str] = []
        self.joined: dict[int, int] = {}
        self._left: dict[int, int] = {}
        self._hosts: list[tuple[int, int, int]] = []

    def note(self, fact: Fact, hearer: int) -> None:
        """Take one fact, as one player heard it."""
        known = self.facts.setdefault(fact.seq, fact)
        if known != fact:
            self.conflicts.append(f"seq {fact.seq} is {known}, but {fact} to player {hearer}")
        elif isinstance(fact, Refused) and hearer in self.terms:
            term = self.terms[hearer]
            term.refusals.setdefault(fact.count, []).append(fact)
            term.places.append((fact.count, fact.seq))

    def settle(self) -> None:
        """Draw conclusions, once all facts are here."""
        for seq, fact in sorted(self.facts.items()):
            match fact:
                case Joined(player=player):
                    self.joined[player] = seq
                case Left(player=player):
                    self._left[player] = seq
                case Hosted(player=player, term=term):
                    self._hosts.append((seq, player, term))
                case Delivered():
                    self._place(fact)
        for each in self.terms.values():
            each.places.sort()

    def _place(self, fact: Delivered) -> None:
        if (found := self.find(fact)) is not None:
            term, sent = found
            if term.label in self._stayed:
                self.end = fact.seq
            term.placed.setdefault(sent.number, fact.seq)
            term.places.append((sent.count, fact.seq))

    def find(self, fact: Delivered) -> tuple[Term, Sent] | None:
        """Return the sender of this and the frame; None if nobody sent it."""
        term = self.terms.get(fact.sender)
        if term is None or term.label != fact.label or fact.number not in term.sent:
            return None
        return term, term.sent[fact.number]

    def names_nobody(self, sent: Sent, seq: int) -> bool:
        """Whether a frame names a player who had not joined yet: the relay refuses it."""
        target = sent.target
        named = target if isinstance(target, tuple) else (target,) if type(target) is int else ()
        return any(self.joined.get(player, inf) > seq for player in named if player > 0)

    # Whom a frame was for.

    def addressees(self, sent: Sent, sender: int, span: Span) -> Addressees:
        """Say whom a frame was for whose place is within the span."""
        seated, target = self._seated(span), sent.target
        if target is None or target is False:
            return _but(seated, sender)
        if target is True:
            return seated
        if isinstance(target, tuple):
            return _among(seated, frozenset(target))
        if target > 0:
            return _among(seated, frozenset({target}))
        return self._hosting(seated, span) if target == 0 else self._group(-target, seated, span)

    def _seated(self, span: Span) -> Addressees:
        low, high = span
        certain, possible = set(), set()
        for player, joined in self.joined.items():
            left = self._left.get(player, inf)
            if joined <= low and left >= high:
                certain.add(player)
            if joined <= high and left >= low:
                possible.add(player)
        return Addressees(frozenset(certain), frozenset(possible))

    def _hosting(self, seated: Addressees, span: Span) -> Addressees:
        first = bisect_right(self._hosts, span[0], key=itemgetter(0)) - 1
        last = bisect_left(self._hosts, span[1], key=itemgetter(0))
        during = self._hosts[max(first, 0) : last]
        terms = [term for _, _, term in self._hosts[max(first, 0) : last + 1]]
        if first < 0 or terms != list(range(terms[0], terms[0] + len(terms))):
            return Addressees(frozenset(), seated.possible)  # a host that nobody was told of
        hosts = frozenset(player for _, player, _ in during)
        certain = seated.certain & hosts if len(hosts) == 1 else frozenset()
        return Addressees(certain, seated.possible & hosts)

    def _group(self, group: int, seated: Addressees, span: Span) -> Addressees:
        certain, possible = set(), set()
        for player in seated.possible:
            term = self.terms.get(player)
            surely, maybe = (False, True) if term is None else membership(term, group, span)
            if surely and player in seated.certain:
                certain.add(player)
            if maybe:
                possible.add(player)
        return Addressees(frozenset(certain), frozenset(possible))


def membership(term: Term, group: int, span: Span) -> tuple[bool, bool]:
    """Say whether a player was in a group through the whole span: certainly, and possibly."""
    surely = maybe = False
    for change in term.asked:
        if group not in change.add and group not in change.remove:
            continue
        is_in = group in change.add and group not in change.remove
        low, high = term.span(change)
        if low >= span[1]:
            break
        if high <= span[0]:
            surely = maybe = is_in
        else:
            surely, maybe = surely and is_in, maybe or is_in
    return surely, maybe


def _but(seated: Addressees, player: int) -> Addressees:
    return Addressees(seated.certain - {player}, seated.possible - {player})


def _among(seated: Addressees, players: frozenset[int]) -> Addressees:
    return Addressees(seated.certain & players, seated.possible & players)
