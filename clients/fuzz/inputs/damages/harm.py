"""What a damage does to a message, and the fault that it makes: alone, or among others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final, NamedTuple

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.writing.nodes import Node, Place, Written

TRUNCATED: Final = "TRUNCATED"
"""The one error that is not told where it was noticed, but at the message's end."""


class Edit(NamedTuple):
    """Bytes of the legal message that are replaced."""

    start: int
    stop: int
    new: bytes


class Fault(NamedTuple):
    """What is wrong, where the first broken rule puts the blame."""

    rule: str
    code: str | None
    """None: the rule says that the frame is ignored, whatever else is wrong with it."""
    at: int
    """The blamed byte of the legal message, or where new ones take its place. Of TRUNCATED: the
    value at which the reader notices."""
    inner: int = 0
    """How far within the new bytes the blamed one is."""
    place: Place = ()
    """Of a field: where it stands in the order of SPEC 3.3.7."""


class Harm(NamedTuple):
    """What a damage does."""

    edits: tuple[Edit, ...]
    """In the order of the message; they do not overlap."""
    fault: Fault | None
    """None: the message is legal all the same (or the damage is a judged one)."""


Harmer = Callable[[Random, Written], Harm | None]

ALL: Final = frozenset(Reader)
FRAMES: Final = frozenset({Reader.CLIENT_FRAME, Reader.RELAY_FRAME})
CLIENT: Final = frozenset({Reader.CLIENT_FRAME})
RELAY: Final = frozenset({Reader.RELAY_FRAME})
PAYLOADS: Final = frozenset({Reader.PAYLOAD})

USUAL: Final = 40
SELDOM: Final = 1
"""For what costs a reader a hundred times as much as other inputs do."""
THOUSANDS: Final = 0.25
"""How often a message of thousands of values is written where it is drawn."""


@dataclass(frozen=True)
class Damage:
    """One kind of damage."""

    name: str
    harm: Harmer
    """Returns None where this message has nothing that could be damaged so."""
    readers: frozenset[Reader]
    needs: str
    """A list of `Written` that must have something in it; "" where none must."""
    share: int
    """How often it is drawn, against other damages."""
    alone: bool
    """Whether other damage could change this fault, so that the two are not combined."""
    judged: bool
    """Whether the judge has to say what the fault is. Such damage is not combined either."""


def damage(
    readers: frozenset[Reader] = ALL,
    share: int = USUAL,
    *,
    needs: str = "",
    alone: bool = False,
    judged: bool = False,
) -> Callable[[Harmer], Damage]:
    """Make a damage of a function, named as it is."""
    return lambda harm: Damage(harm.__name__, harm, readers, needs, share, alone or judged, judged)


def replaced(node: Node, new: bytes, rule: str, code: str, inner: int = 0) -> Harm:
    """Put other bytes where a value is: a fault of structure, or of the field."""
    fault = Fault(rule, code, node.start, inner, node.place)
    return Harm((Edit(node.start, node.end, new),), fault)


def edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return the message with its edits."""
    if len(edits) == 1:
        ((start, stop, new),) = edits
        return data[:start] + new + data[stop:]
    parts: list[bytes] = []
    at = 0
    for start, stop, new in edits:
        parts += (data[at:start], new)
        at = stop
    parts.append(data[at:])
    return b"".join(parts)


def offset_of(fault: Fault, edits: Iterable[Edit], size: int) -> int:
    """Return the offset of a fault in a damaged message of this size."""
    if fault.code == TRUNCATED:
        return size
    offset = fault.at + fault.inner
    for start, stop, new in edits:
        if start < fault.at:
            offset += len(new) - (stop - start)
    return offset


def first(faults: Iterable[Fault]) -> Fault:
    """Return the fault that SPEC 3.3 wants to be reported."""
    return min(faults, key=rank)


def rank(fault: Fault) -> tuple[int, Place, int]:
    """Place a fault in the order of SPEC 3.3: its step, then its place within that step."""
    step = int(fault.rule.split(".")[2])
    if step == 7:
        return step, fault.place, 0
    return step, (fault.at,), fault.inner


def together(harms: Iterable[Harm]) -> Harm | None:
    """Combine harms, but for those that would change what another does: None if one is left."""
    edits: list[Edit] = []
    faults: list[Fault] = []
    combined = 0
    for harm in harms:
        more = sorted((*edits, *harm.edits))
        if not any(clash(one, other) for one, other in pairwise(more)):
            edits = more
            combined += 1
            faults += [harm.fault] if harm.fault else []
    if combined < 2:
        return None
    return Harm(tuple(edits), first(faults) if faults else None)


def clash(one: Edit, other: Edit) -> bool:
    """Say whether two edits overlap, or put something between the same two bytes."""
    return other.start < one.stop or one.start == one.stop == other.start
