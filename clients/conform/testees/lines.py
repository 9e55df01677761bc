"""Lines of JSON on standard input and output, and our events as such lines."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

from roomwire import (
    BaseRoom,
    Closed,
    Event,
    HostChanged,
    Joined,
    JoinError,
    Left,
    Live,
    Lost,
    Message,
    Notice,
    PresenceChanged,
    PropertyChanged,
    Reconnecting,
    Refused,
    Resumed,
    RoomOptions,
    SnapshotReceived,
    SnapshotWanted,
    Updated,
    group,
)

CAN = [
    "volatile", "subscribe", "set", "kick", "transfer", "presence", "snapshot", "clock", "seat",
    "lost", "create", "spectator", "history", "frame", "hold",
]  # fmt: skip
"""What our clients offer beyond connect, send and leave."""

_LOCK = threading.Lock()

Command = dict[str, Any]


def tell(event: str, **fields: Any) -> None:
    """Write one line."""
    with _LOCK:
        print(json.dumps({"event": event, **fields}), flush=True)


def hello(name: str) -> None:
    """Write the first line."""
    tell("hello", name=name, can=CAN)


def command() -> Command | None:
    """Read one line; None at the end of the input."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None


def options(given: Command) -> dict[str, Any]:
    """Return the keywords of `connect` for the options of a command."""
    kept = dict(given)
    if "seat" in kept:
        kept["seat"] = bytes.fromhex(kept["seat"])
    if isinstance(kept.get("create"), dict):
        kept["create"] = RoomOptions(**kept["create"])
    return kept


def target(to: Any) -> Any:
    """Return whom a command means: a negative number is a group."""
    if isinstance(to, int) and not isinstance(to, bool) and to < 0:
        return group(-to)
    return tuple(to) if isinstance(to, list) else to


def sending(room: BaseRoom[Any], line: Command) -> Any:
    """Do what a command asks of a room, but for leaving it. Returns: what the room does."""
    actions: dict[str, Callable[[], Any]] = {
        "send": lambda: room.send_bytes(bytes.fromhex(line["payload"]), target(line.get("to"))),
        "volatile": lambda: room.volatile_bytes(
            line["key"], bytes.fromhex(line["payload"]), target(line.get("to"))
        ),
        "subscribe": lambda: room.subscribe(*line["groups"]),
        "unsubscribe": lambda: room.unsubscribe(*line["groups"]),
        "set": lambda: room.set_property(
            line["key"], line["value"], player=line.get("scope"), expected=line.get("expected")
        ),
        "delete": lambda: room.delete_property(line["key"], player=line.get("scope")),
        "kick": lambda: room.kick(line["player"], line.get("reason", "")),
        "transfer": lambda: room.transfer(line["player"]),
        "presence": lambda: room.presence(line["state"]),
        "snapshot": lambda: room.give_snapshot_bytes(
            bytes.fromhex(line["payload"]), line.get("seq")
        ),
    }
    return actions[line["do"]]()


def clock(room: BaseRoom[Any]) -> None:
    """Tell what time it is at the relay, in µs."""
    tell("clock", now=room.clock.now())


def not_entered(error: Exception) -> None:
    """Tell why `connect` gave up."""
    if isinstance(error, JoinError):
        closed(error.closed)
    else:
        tell("failed", text=str(error))


def closed(event: Closed) -> None:
    """Tell the last event."""
    tell("closed", code=event.code, reason=event.reason, may_return=event.may_return)


def happened(room: BaseRoom[Any], event: Event) -> None:
    """Tell an event."""
    match event:
        case Message(seq, sender, payload):
            tell("message", seq=seq, sender=sender, payload=payload.hex(),
                 history=event.is_history)  # fmt: skip
        case Updated(key, sender, payload):
            tell("update", key=key, sender=sender, payload=payload.hex())
        case Live(seq):
            tell("live", player=room.me, room=room.code, seq=seq, complete_from=room.complete_from)
        case Reconnecting():
            tell("reconnecting")
        case Resumed(resumed):
            tell("resumed", resumed=resumed)
        case Lost(messages):
            tell("lost", count=len(messages))
        case Closed():
            closed(event)
        case Refused(code, frame=frame, seq=seq):
            tell("refused", code=code, frame=frame, seq=seq)
        case Notice(kind, detail):
            tell("notice", kind=kind, limit=detail.limit, dropped=detail.dropped,
                 after=detail.after, seq=detail.seq, said=detail.said)  # fmt: skip
        case _:
            _fact(event)


def _fact(event: Event) -> None:
    match event:
        case Joined(player, seq):
            tell("joined", player=player.number, name=player.name, role=player.role,
                 can_host=player.can_host, seq=seq)  # fmt: skip
        case Left(player, reason, seq):
            tell("left", player=player.number, reason=reason, seq=seq)
        case PresenceChanged(player, seq):
            tell("presence", player=player.number, state=player.state, seq=seq)
        case HostChanged(host, term, seq):
            tell("host", player=host.number if host else 0, term=term, seq=seq)
        case PropertyChanged(scope, key, payload, version, by, seq):
            held = None if payload is None else payload.hex()
            tell("property", scope=scope, key=key, payload=held, version=version, by=by, seq=seq)
        case SnapshotReceived(seq, payload):
            tell("snapshot", seq=seq, payload=payload.hex())
        case SnapshotWanted(seq):
            tell("snapshot_wanted", seq=seq)
