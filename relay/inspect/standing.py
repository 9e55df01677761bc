"""What an operator is told about a room: its seq, its host, and what it keeps."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from protocol.codec import Role, decode
from protocol.frames import Property
from protocol.opcodes import Opcode
from relay.room.room import Room

MOST_PROPERTIES: Final = 500
"""More are not told."""
MOST_DATA: Final = 128 * 1024
"""Bytes of properties' values that are told. Further values have null as `data`."""


def standing(room: Room) -> dict[str, Any]:
    """Describe a room's present state."""
    history = room.history
    return {
        "seq": room.seq,
        "epoch": room.epoch.hex(),
        "host": room.host,
        "term": room.term,
        "properties": list(_properties(room)),
        "history": {
            "mode": room.options.history,
            "frames": len(history),
            "bytes": history.size,
            "first": history.trimmed + 1,
        },
        "groups": room.groups.summary(),
    }


def _properties(room: Room) -> Iterator[dict[str, Any]]:
    """Yield the room's properties, then its players'."""
    left = MOST_DATA
    for each in _told(room):
        value = each.value if isinstance(each.value, bytes) else b""
        left -= len(value)
        data = b64encode(value).decode() if left >= 0 else None
        yield {"owner": each.scope, "key": each.key, "version": each.version, "data": data}


def _told(room: Room) -> list[Property]:
    told = (fact for fact in room.standing if fact[1] == Opcode.PROPERTY)
    facts = (decode(fact, Role.RELAY) for fact in islice(told, MOST_PROPERTIES))
    found = [fact for fact in facts if isinstance(fact, Property)]
    return sorted(found, key=lambda each: (each.scope, each.key))
