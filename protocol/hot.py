"""SEND to DELIVER and VOLATILE to UPDATE without decoding: new head, same bytes.

A payload travels as its tail: the `bin` head in its shortest form and the bytes after it. What is
not in the common form (long target, long-winded head) is left to the codec.
"""

from __future__ import annotations

import msgpack

SEND_HEAD = b"\x93\x10"
VOLATILE_HEAD = b"\x94\x12"
DELIVER_HEAD = b"\x94\x11"
UPDATE_HEAD = b"\x94\x13"

NO_TARGET = -256
"""Stands in `TARGETS` for a byte that is not a whole target. No group has this number."""

TARGETS: list[bool | int | None] = (
    [*range(0x80)]  # positive fixint: the host (0) or a player
    + [NO_TARGET] * 0x40
    + [None, NO_TARGET, False, True]
    + [NO_TARGET] * 0x1C
    + [byte - 0x100 for byte in range(0xE0, 0x100)]  # negative fixint: a group
)
"""What a target of one byte means, by that byte."""


def is_tail(message: bytes, at: int) -> bool:
    """Say whether a `bin` in its shortest form fills `message` from `at` to its end."""
    room = len(message) - at
    if room < 2:
        return False
    head = message[at]
    if head == 0xC4:
        return room == 2 + message[at + 1]
    if head == 0xC5:
        return room > 258 and room == 3 + int.from_bytes(message[at + 1 : at + 3])
    if head == 0xC6:
        return room > 65540 and room == 5 + int.from_bytes(message[at + 1 : at + 5])
    return False


def tail(payload: bytes) -> bytes:
    """Return the tail of a payload."""
    packed: bytes = msgpack.packb(payload)
    return packed


def payload(tail: bytes) -> bytes:
    """Return the payload of a tail."""
    return tail[2:] if tail[0] == 0xC4 else tail[3:] if tail[0] == 0xC5 else tail[5:]


def uint(number: int) -> bytes:
    """Pack a non-negative int in its shortest form."""
    return SMALL[number] if number < 0x80 else _pack(number)


SMALL = [bytes((number,)) for number in range(0x80)]


def _pack(number: int) -> bytes:
    # msgpack would make a Packer for it first, which costs more than all the rest of a DELIVER.
    if number < 0x100:
        return b"\xcc" + number.to_bytes(1)
    if number < 0x1_0000:
        return b"\xcd" + number.to_bytes(2)
    if number < 0x1_0000_0000:
        return b"\xce" + number.to_bytes(4)
    return b"\xcf" + number.to_bytes(8)


def seq(message: bytes) -> int:
    """Read the seq of a frame that has one as its first field, in its shortest form."""
    return _read_uint(message, 2)[0]


def slot(message: bytes) -> tuple[int, int]:
    """Read key and sender of an UPDATE in its shortest form."""
    key, at = _read_uint(message, 2)
    return key, _read_uint(message, at)[0]


def _read_uint(message: bytes, at: int) -> tuple[int, int]:
    """Returns: the number that begins at `at`, and where it ends."""
    head = message[at]
    if head < 0x80:
        return head, at + 1
    end = at + 1 + (1 << (head - 0xCC))
    return int.from_bytes(message[at + 1 : end]), end


def deliver(seq: int, sender: int, tail: bytes) -> bytes:
    """Encode DELIVER around a tail."""
    return DELIVER_HEAD + uint(seq) + uint(sender) + tail


def update(key: int, sender: int, tail: bytes) -> bytes:
    """Encode UPDATE around a tail."""
    return UPDATE_HEAD + uint(key) + uint(sender) + tail
