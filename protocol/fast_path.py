"""SEND to DELIVER and VOLATILE to UPDATE without decoding: new head, same bytes.

A payload travels as its tail: the `bin` head in its shortest form and the bytes after it. What is
not in the common form (long target, long-winded head) is left to the codec.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgpack import Packer, packb

from protocol.limits import FRAME_IN_MAX, MAX_INT

THREE_FIELDS: Final = 0x93
SEND: Final = 0x10
SEND_HEAD: Final = b"\x93\x10"
VOLATILE_HEAD: Final = b"\x94\x12"
DELIVER_HEAD: Final = b"\x94\x11"
UPDATE_HEAD: Final = b"\x94\x13"
TAKEN_HEAD: Final = b"\x93\x07"

ACK_HEAD: Final = b"\x92\x07"
ACK_SIZES: Final = dict.fromkeys(range(0x80, 0x100), 0) | {0xCC: 4, 0xCD: 5, 0xCE: 7}
"""Bytes of a client's ACK by the first byte of its seq, where that is not the whole of it."""

NO_TARGET: Final = -256
"""Stands in `TARGETS` for a byte that is not a whole target. No group has this number."""

BIN_8: Final = 0xC4
"""Head of a payload of up to 255 bytes."""

TARGETS: Final[list[bool | int | None]] = (
    [*range(0x80)]  # positive fixint: the host (0) or a player
    + [NO_TARGET] * 0x40
    + [None, NO_TARGET, False, True]
    + [NO_TARGET] * 0x1C
    + [byte - 0x100 for byte in range(0xE0, 0x100)]  # negative fixint: a group
)
"""What a target of one byte means, by that byte."""


def target_of_send(message: bytes) -> bool | int | None:
    """Return the target of a SEND in the common form, whose tail begins at 3; else NO_TARGET."""
    size = len(message)
    if size > 4 and message[3] == BIN_8:  # as nearly always: judged by numbers, without a slice
        is_send = message[0] == THREE_FIELDS and message[1] == SEND
        return TARGETS[message[2]] if is_send and size == 5 + message[4] else NO_TARGET
    if message[:2] != SEND_HEAD or not is_tail(message, 3):
        return NO_TARGET
    return TARGETS[message[2]]


def target_of_volatile(message: bytes) -> bool | int | None:
    """Return the target of a VOLATILE in the common form, whose key is at 2 and whose tail begins
    at 4; else NO_TARGET."""
    if message[:2] != VOLATILE_HEAD or not is_tail(message, 4) or message[2] >= 0x80:
        return NO_TARGET
    return TARGETS[message[3]]


def is_ack(message: bytes) -> bool:
    """Say whether a message is a client's ACK whose seq has up to four bytes."""
    size = len(message)
    return size > 2 and message[:2] == ACK_HEAD and size == ACK_SIZES.get(message[2], 3)


def is_volatile(message: bytes) -> bool:
    """Say whether a message is a VOLATILE, of whatever form."""
    return len(message) > 1 and message[1] == VOLATILE_HEAD[1]


def is_tail(message: bytes, at: int) -> bool:
    """Say whether a payload in its shortest form fills `message` from `at` to its end."""
    room = len(message) - at
    if room < 2:
        return False
    head = message[at]
    if head == BIN_8:
        return room == 2 + message[at + 1]
    if head == 0xC5:
        return room > 258 and room == 3 + int.from_bytes(message[at + 1 : at + 3])
    if head == 0xC6:
        size = int.from_bytes(message[at + 1 : at + 5])
        return room == 5 + size and 65535 < size <= FRAME_IN_MAX
    return False


def tail(payload: bytes) -> bytes:
    """Return the tail of a payload."""
    packed: bytes = packb(payload)
    return packed


def payload(tail: bytes) -> bytes:
    """Return the payload of a tail."""
    return tail[2:] if tail[0] == BIN_8 else tail[3:] if tail[0] == 0xC5 else tail[5:]


uint: Final[Callable[[int], bytes]] = Packer().pack
"""Pack a number in its shortest form. One packer for all: it keeps nothing between two calls, and
making one would cost more than all the rest of a DELIVER."""


FIXINTS: Final = [uint(number) for number in range(0x80)]


def seq(message: bytes) -> int:
    """Read the seq of a frame that has one as its first field, in its shortest form."""
    return _read_uint(message, 2)[0]


def pair(message: bytes) -> tuple[int, int]:
    """Read the first two fields of a frame, as key and sender of UPDATE, or seq and player of LEFT,
    in their shortest form."""
    first, at = _read_uint(message, 2)
    return first, _read_uint(message, at)[0]


def _read_uint(message: bytes, at: int) -> tuple[int, int]:
    """Returns: the number that begins at `at`, and where it ends."""
    head = message[at]
    if head < 0x80:
        return head, at + 1
    end = at + 1 + (1 << (head - 0xCC))
    return int.from_bytes(message[at + 1 : end]), end


def deliver(seq: int, sender: int, tail: bytes) -> bytes:
    """Encode DELIVER around a tail."""
    by = FIXINTS[sender] if sender < 0x80 else uint(sender)
    return DELIVER_HEAD + uint(seq) + by + tail


PLAYER_HEADS: Final = (0xCC, 0xCD, 0xCE)
"""How players' numbers begin that have more than one byte."""


def is_deliver(message: bytes, seq: int) -> bool:
    """Say whether a message is a DELIVER with this seq, each of its parts in the shortest form."""
    head = DELIVER_HEAD + uint(seq)
    at = len(head)
    if len(message) <= at or not message.startswith(head) or seq > MAX_INT:
        return False
    if message[at] < 0x80:
        return is_tail(message, at + 1)
    if message[at] not in PLAYER_HEADS:
        return False
    sender, end = _read_uint(message, at)
    return message[at:end] == uint(sender) and is_tail(message, end)


def update(key: int, sender: int, tail: bytes) -> bytes:
    """Encode UPDATE around a tail."""
    by = FIXINTS[sender] if sender < 0x80 else uint(sender)
    return UPDATE_HEAD + uint(key) + by + tail


def taken(count: int, seq: int) -> bytes:
    """Encode the relay's ACK."""
    return TAKEN_HEAD + uint(count) + uint(seq)
