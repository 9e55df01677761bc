"""What a decoded message is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from clients.decode.tree import Node
from clients.fuzz.inputs.case import Reader


class Fault(NamedTuple):
    """The first rule that a message breaks."""

    code: str
    """Name of the error, as ERROR carries it."""
    offset: int
    """The byte that is to blame; the message's length where one is missing."""
    rule: str
    """Of SPEC.md: "3.3.3.7"."""
    text: str
    expected: str | None
    got: str | None

    def __str__(self) -> str:
        wanted = f": expected {self.expected}, got {self.got}" if self.expected else ""
        return f"{self.code} at {self.offset} (SPEC {self.rule}): {self.text}{wanted}"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a message says, byte by byte."""

    data: bytes
    by: Reader
    """What it was read as."""
    is_guessed: bool
    """Whether the sender was guessed."""
    name: str
    """The frame's name, such as "SEND"; "PAYLOAD" for a payload, "?" for an unknown frame."""
    nodes: list[Node]
    """Its value, and what could not be read. Their bytes are those of the message."""
    fault: Fault | None

    @property
    def is_ignored(self) -> bool:
        """Whether clients ignore it: it is a relay's frame with an unknown opcode."""
        return self.name == "?" and self.fault is None
