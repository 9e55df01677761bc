"""What an outbox asks of the fan-out of its room, on the floor below both."""

from __future__ import annotations


class Flow:
    """What flows, gathered for all outboxes of a room. `FanOut` is one.

    It is a class and no `Protocol`, so that compiled code calls it without a lookup.
    """

    def open(self, player: int) -> None:
        """Let an outbox flow from now on."""
        raise NotImplementedError

    def shut(self, player: int) -> list[bytes]:
        """Let an outbox flow no more. Returns: what is gathered for it, which it must keep."""
        raise NotImplementedError

    def share(self, player: int) -> list[bytes]:
        """Return what is gathered for a player whose outbox flows."""
        raise NotImplementedError

    def answer(self, player: int, message: bytes) -> None:
        """Send a message to a player whose outbox flows."""
        raise NotImplementedError

    def ride(self, player: int, message: bytes) -> None:
        """Send a message to a player whose outbox flows, together with what comes next."""
        raise NotImplementedError
