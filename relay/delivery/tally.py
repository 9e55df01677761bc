"""What a node counts of frames: how many came and went, how long they took, and which were dropped.

It counts where frames pass, so it does as little as can be. Nearly all frames are SEND and DELIVER.
A SEND is counted where it is read, without a call. DELIVERs are counted together once they are
written: a flush knows how many frames and bytes it writes. Other frames among these are counted
when the room sends them (`sort`), and subtracted then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from protocol.opcodes import Opcode
from relay.delivery.spread import Spread
from relay.history.ws_frame import OPCODE_AT, SHORT, start_of

SAMPLED: Final = 256
"""One SEND of so many is timed, and for one DELIVER of so many its receivers are counted."""
# Of this type, as compiled code has no tuple of so many numbers before it needs one.
LATENCY_SECONDS: Final[tuple[float, ...]] = (
    *(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005),
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
)
FAN_OUT: Final[tuple[float, ...]] = (
    *(0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
    *(100.0, 200.0, 500.0, 1000.0),
)

SEND: Final = int(Opcode.SEND)
DELIVER: Final = int(Opcode.DELIVER)
ACK: Final = int(Opcode.ACK)
HEAD: Final = 2
"""Bytes of the shortest head."""
OTHER: Final = 0
"""Stands for the opcode of a message that has none."""


class Traffic:
    """Frames and their bytes, without the heads of WebSocket, by opcode."""

    def __init__(self) -> None:
        self.frames = [0] * 256
        self.bytes = [0] * 256

    def add(self, op: int, frames: int, size: int) -> None:
        self.frames[op] += frames
        self.bytes[op] += size

    def plus(self, op: int, frames: int, size: int) -> Traffic:
        """Return all counts, with so many more of one opcode."""
        total = Traffic()
        total.frames, total.bytes = self.frames.copy(), self.bytes.copy()
        total.add(op, frames, size)
        return total


class Tally:
    """What a node counts of frames. Each number only grows, except that `untell` takes some back.

    Attributes:
        sends, send_bytes: every SEND in the common form.
        flowed, flowed_bytes: what was written where outboxes flow, with its heads: those who write
            add to it. What `sort` has counted is taken out, so that DELIVERs are left.
        history_bytes: what was read from histories for those who catch up, with its heads.
        writes: to the sockets of players whose outboxes flow.
        conflated: values that a newer one replaced before they were sent.
        dropped: values that a player who reads too slowly never gets.
        refused: values that came too fast, and went to nobody.
        latency: from when a SEND was read until it was written to all who read fast enough.
        fan_out: to how many of those a SEND goes.
    """

    def __init__(self, clock: Callable[[], float], *, times: bool = True) -> None:
        """
        Args:
            clock: in seconds, from any moment on; a fine one.
            times: whether an entry is applied as soon as it is proposed, so that it can be timed.
        """
        self._clock = clock
        self._times = times
        self._came = Traffic()
        self._went = Traffic()
        self.sends = self.send_bytes = 0
        self.flowed = self.flowed_bytes = 0
        self._acks = self._ack_bytes = 0
        self.history_bytes = 0
        self.writes = 0
        self.conflated = 0
        self.dropped = 0
        self.refused = 0
        self.latency = Spread(LATENCY_SECONDS)
        self.fan_out = Spread(FAN_OUT)

    @property
    def came(self) -> Traffic:
        """What players sent."""
        return self._came.plus(SEND, self.sends, self.send_bytes)

    @property
    def went(self) -> Traffic:
        """What was sent to players, one by one."""
        acks, frames = self._acks, self.flowed - self._acks
        size = self.flowed_bytes - self._ack_bytes - HEAD * frames
        went = self._went.plus(DELIVER, frames, size)
        went.add(ACK, acks, self._ack_bytes - HEAD * acks)
        return went

    def begin(self) -> float:
        """Return when a SEND came that is to be timed; 0 if none can be."""
        return self._clock() if self._times else 0.0

    def take(self, message: bytes) -> None:
        """Count a message of a client that is no SEND in the common form."""
        size = len(message)
        self._came.add(message[1] if size > 1 else OTHER, 1, size)

    def sort(self, wrapped: bytes, many: int) -> None:
        """Count a wrapped message by its opcode that is to flow to so many players. Only a DELIVER
        with the shortest head needs this not."""
        start = start_of(wrapped)
        op = wrapped[start + 1]
        size = len(wrapped)
        self._went.frames[op] += many
        self._went.bytes[op] += many * (size - start)
        self.flowed -= many
        self.flowed_bytes -= many * size

    def sort_ack(self, wrapped: bytes) -> None:
        """Count an ACK that is to flow to one player, as `sort` does: there are many of them."""
        self._acks += 1
        self._ack_bytes += len(wrapped)

    def untell(self, wrapped: bytes) -> None:
        """Take back a message that does not flow after all: it waits, and is counted when it
        goes."""
        if len(wrapped) > SHORT or wrapped[OPCODE_AT] != DELIVER:
            self.sort(wrapped, -1)

    def tell(self, wrapped: bytes, many: int = 1) -> None:
        """Count a wrapped message that goes to so many players, and does not flow."""
        start = start_of(wrapped)
        self._went.add(wrapped[start + 1], many, many * (len(wrapped) - start))

    def tell_all(self, messages: list[bytes]) -> None:
        """Count wrapped messages that go to one player."""
        for message in messages:
            self.tell(message)

    def written(self, began: float) -> None:
        """A frame that came then is written."""
        self.latency.add(self._clock() - began)


class Uncounted(Tally):
    """Counts nothing that is told."""

    def tell(self, wrapped: bytes, many: int = 1) -> None:
        pass


def _stopped() -> float:
    return 0.0


UNREAD: Final = Uncounted(_stopped, times=False)
"""For rooms and outboxes that no node serves: nobody reads what it counts."""
