"""Frames to bytes and back. One frame is one WebSocket binary message."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import msgpack

from protocol import limits
from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.fields.mismatch import Mismatch, Path
from protocol.fields.records import HelloOptions, RoomOptions
from protocol.fields.schema import record_fields
from protocol.frames import CLIENT_FRAMES, RELAY_FRAMES, Frame, Unknown
from protocol.opcodes import Opcode
from protocol.quick import values as quick
from protocol.quick.frames import FIRST_HEAD, LAST_HEAD, is_flat_type, readers_of
from protocol.quick.values import unpack as unpack_quickly
from protocol.scan import locate, scan, shown


class Role(Enum):
    """Who speaks. It decides which frames are legal, and how strictly they are read."""

    CLIENT = auto()
    RELAY = auto()


FRAMES: dict[Role, dict[int, type[Frame]]] = {
    Role.CLIENT: {int(cls.opcode): cls for cls in CLIENT_FRAMES},
    Role.RELAY: {int(cls.opcode): cls for cls in RELAY_FRAMES},
}

CLIENT_READERS = readers_of(CLIENT_FRAMES, may_be_longer=False)
RELAY_READERS = readers_of(RELAY_FRAMES, may_be_longer=True)
CLIENT, RELAY = Role.CLIENT, Role.RELAY

DUMPERS: dict[type[Any], tuple[tuple[str, Callable[[Any], Any]], ...]] = {
    cls: tuple((name, field_type.dump) for name, field_type, _ in record_fields(cls))
    for cls in CLIENT_FRAMES + RELAY_FRAMES
}
"""Of each frame that can be sent: its fields, and what checks each."""

FLAT_OPCODES = {
    cls: int(cls.opcode)
    for cls in DUMPERS
    if all(is_flat_type(field_type) for _, field_type, _ in record_fields(cls))
}

pack_flat: Callable[[list[Any]], bytes] = msgpack.Packer().pack
"""One packer for all frames without maps. It runs no code of Python's, which could pack as well."""


def encode(frame: Frame) -> bytes:
    """Serialize one frame in its shortest form.

    Raises:
        LocalProtocolError: a field holds what the wire cannot carry, or `frame` is none that has
            a form on the wire (`Unknown`).
    """
    cls = type(frame)
    dumpers = DUMPERS.get(cls)
    if dumpers is None:
        raise LocalProtocolError(
            ErrorCode.UNKNOWN_OPCODE, "this is not a frame that can be sent", got=cls.__name__
        )
    opcode = FLAT_OPCODES.get(cls)
    elements: list[Any] = [frame.opcode if opcode is None else opcode]
    for name, dump in dumpers:
        try:
            elements.append(dump(getattr(frame, name)))
        except Mismatch as mismatch:
            raise local_error(mismatch.at(name), cls) from None
    return packb(elements) if opcode is None else pack_flat(elements)


def decode(data: bytes | bytearray | memoryview, by: Role) -> Frame:
    """Parse one frame that `by` sent.

    A relay's frame may have more fields than this side knows, and may be `Unknown`; a client's
    must have exactly its own.

    Raises:
        RemoteProtocolError: with the offset of the first wrong byte.
        TypeError: these are not bytes, or `by` is no Role; nothing else escapes.
    """
    if not isinstance(data, bytes):
        data = bytes_of(data)
    if by is CLIENT:
        readers = CLIENT_READERS
    elif by is RELAY:
        readers = RELAY_READERS
    else:
        raise TypeError(f"expected Role.CLIENT or Role.RELAY, got {type(by).__name__}")
    try:
        return readers[data[1]][data[0]](data)
    except quick.DOUBTS:
        pass  # what is wrong, or at what byte, is found below
    return decode_slowly(data, by)


def decode_slowly(data: bytes, by: Role) -> Frame:
    """Parse one frame, value by value: what is wrong is found where it is.

    Raises:
        RemoteProtocolError: with the offset of the first wrong byte.
    """
    opcode = check_head(data)
    scan(data)
    # SPEC 20.1: a client ignores what it does not know; a relay takes exactly what is known.
    cls = FRAMES[by].get(opcode)
    if cls is None:
        if by is Role.RELAY:
            return Unknown(opcode)
        raise no_such_frame(opcode)
    values = unpackb(data)
    check_arity(cls, len(values) - 1, by)
    loaded = []
    for index, (name, field_type, _) in enumerate(record_fields(cls), start=1):
        try:
            loaded.append(field_type.load(values[index]))
        except Mismatch as mismatch:
            raise remote_error(data, mismatch.at(index), f"{cls.opcode.name}.{name}") from None
    return cls(*loaded)


def unknown_options(hello: bytes) -> tuple[str, ...]:
    """Name the options of an encoded HELLO that this side does not know, for WELCOME's `ignored`.

    Those of `create` are called `create.KEY`. Names are cut to what WELCOME can hold, and so is
    their number.
    """
    options = unpackb(hello)[2]
    unknown = keys_beyond(options, HelloOptions)
    if isinstance(create := options.get("create"), dict):
        unknown += [f"create.{key}" for key in keys_beyond(create, RoomOptions)]
    return tuple(cut(key, limits.MAX_WORD) for key in unknown[: limits.MAX_IGNORED])


