"""What a room tells the players who are connected here: gathered for a turn, then written.

What flows is the same for nearly all of a room, so it is gathered once for all of them, and joined
once: fan-out is one `append` a message, and at the turn's end one write a player. Of a player who
says something it is noted where that lies among the turn's bytes: their share is the rest. A player
who gets anything else (a directed message between the others, an answer) is apart for the rest of
the turn, with a list of their own that begins as a copy of what they have been told so far.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from relay.delivery.flow import Flow
from relay.delivery.outbox import Outbox
from relay.delivery.tally import DELIVER, UNREAD, Tally
from relay.history.packed_frames import Addressees
from relay.history.ws_frame import OPCODE_AT, SHORT

MUCH: Final = 16
"""What waits is enough to be written once it is over 1/16 of what may be written at once."""
NEVER: Final = 1 << 60
"""Bytes that no turn has."""


def unserved() -> FanOut:
    """Make the fan-out of a room that no node serves: it has nobody to tell."""
    return FanOut(_nobody_flushes, _nobody_flushes)


def _nobody_flushes(fan_out: FanOut) -> None:
    raise AssertionError("a room that no node serves has a player whose outbox flows")


class FanOut(Flow):
    """The outboxes of a room by player.

    Those that flow are written to by `flush`; into the others everything is put at once.

    Args:
        flush_soon: is called when something was gathered, once until `flush`.
        flush_later: is called when something waits for the next flush, whenever that comes.
        tally: counts what flows.
    """

    def __init__(
        self,
        flush_soon: Callable[[FanOut], object],
        flush_later: Callable[[FanOut], object],
        tally: Tally = UNREAD,
    ) -> None:
        self._flush_soon = flush_soon
        self._flush_later = flush_later
        self._tally = tally
        self._timed = 0.0
        """When a frame came that is timed, and that the next flush writes; 0 if there is none."""
        self._all: dict[int, Outbox] = {}
        self._waiting: dict[int, Outbox] = {}
        self._flowing: dict[int, Callable[[bytes], int]] = {}
        """How to write to each player whose outbox flows. Flowing is a mode of the outbox, in its
        one state machine. This is an index of that mode, so that fan-out need not ask each outbox.
        Only `open` and `shut` change it, and never in place: a write may end with `hold`."""
        self._turn: list[bytes] = []
        """Everybody's share."""
        self._size = 0
        """Its bytes."""
        self._own: dict[int, list[int]] = {}
        """Of each player who said some of it: from where to where that is, in bytes, in order."""
        self._others = 0
        """Messages of it that were said by nobody of these."""
        self._apart: dict[int, list[bytes]] = {}
        self._answers = 0
        """Bytes of what one of them was told alone."""
        self._has_told = False
        self._has_riding = False
        self._most = 0
        """Bytes that are written at once to any of them."""

    def __getitem__(self, player: int) -> Outbox:
        return self._all[player]

    def __contains__(self, player: object) -> bool:
        return player in self._all

    def __iter__(self) -> Iterator[int]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def gathered(self) -> int:
        """Messages to everybody that wait for `flush`."""
        return len(self._turn)

    @property
    def has_much(self) -> bool:
        """Whether what waits for `flush` is better written before there is more of it.

        Outboxes for which it becomes too much would wait, and their players count as slow.
        """
        return (self._size + self._answers) * MUCH > self._most

    def values(self) -> Collection[Outbox]:
        return self._all.values()

    def add(self, player: int, outbox: Outbox) -> None:
        """Tell a player what comes from now on through this outbox."""
        self.remove(player)
        self._all[player] = self._waiting[player] = outbox
        self._most = outbox.max_bytes
        outbox.meet(self, player)

    def remove(self, player: int) -> None:
        """Tell a player nothing more. What was told waits in its outbox."""
        if player in self._all:
            outbox = self._all[player]
            outbox.hold()
            outbox.meet(None, player)
            del self._all[player], self._waiting[player]

    # What a room tells.

    def tell_others(self, sender: int, message: bytes) -> None:
        """Tell all but one; all, if the one is 0."""
        flowing = self._flowing
        if flowing:
            if not self._has_told:
                self._ask()
            size, start, apart = len(message), self._size, self._apart
            self._turn.append(message)
            self._size = end = start + size
            if sender not in flowing or sender in apart:
                self._others += 1
            elif (own := self._own.get(sender)) is None:
                self._own[sender] = [start, end]
            elif own[-1] == start:
                own[-1] = end
            else:
                own += (start, end)
            if apart:
                for player, share in apart.items():
                    if player != sender:
                        share.append(message)
            if size > SHORT or message[OPCODE_AT] != DELIVER:
                self._tally.sort(message, len(flowing) - (sender in flowing))
        if self._waiting:
            for player, outbox in self._waiting.items():
                if player != sender:
                    outbox.queue(message)

    def tell_some(self, players: Iterable[int], message: bytes) -> None:
        """Tell these, as far as they are here."""
        for player in players:
            if player in self._flowing:
                self.answer(player, message)
            elif player in self._waiting:
                self._waiting[player].queue(message)

    def time(self, came: float) -> None:
        """Time a frame that came then, if the room has told players here of it."""
        if self._has_told and not self._timed:
            self._timed = came

    def look(self, to: Addressees) -> None:
        """Count to how many players a frame goes at once, if any player is here."""
        flowing = self._flowing
        if isinstance(to, int):
            reached = len(flowing) - (to in flowing)
        else:
            reached = sum(player in flowing for player in to)
        if self._all:
            self._tally.fan_out.add(reached)

    # What outboxes ask for.

    def answer(self, player: int, message: bytes) -> None:
        """Tell one that flows something."""
        if not self._has_told:
            self._ask()
        self._add(player, message)

    def ride(self, player: int, message: bytes) -> None:
        """Tell one that flows something with what comes next."""
        if not self._has_told and not self._has_riding:
            self._has_riding = True
            self._flush_later(self)
        self._add(player, message)

    def _ask(self) -> None:
        self._has_told = True
        self._flush_soon(self)

    def _add(self, player: int, message: bytes) -> None:
        share = self._apart.get(player)
        if share is None:
            share = self._part(player)
        share.append(message)
        size = len(message)
        if size > SHORT or message[OPCODE_AT] != DELIVER:
            self._tally.sort(message, 1)
        self._answers += size

    def share(self, player: int) -> list[bytes]:
        """Return what is gathered for one that flows."""
        if player in self._apart:
            return self._apart[player]
        own = self._own.get(player)
        return self._turn if own is None else _without(self._turn, own)

    def _part(self, player: int) -> list[bytes]:
        """Let a player be apart. Returns: their share."""
        own = self._own.pop(player, None)
        share = self._turn.copy() if own is None else _without(self._turn, own)
        self._others += len(self._turn) - len(share)
        self._apart[player] = share
        return share

    def open(self, player: int) -> None:
        """Let an outbox flow from now on."""
        self._flowing = {**self._flowing, player: self._waiting.pop(player).outlet.try_write}
        if self._turn:
            self._apart[player] = []  # it was told already

    def shut(self, player: int) -> list[bytes]:
        """Let an outbox flow no more. Returns: what is gathered for it, which it must keep."""
        self._flowing = {each: at for each, at in self._flowing.items() if each != player}
        self._waiting[player] = self._all[player]
        if player not in self._apart:
            self._part(player)
        return self._apart.pop(player)

    # The turn's end. Each write costs, so here it is no function of its own.

    def flush(self) -> None:
        """Write to everyone its share; one that is too much for an outbox waits in it instead."""
        if self._size + self._answers > self._most:
            self._hold_back()
        turn, flowing = self._turn, self._flowing
        everybody = b"".join(turn)
        frames = len(turn) * (len(self._own) - 1) + self._others
        frames += sum(map(len, self._apart.values())) if self._apart else 0
        shares = self._shares(everybody)
        self._turn, self._own, self._apart = [], {}, {}
        self._size = self._others = self._answers = 0
        self._has_told = self._has_riding = False
        many = len(flowing) - len(shares) if everybody else 0
        self._tally.flow(many, many * len(turn) + frames, many * len(everybody))
        if many:
            self._write_all(everybody, shares)
        if shares:
            self._write_shares(shares)
        if self._timed:
            self._tally.written(self._timed)
            self._timed = 0.0

    def _hold_back(self) -> None:
        for player in list(self._flowing):
            if sum(map(len, self.share(player))) > self._most:
                self._all[player].hold()

    def _shares(self, everybody: bytes) -> dict[int, bytes]:
        """Return what is to be written to each of those who do not get all of it."""
        shares: dict[int, bytes] = {}
        for player, own in self._own.items():
            if len(own) == 2:
                start, end = own
                shares[player] = everybody[:start] + everybody[end:]
            else:
                shares[player] = _cut(everybody, own)
        for player, share in self._apart.items():
            shares[player] = b"".join(share)
        return shares

    def _write_all(self, data: bytes, shares: dict[int, bytes]) -> None:
        size = len(data)
        for player, try_write in self._flowing.items():
            if player not in shares:
                try:
                    sent = try_write(data)
                except OSError:  # for now, or for good: whoever takes the rest finds out
                    sent = 0
                if sent < size:
                    self._all[player].outlet.write(data[sent:])

    def _write_shares(self, shares: dict[int, bytes]) -> None:
        flowing = self._flowing
        writes = total = 0
        for player, data in shares.items():
            if data:
                size = len(data)
                writes += 1
                total += size
                try:
                    sent = flowing[player](data)
                except OSError:
                    sent = 0
                if sent < size:
                    self._all[player].outlet.write(data[sent:])
        self._tally.flow(writes, 0, total)


def _without(turn: list[bytes], own: list[int]) -> list[bytes]:
    """Return the messages that do not lie in these parts of all their bytes."""
    spans = iter([*own, NEVER, NEVER])
    start, end = next(spans), next(spans)
    share = []
    at = 0
    for message in turn:
        if at >= end:
            start, end = next(spans), next(spans)
        if at < start:
            share.append(message)
        at += len(message)
    return share


def _cut(data: bytes, own: list[int]) -> bytes:
    """Return bytes without these parts of them."""
    bounds = [0, *own, len(data)]
    return b"".join([data[bounds[at] : bounds[at + 1]] for at in range(0, len(bounds), 2)])
