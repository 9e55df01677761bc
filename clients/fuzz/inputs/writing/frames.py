"""Legal messages of every kind: each opcode of each role, with every form that a reader takes."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any, Final

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.writing.fields import record_of, write
from clients.fuzz.inputs.writing.heads import pick
from clients.fuzz.inputs.writing.nodes import Written
from clients.fuzz.inputs.writing.values import game_value, payload
from clients.fuzz.inputs.writing.writer import Writer
from protocol.fields.schema import record_fields
from protocol.frames import CLIENT_FRAMES, RELAY_FRAMES, Frame
from protocol.opcodes import Opcode

FRAMES: Final = {Reader.CLIENT_FRAME: CLIENT_FRAMES, Reader.RELAY_FRAME: RELAY_FRAMES}

SHORTCUT: Final = (Opcode.SEND, Opcode.DELIVER, Opcode.VOLATILE, Opcode.UPDATE, Opcode.ACK)
"""Frames that are nearly all there is in a game, and so have a shorter way through programs."""

WORDY: Final = 0.3
"""How many messages have longer heads than they need."""

NEWER: Final = 0.15
"""How many frames of a relay have fields that only a newer client knows."""


def message(rng: Random, reader: Reader) -> Written:
    """Write any legal message."""
    if reader is Reader.PAYLOAD:
        return payload(rng)
    return frame(rng, reader, pick(rng, drawn(reader)))


def frame(rng: Random, reader: Reader, cls: type[Frame]) -> Written:
    """Write a legal frame of one class."""
    writer = Writer(rng, rng.random() < WORDY)
    known = record_fields(cls)
    newer = reader is Reader.RELAY_FRAME and rng.random() < NEWER
    extra = 1 + int(rng.random() * 3) if newer else 0
    writer.opcode(1 + len(known) + extra, cls.opcode)
    for index, (_, field_type, _) in enumerate(known):
        write(field_type, writer, (index,), field_type)
    for _ in range(extra):
        game_value(writer, 2)
    writer.close()
    return Written(reader, cls, bytes(writer.out), writer.nodes)


@cache
def drawn(reader: Reader) -> tuple[type[Frame], ...]:
    """Return the frames of one side, those with records or with shortcuts more than once."""
    return tuple(
        cls
        for cls in FRAMES[reader]
        for _ in range(1 + keys_of(cls) // 4 + 2 * (cls.opcode in SHORTCUT))
    )


def keys_of(cls: type[Any]) -> int:
    """Count the keys of a frame's records, and of the records in them."""
    return sum(
        len(record_fields(record.cls)) + keys_of(record.cls)
        for _, field_type, _ in record_fields(cls)
        if (record := record_of(field_type))
    )


@cache
def opcodes(reader: Reader) -> frozenset[int]:
    """Return the opcodes that this side may send."""
    return frozenset(int(cls.opcode) for cls in FRAMES[reader])


@cache
def nobodys_opcodes() -> tuple[int, ...]:
    taken = opcodes(Reader.CLIENT_FRAME) | opcodes(Reader.RELAY_FRAME)
    return tuple(opcode for opcode in range(0x80) if opcode not in taken)


@cache
def foreign_opcodes(reader: Reader) -> tuple[int, ...]:
    """Return the opcodes that only the other side sends."""
    other = Reader.RELAY_FRAME if reader is Reader.CLIENT_FRAME else Reader.CLIENT_FRAME
    return tuple(sorted(opcodes(other) - opcodes(reader)))
