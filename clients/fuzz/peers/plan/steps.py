"""The steps of a hostile client's story."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from clients.fuzz.peers.plan.dress import Writing
from clients.fuzz.peers.plan.framing import BINARY, frame
from clients.fuzz.peers.plan.room import Said
from protocol.codec import encode
from protocol.frames import Ping, RoomOptions

BURST: Final = 2.5
"""Seconds of its rate at which a relay throttles: it bears two at once (SPEC 19)."""

FIRST: Final = 1 << 20
"""Where the numbers of a flood's PINGs begin."""


@dataclass(frozen=True, slots=True)
class Say:
    """A message of somebody who is in the room, or at its door."""

    by: str
    what: str
    said: Said
    writing: Writing


@dataclass(frozen=True, slots=True)
class Settle:
    """A PING: its answer comes after everything that was said before."""

    by: str
    t: int
    writing: Writing
    what: str = "ping"


@dataclass(frozen=True, slots=True)
class Enter:
    """A new connection, up to LIVE."""

    by: str
    what: str
    key: bytes
    """Of the upgrade."""
    cuts: int
    """Seed of the pieces that the upgrade and the HELLO travel in: they are not known yet."""
    seat: bytes
    position: str = "none"
    """Also "newest", "behind" (by some facts), "beyond" or "other" (another epoch)."""
    behind: int = 0
    early: tuple[Say, ...] = ()
    """What is said before HELLO, and refused."""
    create: RoomOptions | bool = False
    role: str = "player"
    """Of a seat's first HELLO; the relay passes over that of later ones."""
    password: str = ""
    is_slow: bool = False
    """Whether the kernels are to keep little of what is not read."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A HELLO that must be refused, on a connection of its own."""

    what: str
    key: bytes
    hello: bytes
    writing: Writing
    code: str
    close: int


@dataclass(frozen=True, slots=True)
class End:
    """How a connection ends. `how`: "fin", "half", "reset", "close", "leave" or "breach"."""

    by: str
    how: str
    what: str
    writing: Writing
    codes: frozenset[int] = frozenset()
    """How the relay may close."""


@dataclass(frozen=True, slots=True)
class Knock:
    """A connection that is dropped within its upgrade."""

    size: int
    """Bytes of the request that are written."""
    key: bytes
    what: str = "knock"


@dataclass(frozen=True, slots=True)
class Flood:
    """More PINGs at once than the relay bears: it throttles, and answers them all."""

    by: str
    what: str
    masks: int
    """Seed of their masks: how many there are, the relay's limit says."""

    def last(self, rate: int) -> int:
        """Return the number of the last one, for a relay that takes so many messages a second."""
        return FIRST + int(rate * BURST)

    def pings(self, rate: int) -> bytes:
        """Return all of them."""
        rng = Random(self.masks)
        numbers = range(FIRST, self.last(rate) + 1)
        return b"".join(frame(BINARY, encode(Ping(number)), rng.randbytes(4)) for number in numbers)


@dataclass(frozen=True, slots=True)
class Lag:
    """Eve reads nothing while the others say more than a relay lets wait (SPEC 12.6)."""

    by: str
    what: str
    dice: int
    """Seed of what the others say."""
    parts: int
    """Of the snapshot that the host gives meanwhile, where there is history; 0: none."""
    reads_on: bool
    """Whether Eve catches up. If not, the connection ends next."""


@dataclass(frozen=True, slots=True)
class Drain:
    """The relay is told to end: it says so, and closes every connection with 1012."""

    pid: int
    what: str = "drain"


Step = Say | Settle | Enter | Refused | End | Knock | Flood | Lag | Drain
