"""Which connections ended last in each room, and why, and which frames of theirs were refused.

Operators may ask for it. It takes no memory for a room until a connection ends or is turned away
there.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

from relay.lobby.registry import NAME
from relay.node.link import Link
from relay.policy.conduct import Conduct, RefusedFrame

MOST_ENDS: Final = 16
"""How many ended connections are kept of one room: so many of players, and so many of others."""
MOST_TEXT: Final = 200
"""Characters that are kept of a reason."""
MOST_ROOMS: Final = 500
"""Rooms of which ends are kept. Strangers can cause ends in as many rooms as they like."""
MOST_REJECTED: Final = 8
"""How many refused frames are kept of one room: so many of players, and so many of others."""
MOST_SHUT_OUT: Final = 8
"""How many requests are kept that came to no room."""
MOST_WHY: Final = 500
"""Characters that are kept of the reason."""
MOST_REJECTED_ROOMS: Final = 100
"""Rooms of which they are kept: each may have 256 bytes, and words about them."""


class Ended(NamedTuple):
    """A connection that is over, or a HELLO that was refused."""

    at: int
    """The relay's clock, in microseconds."""
    player: int | None
    """None for one who had not entered."""
    attachment: int
    code: int | None
    """Of the close; None if the connection was lost, or closed by the client."""
    name: str
    """Of the close code, or of the error that a HELLO was refused with."""
    text: str = ""
    """The reason that was given, if one was."""
    silent_ms: int = 0
    """For how long the client was silent before, while it should have answered."""
    room: str = ""
    """Its name in capitals. A node of an older version does not tell it."""


class Rejected(NamedTuple):
    """A refused frame of a client whose connection is over, or that has not entered."""

    room: str
    at: int
    """The relay's clock, in microseconds."""
    player: int | None
    """None for one who had not entered, and once their room is gone."""
    attachment: int
    address: str
    closed: str
    """How the connection ended: the name of the close code; "" if it is there."""
    frame: RefusedFrame


class ShutOut(NamedTuple):
    """A request that was refused before it was anybody's connection to a room."""

    at: int
    """The relay's clock, in microseconds, when it was so last."""
    address: str
    why: str
    times: int = 1
    """How often it was so, without another in between that is forgotten by now."""


class Client(Protocol):
    """What is needed of a connection that ends."""

    room_name: str
    attachment: int
    address: str
    conduct: Conduct

    @property
    def link(self) -> Link:
        """The way to the client."""

    @property
    def player(self) -> int | None:
        """The player's number, once one has entered."""


T = TypeVar("T")
Kept = OrderedDict[str, tuple[T, ...]]
"""By room; the one that changed last comes last."""


def _now() -> int:
    return time.time_ns() // 1000


class Recent:
    """The last ends in each room."""

    def __init__(self, now: Callable[[], int] = _now) -> None:
        """Args: now: tells the time in microseconds."""
        self._now = now
        self._seated: Kept[Ended] = OrderedDict()
        self._turned_away: Kept[Ended] = OrderedDict()
        """Kept apart: any stranger can cause these, and they would push the others out."""
        self._rejected: Kept[Rejected] = OrderedDict()
        self._strangers: Kept[Rejected] = OrderedDict()
        """Refused frames of clients that had not entered."""
        self.shut_out: tuple[ShutOut, ...] = ()

    def shut(self, address: str, why: str) -> None:
        """Take note of a request that was refused before it was a connection to a room."""
        why = why[:MOST_WHY]
        same = sum(each.times for each in self.shut_out if each[1:3] == (address, why))
        others = [each for each in self.shut_out if each[1:3] != (address, why)]
        shut = ShutOut(self._now(), address, why, same + 1)
        self.shut_out = (*others, shut)[-MOST_SHUT_OUT:]

    def add(
        self,
        room: str,
        player: int | None,
        attachment: int,
        code: int | None,
        name: str,
        text: str = "",
    ) -> None:
        """Take note of an end."""
        if NAME.fullmatch(room) is None:
            return
        kept, room = self._turned_away if player is None else self._seated, room.upper()
        last = kept.get(room, ())[-1:]
        if player is None and last and last[0][2:4] == (attachment, code) and code is not None:
            return  # the close that a refusal has announced, which says more
        ended = Ended(self._now(), player, attachment, code, name, text[:MOST_TEXT], room=room)
        _keep(kept, room, [ended], MOST_ENDS, MOST_ROOMS)

    def keep(self, client: Client) -> None:
        """Take note of the state of a client whose connection has just ended."""
        room, attachment = client.room_name.upper(), client.attachment
        kept = self._turned_away if client.player is None else self._seated
        ended = kept.get(room, ())[-1:]
        silent_ms = int(client.link.silent(lately=True) * 1000)
        if silent_ms and ended and ended[0].attachment == attachment:
            kept[room] = (*kept[room][:-1], ended[0]._replace(silent_ms=silent_ms))
        if NAME.fullmatch(room) is not None and client.conduct.refusals:
            closed = ended[0].name if ended and ended[0].attachment == attachment else ""
            into = self._strangers if client.player is None else self._rejected
            _keep(into, room, rejected(client, closed), MOST_REJECTED, MOST_REJECTED_ROOMS)

    def forget(self, room: str) -> None:
        """Forget the players of a room that has ended: another room will use their numbers again.

        Refused frames help the author of a client, so they stay, without a player.
        """
        self._seated.pop(room, None)
        self._turned_away.pop(room, None)
        of_nobody = [each._replace(player=None) for each in self._rejected.pop(room, ())]
        if of_nobody:
            _keep(self._strangers, room, of_nobody, MOST_REJECTED, MOST_REJECTED_ROOMS)

    def ends(self, room: str = "") -> Sequence[Ended]:
        """Return the last ends in a room, or in any, the newest last. Args: room: "" is any."""
        every: list[Ended] = []
        for kept in (self._seated, self._turned_away):
            for each in kept.values() if not room else [kept.get(room, ())]:
                every += each
        return sorted(every, key=lambda each: each.at)

    def rejected(self, room: str = "") -> Iterator[Rejected]:
        """Yield what was refused in a room, or in any. Args: room: "" is any."""
        for kept in (self._rejected, self._strangers):
            for each in kept.values() if not room else [kept.get(room, ())]:
                yield from each


def rejected(client: Client, closed: str) -> list[Rejected]:
    """Return what a client was refused."""
    about = (client.player, client.attachment, client.address, closed)
    room = client.room_name.upper()
    return [Rejected(room, each.refused.at, *about, each) for each in client.conduct.kept()]


def _keep(kept: Kept[T], room: str, more: Sequence[T], most: int, most_rooms: int) -> None:
    kept[room] = (*kept.pop(room, ()), *more)[-most:]
    if len(kept) > most_rooms:
        kept.popitem(last=False)
