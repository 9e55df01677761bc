"""The writer: bytes as they come, and a node for every value."""

from __future__ import annotations

from random import Random

from clients.fuzz.inputs.writing.heads import FALSE, NIL, TRUE, Kind, heads, ints, pick
from clients.fuzz.inputs.writing.nodes import Node, Place
from protocol.fields.field_types import FieldType


class Writer:
    """Appends values to a message. A container is opened, filled and closed."""

    def __init__(self, rng: Random, wordy: bool = False) -> None:
        self.rng = rng
        self.out = bytearray()
        self.nodes: list[Node] = []
        self._wordy = wordy
        """Whether heads may be longer than they need to be."""
        self._open: list[Node] = []

    def nil(self, wants: FieldType | None = None, place: Place = ()) -> None:
        self._leaf(Kind.NIL, NIL, wants, place)

    def boolean(self, value: bool, wants: FieldType | None = None, place: Place = ()) -> None:
        self._leaf(Kind.BOOL, TRUE if value else FALSE, wants, place)

    def integer(self, number: int, wants: FieldType | None = None, place: Place = ()) -> None:
        self._leaf(Kind.INT, self._one_of(ints(number)), wants, place)

    def number(self, written: bytes) -> None:
        """Append a float: its head and its bytes."""
        self._leaf(Kind.FLOAT, written, None, ())

    def text(self, body: bytes, wants: FieldType | None = None, place: Place = ()) -> None:
        self._leaf(Kind.STR, self._one_of(heads(Kind.STR, len(body))), wants, place, body)

    def key(self, body: bytes, wants: FieldType | None = None, place: Place = ()) -> None:
        self.text(body, wants, place)
        self.nodes[-1].is_key = True

    def binary(self, body: bytes, wants: FieldType | None = None, place: Place = ()) -> None:
        self._leaf(Kind.BIN, self._one_of(heads(Kind.BIN, len(body))), wants, place, body)

    def opcode(self, count: int, opcode: int) -> None:
        """Open a frame of so many elements; its two heads have a fixed form (SPEC 3.1.1)."""
        self._open.append(self._leaf(Kind.ARRAY, heads(Kind.ARRAY, count)[0], None, ()))
        self._leaf(Kind.INT, bytes([opcode]), None, ())

    def open(
        self, kind: Kind, count: int, wants: FieldType | None = None, place: Place = ()
    ) -> None:
        """Begin an array of so many elements, or a map of so many entries."""
        self._open.append(self._leaf(kind, self._one_of(heads(kind, count)), wants, place))

    def close(self) -> None:
        self._open.pop().end = len(self.out)

    def _one_of(self, forms: tuple[bytes, ...]) -> bytes:
        return pick(self.rng, forms) if self._wordy else forms[0]

    def _leaf(
        self, kind: Kind, head: bytes, wants: FieldType | None, place: Place, body: bytes = b""
    ) -> Node:
        start = len(self.out)
        self.out += head
        node = Node(
            kind,
            len(self.nodes) + 1,
            start,
            start + len(head),
            len(self._open),
            False,
            wants,
            place,
        )
        if body:
            self.out += body
            node.end += len(body)
        if self._open:
            self._open[-1].children.append(node)
        self.nodes.append(node)
        return node
