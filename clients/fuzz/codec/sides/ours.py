"""Our own codec, in this process: what it says, and whether it agrees with itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clients.fuzz.codec.sides.answer import ACCEPTED, FAILED, IGNORED, REFUSED, Answer
from clients.fuzz.codec.sides.shortcuts import wrong_shortcuts
from clients.fuzz.codec.sides.tagged import tag, tag_frame
from clients.fuzz.inputs.case import Reader
from protocol import scan
from protocol.codec import Role, decode, encode, pack, unpack
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame, Unknown

NAMES = {code: code.name for code in ErrorCode}

Read = tuple[Answer, Any, bytes]
"""An answer, with the frame or value before it is tagged and its re-encoding as bytes."""


def is_compiled() -> bool:
    """Say whether the codec at hand is the compiled one."""
    return not (scan.__file__ or "").endswith(".py")


def name() -> str:
    """Return what our codec is called in reports."""
    return "python, compiled" if is_compiled() else "python"


def read(data: bytes, reader: Reader) -> Read:
    """Decode an input and encode it anew. Nothing is tagged: most values nobody looks at."""
    try:
        if reader is Reader.PAYLOAD:
            value = unpack(data)
            return ACCEPTANCE, value, pack(value)
        frame = decode(data, Role.CLIENT if reader is Reader.CLIENT_FRAME else Role.RELAY)
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
    if verdict is ACCEPTANCE and again != data:
        second = read(again, reader)
        if second[0] is not ACCEPTANCE or second[2] != again:
            yield "round_trip", complete(*second)
    if reader is not Reader.PAYLOAD:
        frame = value if verdict is ACCEPTANCE else None
        try:
            for shortcut, text in wrong_shortcuts(data, reader, frame, again):
                yield shortcut, Answer(FAILED, text=text)
        except Exception as error:  # a shortcut that fails is a finding, too
            yield "shortcuts", failure(error)
