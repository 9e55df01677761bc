"""Readers that refuse what lies on a bound of the wire, or what its profile allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocol.codec import pack, unknown_options, unpack
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame, Hash, Hello, Input, Ping, Send, Set, Subscribe, Transfer
from tests.clients.conform.stand_in.fault import Fault, refuses, refuses_bytes

HIGHEST = 2**32 - 1
HELLO = b"\x93\x01"


def _is(kind: type[Frame], **values: Any) -> Callable[[Any], bool]:
    """Return whether a message is of a kind and has these values."""
    return lambda message: (
        isinstance(message, kind)
        and all(getattr(message, name) == value for name, value in values.items())
    )


def _has_long_heads(message: bytes) -> bool:
    try:
        return len(pack(unpack(message))) < len(message)
    except RemoteProtocolError:
        return False


def _has_another_order(message: bytes) -> bool:
    keys = list(unpack(message)[2]) if message.startswith(HELLO) else []
    return keys == ["can_host", "name"]


def _has_1024_targets(message: Any) -> bool:
    targets = message.target if isinstance(message, Send) else ()
    return isinstance(targets, tuple) and len(targets) == 1024


def _has_a_long_ticket(message: Any) -> bool:
    return isinstance(message, Hello) and len(message.options.ticket) == 1024


FAULTS: dict[str, Fault] = {
    "refuses longer heads": Fault("3.1.3", hears=refuses_bytes(_has_long_heads)),
    "wants the keys of HELLO in order": Fault("3.2.8", hears=refuses_bytes(_has_another_order)),
    "refuses options that it does not know": Fault(
        "5; 20.2",
        hears=refuses_bytes(
            lambda message: message.startswith(HELLO) and bool(unknown_options(message))
        ),
    ),
    "refuses frames of one element": Fault(
        "3.1.1", hears=refuses_bytes(lambda message: message == b"\x91\x08")
    ),
    "refuses floats": Fault("3.2.1", hears=refuses_bytes(lambda message: pack(1.5) in message)),
    "takes keys for the same whatever their case": Fault(
        "3.2.4",
        hears=refuses_bytes(lambda message: b"\xa1a" in message and b"\xa1A" in message),
    ),
    "takes the end of a bin for trailing": Fault(
        "3.2.5; 3.2.7", hears=refuses_bytes(lambda message: message.endswith(b"\xff" * 300))
    ),
    "refuses a ticket of 1,024 bytes": Fault("5 HELLO ticket", hears=refuses(_has_a_long_ticket)),
    "refuses the tick 2^53 - 1": Fault("4 count", hears=refuses(_is(Input, tick=2**53 - 1))),
    "refuses the player 2^32 - 1": Fault("4 player", hears=refuses(_is(Transfer, player=HIGHEST))),
    "refuses the scope 2^32 - 1": Fault("4 player or 0", hears=refuses(_is(Set, scope=HIGHEST))),
    "refuses 1,024 targets": Fault("3.2.6; 4 players", hears=refuses(_has_1024_targets)),
    "refuses the int 2^53 - 1": Fault("3.2.2", hears=refuses(_is(Ping, t=2**53 - 1))),
    "refuses a word of 64 bytes": Fault("4 word", hears=refuses(_is(Set, key="k" * 64))),
    "refuses an empty payload": Fault("4 payload", hears=refuses(_is(Send, payload=b""))),
    "refuses the group 255": Fault(
        "4 groups",
        hears=refuses(lambda message: isinstance(message, Subscribe) and 255 in message.add),
    ),
    "refuses a digest of 64 bytes": Fault("4 HASH", hears=refuses(_is(Hash, hash=bytes(64)))),
}
