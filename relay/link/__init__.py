"""What a connection needs from a transport."""

from __future__ import annotations

from typing import Protocol

from protocol.close_codes import CloseCode
from relay.outbox import Outbox

EXTENSION = "roomwire.direct"
"""Key of an ASGI scope's `extensions` where the server's protocol can be taken over: its value has
`take_over`, which is `relay.link.direct.DirectProtocol.take_over`."""


class Link(Protocol):
    """The way to one client: takes what its outbox holds, and can be closed.

    A link hands every message to `Connection.greet` or `Connection.receive`, and calls
    `Connection.lost` once when the way is gone, whoever ended it.
    """

    outbox: Outbox

    def close(self, code: CloseCode, reason: str) -> None:
        """Send what waits, then close. A peer that does not read is cut off after a while."""
