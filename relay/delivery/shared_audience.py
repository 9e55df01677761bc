"""The players of a room that other nodes serve, too: volatile values pass between the nodes."""

from __future__ import annotations

from collections.abc import Callable

from relay.delivery.audience import Audience
from relay.history.packed_frames import Addressees

Share = Callable[[int, int, Addressees, bytes], None]
"""Takes a value for players at other nodes: sender, key, addressees, and the message, wrapped."""


class SharedAudience(Audience):
    """Replaces the audience of a room that nodes share. It has the audience's players and
    values."""

    def __init__(
        self, audience: Audience, share: Share, want: Callable[[], None] = lambda: None
    ) -> None:
        """Args: want: asks the other nodes for all values of the room, for some seconds."""
        self.fan_out = audience.fan_out
        self.retained = audience.retained
        self.delay = audience.delay
        self._share = share
        self._want = want

    def tell_value(self, sender: int, key: int, to: Addressees, message: bytes) -> None:
        super().tell_value(sender, key, to, message)
        self._share(sender, key, to, message)

    def hear_value(self, sender: int, key: int, to: Addressees, message: bytes) -> None:
        """Tell players here a value of another node, and do not send it back."""
        super().tell_value(sender, key, to, message)

    def want_values(self) -> None:
        self._want()
