"""What a connection needs from a transport."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from protocol.close_codes import CloseCode
from relay.conditions.shape import Shape
from relay.delivery.outbox import Outbox


class Look(NamedTuple):
    """The state of the way to a client."""

    link: str
    """Which link it is: direct or portable."""
    rtt: float | None = None
    """Seconds of the round trip, by the last ping that was answered."""
    blocked: float = 0.0
    """Seconds for which the client has not taken what waits."""
    waiting: int = 0
    """Bytes that wait behind the outbox."""
    frames: int | None = None
    """WebSocket frames that the client has sent, where the link counts them."""
    unanswered: float = 0.0
    """Seconds for which a ping has had no answer, and nothing else was heard."""
    silent: float = 0.0
    """As `Link.silent` says."""
    lapses: tuple[tuple[str, float, float], ...] = ()
    """How the client stood still lately: the word for it, seconds, and seconds since it ended."""


class Link(Protocol):
    """The way to one client: takes what its outbox holds, and can be closed.

    A link hands every message to `Connection.greet` or `Connection.receive`, and calls
    `Connection.lost` once when the way is gone, whoever ended it.
    """

    outbox: Outbox
    wished: Shape | None
    """Conditions that the URL asks for; the room's options say whether it may."""
    shaped: Shape | None
    """Conditions that hold."""

    def close(self, code: CloseCode, reason: str) -> None:
        """Send what waits, then close. A peer that does not read is cut off after a while."""

    def look(self) -> Look:
        """Return the state of the way to the client, and measure it again for the next call."""

    def silent(self, *, lately: bool = False) -> float:
        """Return for how many seconds a client is silent that should have answered by now.

        Args: lately: also for a client that was silent until a moment ago.

        Returns: 0.0 for all others.
        """

    def shape(self, shape: Shape | None, player: int) -> None:
        """Let the conditions of a player hold from now on. What is on its way arrives at once."""
