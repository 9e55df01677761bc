"""What a room tells the players who are connected here: gathered for a turn, then written.

Nearly all players of a room get the same messages, so these are gathered and joined once for all:
fan-out is one `append` a message, and at the turn's end one write a player. A player who gets
anything else (all but their own messages, a message to them alone, an answer) has a share of their
own for the rest of the turn. It begins as a copy of everybody's share.
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


def unserved() -> FanOut:
    """Make the fan-out of a room that no node serves, and that has no players."""
    return FanOut(_nobody_flushes, _nobody_flushes)


def _nobody_flushes(fan_out: FanOut) -> None:
    raise AssertionError("a room that no node serves has a player whose outbox flows")


class FanOut(Flow):
    """The outboxes of a room by player.

    `flush` writes to the outboxes that flow. Messages for the others go into them at once.

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
        """When the timed frame came that the next flush writes; 0 if there is none."""
        self._all: dict[int, Outbox] = {}
        self._waiting: dict[int, Outbox] = {}
        self._flowing: dict[int, Callable[[bytes], int]] = {}
        """How to write to each player whose outbox flows. Flowing is a mode of the outbox, in its
        one state machine. This is an index of that mode, so that fan-out need not ask each outbox.
        Only `open` and `shut` change it, and never in place: a write may end with `hold`."""
        self._turn: list[bytes] = []
        """Everybody's share."""
        self._apart: dict[int, list[bytes]] = {}
        self._bytes = 0
        """Bytes gathered: each message counts once, and so does each answer."""
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

        If it becomes too much for an outbox, the outbox falls out of flowing, and its player counts
        as slow.
        """
        return self._bytes * MUCH > self._most

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
        """Send a message to all but one player; to all, if that one is 0."""
        flowing = self._flowing
        if flowing:
            if not self._has_told:
                self._ask()
            turn, apart = self._turn, self._apart
            if apart:
                for player, share in apart.items():
                    if player != sender:
                        share.append(message)
            if sender in flowing and sender not in apart:
                apart[sender] = turn.copy()
            turn.append(message)
            size = len(message)
            self._bytes += size
            if size > SHORT or message[OPCODE_AT] != DELIVER:
                self._tally.sort(message, len(flowing) - (sender in flowing))
        if self._waiting:
            for player, outbox in self._waiting.items():
                if player != sender:
                    outbox.queue(message)

    def tell_some(self, players: Iterable[int], message: bytes) -> None:
        """Send a message to these players, as far as they are here."""
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
        """Send a message to a player whose outbox flows."""
        if not self._has_told:
            self._ask()
        self._add(player, message)
        if len(message) > SHORT or message[OPCODE_AT] != DELIVER:
            self._tally.sort(message, 1)

    def ride(self, player: int, message: bytes) -> None:
        """Send an ACK to a player whose outbox flows, together with what comes next."""
        if not self._has_told and not self._has_riding:
            self._has_riding = True
            self._flush_later(self)
        self._add(player, message)
        self._tally.sort_ack(message)

    def _ask(self) -> None:
        self._has_told = True
        self._flush_soon(self)

    def _add(self, player: int, message: bytes) -> None:
        share = self._apart.get(player)
        if share is None:
            share = self._apart[player] = self._turn.copy()
        share.append(message)
        self._bytes += len(message)

    def share(self, player: int) -> list[bytes]:
        """Return what is gathered for a player whose outbox flows."""
        return self._apart.get(player, self._turn)

    def open(self, player: int) -> None:
        """Let an outbox flow from now on."""
        self._flowing = {**self._flowing, player: self._waiting.pop(player).outlet.try_write}
        if self._turn:
            self._apart[player] = []  # it was told already

    def shut(self, player: int) -> list[bytes]:
        """Let an outbox flow no more. Returns: what is gathered for it, which it must keep."""
        self._flowing = {each: at for each, at in self._flowing.items() if each != player}
        self._waiting[player] = self._all[player]
        share = self._apart.pop(player, None)
        return self._turn.copy() if share is None else share

    # The turn's end. Each write costs, so here it is no function of its own.

    def flush(self) -> None:
        """Write to everyone its share; one that is too much for an outbox waits in it instead."""
        if self._bytes > self._most:
            self._hold_back()
        turn, self._turn = self._turn, []
        apart, self._apart = self._apart, {}
        self._has_told = self._has_riding = False
        self._bytes = 0
        if turn:
            self._write_all(turn, apart)
        if apart:
            self._write_shares(apart)
        if self._timed:
            self._tally.written(self._timed)
            self._timed = 0.0

    def _hold_back(self) -> None:
        for player in list(self._flowing):
            if sum(map(len, self.share(player))) > self._most:
                self._all[player].hold()

    def _write_all(self, turn: list[bytes], apart: dict[int, list[bytes]]) -> None:
        data, flowing, tally = b"".join(turn), self._flowing, self._tally
        size, many = len(data), len(flowing) - len(apart)
        tally.writes += many
        tally.flowed += many * len(turn)
        tally.flowed_bytes += many * size
        for player, try_write in flowing.items():
            if player not in apart:
                try:
                    sent = try_write(data)
                except OSError:  # for now, or for good: whoever takes the rest finds out
                    sent = 0
                if sent < size:
                    self._all[player].outlet.write(data[sent:])

    def _write_shares(self, apart: dict[int, list[bytes]]) -> None:
        flowing, tally = self._flowing, self._tally
        for player, share in apart.items():
            if share:
                data = b"".join(share)
                size = len(data)
                tally.writes += 1
                tally.flowed += len(share)
                tally.flowed_bytes += size
                try:
                    sent = flowing[player](data)
                except OSError:
                    sent = 0
                if sent < size:
                    self._all[player].outlet.write(data[sent:])
