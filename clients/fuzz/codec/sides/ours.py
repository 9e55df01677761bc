"""Our own codec, in this process: what it says, and whether it agrees with itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgpack

from clients.fuzz.codec.sides.answer import ACCEPTED, FAILED, IGNORED, REFUSED, Answer
from clients.fuzz.codec.sides.shortcuts import wrong_shortcuts
from clients.fuzz.codec.sides.tagged import tag, tag_frame
from clients.fuzz.inputs.case import Case, Reader
from protocol import scan
from protocol.codec import (
    FLAT_OPCODES,
    FRAMES,
    Role,
    decode,
    decode_slowly,
    encode,
    pack,
    packb,
    unpack,
    unpack_slowly,
)
from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.fields.schema import record_fields
from protocol.frames import Frame, Unknown

NAMES = {code: code.name for code in ErrorCode}


class Ways(NamedTuple):
    """How frames and payloads are read: our codec has two ways."""

    decode: Callable[[bytes, Role], Frame]
    unpack: Callable[[bytes], Any]
    pack: Callable[[Any], bytes]


QUICKLY = Ways(decode, unpack, pack)
SLOWLY = Ways(decode_slowly, unpack_slowly, packb)
"""Value by value, as both ways do with what is wrong. What `pack` has scanned once is not scanned
again: the bytes must be the same."""

NOT_WRITTEN = (None, "DUPLICATE_KEY")
"""What no value of a program can be refused for: it has each key once."""

Read = tuple[Answer, Any, bytes]
"""An answer, with the frame or value before it is tagged and its re-encoding as bytes."""


def is_compiled() -> bool:
    """Say whether the codec at hand is the compiled one."""
    return not (scan.__file__ or "").endswith(".py")


def name() -> str:
    """Return what our codec is called in reports."""
    return "python, compiled" if is_compiled() else "python"


def role_of(reader: Reader) -> Role:
    return Role.CLIENT if reader is Reader.CLIENT_FRAME else Role.RELAY


def read(data: bytes, reader: Reader, ways: Ways = QUICKLY) -> Read:
    """Decode an input and encode it anew. Nothing is tagged: most values nobody looks at."""
    try:
        if reader is Reader.PAYLOAD:
            value = ways.unpack(data)
            return ACCEPTANCE, value, ways.pack(value)
        frame = ways.decode(data, role_of(reader))
        if isinstance(frame, Unknown):
            return Answer(IGNORED, opcode=frame.number), frame, b""
        return ACCEPTANCE, frame, encode(frame)
    except RemoteProtocolError as error:
        return Answer(REFUSED, NAMES[error.code], error.offset), None, b""
    except Exception as error:  # whatever else escapes is a finding
        return failure(error), None, b""


ACCEPTANCE = Answer(ACCEPTED)


def failure(error: Exception) -> Answer:
    return Answer(FAILED, text=f"{type(error).__name__}: {error}"[:200])


def complete(answer: Answer, value: Any, again: bytes) -> Answer:
    """Add to an acceptance what was left out for speed."""
    if answer.verdict != ACCEPTED:
        return answer
    tagged = tag_frame(value) if isinstance(value, Frame) else tag(value)
    return answer._replace(value=tagged, again=again.hex())


def answer(data: bytes, reader: Reader) -> Answer:
    """Return all that our codec says of an input."""
    return complete(*read(data, reader))


def contradictions(data: bytes, reader: Reader, said: Read) -> Iterator[tuple[str, Answer]]:
    """Yield where our codec disagrees with itself: the name of the check, and the other answer."""
    verdict, value, again = said
    if verdict.verdict in (ACCEPTED, IGNORED):
        slow = read(data, reader, SLOWLY)
        if slow[0] != verdict or slow[2] != again:
            yield "slowly", complete(*slow)
    if reader is not Reader.PAYLOAD:
        frame = value if verdict is ACCEPTANCE else None
        try:
            for shortcut, text in wrong_shortcuts(data, reader, frame, again):
                yield shortcut, Answer(FAILED, text=text)
        except Exception as error:  # a shortcut that fails is a finding, too
            yield "shortcuts", failure(error)


def unchecked(case: Case) -> Iterator[tuple[str, Answer]]:
    """Yield where our codec writes what it is to refuse when it reads it."""
    code = case.verdict.code if case.verdict else None
    if case.reader is Reader.PAYLOAD:
        if code not in NOT_WRITTEN:
            yield from refused("pack", code, case.data, pack)
    elif case.rule.startswith("3.3.7."):
        cls = FRAMES[role_of(case.reader)][case.data[1]]
        fields = len(record_fields(cls))
        if cls in FLAT_OPCODES:
            yield from refused(
                "encode", code, case.data, lambda held: encode(cls(*held[1 : 1 + fields]))
            )


def once(entries: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """Make a map of its entries: of two with the same key, one would be gone."""
    made = dict(entries)
    if len(made) < len(entries):
        raise ValueError
    return made


def refused(
    name: str, code: str | None, data: bytes, write: Callable[[Any], bytes]
) -> Iterator[tuple[str, Answer]]:
    """Yield what is said instead of the same error, if the values of a message are to be written.

    There may be none: only what msgpack can read, a program could want to write.
    """
    try:
        held = msgpack.unpackb(data, strict_map_key=False, object_pairs_hook=once)
    except (ValueError, TypeError, msgpack.UnpackException):
        return
    try:
        written = write(held)
    except LocalProtocolError as error:
        if error.code.name != code:
            yield name, Answer(REFUSED, error.code.name)
    except Exception as error:
        yield name, failure(error)
    else:
        yield name, Answer(ACCEPTED, again=written.hex())
