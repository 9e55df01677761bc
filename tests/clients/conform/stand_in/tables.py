"""Relays that do not know a row of a table: a frame of clients, an option of HELLO or a room."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from protocol.frames import (
    Frame,
    Hash,
    Hello,
    HelloOptions,
    Input,
    Kick,
    Leave,
    Ping,
    Presence,
    Ready,
    RoomOptions,
    Send,
    Set,
    Snapshot,
    Subscribe,
    Transfer,
    Volatile,
    Welcome,
)
from tests.clients.conform.stand_in.entering import creates
from tests.clients.conform.stand_in.fault import Fault, Line, Passed, alters, refuses

DEAF: dict[str, tuple[type[Frame], str]] = {
    "HELLO": (Hello, "4 WELCOME"),
    "PING": (Ping, "4.4"),
    "LEAVE": (Leave, "9.5b"),
    "SEND": (Send, "1.1.7"),
    "VOLATILE": (Volatile, "12.2.5"),
    "SUBSCRIBE": (Subscribe, "16.1; 6 -1..-255"),
    "PRESENCE C": (Presence, "15.1"),
    "KICK": (Kick, "4.8; 15.7"),
    "TRANSFER": (Transfer, "15.6"),
    "SET": (Set, "16.2"),
    "SNAPSHOT C": (Snapshot, "4.10; 12.5.2"),
    "INPUT": (Input, "4.11"),
    "HASH": (Hash, "4.11"),
    "READY": (Ready, "4.11"),
}
"""Frames of clients, and the rules that are broken, too, where a relay passes them over."""

OPTIONS: dict[str, str] = {
    "seat": "",
    "position": "10.7",
    "name": "",
    "role": "",
    "min": "",
    "app": "",
    "build": "",
    "password": "",
    "create": "10.4b",
    "max_frame": "",
    "can_host": "",
}
"""Options of HELLO, and the rules that are broken, too, where a relay refuses them."""

TOLD = [each.name for each in fields(RoomOptions) if each.name not in ("locked", "password")]
"""Options of a room that WELCOME tells as they were asked for."""


def _deaf(name: str) -> Fault:
    kind, others = DEAF[name]

    def hears(message: Frame | bytes, line: Line) -> Passed:
        return () if isinstance(message, kind) else message

    return Fault(f"4 {name}; {others}", hears=hears)


def _refuses(name: str) -> Fault:
    default = getattr(HelloOptions(), name)

    def is_meant(message: Any) -> bool:
        return isinstance(message, Hello) and getattr(message.options, name) != default

    return Fault(
        "; ".join(filter(None, (f"5 HELLO {name}", OPTIONS[name]))), hears=refuses(is_meant)
    )


def _forgets(name: str) -> Fault:
    default = getattr(RoomOptions(), name)
    if name in ("app", "build"):  # a room has the creator's: it can only be told otherwise
        says = alters(Welcome, **{f"session__options__{name}": default})
        return Fault(f"5 room {name}", says=says)
    return Fault(f"5 room {name}", hears=creates(**{name: default}))


FAULTS: dict[str, Fault] = {
    **{f"passes {name} over": _deaf(name) for name in DEAF},
    **{f"refuses the option `{name}`": _refuses(name) for name in OPTIONS},
    **{f"forgets the room's `{name}`": _forgets(name) for name in TOLD},
}
