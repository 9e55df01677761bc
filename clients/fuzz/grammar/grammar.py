"""The whole grammar of the wire as JSON."""

from __future__ import annotations

import importlib.metadata
import json
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import protocol
from clients.fuzz.grammar.described import Json, fields, keys, records_of
from clients.fuzz.inputs.rules import REPORTED
from protocol import limits
from protocol.close_codes import CloseCode, may_return
from protocol.error_codes import ErrorCode
from protocol.fields.numbers import LeftReason, NoticeKind, PresenceState
from protocol.frames import CLIENT_FRAMES, RELAY_FRAMES, Frame
from protocol.opcodes import COUNTED, Opcode

SCHEMA: Final = Path(__file__).with_name("grammar.schema.json")

FRAMES: Final = {"client": CLIENT_FRAMES, "relay": RELAY_FRAMES}

NUMBERS: Final = (Opcode, ErrorCode, LeftReason, NoticeKind, PresenceState)
"""Numbers that have names."""

NAMED: Final = {
    "Error.code": ErrorCode,
    "ErrorDetail.op": Opcode,
    "Left.reason": LeftReason,
    "Notice.kind": NoticeKind,
    "Presence.state": PresenceState,
    "PresenceChanged.state": PresenceState,
}
"""Fields that hold such numbers: their types do not say so, for a reader takes others as news."""


def grammar() -> Json:
    """Return the grammar. `grammar.schema.json` says what each part of it is."""
    return {
        "grammar": "roomwire",
        "wire": protocol.WIRE_VERSION,
        "package": importlib.metadata.version("roomwire"),
        "subprotocol": protocol.SUBPROTOCOL,
        "frames": [frame(by, cls) for by, several in FRAMES.items() for cls in several],
        "records": {cls.__name__: named(cls, keys(cls)) for cls in records()},
        "numbers": {enum.__name__: members(enum) for enum in NUMBERS},
        "close_codes": [close_code(code) for code in CloseCode],
        "limits": {name: number for name, number in vars(limits).items() if name.isupper()},
        "rules": {rule: list(codes) for rule, codes in REPORTED.items()},
    }


def text() -> str:
    """Return the grammar as it is printed."""
    return json.dumps(grammar(), indent=1) + "\n"


def frame(by: str, cls: type[Frame]) -> Json:
    return {
        "name": cls.opcode.name,
        "opcode": int(cls.opcode),
        "by": by,
        "class": cls.__name__,
        "counted": by == "client" and cls.opcode in COUNTED,
        "meaning": " ".join((cls.__doc__ or "").split()),
        "fields": named(cls, fields(cls)),
    }


def named(cls: type[Any], of: list[Json]) -> list[Json]:
    """Add to fields what their numbers are called, where they have names."""
    for field in of:
        if enum := NAMED.get(f"{cls.__name__}.{field['name']}"):
            field["numbers"] = enum.__name__
    return of


def records() -> dict[type[Any], None]:
    """Return every record of the wire once, in the order in which frames name them."""
    frames = (*CLIENT_FRAMES, *RELAY_FRAMES)
    return dict.fromkeys(record for cls in frames for record in records_of(cls))


def members(enum: type[IntEnum]) -> dict[str, int]:
    return {member.name: int(member) for member in enum}


def close_code(code: CloseCode) -> Json:
    return {
        "number": int(code),
        "name": code.name,
        "reason": code.reason,
        "may_return": may_return(code),
    }
