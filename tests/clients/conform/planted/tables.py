"""Faults that break one row each of a table of SPEC.md."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from clients.conform.case import ids
from clients.conform.client.streams import HEADS
from protocol import limits
from protocol.close_codes import CloseCode, may_return
from protocol.conversation import name_of
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Desync,
    Error,
    Frame,
    Hello,
    HelloOptions,
    Host,
    Joined,
    Kick,
    Leave,
    Left,
    LeftReason,
    Limits,
    Live,
    Notice,
    NoticeKind,
    Ping,
    PlayerInfo,
    Pong,
    Presence,
    PresenceChanged,
    PresenceState,
    Property,
    Send,
    Set,
    Snapshot,
    SnapshotWanted,
    Start,
    Subscribe,
    Taken,
    Tick,
    Transfer,
    Update,
    Volatile,
    Welcome,
)
from tests.clients.conform.planted.kinds import (
    Blind,
    Contrary,
    Fault,
    Unmoved,
    aimed,
    blank,
    deaf,
    mute,
    touchy,
    unasked,
)

# Section 4: frames, and the numbers in them.

HEARD: dict[type[Frame], str] = {
    Welcome: "4 WELCOME; 12.4.2a",
    Error: "4 ERROR; 7 NO_SUCH_PLAYER",
    Notice: "4 NOTICE; 4 NOTICE THROTTLE",
    Pong: "4 PONG; 17",
    Taken: "4 ACK R",
    Live: "4 LIVE; 12.4.2a",
    Deliver: "4 DELIVER; 4.6",
    Update: "4 UPDATE; 4.7; 12.2.5",
    Joined: "4 JOINED; 1.1.4",
    Left: "4 LEFT; 4 LEFT LEFT",
    PresenceChanged: "4 PRESENCE R; 4 PRESENCE HERE",
    Host: "4 HOST; 1.1.4",
    Property: "4 PROPERTY; 4.9",
    Snapshot: "4 SNAPSHOT R; 12.2.3; 12.5.7",
    SnapshotWanted: "4 SNAPSHOT_WANTED",
    Tick: "4 TICK; 4 inputs",
    Desync: "4 DESYNC",
    Start: "4 START",
}

SAID: dict[type[Frame], str] = {
    Hello: "4 HELLO",
    Ping: "4 PING; 17.1a",
    Ack: "4 ACK C; 1.1.5; 12.4.2a",
    Leave: "4 LEAVE",
    Send: "4 SEND",
    Volatile: "4 VOLATILE; 4.7",
    Subscribe: "4 SUBSCRIBE",
    Presence: "4 PRESENCE C",
    Kick: "4 KICK",
    Transfer: "4 TRANSFER",
    Set: "4 SET",
    Snapshot: "4 SNAPSHOT C",
}

FRAMES = {
    **{f"hears no {name_of(kind)}": Fault(deaf(kind), ids(HEARD[kind])) for kind in HEARD},
    **{f"says no {name_of(kind)}": Fault(mute(kind), ids(SAID[kind])) for kind in SAID},
}

NOTICED = {NoticeKind.TRIMMED: ("12.5.6",)}
"""What a NOTICE is about beside its row."""

NUMBERS = {
    **{
        f"hears no LEFT {each.name}": Fault(deaf(Left, reason=each), (f"4 LEFT {each.name}",))
        for each in LeftReason
    },
    **{
        f"hears no PRESENCE {each.name}": Fault(
            deaf(PresenceChanged, state=each), (f"4 PRESENCE {each.name}",)
        )
        for each in PresenceState
    },
    **{
        f"hears no NOTICE {each.name}": Fault(
            deaf(Notice, kind=each), (f"4 NOTICE {each.name}", *NOTICED.get(each, ()))
        )
        for each in NoticeKind
    },
}

# Section 5: what is in records.

DEFAULTS = HelloOptions()

OPTIONS = {
    f"leaves {name} out of HELLO": Fault(unasked(name, getattr(DEFAULTS, name)), ids(rules))
    for name, rules in {
        "seat": "5 HELLO seat; 1.1.1; 11.1a",
        "position": "5 HELLO position; 21.7",
        "name": "5 HELLO name",
        "role": "5 HELLO role",
        "app": "5 HELLO app",
        "build": "5 HELLO build",
        "ticket": "5 HELLO ticket",
        "password": "5 HELLO password",
        "create": "5 HELLO create",
        "max_frame": "5 HELLO max_frame",
        "can_host": "5 HELLO can_host",
    }.items()
}

READ: dict[str, tuple[type[Frame], Any, str]] = {
    "session.epoch": (Welcome, bytes(8), "5 session epoch"),
    "session.room": (Welcome, "", "5 session room"),
    "session.taken": (Welcome, 0, "5 session taken; 11.7"),
    "session.resumed": (Welcome, False, "5 session resumed"),
    "session.complete_from": (Welcome, 0, "5 session complete_from; 12.5.6"),
    "session.limits": (Welcome, Limits(), "5 session limits; 13.4a"),
    "session.limits.max_frame": (Welcome, limits.FRAME_IN, "5 limits max_frame"),
    "session.limits.window": (Welcome, limits.WINDOW, "5 limits window; 13.4a"),
    "info.name": (Joined, PlayerInfo().name, "5 info name"),
    "info.role": (Joined, PlayerInfo().role, "5 info role"),
    "info.can_host": (Joined, PlayerInfo().can_host, "5 info can_host"),
    "detail.frame": (Error, None, "5 error frame"),
    "detail.limit": (Notice, None, "5 notice limit"),
    "detail.dropped": (Notice, None, "5 notice dropped"),
    "detail.seq": (Notice, None, "5 notice seq"),
    "detail.said": (Notice, None, "5 notice said"),
}
"""Fields: the frame that has each, what is read whatever is there, and the rules."""

RECORDS = {
    **{
        f"reads no {path}": Fault(blank(kind, path, value), ids(rules))
        for path, (kind, value, rules) in READ.items()
    },
    "reads no after of ERROR": Fault(
        blank(Error, "detail.after", None), ("5 error after", "21.1b")
    ),
    "reads no after of NOTICE": Fault(blank(Notice, "detail.after", None), ("5 notice after",)),
    "takes no WELCOME with options": Fault(
        partial(Blind, to=lambda message: message[1] == 2 and b"options" in message),
        ("5 session options",),
    ),
}

# Section 6: targets.


def _is_number(target: Any) -> bool:
    return isinstance(target, int) and not isinstance(target, bool)


AIMS: dict[str, tuple[Callable[[Any], bool], Any]] = {
    "nil or false": (lambda target: target is None or target is False, True),
    "true": (lambda target: target is True, None),
    "0": (lambda target: _is_number(target) and target == 0, 1),
    "1..2^32-1": (lambda target: _is_number(target) and target > 0, 9),
    "-1..-255": (lambda target: _is_number(target) and target < 0, 255),
    "players": (lambda target: isinstance(target, tuple), None),
}
"""Rows: which targets are meant, and what is said for them."""

TARGETS = {
    f"says another target for {row}": Fault(aimed(*aim), (f"6 {row}",)) for row, aim in AIMS.items()
}

# Section 7 and 8: codes.


def _ends_upon(code: int) -> Fault:
    def upon(frame: Frame, _: object) -> bool:
        return isinstance(frame, Error) and frame.code == code

    return Fault(touchy(upon), (f"7 {ErrorCode(code).name}", "7.3"))


ERRORS = {
    **{
        f"is not told of {code.name}": Fault(deaf(Error, code=code), (f"7 {code.name}",))
        for code in ErrorCode
        if code >= 64
    },
    **{
        f"takes {code.name} for its opposite": Fault(
            partial(Contrary, errors=(code,)), (f"7 {code.name}", "7.3")
        )
        for code in ErrorCode
        if 48 <= code < 64
    },
    **{
        f"ends upon {code.name}": _ends_upon(code)
        for code in (ErrorCode.HELLO_EXPECTED, ErrorCode.UNEXPECTED)
    },
    "takes an unknown refusal for its opposite": Fault(
        partial(Contrary, errors=(61,)), ids("7.4; 8.1b; 20.1b")
    ),
}


def _contrary(code: int, rules: str) -> Fault:
    return Fault(partial(Contrary, codes=(code,)), ids(rules))


def _range(code: int) -> str:
    return "8.1a" if may_return(code) else "8.1b"


CLOSES = {
    f"takes {code} for its opposite": _contrary(code, rules)
    for code, rules in {
        **{int(code): f"8 {int(code)}; {_range(code)}" for code in CloseCode},
        **{code: _range(code) for code in (1006, 4042, 4499, 4777, 4999)},
        CloseCode.NORMAL: "8 1000",
        CloseCode.REPLACED: "8 4502; 8.1b; 11.2b",
        1002: "8.5",
        1007: "8.5",
    }.items()
}

# Section 12.4: positions.

UNMOVED: dict[type[Frame], str] = {
    **dict.fromkeys(
        (Deliver, Joined, Left, PresenceChanged, Host, Property), "12.4 DELIVER R; 12.3.1a"
    ),
    Tick: "4 TICK; 12.3.1a",
    Desync: "4 DESYNC; 12.3.1a",
    Start: "4 START; 12.3.1a",
    Error: "12.4 ERROR R; 12.3.1a",
    Live: "12.4 LIVE R; 12.4.2a",
    Pong: "12.4 PONG R; 12.3.1a",
    Taken: "12.4 ACK R; 12.3.1a",
}

POSITIONS = {
    f"does not move with {name_of(kind)}": Fault(partial(Unmoved, by=(kind,)), ids(rules))
    for kind, rules in UNMOVED.items()
}

# Section 23.2: heads.


def _heads(row: str) -> set[int]:
    """Return the first bytes that a row of the table means."""
    found: set[int] = set()
    for each in row.split(", "):
        first, _, last = each.partition("..")
        found |= set(range(int(first, 16), int(last or first, 16) + 1))
    return found


FURTHER = 7
"""Where a DELIVER of the case about heads has its further field."""


def _cannot_skip(row: str) -> Fault:
    heads = _heads(row)

    def is_lost(message: bytes) -> bool:
        return message[:2] == b"\x95\x11" and message[FURTHER] in heads

    return Fault(partial(Blind, to=is_lost), (f"23.2 {row}",))


SKIPS = {f"cannot skip {row}": _cannot_skip(row) for row in HEADS}

FAULTS = {
    **FRAMES,
    **NUMBERS,
    **OPTIONS,
    **RECORDS,
    **TARGETS,
    **ERRORS,
    **CLOSES,
    **POSITIONS,
    **SKIPS,
}
