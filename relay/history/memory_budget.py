"""One budget for everything that strangers can make the relay keep.

Every room has an account, and holders charge it when they keep something or let go of it: with
what that takes in memory, not with what is in it. Every account is paid for by somebody: the
address that made the room, or the room itself where that address is not limited.

What is kept is of two kinds. History is given up whenever all together is too much: the payer who
holds most gives first, and of that payer's rooms the one with the most history. Everything else
stays, so that it is asked for before it is kept (`Account.may_grow`). A payer may have as much of
it as is left over for others: one alone takes at most half, two a third each, and whoever comes
next finds something left.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

KINDS: Final = (
    "rooms",
    "seats",
    "facts",
    "snapshots",
    "history",
    "values",
    "delayed",
    "reservations",
    "elsewhere",
    "proposals",
)
"""What memory is kept for. `facts` are what a joiner is told first, properties among them;
`values` are newest volatile values, and `delayed` those that spectators are still to hear.
`elsewhere` is what is known of other nodes' rooms, and `proposals` are what a log is to store."""

ROOMS: Final = 0
SEATS: Final = 1
FACTS: Final = 2
SNAPSHOTS: Final = 3
HISTORY: Final = 4
VALUES: Final = 5
DELAYED: Final = 6
RESERVATIONS: Final = 7
ELSEWHERE: Final = 8
PROPOSALS: Final = 9

ROOM_BYTES: Final = 7 * 1024
"""Bytes of memory that a room takes before anybody has entered it."""
OBJECT_BYTES: Final = 48
"""What bytes take beside what they hold, with a reference to them."""

LEAST_GIVEN: Final = 64 * 1024
"""Bytes of history that are given up at once, so that it is not looked for at every message."""

UNLIMITED: Final = sys.maxsize
NOWHERE: Final = -1


class Ranked(Protocol):
    """Something that `Ranks` sorts: it keeps its place there, and only `Ranks` changes that."""

    level: int
    place: int


T = TypeVar("T", bound=Ranked)


class Ranks(Generic[T]):
    """Things by size: one of the largest is found without a look at all of them.

    Those on one level differ by less than a quarter, and count as equal.
    """

    def __init__(self) -> None:
        self._levels: dict[int, list[T]] = {}
        self._taken = 0
        """A bit for each level that has something."""

    def put(self, one: T, size: int) -> None:
        """Take note of a size."""
        level = level_of(size)
        if level != one.level:
            self.drop(one)
            peers = self._levels.setdefault(level, [])
            one.level, one.place = level, len(peers)
            peers.append(one)
            self._taken |= 1 << level

    def drop(self, one: T) -> None:
        if one.level == NOWHERE:
            return
        peers = self._levels[one.level]
        last = peers.pop()
        if last is not one:
            peers[one.place] = last
            last.place = one.place
        if not peers:
            del self._levels[one.level]
            self._taken &= ~(1 << one.level)
        one.level = NOWHERE

    def largest(self) -> T | None:
        return self._levels[self._taken.bit_length() - 1][-1] if self._taken else None


def level_of(size: int) -> int:
    """Number sizes so that there are four numbers for each doubling."""
    bits = size.bit_length()
    return 4 * bits + (size >> bits - 3 & 3) if bits > 2 else 0


class Payer:
    """An address that is charged for its rooms, or a room that is charged for itself."""

    __slots__ = ("accounts", "fixed", "givers", "level", "name", "place", "used")

    def __init__(self, name: str) -> None:
        self.name = name
        self.used = 0
        self.fixed = 0
        """All but history."""
        self.accounts = 0
        self.givers: Ranks[Account] = Ranks()
        """Those with history, by how much of it."""
        self.level = self.place = NOWHERE


