"""What one input of the lab is: bytes, what they are read as, and the right answer."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Reader(Enum):
    """What the bytes are read as. The values are the words in JSON and on the adapters' wire."""

    CLIENT_FRAME = "client"
    """A frame that a client sent."""
    RELAY_FRAME = "relay"
    """A frame that a relay sent."""
    PAYLOAD = "payload"

    __hash__ = object.__hash__  # that of Enum is a function in Python


class Verdict(NamedTuple):
    """What a right codec says of an input."""

    code: str | None
    """Name of the error, as in error_codes.py; None: accepted."""
    offset: int | None
    """First byte that is wrong; None where the input is accepted."""


class Case(NamedTuple):
    """One input, and what is known about it."""

    data: bytes
    reader: Reader
    damage: str
    """Kind of damage: "none", "truncated", "trailing", and so on."""
    rule: str
    """The rule of SPEC.md that it breaks first, as cited: "3.3.3.7"; "" where none is broken."""
    verdict: Verdict | None
    """None: the right answer is not known, and implementations can only be compared."""
