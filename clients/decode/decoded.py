"""Decodes one message: who said it, its tree, and the first thing that is wrong with it."""

from __future__ import annotations

from clients.decode import naming
from clients.decode.message import Decoded, Fault
from clients.decode.tree import read
from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.judge import judge
from clients.fuzz.inputs.writing.frames import FRAMES
from protocol import codec
from protocol.codec import Role
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame
from protocol.opcodes import Opcode

SIDES = {Reader.CLIENT_FRAME: Role.CLIENT, Reader.RELAY_FRAME: Role.RELAY}


def decode(data: bytes, by: Reader | str | None = None) -> Decoded:
    """Decode any bytes as a message of this wire. What is wrong with them is `fault`.

    >>> print(decode(bytes.fromhex("9310C3C4026869")).name)
    SEND

    Args:
        by: who sent it, "client" or "relay"; "payload" for what a game packed; it is guessed if
            left out

    Raises:
        ValueError: `by` is another word.
    """
    reader = guess(data) if by is None else Reader(by)
    nodes = read(data)
    cls = frame_class(data, reader)
    if nodes:
        naming.name_keys(nodes[0])
        if reader is not Reader.PAYLOAD:
            naming.name_frame(data, nodes[0], cls)
    return Decoded(data, reader, by is None, called(data, reader), nodes, fault_of(data, reader))


def guess(data: bytes) -> Reader:
    """Return who probably sent it: the side for which it is right, or for which the error comes
    later."""
    sides = [side for side in SIDES if frame_class(data, side)] or list(SIDES)
    return max(sides, key=lambda side: far(data, side))


def far(data: bytes, side: Reader) -> int:
    """Return how far a message is right. A wrong number of fields is worse than a wrong field."""
    _, (_, offset) = judge(data, side)
    return len(data) + 1 if offset is None else offset


def frame_class(data: bytes, reader: Reader) -> type[Frame] | None:
    if len(data) < 2 or reader is Reader.PAYLOAD:
        return None
    return next((cls for cls in FRAMES[reader] if cls.opcode == data[1]), None)


def called(data: bytes, reader: Reader) -> str:
    if reader is Reader.PAYLOAD:
        return "PAYLOAD"
    is_frame = len(data) > 1 and 0x91 <= data[0] <= 0x9F and data[1] in list(Opcode)
    if not is_frame:
        return "?"
    return (
        Opcode(data[1]).name if frame_class(data, reader) or reader is Reader.CLIENT_FRAME else "?"
    )


def fault_of(data: bytes, reader: Reader) -> Fault | None:
    """Return the first fault: in the codec's words, with the judge's rule."""
    rule, (code, offset) = judge(data, reader)
    if code is None or offset is None:
        return None
    error = refused(data, reader)
    if error is None:
        return Fault(code, offset, rule, "", None, None)
    return Fault(code, offset, rule, error.text, error.expected, error.got)


def refused(data: bytes, reader: Reader) -> RemoteProtocolError | None:
    """Return what the codec says about it."""
    try:
        if reader is Reader.PAYLOAD:
            codec.unpack(data)
        else:
            codec.decode(data, SIDES[reader])
    except RemoteProtocolError as error:
        return error
    return None
