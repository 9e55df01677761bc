"""Damage to a frame as a whole: its two heads, its opcode, its arity, and what follows it."""

from __future__ import annotations

from random import Random
from typing import Final

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.damages.harm import FRAMES, Edit, Fault, Harm, damage
from clients.fuzz.inputs.writing.frames import foreign_opcodes, nobodys_opcodes
from clients.fuzz.inputs.writing.heads import Kind, heads, pick
from clients.fuzz.inputs.writing.misfits import ANY_VALUE
from clients.fuzz.inputs.writing.nodes import Written
from protocol.fields.schema import record_fields

NO_FIRST_BYTE: Final = tuple(byte for byte in range(256) if not 0x91 <= byte <= 0x9F)
TAILS: Final = (b"\x00", b"\xc0", b"\xc1", b"\x90", b"\xff", b"\x91", b"\xd9", b"\x93\x10\xc3\xc4")
MOST: Final = 15
"""Elements of a frame at most (SPEC 3.1.1)."""


@damage(FRAMES, alone=True)
def no_head(rng: Random, written: Written) -> Harm | None:
    """Leave less than two bytes of a frame, of whatever kind."""
    left = bytes([int(rng.random() * 256)]) if rng.random() < 0.9 else b""
    edit = Edit(0, len(written.data), left)
    return Harm((edit,), Fault("3.3.2", "TRUNCATED", 0))


@damage(FRAMES)
def first_byte(rng: Random, written: Written) -> Harm | None:
    """Begin with anything but an array of 1 to 15 with its shortest head."""
    long = heads(Kind.ARRAY, len(written.nodes[0].children))[1:]
    new = pick(rng, long) if rng.random() < 0.2 else bytes([pick(rng, NO_FIRST_BYTE)])
    return Harm((Edit(0, 1, new),), Fault("3.3.2", "NOT_A_FRAME", 0))


@damage(FRAMES)
def opcode_head(rng: Random, written: Written) -> Harm | None:
    """Write the opcode with another head than a positive fixint's."""
    roll = rng.random()
    if roll < 0.3:
        new = pick(rng, (b"\xcc", b"\xd0")) + written.data[1:2]
    else:
        new = bytes([0x80 + int(rng.random() * 0x80)])
    return Harm((Edit(1, 2, new),), Fault("3.3.2", "NOT_A_FRAME", 1))


@damage()
def trailing(rng: Random, written: Written) -> Harm | None:
    """Let something follow the message."""
    tail = pick(rng, TAILS) if rng.random() < 0.7 else rng.randbytes(1 + int(rng.random() * 9))
    end = len(written.data)
    return Harm((Edit(end, end, tail),), Fault("3.3.4", "TRAILING_BYTES", end))


@damage(FRAMES)
def twice(rng: Random, written: Written) -> Harm | None:
    """Say the same frame twice in one message."""
    end = len(written.data)
    return Harm((Edit(end, end, written.data),), Fault("3.3.4", "TRAILING_BYTES", end))


@damage(FRAMES)
def wrong_direction(rng: Random, written: Written) -> Harm | None:
    """Send what only the other side sends: a relay refuses it, a client ignores it."""
    code = "WRONG_DIRECTION" if written.reader is Reader.CLIENT_FRAME else None
    return _opcode(pick(rng, foreign_opcodes(written.reader)), code)


@damage(FRAMES)
def unknown_opcode(rng: Random, written: Written) -> Harm | None:
    """Send what nobody sends: a relay refuses it, a client ignores it."""
    code = "UNKNOWN_OPCODE" if written.reader is Reader.CLIENT_FRAME else None
    return _opcode(pick(rng, nobodys_opcodes()), code)


@damage(FRAMES)
def fewer_fields(rng: Random, written: Written) -> Harm | None:
    """Leave out the last fields."""
    fields = written.fields
    known = len(record_fields(written.frame)) if written.frame else 0
    if not known:
        return None
    left = int(rng.random() * known)
    edits = (Edit(0, 1, bytes([0x91 + left])), Edit(fields[left].start, len(written.data), b""))
    return Harm(edits, Fault("3.3.6", "ARITY", 0))


@damage(FRAMES)
def more_fields(rng: Random, written: Written) -> Harm | None:
    """Add fields: a relay refuses them, a client takes them for those of a newer relay."""
    held = len(written.fields) + 1
    more = min(MOST - held, 1 + int(rng.random() * rng.random() * 14))
    if not more:
        return None
    end = len(written.data)
    new = b"".join(pick(rng, ANY_VALUE) for _ in range(more))
    edits = (Edit(0, 1, bytes([0x90 + held + more])), Edit(end, end, new))
    refused = written.reader is Reader.CLIENT_FRAME
    return Harm(edits, Fault("3.3.6", "ARITY", 0) if refused else None)


def _opcode(opcode: int, code: str | None) -> Harm:
    return Harm((Edit(1, 2, bytes([opcode])),), Fault("3.3.5", code, 1))
