"""Bytes of a WebSocket client in, messages out: no I/O, no clock.

The sans-I/O core of the `websockets` library reads and judges every frame but one kind: the common
one, a whole binary message that is not split, goes through a lane in front of it, which gives the
same in an eighth of the time. The lane is open only between frames and while no message is in
pieces, so that the library never misses what its state depends on.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

try:
    from websockets.speedups import apply_mask
except ImportError:  # an interpreter for which the library has no compiled part
    from websockets.utils import apply_mask

unmask: Final = apply_mask  # compiled, a constant is had without a look into a dict

WHOLE_BINARY: Final = 0x82
MASKED: Final = 0x80
LONG: Final = 126
LONGER: Final = 127
"""Lengths that say: the next 2, or 8, bytes are the length."""

OPCODES: Final = frozenset(int(opcode) for opcode in Opcode)

LONGEST: Final = 0xFFFF
"""Bytes of a message that the lane takes at most."""

SHUT: Final = -1
"""No message is so short."""

SHORT_HEAD: Final = 6
LONG_HEAD: Final = 8
LONGER_HEAD: Final = 14
"""Bytes before the payload of a masked frame."""


class Closed(NamedTuple):
    """The conversation is over: by the client's close frame, or by an error of the client's."""

    code: int
    reason: str
    is_error: bool = False


class Inbound:
    """What one client sends.

    Attributes:
        frames: how many frames were read, of all opcodes.
        controls: how many of them were pings or pongs.
        is_waiting: whether `read` may find more without more bytes.
        closed: set at the end; what comes after it is not read.
    """

    __slots__ = (
        "_at",
        "_buffer",
        "_is_clear",
        "_is_text",
        "_lane_size",
        "_missing",
        "_piece_cost",
        "_pieces",
        "_size",
        "closed",
        "controls",
        "echo",
        "frames",
        "is_waiting",
        "library",
        "max_pieces",
        "max_size",
    )

    def __init__(
        self,
        library: ServerProtocol,
        *,
        max_size: int | None,
        max_pieces: int | None = None,
        piece_cost: int = 0,
    ) -> None:
        """
        Args:
            library: after the handshake, with the same `max_size`.
            max_size: bytes of a message at most.
            max_pieces: frames that a message may come in.
            piece_cost: bytes that each of them counts for at least.
        """
        self.library = library
        self.max_size = max_size
        self.max_pieces = max_pieces
        self.frames = 0
        self.controls = 0
        self.echo = b""
        """What the last pong held."""
        self.is_waiting = False
        self.closed: Closed | None = None
        self._piece_cost = piece_cost
        self._buffer = b""
        self._at = 0
        self._is_clear = True
        """All bytes that came are used, and the lane is open."""
        self.open_lane()
        self._missing = 0  # bytes of a frame that the library has the beginning of
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_text = False

    @property
    def is_over(self) -> bool:
        """Whether the client closes, or has broken the rules."""
        return self.closed is not None

    def lone(self, data: bytes) -> bytes | None:
        """Read bytes that came, if they are one common frame and nothing else: most of them are.

        Returns: the message, or None: `feed` must have the bytes.
        """
        size = len(data)
        if size < LONG_HEAD or data[0] != WHOLE_BINARY or not self._is_clear:
            return None
        head, length = SHORT_HEAD, data[1] - MASKED
        if length >= LONG:
            if length != LONG:
                return None
            head, length = LONG_HEAD, data[2] << 8 | data[3]
        if head + length != size or length > self._lane_size:
            return None
        self.frames += 1
        return unmask(data[head:], data[head - 4 : head])

    def shut_lane(self) -> None:
        """Let every frame go the long way from now on, so that none is read alone."""
        self._lane_size = SHUT

    def open_lane(self) -> None:
        """Let common frames take the lane again."""
        self._lane_size = LONGEST if self.max_size is None else min(self.max_size, LONGEST)

    def feed(self, data: bytes) -> None:
        """Take bytes that came. `read` reads them."""
        self.is_waiting = True
        self._is_clear = False
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0

    def discard(self) -> None:
        """Let go of all that was not read: nothing more comes."""
        self._buffer, self._at = b"", 0
        self._pieces = []
        self.library.reader.discard()
        # Both hold the library, which holds them: a generator, and an error with its frames.
        self.library.parser.close()
        self.library.parser_exc = None

    def read(self, limit: int) -> list[bytes | str]:
        """Return the next messages, of at most so many frames; fewer if there are not more."""
        messages: list[bytes | str] = []
        buffer, at, end = self._buffer, self._at, len(self._buffer)
        until = self.frames + limit
        self.is_waiting = False
        most = self._lane_size
        is_open = self._is_open()
        while self.frames < until and at < end:
            if is_open and end - at >= LONG_HEAD and buffer[at] == WHOLE_BINARY:
                start, size = at + SHORT_HEAD, buffer[at + 1] - MASKED
                if size == LONG:
                    start, size = at + LONG_HEAD, buffer[at + 2] << 8 | buffer[at + 3]
                stop = start + size
                if start <= stop <= end and size <= most and size != LONGER:
                    messages.append(unmask(buffer[start:stop], buffer[start - 4 : start]))
                    self.frames += 1
                    at = stop
                    continue
            self._at = at
            if not self._pass_on(messages):
                return messages
            at = self._at
            is_open = self._is_open()
        self._at = at
        self.is_waiting = at < end
        if not self.is_waiting:
            self._buffer, self._at = b"", 0  # or an idle connection would keep its last bytes
            self._is_clear = is_open
        return messages

    def _is_open(self) -> bool:
        return not self._missing and not self._pieces and not self.is_over

    # What is not the common frame goes through the library.

    def _pass_on(self, messages: list[bytes | str]) -> bool:
        """Let the library have the rest of a frame. Returns: whether to go on."""
        buffer, at = self._buffer, self._at
        if self.is_over:
            self._at = len(buffer)
            return False
        size = self._missing or _size_of(buffer, at)
        if not size:
            return False  # not even its head is there
        data = buffer[at : at + size]
        self._at = at + len(data)
        self._missing = size - len(data)
        self.library.receive_data(data)
        for event in self.library.events_received():
            assert isinstance(event, Frame), "the handshake is over"
            self._take(event, messages)
        if self.library.parser_exc is not None:
            self._fail()
        return not self.is_over

    def _take(self, frame: Frame, messages: list[bytes | str]) -> None:
        self.frames += 1
        match frame.opcode:
            case Opcode.PING | Opcode.PONG:
                self.controls += 1
                if frame.opcode is Opcode.PONG:
                    self.echo = bytes(frame.data)
            case Opcode.CLOSE:
                close = self.library.close_rcvd
                assert close is not None
                self.closed = Closed(close.code, close.reason)
            case _:
                self._gather(frame, messages)

    def _gather(self, frame: Frame, messages: list[bytes | str]) -> None:
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        data = bytes(frame.data)
        if not self._pieces and frame.fin:
            self._finish(data, messages)
            return
        self._pieces.append(data)
        self._size += max(len(data), self._piece_cost)
        if self.max_pieces is not None and len(self._pieces) > self.max_pieces:
            self._refuse(1009, f"over {self.max_pieces} fragments")
        elif self.max_size is not None and self._size > self.max_size:
            self._refuse(1009, f"over {self.max_size} bytes in fragments")
        elif frame.fin:
            pieces, self._pieces, self._size = self._pieces, [], 0
            self._finish(b"".join(pieces), messages)

    def _finish(self, data: bytes, messages: list[bytes | str]) -> None:
        if not self._is_text:
            messages.append(data)
            return
        try:
            messages.append(data.decode())
        except UnicodeDecodeError:
            self._refuse(1007, "invalid UTF-8")

    def _refuse(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.library.fail(code, reason)
            self._fail(Closed(code, reason, is_error=True))

    def _fail(self, why: Closed | None = None) -> None:
        sent = self.library.close_sent
        self._pieces = []
        self.closed = why or (
            Closed(sent.code, sent.reason, is_error=True)
            if sent is not None
            else Closed(1006, "", is_error=True)
        )


def _size_of(buffer: bytes, at: int) -> int:
    """Return the bytes of the frame that begins at `at`; 0 while its head is incomplete."""
    room = len(buffer) - at
    if room < 2:
        return 0
    size = buffer[at + 1]
    if not size & MASKED or buffer[at] & 0x0F not in OPCODES:
        return room  # an error, whatever follows
    size -= MASKED
    if size < LONG:
        return SHORT_HEAD + size
    if size == LONG:
        return LONG_HEAD + int.from_bytes(buffer[at + 2 : at + 4]) if room >= 4 else 0
    return LONGER_HEAD + int.from_bytes(buffer[at + 2 : at + 10]) if room >= 10 else 0
