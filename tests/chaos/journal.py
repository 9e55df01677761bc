"""What each player said and heard: the record of a run, which the checker judges.

A player is one program with one seat secret. What it says is noted when it is said, what it hears
when its program hears it: two lists. A frame is named by its player's label and number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from protocol.fields.field_types import Target

Expected = Literal["taken", "refused", "either"]


# What is said.


@dataclass(frozen=True, slots=True)
class Seated:
    """WELCOME came. The same epoch and player as before are the same seat, and counting goes on."""

    epoch: str
    player: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A numbered frame that tells the target something, if it is not refused."""

    number: int
    """Of this player's frames, from 1; never used again, whatever becomes of the seat."""
    count: int
    """Of this seat's counted frames: what acknowledgements and refusals go by."""
    target: Target
    after: int
    """The seq that its player had heard of when it was said: it was ordered later."""
    expected: Expected = "taken"
    is_payload: bool = True
    """SEND, which is history later; not SET."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A counted frame for the relay alone: SUBSCRIBE, with its groups, or another, without."""

    count: int
    after: int
    add: frozenset[int] = frozenset()
    remove: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The relay has taken all frames of this seat up to this count."""

    count: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """These frames will not be sent again: their seat or their room is no more."""

    numbers: tuple[int, ...]


Said = Seated | Sent | Asked | Acknowledged | GivenUp


# What is heard.


@dataclass(frozen=True, slots=True)
class Began:
    """A stream begins that tells the room as it stands. `reason` says why, if the relay did."""

    epoch: str
    player: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The stream goes on where it was cut."""


@dataclass(frozen=True, slots=True)
class Live:
    """The stream has caught up with the room at `seq`."""

    seq: int
    complete_from: int = 0
    """Of a fresh stream: the seq after which it told all that was for all."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The relay said that everything for the hearer up to `seq` was sent."""

    seq: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """A numbered frame of `label`, whom the relay calls `sender`."""

    seq: int
    sender: int
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Joined:
    seq: int
    player: int


@dataclass(frozen=True, slots=True)
class Left:
    seq: int
    player: int


@dataclass(frozen=True, slots=True)
class Hosted:
    seq: int
    player: int
    term: int


@dataclass(frozen=True, slots=True)
class Told:
    """Any other fact for all, in words."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A counted frame of the hearer was refused."""

    seq: int
    count: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class Updated:
    """A volatile value of `label`; its number grows with every value of the key."""

    key: int
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Announced:
    """The program was told that these frames of its own are given up."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Noticed:
    """The relay said something that is no fact, as that its hearer is too slow."""

    kind: int


Fact = Delivered | Joined | Left | Hosted | Told | Refused
Heard = Began | Resumed | Live | Reached | Fact | Updated | Announced | Noticed


@dataclass(slots=True)
class Journal:
    """One player's part in a run."""

    label: str
    said: list[Said] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    is_complete: bool = False
    """The player was there at the end, when everything had arrived that was to arrive."""
