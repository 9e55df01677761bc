"""Reads DELIVER and UPDATE in one step: nearly all frames that a client receives are these."""

from __future__ import annotations

import msgpack

from protocol import frames
from protocol.fast_path import DELIVER_HEAD, UPDATE_HEAD
from protocol.limits import FRAME_IN_MAX, MAX_INT, MAX_KEY, MAX_PLAYER

PAYLOAD_HEADS = (DELIVER_HEAD, UPDATE_HEAD)
UPDATE = int(frames.Update.opcode)

FIELDS = 4
"""Elements of either frame. No other array may claim more, so that claims take little memory."""

Fields = tuple[int, int, int, bytes]
"""Opcode, seq or key, sender, payload."""


def read_payload(data: bytes) -> Fields | None:
    """Read a frame that begins like DELIVER or UPDATE; None leaves it to the codec.

    A frame of any other shape goes to the codec, which says what is wrong with it.
    """
    try:
        opcode, first, sender, payload = msgpack.unpackb(data, max_array_len=FIELDS, max_map_len=0)
    except (ValueError, TypeError, msgpack.exceptions.UnpackException):
        return None
    if (
        type(first) is int
        and 0 <= first <= (MAX_KEY if opcode == UPDATE else MAX_INT)
        and type(sender) is int
        and 0 <= sender <= MAX_PLAYER
        and type(payload) is bytes
        and len(payload) <= FRAME_IN_MAX
    ):
        return opcode, first, sender, payload
    return None
