"""What our Python clients print: a line of JSON an event."""

from __future__ import annotations

import json
from typing import Any

from roomwire import (
    Closed,
    Event,
    HostChanged,
    Joined,
    Left,
    Live,
    Message,
    PresenceChanged,
    PropertyChanged,
    Resumed,
    SnapshotReceived,
    Updated,
)

KINDS = (
    *("message", "joined", "left", "presence", "host", "property", "snapshot", "updated"),
    *("live", "resumed", "closed"),
)
"""Events that are printed."""


def hello(name: str) -> None:
    """Print the first line."""
    say(testee=name, reports=KINDS)


def closed(code: int) -> None:
    """Print the last line of a room."""
    say(event="closed", code=code)


def say(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


def tell(event: Event) -> None:
    """Print an event, if it is one that is judged."""
    match event:
        case Message(seq, sender, payload):
            history = event.is_history
            say(event="message", seq=seq, sender=sender, payload=payload.hex(), history=history)
        case Updated(key, sender, payload):
            say(event="updated", key=key, sender=sender, payload=payload.hex())
        case Joined(player, seq):
            say(event="joined", seq=seq, player=player.number)
        case Left(player, reason, seq):
            say(event="left", seq=seq, player=player.number, reason=int(reason))
        case PresenceChanged(player, seq):
            say(event="presence", seq=seq, player=player.number, state=int(player.state))
        case HostChanged(host, term, seq):
            say(event="host", seq=seq, player=host.number if host else 0, term=term)
        case PropertyChanged(scope, key, held):
            value = None if held is None else held.hex()
            say(event="property", seq=event.seq, scope=scope, key=key, value=value)
        case SnapshotReceived(seq, payload):
            say(event="snapshot", seq=seq, payload=payload.hex())
        case Live(seq):
            say(event="live", seq=seq)
        case Resumed(resumed):
            say(event="resumed", resumed=resumed)
        case Closed(code):
            closed(int(code))
