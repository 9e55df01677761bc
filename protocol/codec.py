"""Frames to bytes and back. One frame is one WebSocket binary message."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

import msgpack

from .error_codes import ErrorCode
from .errors import LocalProtocolError, RemoteProtocolError
from .frames import CLIENT_FRAMES, RELAY_FRAMES, Frame, Unknown
from .kinds import Mismatch, record_fields
from .opcodes import Opcode
from .scan import locate, scan

FIRST_HEAD, LAST_HEAD = 0x91, 0x9F
"""Heads of arrays of 1 to 15 elements: a frame's first byte."""


class Role(Enum):
    """Who speaks. It decides which frames are legal, and how strictly they are read."""

    CLIENT = auto()
    RELAY = auto()


FRAMES: dict[Role, dict[int, type[Frame]]] = {
    Role.CLIENT: {int(cls.opcode): cls for cls in CLIENT_FRAMES},
    Role.RELAY: {int(cls.opcode): cls for cls in RELAY_FRAMES},
}


def encode(frame: Frame) -> bytes:
    """Serialize one frame in its shortest form.

    Raises:
        LocalProtocolError: a field holds what the wire cannot carry.
    """
    elements: list[Any] = [int(frame.opcode)]
    for name, kind, _ in record_fields(type(frame)):
        try:
            elements.append(kind.dump(getattr(frame, name)))
        except Mismatch as mismatch:
            raise local_error(mismatch.at(name), type(frame).__name__) from None
    return packb(elements)


def decode(data: bytes, by: Role) -> Frame:
    """Parse one frame that `by` sent.

    A relay's frame may have more fields than this side knows, and may be `Unknown`; a client's
    must have exactly its own.

    Raises:
        RemoteProtocolError: with the offset of the first wrong byte; nothing else escapes.
    """
    opcode = check_head(data)
    scan(data)
    values = unpackb(data)
    cls = FRAMES[by].get(opcode)
    if cls is None:
        if by is Role.RELAY:
            return Unknown(opcode)
        raise no_such_frame(opcode)
    fields = record_fields(cls)
    arity = len(values) - 1
    if arity < len(fields) or (arity > len(fields) and by is Role.CLIENT):
        raise RemoteProtocolError(
            ErrorCode.ARITY,
            f"{opcode_name(opcode)} has the wrong number of fields",
            offset=0,
            expected=f"{len(fields)} fields",
            got=f"{arity} fields",
        )
    loaded = []
    for index, (name, kind, _) in enumerate(fields, start=1):
        try:
            loaded.append(kind.load(values[index]))
        except Mismatch as mismatch:
            raise remote_error(data, mismatch.at(index), f"{opcode_name(opcode)}.{name}") from None
    return cls(*loaded)


def pack(value: object) -> bytes:
    """Pack a game's value within the interop profile, which every client can read.

    Raises:
        LocalProtocolError: the value has no form that JavaScript and Python agree about.
    """
    try:
        packed = packb(value)
        scan(packed)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise LocalProtocolError(ErrorCode.WRONG_TYPE, f"the value cannot be packed: {error}") from None
    except RemoteProtocolError as error:
        raise LocalProtocolError(
            error.code, error.text, expected=error.expected, got=error.got, limit=error.limit
        ) from None
    return packed


def unpack(payload: bytes) -> Any:
    """Unpack what another client packed.

    Raises:
        RemoteProtocolError: the payload is not one msgpack value within the interop profile.
    """
    scan(payload)
    return unpackb(payload)


def packb(value: object) -> bytes:
    packed: bytes = msgpack.packb(value)
    return packed


def unpackb(data: bytes) -> Any:
    # What passed the scan is small and well-formed; msgpack derives its own limits from the size.
    return msgpack.unpackb(data)


def check_head(data: bytes) -> int:
    """Return the opcode, from the two bytes that every frame begins with."""
    if len(data) < 2:
        raise RemoteProtocolError(
            ErrorCode.TRUNCATED,
            "a frame has at least two bytes",
            offset=len(data),
            expected=f"at least {2 - len(data)} more bytes",
            got="end of message",
        )
    if not FIRST_HEAD <= data[0] <= LAST_HEAD:
        raise RemoteProtocolError(
            ErrorCode.NOT_A_FRAME,
            "a frame is an array of 1 to 15 elements",
            offset=0,
            expected="head 0x91..0x9F",
            got=f"head 0x{data[0]:02X}",
        )
    if data[1] > 0x7F:
        raise RemoteProtocolError(
            ErrorCode.NOT_A_FRAME,
            "a frame begins with its opcode",
            offset=1,
            expected="opcode 0x00..0x7F",
            got=f"head 0x{data[1]:02X}",
        )
    return data[1]


def no_such_frame(opcode: int) -> RemoteProtocolError:
    if opcode in FRAMES[Role.RELAY]:
        return RemoteProtocolError(
            ErrorCode.WRONG_DIRECTION,
            f"only the relay sends {opcode_name(opcode)}",
            offset=1,
            expected="a client's opcode",
            got=f"0x{opcode:02X}",
        )
    return RemoteProtocolError(
        ErrorCode.UNKNOWN_OPCODE,
        "no frame has this opcode",
        offset=1,
        expected="a client's opcode",
        got=f"0x{opcode:02X}",
    )


def opcode_name(opcode: int) -> str:
    return Opcode(opcode).name


def remote_error(data: bytes, mismatch: Mismatch, where: str) -> RemoteProtocolError:
    inner = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in mismatch.path[1:])
    return RemoteProtocolError(
        mismatch.code,
        f"{where}{inner} is not what it should be",
        offset=locate(data, mismatch.path),
        expected=mismatch.expected,
        got=mismatch.got,
        limit=mismatch.limit,
    )


def local_error(mismatch: Mismatch, frame: str) -> LocalProtocolError:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in mismatch.path)
    return LocalProtocolError(
        mismatch.code,
        f"{frame}{path} is not what it should be",
        expected=mismatch.expected,
        got=mismatch.got,
        limit=mismatch.limit,
    )
