"""What a connection needs from a transport."""

from __future__ import annotations

from typing import Protocol

from protocol.close_codes import CloseCode
from relay.delivery.outbox import Outbox


class Link(Protocol):
    """The way to one client: takes what its outbox holds, and can be closed.

    A link hands every message to `Connection.greet` or `Connection.receive`, and calls
    `Connection.lost` once when the way is gone, whoever ended it.
    """

    outbox: Outbox

    def close(self, code: CloseCode, reason: str) -> None:
        """Send what waits, then close. A peer that does not read is cut off after a while."""
