"""What is held against one client, be it in error or by intent: bad frames, and too many frames.

Time is an argument: seconds of any monotonic clock. How much is too many frames is a matter of
`Allowance`; here is for how long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgpack

from protocol.fields.schema import record_fields
from protocol.frames import Error, HelloOptions, RoomOptions
from protocol.opcodes import Opcode

MAX_BAD_FRAMES = 20
BAD_FRAMES_SECONDS = 10.0  # this many bad frames within so long are no accident
THROTTLED_SECONDS = 10.0  # too fast for so long, with reading paused all the while, is an attack
CALM_SECONDS = 1.0  # without a pause for so long, one who was too fast has slowed down
PING_SECONDS = 5.0
"""Between two PINGs of a client (SPEC 18.2)."""
LAPSE_SECONDS = 300.0
"""For which it is known that a client stood still."""
LATE_PING = 1.3
"""A PING is late that comes after so many times as long as those before it."""
KEPT_REFUSALS = 8
KEPT_FRAMES = 4
KEPT_BYTES = 256
"""Of each refused frame. So nobody makes a relay keep much by being refused."""

UNNUMBERED: Final = 0

SECRETS: Final = (b"seat", b"ticket", b"password")
"""Keys of HELLO whose values nobody may be told."""
OPEN: Final = frozenset(
    key
    for record in (HelloOptions, RoomOptions)
    for key, _, _ in record_fields(record)
    if key.encode() not in SECRETS
)
"""Its other keys."""


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
    frame: int | None = None
    """Which of the seat's counted frames it was, by its count; `UNNUMBERED` until it is counted."""


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
        self.late_ping = (0.0, 0)
        """Seconds before the last PING that was late, and when it came, by the relay's clock."""
        self._pinged = 0
        """When the last PING came; 0 before the first."""
        self._ping_gaps = (0.0, 0.0)
        """Seconds between the last PINGs, the newest last."""
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
        refused = _refused(error, at)
        self.refusals = (*self.refusals, refused)[-KEPT_REFUSALS:]
        if refused.frame is not None:
            self._number(refused)

    def keep_frame(
        self,
        error: Error,
        at: int,
        message: bytes,
        *,
        is_first: bool = False,
        is_counted: bool = False,
    ) -> None:
        """Keep the beginning of a frame that was refused, up to where it may tell a secret.

        Args:
            is_first: it came before WELCOME, so that it was meant as a HELLO.
            is_counted: it will get a number, which comes with its refusal.
        """
        # Any HELLO may be for another seat, and be damaged.
        if is_first or Opcode.HELLO in message[:2]:
            told = open_part(message)
        elif any(secret in message for secret in self.secrets):
            return
        else:
            told = message
        if told:
            refused = _refused(error, at)
            refused = refused._replace(frame=UNNUMBERED) if is_counted else refused
            frame = RefusedFrame(refused, told[:KEPT_BYTES], len(message))
            self.frames = (*self.frames, frame)[-KEPT_FRAMES:]

    def _number(self, refused: Refused) -> None:
        """Say of the first frame that waits for its number that this is it."""
        unnumbered = refused._replace(frame=UNNUMBERED)
        for index, frame in enumerate(self.frames):
            if frame.refused._replace(at=refused.at) == unnumbered:
                numbered = frame._replace(refused=frame.refused._replace(frame=refused.frame))
                self.frames = (*self.frames[:index], numbered, *self.frames[index + 1 :])
                return

    def kept(self) -> Iterator[RefusedFrame]:
        """Yield what was refused, with the bytes where they are kept."""
        bytes_of = {each.refused._replace(at=0): each for each in self.frames}
        for refused in self.refusals:
            frame = bytes_of.get(refused._replace(at=0))
            yield RefusedFrame(refused, *((b"", 0) if frame is None else frame[1:]))

    def ping(self, at: int) -> None:
        """Take note of a PING. Args: at: the relay's clock.

        A late one may be all that is left of a time without a sign: frames are not timed, as that
        would cost something for each.
        """
        if self._pinged:
            gap = (at - self._pinged) / 1e6
            # One that always takes as long is not late.
            if gap > LATE_PING * max(PING_SECONDS, *self._ping_gaps):
                self.late_ping = (gap, at)
            self._ping_gaps = (self._ping_gaps[1], gap)
        self._pinged = at

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


def open_part(message: bytes) -> bytes:
    """Return the beginning of a HELLO, up to where a secret may stand. The HELLO may be damaged.

    That is the first key of a secret, however it came there, or the first value that is not what
    stands there in a HELLO: from there on, anything may be one. One byte of that is told, too.
    """
    first = min((at for key in SECRETS if (at := message.find(key)) >= 0), default=len(message))
    reader: Any = msgpack.Unpacker(unicode_errors="surrogateescape")
    reader.feed(message[:first])
    end = 0
    # Each is a beginning of something that is cut off or damaged, or the end.
    try:
        for _ in _known_values(reader, message):
            end = reader.tell()
    except (ValueError, TypeError, msgpack.UnpackException):
        pass
    return message[: end + 1]


def _known_values(reader: Any, message: bytes) -> Iterator[None]:
    """Read a HELLO, and yield after each value that is one of a HELLO's and no secret."""
    reader.read_array_header()
    yield
    for _ in ("opcode", "version"):
        if type(reader.unpack()) is not int:
            return
        yield
    left = [reader.read_map_header()]
    yield
    while left:
        if not left[-1]:
            left.pop()
            continue
        left[-1] -= 1
        key = reader.unpack()
        if key not in OPEN:
            return
        yield
        if key == "create" and _is_map(message[reader.tell() :][:1]):
            left.append(reader.read_map_header())
        elif not _is_plain(reader.unpack(), key):
            return
        yield


def _is_map(head: bytes) -> bool:
    return b"\x80" <= head <= b"\x8f" or head in (b"\xde", b"\xdf")


def _is_plain(value: object, key: str) -> bool:
    if isinstance(value, list):
        return all(_is_plain(each, key) for each in value)
    if isinstance(value, bytes):
        return key == "position"
    return isinstance(value, bool | int | float | str | None)


def _refused(error: Error, at: int) -> Refused:
    more = error.detail
    return Refused(
        at, error.code, more.op, error.text, more.offset, more.expected, more.got, more.frame
    )