def keys_beyond(options: dict[str, Any], cls: type[Any]) -> list[str]:
    known = {field.name for field in record_fields(cls)}
    return [key for key in options if key not in known]


def cut(text: str, size: int) -> str:
    """Return as much of the text's beginning as fits `size` bytes of UTF-8."""
    return text.encode()[:size].decode(errors="ignore")


def pack(value: object) -> bytes:
    """Pack a game's value within the interop profile, which every client can read.

    None, bool, int within +-(2^53 - 1), float, str, bytes, and lists, tuples and dicts of them
    with str keys. Tuples become arrays, bytearray and contiguous memoryview become bin.

    Raises:
        LocalProtocolError: the value has no form that JavaScript and Python agree about.
    """
    try:
        packed = packb(value)
        check_payload(packed)
    except RemoteProtocolError as error:
        raise LocalProtocolError(
            error.code, error.text, expected=error.expected, got=error.got, limit=error.limit
        ) from None
    except (TypeError, ValueError, OverflowError, BufferError) as error:
        raise LocalProtocolError(
            code_of(error), f"the value cannot be packed: {error}", got=type(value).__name__
        ) from None
    return packed


def check_payload(payload: bytes) -> None:
    """Check what was packed, as those do who will read it."""
    try:
        unpack_quickly(payload)
    except quick.DOUBTS:
        scan(payload)


def code_of(error: Exception) -> ErrorCode:
    """Say what msgpack's exception means."""
    match error:
        case UnicodeError():
            return ErrorCode.BAD_UTF8
        case OverflowError():
            return ErrorCode.OUT_OF_RANGE
        case ValueError():  # "recursion limit exceeded": it gives up at 511 levels
            return ErrorCode.TOO_DEEP
        case _:
            return ErrorCode.WRONG_TYPE


def unpack(payload: bytes | bytearray | memoryview) -> Any:
    """Unpack what another client packed.

    Raises:
        RemoteProtocolError: the payload is not one msgpack value within the interop profile.
        TypeError: these are not bytes.
    """
    if not isinstance(payload, bytes):
        payload = bytes_of(payload)
    try:
        return unpack_quickly(payload)
    except quick.DOUBTS:
        pass  # what is wrong, or at what byte, is found below
    return unpack_slowly(payload)


def unpack_slowly(payload: bytes) -> Any:
    """Unpack a payload that was looked at value by value.

    Raises:
        RemoteProtocolError: with the offset of the first wrong byte.
    """
    scan(payload)
    return unpackb(payload)


def bytes_of(data: bytearray | memoryview) -> bytes:
    """Return the bytes of what holds some. To `bytes`, an int would be a length."""
    if not isinstance(data, bytearray | memoryview):
        raise TypeError(f"expected bytes, bytearray or memoryview, got {type(data).__name__}")
    return bytes(data)


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
    # SPEC 3.1.1: these two bytes alone have a fixed form, so that anyone can read the opcode.
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


def check_arity(cls: type[Frame], arity: int, by: Role) -> None:
    known = len(record_fields(cls))
    if arity < known or (arity > known and by is Role.CLIENT):
        raise RemoteProtocolError(
            ErrorCode.ARITY,
            f"{cls.opcode.name} has the wrong number of fields",
            offset=0,
            expected=f"{known} fields",
            got=f"{arity} fields",
        )


def no_such_frame(opcode: int) -> RemoteProtocolError:
    known = opcode in FRAMES[Role.RELAY]
    return RemoteProtocolError(
        ErrorCode.WRONG_DIRECTION if known else ErrorCode.UNKNOWN_OPCODE,
        f"only the relay sends {Opcode(opcode).name}" if known else "no frame has this opcode",
        offset=1,
        expected="a client's opcode",
        got=f"0x{opcode:02X}",
    )


def remote_error(data: bytes, mismatch: Mismatch, field: str) -> RemoteProtocolError:
    return RemoteProtocolError(
        mismatch.code,
        f"{field}{steps(mismatch.path[1:])} is not what it should be",
        offset=locate(data, mismatch.path),
        expected=mismatch.expected,
        got=mismatch.got,
        limit=mismatch.limit,
    )


def local_error(mismatch: Mismatch, cls: type[Frame]) -> LocalProtocolError:
    return LocalProtocolError(
        mismatch.code,
        f"{cls.opcode.name}{steps(mismatch.path)} is not what it should be",
        expected=mismatch.expected,
        got=mismatch.got,
        limit=mismatch.limit,
    )


def steps(path: Path) -> str:
    """Write a path as Python and JavaScript do, `.create.tags` or `[3]`, and never at length.

    A key may be a stranger's: what a terminal would obey is escaped.
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{shown(step)}" for step in path)
