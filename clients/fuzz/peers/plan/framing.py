"""WebSocket frames (RFC 6455, 5.2): written in any form, read as the standard wants them."""

from __future__ import annotations

from typing import Final, NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

NO_STATUS: Final = 1005
"""A close frame without a code."""
ABNORMAL: Final = 1006
"""An end without a close frame."""

MOST_CONTROL: Final = 125
"""Bytes of a control frame's payload at most."""


class Broken(Exception):
    """The other side broke RFC 6455. The text says how."""


class Message(NamedTuple):
    """A whole message, or a control frame."""

    opcode: int
    data: bytes


def frame(
    opcode: int,
    data: bytes = b"",
    mask: bytes | None = None,
    *,
    is_last: bool = True,
    rsv: int = 0,
    length: bytes | None = None,
) -> bytes:
    """Write one frame.

    Args:
        mask: 4 bytes, as a client needs; None: not masked, as a relay has it.
        rsv: the three reserved bits, as a number.
        length: the length byte without its mask bit, and the extended length; None: the right one.
    """
    head = length_of(len(data)) if length is None else length
    first = opcode | rsv << 4 | is_last << 7
    bit = 0 if mask is None else 0x80
    start = bytes([first, head[0] | bit]) + head[1:]
    return start + data if mask is None else start + mask + masked(data, mask)


def length_of(size: int) -> bytes:
    """Write a length in the fewest bytes."""
    if size < 126:
        return bytes([size])
    return b"\x7e" + size.to_bytes(2) if size < 1 << 16 else b"\x7f" + size.to_bytes(8)


def masked(data: bytes, mask: bytes) -> bytes:
    """Mask bytes, or unmask them."""
    size = len(data)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(size)


class Inbox:
    """Bytes of the other side in, messages out. It is as strict as the standard."""

    def __init__(self, *, is_masked: bool) -> None:
        """Args: is_masked: whether the other side is a client."""
        self._is_masked = is_masked
        self._buffer = b""
        self._pieces: list[bytes] = []
        self._opcode = CONTINUATION
        """Of the message in pieces."""

    def feed(self, data: bytes) -> None:
        """Take bytes that came."""
        self._buffer += data

    def take(self) -> Message | None:
        """Return the next message or control frame; None while there is none.

        Raises:
            Broken: the other side broke RFC 6455.
        """
        while (found := self._frame()) is not None:
            first, data = found
            if first & 0x08:
                return Message(first & 0x0F, data)
            if (message := self._gather(first, data)) is not None:
                return message
        return None

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        check_head(buffer[0], buffer[1], self._is_masked)
        short = buffer[1] & 0x7F
        start = 2 + {126: 2, 127: 8}.get(short, 0)
        mask_size = 4 if self._is_masked else 0
        if len(buffer) < start + mask_size:
            return None
        size = int.from_bytes(buffer[2:start]) if start > 2 else short
        if buffer[1:start] != bytes([buffer[1]]) + length_of(size)[1:]:
            raise Broken(f"a length of {size} in more bytes than it needs")
        end = start + mask_size + size
        if len(buffer) < end:
            return None
        data, self._buffer = buffer[start + mask_size : end], buffer[end:]
        return buffer[0], masked(data, buffer[start : start + 4]) if self._is_masked else data

    def _gather(self, first: int, data: bytes) -> Message | None:
        opcode = first & 0x0F
        if (opcode == CONTINUATION) != bool(self._opcode):
            raise Broken(f"opcode {opcode} within opcode {self._opcode}'s message")
        self._opcode = opcode or self._opcode
        self._pieces.append(data)
        if not first & 0x80:
            return None
        message = Message(self._opcode, b"".join(self._pieces))
        self._pieces, self._opcode = [], CONTINUATION
        return message


def check_head(first: int, second: int, is_masked: bool) -> None:
    """Raise Broken for a head that no peer may write."""
    opcode = first & 0x0F
    if first & 0x70:
        raise Broken("a reserved bit is set, and no extension was agreed to")
    if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
        raise Broken(f"the reserved opcode {opcode}")
    if bool(second & 0x80) != is_masked:
        raise Broken("a frame of a client is masked, and one of a server is not")
    if opcode & 0x08 and (not first & 0x80 or second & 0x7F > MOST_CONTROL):
        raise Broken("a control frame in fragments, or too long")


def close_of(data: bytes) -> tuple[int, str]:
    """Return code and reason of a close frame.

    Raises:
        Broken: it is none.
    """
    if not data:
        return NO_STATUS, ""
    code = int.from_bytes(data[:2])
    if len(data) == 1 or not is_sendable(code):
        raise Broken(f"a close frame that says {data.hex()}")
    try:
        return code, data[2:].decode()
    except UnicodeDecodeError:
        raise Broken("a close reason that is no UTF-8") from None


def is_sendable(code: int) -> bool:
    """Whether a close frame may have this code (RFC 6455, section 7.4)."""
    return 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))
