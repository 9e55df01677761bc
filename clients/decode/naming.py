"""What each value of a frame is, from what frames.py declares."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

from clients.decode.tree import Node, read
from clients.fuzz.grammar.grammar import NAMED
from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.judge import CONTAINERS, judge
from protocol import limits
from protocol.fields.field_types import (
    Binary,
    Either,
    FieldType,
    Fixed,
    OrFalse,
    Several,
    TargetField,
)
from protocol.fields.schema import Record, record_fields
from protocol.frames import Frame
from protocol.opcodes import Opcode

UNKNOWN_KEY: Final = "unknown key, which is ignored"
UNKNOWN_FIELD: Final = "unknown field"


def name_frame(data: bytes, root: Node, cls: type[Frame] | None) -> None:
    """Name the fields of a frame. Args: cls: None where nobody has this opcode."""
    if not root.children:
        return
    opcode, *fields = root.children
    opcode.name = "op"
    opcode.means = name_in(Opcode, opcode)
    known = () if cls is None else record_fields(cls)
    for node in fields[len(known) :]:
        node.note = UNKNOWN_FIELD
    for (name, field_type, _), node in zip(known, fields, strict=False):
        node.name = name
        node.means = called(f"{cls.__name__}.{name}" if cls else "", node)
        name_value(data, node, field_type)


def name_keys(node: Node) -> None:
    """Name the values of maps by their keys, all the way down."""
    for child in node.children:
        name_keys(child)
    if node.kind == "map":
        for key, value in zip(node.children[::2], node.children[1::2], strict=False):
            value.name = key.value if isinstance(key.value, str) else ""


def name_value(data: bytes, node: Node, wanted: FieldType) -> None:
    """Say of a field's value, and of those within, what they are."""
    match wanted:
        case OrFalse():
            name_value(data, node, wanted.field_type)
        case Either():
            name_value(data, node, wanted.field_types[-1])
        case TargetField():
            node.means = meant(node)
        case Binary() if wanted.high == limits.FRAME_IN_MAX:
            open_payload(data, node)
        case Several() if node.kind == "array":
            for child in node.children:
                name_value(data, child, wanted.field_type)
        case Fixed() if node.kind == "array":
            for child, each in zip(node.children, wanted.field_types, strict=False):
                name_value(data, child, each)
        case Record() if node.kind == "map":
            name_record(data, node, wanted.cls)


def name_record(data: bytes, node: Node, cls: type[Any]) -> None:
    known = {name: field_type for name, field_type, _ in record_fields(cls)}
    for key, value in zip(node.children[::2], node.children[1::2], strict=False):
        if key.value in known:
            name = str(key.value)
            value.means = called(f"{cls.__name__}.{name}", value)
            name_value(data, value, known[name])
        else:
            key.note = UNKNOWN_KEY


def called(field: str, node: Node) -> str:
    """Return the name of a number, where such numbers have names."""
    enum: type[IntEnum] | None = NAMED.get(field)
    return "" if enum is None else name_in(enum, node)


def name_in(enum: type[IntEnum], node: Node) -> str:
    names = {int(member): member.name for member in enum}
    return names.get(node.value, "") if isinstance(node.value, int) else ""


def meant(node: Node) -> str:
    """Return who a target means (SPEC 6)."""
    if node.kind == "true":
        return "everyone"
    if node.kind in ("nil", "false"):
        return "everyone but the sender"
    if node.kind != "int" or not isinstance(node.value, int):
        return ""
    if node.value == 0:
        return "the host"
    return f"group {-node.value}" if node.value < 0 else f"player {node.value}"


def open_payload(data: bytes, node: Node) -> None:
    """Show a payload as the msgpack value that it is, if it is one."""
    if node.kind != "bin" or node.end - node.body != node.claims or not node.claims:
        return
    rule, verdict = judge(data[node.body : node.end], Reader.PAYLOAD)
    inner = read(data, node.body, node.end)
    if verdict.code is None:
        node.children = inner
        name_keys(inner[0])
    elif inner[0].kind in CONTAINERS:  # other bytes are hardly meant to be msgpack
        node.note = f"no msgpack of this wire: {verdict.code} at {verdict.offset} (SPEC {rule})"
