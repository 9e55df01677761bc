"""What a node counts of frames: how many came and went, how long they took, and what fell away.

It counts where frames pass, so it does as little as can be: a frame costs three additions when it
comes, and two when the room has told it, however many players it is for. Nearly all frames are SEND
and DELIVER, which have fields of their own: compiled code adds to those without making an object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from protocol.opcodes import Opcode
from relay.delivery.spread import Spread
from relay.history.ws_frame import start_of

SAMPLED: Final = 256
"""One SEND of so many is timed."""
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


class Tally:
    """What a node counts of frames. Each number only grows, but for `untell`.

    Attributes:
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
        self._left = SAMPLED if times else -1
        self._came = Traffic()
        self._went = Traffic()
        self._sends = self._send_bytes = 0
        self._delivers = self._deliver_bytes = 0
        self.history_bytes = 0
        self.writes = 0
        self.conflated = 0
        self.dropped = 0
        self.refused = 0
        self.latency = Spread(LATENCY_SECONDS)
        self.fan_out = Spread(FAN_OUT)
        self._before = 0
        """What had been delivered when the SEND came that is timed."""

    @property
    def came(self) -> Traffic:
        """What players sent."""
        self._came.add(SEND, self._sends, self._send_bytes)
        self._sends = self._send_bytes = 0
        return self._came

    @property
    def went(self) -> Traffic:
        """What was put in order to be sent to players, one by one."""
        self._went.add(DELIVER, self._delivers, self._deliver_bytes)
        self._delivers = self._deliver_bytes = 0
        return self._went

    def take_send(self, size: int) -> float:
        """Count a SEND. Returns: when it came, if this one is to be timed; else 0."""
        self._sends += 1
        self._send_bytes += size
        self._left -= 1
        if self._left:
            return 0.0
        self._left = SAMPLED
        self._before = self._delivers
        return self._clock()

    def told(self) -> None:
        """Count to how many the SEND goes that is timed. Call it right after it was told."""
        self.fan_out.add(self._delivers - self._before)

    def take(self, message: bytes) -> None:
        """Count any other message of a client."""
        size = len(message)
        self._came.add(message[1] if size > 1 else OTHER, 1, size)

    def tell(self, wrapped: bytes, many: int = 1) -> None:
        """Count a wrapped message that goes to so many players."""
        start = start_of(wrapped)
        op = wrapped[start + 1]
        size = many * (len(wrapped) - start)
        if op == DELIVER:
            self._delivers += many
            self._deliver_bytes += size
        else:
            self._went.add(op, many, size)

    def untell(self, wrapped: bytes) -> None:
        """Take one back that was not written after all: it waits, and is counted when it goes."""
        self.tell(wrapped, -1)

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
