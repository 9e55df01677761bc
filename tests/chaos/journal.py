"""What each player said and heard: the record of a run, which the checker judges.

A player is one program with one seat secret. It has two lists: what it says is noted when it says
it, and what it hears when its program hears it. A frame is named by its player's label and number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from protocol.fields.field_types import Target

Expected = Literal["taken", "refused", "either"]


# What is said.


@dataclass(frozen=True, slots=True)
class Seated:
    """WELCOME came. With the same epoch and player it is the same seat, and counting goes on."""

    epoch: str
    player: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A numbered frame. Its target hears something, unless the relay refuses it."""

    number: int
    """It numbers this player's frames from 1, over all seats."""
    count: int
    """It counts this seat's counted frames. Acknowledgements and refusals name it."""
    target: Target
    after: int
    """The seq that its player had heard by then: the frame's own place is after it."""
    expected: Expected = "taken"
    is_payload: bool = True
    """Whether it is SEND, which becomes history, and not SET."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A counted frame for the relay alone: SUBSCRIBE with its groups, or another one without."""

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
    """These frames will not be sent again: their seat or their room is gone."""

    numbers: tuple[int, ...]


Said = Seated | Sent | Asked | Acknowledged | GivenUp


# What is heard.


@dataclass(frozen=True, slots=True)
class Began:
    """A fresh stream begins. `reason` says why, if the relay did."""

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
    """The seq after which a fresh stream told everything that was for all."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The relay said that it has sent the hearer everything up to `seq`."""

    seq: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """A numbered frame of `label`, whose player number is `sender`."""

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
    """Any other fact for all, as text."""

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
    """A volatile value of `label`. Its number grows with every value of the key."""

    key: int
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Announced:
    """The client told its program that these frames are given up."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Noticed:
    """The relay gave a notice, such as that the hearer is too slow."""

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
    """Whether the player was there at the end, when everything had arrived."""
