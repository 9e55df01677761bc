"""The players of a room who are connected to this node, and what they are told.

None of this is part of the room's state: another node that applies the same entries has its own
audience.
"""

from __future__ import annotations

from collections.abc import Iterator

from relay.delivery.delay_line import DelayLine
from relay.delivery.fan_out import FanOut
from relay.delivery.outbox import Outbox
from relay.delivery.retained_values import RetainedValues
from relay.history.memory_budget import Account
from relay.history.packed_frames import Addressees


class Audience:
    """Takes a room's messages, in order, to the outboxes of the players they are for.

    Attributes:
        fan_out: the outboxes of all players who hear the room without delay.
        retained: the newest volatile values, for those who come later.
        delay: what spectators may know, if the room keeps them behind.
    """

    def __init__(self, fan_out: FanOut, account: Account, delay: int = 0) -> None:
        """Args: account: of the room. delay: seconds by which spectators are kept behind."""
        self.fan_out = fan_out
        self.retained = RetainedValues(account)
        self.delay = DelayLine(delay, account) if delay else None

    def tell(self, to: Addressees, message: bytes) -> None:
        """Tell a message, wrapped, that is in the room's history."""
        if isinstance(to, int):
            self.fan_out.tell_others(to, message)
        else:
            self.fan_out.tell_some(to, message)
        if self.delay is not None:
            self.delay.note()

    def tell_value(self, sender: int, key: int, to: Addressees, message: bytes) -> None:
        """Tell a volatile value, wrapped, and keep it if it is for all."""
        if isinstance(to, int):
            self.retained.keep(sender, key, message)
            if self.delay is not None:
                self.delay.keep((sender, key), message)
            self.fan_out.tell_others(to, message)
        else:
            self.fan_out.tell_some(to, message)

    def hear_value(self, sender: int, key: int, to: Addressees, message: bytes) -> None:
        """Tell players here a volatile value that came from another node."""
        self.tell_value(sender, key, to, message)

    def want_values(self) -> None:
        """Have other nodes send all values for some seconds, also those for no player here."""

    def overhear(self, to: Addressees, message: bytes) -> None:
        """A volatile value passes between other nodes. No player here is to be told."""

    def connect(self, player: int, outbox: Outbox, *, is_late: bool = False) -> None:
        """Tell a player through this outbox. Args: is_late: by the room's delay, if it has one."""
        if is_late and self.delay is not None:
            self.delay.outboxes[player] = outbox
        else:
            self.fan_out.add(player, outbox)

    def disconnect(self, player: int) -> None:
        """Tell a player nothing more."""
        self.fan_out.remove(player)
        if self.delay is not None:
            self.delay.outboxes.pop(player, None)

    def outboxes(self) -> Iterator[Outbox]:
        """Yield the outboxes of all players who are connected here."""
        yield from self.fan_out.values()
        if self.delay is not None:
            yield from self.delay.outboxes.values()

    def forget(self, player: int) -> None:
        """Let go of the values of a player who leaves. Call it before LEFT is told."""
        self.retained.drop(player)
        for outbox in self.fan_out.values():
            outbox.forget(player)

    def end(self, player: int, seq: int) -> None:
        """Take note of the seq of a player's LEFT, which has been told."""
        if self.delay is not None:
            self.delay.leaves(player, seq)
