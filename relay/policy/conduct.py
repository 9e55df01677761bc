"""What is held against one client, be it in error or by intent: bad frames, and too many frames.

Time is an argument: seconds of any monotonic clock. How much is too many frames is a matter of
`Allowance`; here is for how long.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.frames import Error
from protocol.opcodes import Opcode

MAX_BAD_FRAMES = 20
BAD_FRAMES_SECONDS = 10.0  # this many bad frames within so long are no accident
THROTTLED_SECONDS = 10.0  # too fast for so long, with reading paused all the while, is an attack
CALM_SECONDS = 1.0  # without a pause for so long, one who was too fast has slowed down
KEPT_REFUSALS = 8
KEPT_FRAMES = 4
KEPT_BYTES = 256
"""Of each refused frame. So nobody makes a relay keep much by being refused."""


class Refused(NamedTuple):
    """Something that a client was refused."""

    at: int
    """The relay's clock, in microseconds."""
    code: int
    op: int | None
    text: str
    offset: int | None = None
    """Of the byte that is wrong, in a message that is malformed."""
    expected: str | None = None
    got: str | None = None


class RefusedFrame(NamedTuple):
    """The bytes of a frame that was refused."""

    refused: Refused
    data: bytes
    """The first of them."""
    size: int
    """How many it had."""


class Conduct:
    """How the client of one connection behaves."""

    def __init__(self, most_bad: int | None = MAX_BAD_FRAMES) -> None:
        """Args: most_bad: bad frames in a short time that are too many; None: no number is."""
        self._most_bad = most_bad
        self._bad: tuple[float, ...] = ()
        """When the last bad frames came. A `deque` would take 760 bytes of each idle connection."""
        self.paused = 0.0
        """Seconds of all pauses together."""
        self.refusals: tuple[Refused, ...] = ()
        """The last ones, for operators."""
        self.frames: tuple[RefusedFrame, ...] = ()
        """The last of them whose bytes are known."""
        self.secrets: tuple[bytes, ...] = ()
        """What the client entered by. A frame that has any of it is not kept."""
        self._throttled_since = 0.0
        self._paused_until = float("-inf")

    def add_bad_frame(self, now: float) -> bool:
        """Take note of a bad frame. Returns: whether they are too many in a short time."""
        if self._most_bad is None:
            return False
        self._bad = (*self._bad, now)[-self._most_bad :]
        return len(self._bad) == self._most_bad and now - self._bad[0] < BAD_FRAMES_SECONDS

    def note_refusal(self, error: Error, at: int) -> None:
        """Keep in mind what the client was refused. Args: at: the relay's clock."""
        self.refusals = (*self.refusals, _refused(error, at))[-KEPT_REFUSALS:]

    def keep_frame(self, error: Error, at: int, message: bytes) -> None:
        """Keep the beginning of a frame that was refused, unless it may tell a secret."""
        if message and not self._is_secret(message):
            frame = RefusedFrame(_refused(error, at), message[:KEPT_BYTES], len(message))
            self.frames = (*self.frames, frame)[-KEPT_FRAMES:]

    def _is_secret(self, message: bytes) -> bool:
        """Say so of any HELLO, too: it may be for another seat, and be damaged."""
        is_hello = Opcode.HELLO in message[:2]
        return is_hello or any(secret in message for secret in self.secrets)

    def add_pause(self, seconds: float, now: float) -> bool:
        """Take note of a pause. Returns: whether it is the first since the client was calm."""
        is_first = now - self._paused_until > CALM_SECONDS
        if is_first:
            self._throttled_since = now
        self._paused_until = now + seconds
        self.paused += seconds
        return is_first

    def never_slows_down(self, now: float) -> bool:
        """Say whether the pauses go on for too long. Ask right after one."""
        return now - self._throttled_since > THROTTLED_SECONDS


def _refused(error: Error, at: int) -> Refused:
    more = error.detail
    return Refused(at, error.code, more.op, error.text, more.offset, more.expected, more.got)
