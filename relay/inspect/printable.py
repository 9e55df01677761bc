"""What a frame says, as text: for people to read, and to search for a word."""

from __future__ import annotations

import json
from typing import Any, Final

import msgpack

from protocol.opcodes import Opcode

PAYLOADS: Final = frozenset({Opcode.DELIVER, Opcode.UPDATE})
"""Frames that carry a game's payload, as their last field."""


def said(frame: bytes) -> str:
    """Return what a relay's frame says, in one line: its payload, or its fields without the seq."""
    op, *fields = _unpacked(frame)
    return " ".join(map(printable, fields[-1:] if op in PAYLOADS else fields[1:]))


def printable(value: Any) -> str:
    """Return a value as JSON. Bytes are shown as msgpack, else as text, else in hex."""
    if isinstance(value, bytes):
        return _bytes(value)
    for show in (_json, repr):  # msgpack has keys that JSON lacks
        try:
            return show(value)
        except (TypeError, ValueError, RecursionError):
            pass
    return "(nested too deeply)"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_odd)


def _bytes(data: bytes) -> str:
    try:
        value = _unpacked(data)
    except (ValueError, TypeError, msgpack.UnpackException):
        return _text(data)
    return data.hex(" ") if isinstance(value, bytes) else printable(value)


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data.hex(" ")
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else data.hex(" ")


def _odd(value: object) -> str:
    return value.hex(" ") if isinstance(value, bytes) else str(value)


def _unpacked(data: bytes) -> Any:
    return msgpack.unpackb(data, strict_map_key=False, use_list=False)
