"""What is known of a written message: where each value lies, and what is asked of it."""

from __future__ import annotations

from functools import cached_property

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.writing.heads import Kind
from protocol.fields.field_types import Either, FieldType, Fixed, Mapped, Several
from protocol.fields.schema import Record
from protocol.frames import Frame

Place = tuple[int, ...]
"""Where a value stands among those that SPEC 3.3.7 judges: smaller ones are judged first."""


class Node:
    """One value of a message, or one key."""

    __slots__ = (
        "body",
        "children",
        "depth",
        "end",
        "is_key",
        "kind",
        "number",
        "place",
        "start",
        "wants",
    )

    def __init__(
        self,
        kind: Kind,
        number: int,
        start: int,
        body: int,
        depth: int,
        is_key: bool,
        wants: FieldType | None,
        place: Place,
    ) -> None:
        self.kind = kind
        self.number = number
        """1 for the message's first value, and so on, as SPEC 3.2.6 counts them."""
        self.start = start
        self.body = body
        """Where the head ends, with its length or number."""
        self.end = body
        self.depth = depth
        """Containers around it."""
        self.is_key = is_key
        self.wants = wants
        """What the frame asks of it; None where it may be anything."""
        self.place = place
        self.children: list[Node] = []
        """Of a container, in the order of the wire; keys and values of a map in turn."""


class Written:
    """A legal message, with its nodes in the order of the wire."""

    def __init__(
        self,
        reader: Reader,
        frame: type[Frame] | None,
        data: bytes,
        nodes: list[Node],
        neighbour: bytes = b"",
    ) -> None:
        self.reader = reader
        self.frame = frame
        """None: a payload, or a frame whose opcode only a newer relay knows."""
        self.data = data
        self.nodes = nodes
        self.neighbour = neighbour
        """Another legal message, to splice with."""

    @cached_property
    def values(self) -> list[Node]:
        """What may be replaced by another value: not keys, nor a frame's own two bytes."""
        first = 0 if self.reader is Reader.PAYLOAD else 2
        return [node for node in self.nodes[first:] if not node.is_key]

    @cached_property
    def keys(self) -> list[Node]:
        return [node for node in self.nodes if node.is_key]

    @cached_property
    def texts(self) -> list[Node]:
        """Every str, keys too."""
        return [node for node in self.nodes if node.kind is Kind.STR]

    @cached_property
    def maps(self) -> list[Node]:
        return [node for node in self.nodes if node.kind is Kind.MAP]

    @cached_property
    def containers(self) -> list[Node]:
        return [node for node in self.nodes if node.kind in (Kind.MAP, Kind.ARRAY)]

    @cached_property
    def asked(self) -> list[Node]:
        """Values and keys that must be what a field asks for."""
        return [node for node in self.nodes if node.wants is not None]

    @cached_property
    def records(self) -> list[Node]:
        """Maps with keys that a frame knows."""
        return [node for node in self.maps if isinstance(node.wants, Record | Either)]

    @cached_property
    def lists(self) -> list[Node]:
        """Values whose number of elements has a bound of its own."""
        return [node for node in self.asked if isinstance(node.wants, Several | Fixed | Mapped)]

    @cached_property
    def has(self) -> frozenset[str]:
        """Name the lists above that have something in them."""
        return frozenset(name for name in LISTS if getattr(self, name))

    @cached_property
    def fields(self) -> list[Node]:
        """The frame's own fields."""
        return self.nodes[0].children[1:]


LISTS = ("keys", "texts", "maps", "records", "lists")
