"""The fast path against the codec: a shortcut may take what the codec takes alike, and no more.

Each shortcut of the relay has a form that it takes. So the codec's answer says for certain what
the shortcut must say. The client's shortcut is not ours to import: it comes by an entry point.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeGuard

from clients.fuzz.inputs.case import Reader
from protocol import fast_path
from protocol.frames import Ack, Deliver, Frame, Left, Send, Taken, Update, Volatile
from protocol.limits import MAX_INT
from protocol.opcodes import Opcode

PLUGINS = "roomwire.shortcuts"
"""Entry points of this group read a relay's DELIVER or UPDATE in one step, or return None: opcode,
seq or key, sender, payload."""

RULES = {
    **dict.fromkeys(("deliver", "update", "taken", "payload"), "3.1.2"),
    **dict.fromkeys(("is_volatile", "seq", "pair"), "3.1.1"),
}
"""The rules of what is written in a short way, or read where it always stands."""

Wrong = tuple[str, str]
"""Which shortcut, and what it says."""

ReadPayload = Callable[[bytes], tuple[int, int, int, bytes] | None]

PAYLOAD_HEADS = (fast_path.DELIVER_HEAD, fast_path.UPDATE_HEAD)


def wrong_shortcuts(data: bytes, by: Reader, frame: Frame | None, again: bytes) -> Iterator[Wrong]:
    """Yield the shortcuts that say something else of a message than the codec does.

    Args:
        frame: what the codec read; None where it refused
        again: its encoding
    """
    is_shortest = again == data
    if by is Reader.CLIENT_FRAME:
        yield from of_relay(data, frame, is_shortest)
        return
    claimed = claimed_seq(data)
    is_common = is_shortest and isinstance(frame, Deliver)
    if claimed is not None and fast_path.is_deliver(data, claimed) != is_common:
        yield "is_deliver", str(not is_common)
    if is_shortest:
        yield from of_writers(data, frame)
    if data[:2] in PAYLOAD_HEADS:
        yield from of_client(data, frame)


def of_relay(data: bytes, frame: Frame | None, is_shortest: bool) -> Iterator[Wrong]:
    """Try what the relay reads a client's messages with."""
    for shortcut, right in READERS:
        said, wanted = shortcut(data), right(data, frame, is_shortest)
        if said is not wanted and not is_same(said, wanted):
            yield shortcut.__name__, repr(said)


def right_send(data: bytes, frame: Frame | None, is_shortest: bool) -> bool | int | None:
    if is_shortest and isinstance(frame, Send) and is_byte(frame.target):
        return frame.target
    return fast_path.NO_TARGET


def right_volatile(data: bytes, frame: Frame | None, is_shortest: bool) -> bool | int | None:
    if is_shortest and isinstance(frame, Volatile) and frame.key < 0x80 and is_byte(frame.target):
        return frame.target
    return fast_path.NO_TARGET


def right_ack(data: bytes, frame: Frame | None, is_shortest: bool) -> bool:
    return isinstance(frame, Ack) and (data[2] < 0x80 or 0xCC <= data[2] <= 0xCE)


def right_opcode(data: bytes, frame: Frame | None, is_shortest: bool) -> bool:
    return len(data) > 1 and data[1] == Opcode.VOLATILE


READERS = (
    (fast_path.target_of_send, right_send),
    (fast_path.target_of_volatile, right_volatile),
    (fast_path.is_ack, right_ack),
    (fast_path.is_volatile, right_opcode),
)


def of_writers(data: bytes, frame: Frame | None) -> Iterator[Wrong]:
    """Try what the relay writes its messages with, and reads its own ones."""
    match frame:
        case Deliver(seq=seq, sender=sender, payload=payload):
            tail = fast_path.tail(payload)
            yield from unless_same("deliver", fast_path.deliver(seq, sender, tail), data)
            yield from unless_same("payload", fast_path.payload(tail), payload)
        case Update(key=key, sender=sender, payload=payload):
            tail = fast_path.tail(payload)
            yield from unless_same("update", fast_path.update(key, sender, tail), data)
            yield from unless_same("pair", fast_path.pair(data), (key, sender))
        case Left(seq=seq, player=player):
            yield from unless_same("pair", fast_path.pair(data), (seq, player))
        case Taken(taken=taken, seq=seq):
            yield from unless_same("taken", fast_path.taken(taken, seq), data)
            yield from unless_same("seq", fast_path.seq(data), taken)


def unless_same(name: str, said: object, wanted: object) -> Iterator[Wrong]:
    if said != wanted:
        yield name, repr(said)[:200]


def of_client(data: bytes, frame: Frame | None) -> Iterator[Wrong]:
    """Try the client's shortcuts: they may leave a message to the codec, but not differ from it."""
    for name, read in client_shortcuts():
        fields = read(data)
        if fields is not None and fields != fields_of(frame):
            yield name, f"{fields[0]} of {fields[1]}, {fields[2]}, bin of {len(fields[3])}"


@cache
def client_shortcuts() -> tuple[tuple[str, ReadPayload], ...]:
    plugins = importlib.metadata.entry_points(group=PLUGINS)
    return tuple((plugin.name, plugin.load()) for plugin in plugins)


def fields_of(frame: Frame | None) -> tuple[int, int, int, bytes] | None:
    match frame:
        case Deliver(seq=first) | Update(key=first):
            return int(frame.opcode), first, frame.sender, frame.payload
        case _:
            return None


def claimed_seq(data: bytes) -> int | None:
    """Return the seq that a DELIVER has, or would have if it were whole."""
    if len(data) < 3 or not (data[2] < 0x80 or 0xCC <= data[2] <= 0xCF):
        return None
    claimed = fast_path.seq(data)
    return claimed if claimed <= MAX_INT else None


def is_byte(target: object) -> TypeGuard[bool | int | None]:
    """Say whether a target takes one byte."""
    return target is None or (isinstance(target, int) and -32 <= target < 128)


def is_same(one: object, other: object) -> bool:
    """Say whether two values are equal, and True is not 1."""
    return one == other and type(one) is type(other)
