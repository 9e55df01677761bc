"""Reads protocol/vectors/*.json. Each file explains its notation under `about`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from protocol.codec import FRAMES, Role
from protocol.fields.schema import record_fields
from protocol.frames import Frame
from protocol.opcodes import Opcode

FOLDER = Path(__file__).parents[2] / "protocol" / "vectors"


def load(name: str, key: str = "vectors") -> list[dict[str, Any]]:
    """Return the vectors of one file."""
    vectors: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text())[key]
    return vectors


def message(notation: Any) -> bytes:
    """Return the bytes that a `hex` stands for."""
    match notation:
        case str():
            return bytes.fromhex(notation)
        case {"repeat": [part, times]}:
            return bytes.fromhex(part) * int(times)
        case _:
            return b"".join(message(part) for part in notation)


def role(vector: dict[str, Any]) -> Role:
    return Role[vector["by"].upper()]


def frame(vector: dict[str, Any]) -> Frame:
    """Build the frame that a valid vector describes."""
    cls = FRAMES[role(vector)][Opcode[vector["frame"]]]
    fields = vector["fields"]
    assert list(fields) == [field.name for field in record_fields(cls)]
    return cls(*(kind.load(value(fields[name])) for name, kind, _ in record_fields(cls)))


def value(notation: Any) -> Any:
    """Return the value that JSON stands for."""
    match notation:
        case {"hex": part}:
            return message(part)
        case {"float": number}:
            return float(number)
        case {"repeat": [element, times]}:
            return [value(element)] * times
        case {"nested": depth}:
            return [value({"nested": depth - 1})] if depth > 1 else []
        case {"text": parts}:
            return "".join(
                p if isinstance(p, str) else p["repeat"][0] * p["repeat"][1] for p in parts
            )
        case dict():
            return {key: value(element) for key, element in notation.items()}
        case list():
            return [value(element) for element in notation]
        case _:
            return notation


def text(notation: Any) -> str:
    match notation:
        case {"repeat": [part, times]}:
            return str(part) * int(times)
        case _:
            return str(notation)
