"""A legal message read back into the nodes that the lab's writer would have made of it.

So damage can be done to a message that somebody else wrote: a fuzzer, for one.
"""

from __future__ import annotations

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.judge import HEADS
from clients.fuzz.inputs.writing.frames import FRAMES
from clients.fuzz.inputs.writing.heads import Kind
from clients.fuzz.inputs.writing.nodes import Node, Place, Written
from protocol.fields.field_types import (
    Either,
    FieldType,
    Fixed,
    Mapped,
    OrFalse,
    Several,
    TargetField,
)
from protocol.fields.schema import Record, record_fields

KINDS = {kind.name.lower(): kind for kind in Kind} | {"false": Kind.BOOL, "true": Kind.BOOL}
"""The writer's kind of what the judge calls so."""


def written(data: bytes, reader: Reader) -> Written:
    """Read a legal message back."""
    nodes: list[Node] = []
    whole = node_at(0, data, nodes, 0, False)
    known = {int(cls.opcode): cls for cls in FRAMES.get(reader, ())}
    frame = known.get(data[1]) if reader in FRAMES else None
    if frame is not None:
        fields = zip(record_fields(frame), whole.children[1:], strict=False)
        for index, ((_, field_type, _), node) in enumerate(fields):
            ask(node, data, field_type, (index,))
    return Written(reader, frame, data, nodes)


def node_at(start: int, data: bytes, nodes: list[Node], depth: int, is_key: bool) -> Node:
    """Read the value that begins there, and what is in it."""
    name, width, length, _ = HEADS[data[start]]
    kind, body = KINDS[name], start + 1 + width
    node = Node(kind, len(nodes) + 1, start, body, depth, is_key, None, ())
    nodes.append(node)
    if width and kind in (Kind.STR, Kind.BIN, Kind.ARRAY, Kind.MAP):
        length = int.from_bytes(data[start + 1 : body])
    if kind in (Kind.STR, Kind.BIN):
        node.end = body + length
    if kind in (Kind.ARRAY, Kind.MAP):
        for index in range(length * (2 if kind is Kind.MAP else 1)):
            is_name = kind is Kind.MAP and index % 2 == 0
            node.children.append(node_at(node.end, data, nodes, depth + 1, is_name))
            node.end = node.children[-1].end
    return node


def ask(node: Node, data: bytes, wants: FieldType, place: Place) -> None:
    """Note what a frame asks of a value, and of what is in it."""
    node.wants, node.place = wants, place
    match chosen(node, wants):
        case Several(field_type=each):
            for index, child in enumerate(node.children):
                ask(child, data, each, (*place, index))
        case Fixed(field_types=several):
            for index, (each, child) in enumerate(zip(several, node.children, strict=True)):
                ask(child, data, each, (*place, index))
        case Mapped(word=word, field_type=each):
            for index, child in enumerate(node.children):
                ask(child, data, each if index % 2 else word, (*place, index))
        case Record(cls=cls):
            known = {
                name.encode(): (each, (*place, index))
                for index, (name, each, _) in enumerate(record_fields(cls))
            }
            for key, child in zip(node.children[::2], node.children[1::2], strict=True):
                if found := known.get(data[key.body : key.end]):
                    ask(child, data, *found)


def chosen(node: Node, wants: FieldType) -> FieldType | None:
    """Return the type of a container, of those that a field offers; None for what is none."""
    match wants:
        case Either(field_types=several):
            return next(filter(None, (chosen(node, each) for each in several)), None)
        case OrFalse(field_type=each):
            return chosen(node, each)
        case TargetField(several=each):
            return chosen(node, each)
        case Several() | Fixed():
            return wants if node.kind is Kind.ARRAY else None
        case Mapped() | Record():
            return wants if node.kind is Kind.MAP else None
        case _:
            return None