class Memory:
    """What all rooms together hold, in bytes.

    Attributes:
        used: all of it, and `kinds` by kind.
        givers: accounts that gave history up for want of memory; whoever tells the rooms so
            takes them out.
    """

    def __init__(self, limit: int = UNLIMITED) -> None:
        self.limit = limit
        self.used = 0
        self.kinds = [0] * len(KINDS)
        self.givers: set[Account] = set()
        self._payers: dict[str, Payer] = {}
        self._ranks: Ranks[Payer] = Ranks()
        """Payers with history, by all that they hold."""

    def may_open(self, payer: str, size: int) -> bool:
        """Whether somebody may have a room that takes so much at first."""
        known = self._payers.get(payer)
        return self._may_grow(known.fixed if known is not None else 0, size)

    def open(self, payer: str) -> Account:
        """Make an account for a room."""
        account = Account(self)
        account.payer = self._payer(payer)
        return account

    def adopt(self, account: Account, payer: str) -> None:
        """Have an account charged here, with all that it holds, which was charged elsewhere."""
        kinds, give = list(account.kinds), account.give
        account.close()
        account.memory, account.payer, account.give = self, self._payer(payer), give
        for kind, size in enumerate(kinds):
            account.charge(kind, size)

    def _payer(self, name: str) -> Payer:
        payer = self._payers.get(name)
        if payer is None:
            payer = self._payers[name] = Payer(name)
        payer.accounts += 1
        return payer

    def leave(self, account: Account) -> None:
        payer = account.payer
        assert payer is not None
        payer.givers.drop(account)
        payer.accounts -= 1
        if not payer.accounts:
            self._ranks.drop(payer)
            del self._payers[payer.name]
        self.givers.discard(account)

    def set(self, kind: int, size: int) -> None:
        """Say what is held of a kind that no room pays for."""
        self.used += size - self.kinds[kind]
        self.kinds[kind] = size

    def note(self, account: Account, payer: Payer) -> None:
        """Rank anew who may have to give history."""
        payer.givers.put(account, account.kinds[HISTORY])
        self._ranks.put(payer, payer.used)

    def make_room(self, size: int) -> None:
        """Have history given up until so much more fits, or nothing is left to give."""
        least = min(LEAST_GIVEN, self.limit // 64)
        while (excess := self.used + size - self.limit) > 0:
            payer = self._ranks.largest()
            if payer is None:
                return
            account = payer.givers.largest()
            if account is None:
                self._ranks.drop(payer)
            elif account.give(max(excess, least)):
                self.givers.add(account)
            else:
                payer.givers.drop(account)

    def _may_grow(self, fixed: int, size: int) -> bool:
        left = self.limit - (self.used - self.kinds[HISTORY])
        if fixed + 2 * size > left:
            return False
        if self.used + size > self.limit:
            self.make_room(size)
        return self.used + size <= self.limit

    def may_grow(self, payer: Payer, size: int) -> bool:
        return self._may_grow(payer.fixed, size)


def _gives_nothing(size: int) -> bool:
    return False


class Account:
    """What one room holds, in bytes.

    Attributes:
        kinds: bytes by kind.
        give: has the room give up so many bytes of history, or some at least. Returns: whether it
            gave anything.
    """

    __slots__ = ("give", "kinds", "level", "memory", "payer", "place")

    def __init__(self, memory: Memory | None = None) -> None:
        """Without a memory there is nobody to share with, and no limit."""
        self.memory = memory
        self.payer: Payer | None = None
        self.kinds = [0] * len(KINDS)
        self.give: Callable[[int], bool] = _gives_nothing
        self.level = self.place = NOWHERE

    @property
    def used(self) -> int:
        return sum(self.kinds)

    def charge(self, kind: int, size: int) -> None:
        """Take note that the room keeps so much more, or less if it is below 0."""
        self.kinds[kind] += size
        memory, payer = self.memory, self.payer
        if memory is None or payer is None:
            return
        memory.used += size
        memory.kinds[kind] += size
        payer.used += size
        if kind == HISTORY:
            memory.note(self, payer)
        else:
            payer.fixed += size
        if size > 0 and memory.used > memory.limit:
            memory.make_room(0)

    def may_grow(self, size: int) -> bool:
        """Whether the room may keep so much more that is not history."""
        memory, payer = self.memory, self.payer
        return size <= 0 or memory is None or payer is None or memory.may_grow(payer, size)

    def close(self) -> None:
        """The room is no more: it holds nothing."""
        for kind, size in enumerate(self.kinds):
            self.charge(kind, -size)
        if self.memory is not None and self.payer is not None:
            self.memory.leave(self)
        self.memory = self.payer = None
        # The history has this account. If this had the history, too, it would stay in memory, and
        # be on nobody's account, until Python looks for what is held only by itself.
        self.give = _gives_nothing
