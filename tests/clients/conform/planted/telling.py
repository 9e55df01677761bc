"""What a client tells of the frames that it hears, as lines of `relay conform client`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.frames import (
    Deliver,
    Error,
    Frame,
    Host,
    Joined,
    Left,
    Notice,
    PresenceChanged,
    Property,
    SnapshotWanted,
    Update,
)

Line = dict[str, Any]
Tell = Callable[[Line], None]


def line_of(frame: Frame) -> Line | None:
    """Return the line for a frame of the room; None where nothing is told of it."""
    match frame:
        case Deliver(seq, sender, payload):
            return event("message", seq=seq, sender=sender, payload=payload.hex())
        case Update(key, sender, payload):
            return event("update", key=key, sender=sender, payload=payload.hex())
        case Notice(kind, detail):
            return event(
                "notice",
                kind=kind,
                limit=detail.limit,
                dropped=detail.dropped,
                after=detail.after,
                seq=detail.seq,
                said=detail.said,
            )
        case Error(seq, code, _, detail):
            return event("refused", code=code, frame=detail.frame, seq=seq)
        case SnapshotWanted(seq):
            return event("snapshot_wanted", seq=seq)
        case _:
            return _of_people(frame)


def _of_people(frame: Frame) -> Line | None:
    match frame:
        case Joined(seq, player, info):
            return event(
                "joined",
                player=player,
                name=info.name,
                role=info.role,
                can_host=info.can_host,
                seq=seq,
            )
        case Left(seq, player, reason):
            return event("left", player=player, reason=reason, seq=seq)
        case PresenceChanged(seq, player, state):
            return event("presence", player=player, state=state, seq=seq)
        case Host(seq, player, term):
            return event("host", player=player, term=term, seq=seq)
        case Property(seq, scope, key, value, version, by):
            said = value.hex() if isinstance(value, bytes) else None
            return event(
                "property", scope=scope, key=key, payload=said, version=version, by=by, seq=seq
            )
    return None


def event(name: str, /, **fields: Any) -> Line:
    """Return a line that tells of an event."""
    return {"event": name, **fields}
