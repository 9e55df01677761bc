"""Relays that keep frames to themselves, or fields of them, or write them otherwise."""

from __future__ import annotations

from secrets import token_bytes
from typing import Any

from protocol.codec import encode, pack, unpack
from protocol.frames import (
    Deliver,
    Error,
    Frame,
    Host,
    Joined,
    Left,
    Live,
    Notice,
    Pong,
    PresenceChanged,
    Property,
    RoomOptions,
    Snapshot,
    Taken,
    Update,
    Welcome,
)
from tests.clients.conform.stand_in.fault import Fault, Line, Passed, Says, alter, alters, never

SILENT: dict[str, tuple[type[Frame], str]] = {
    "WELCOME": (Welcome, ""),
    "ERROR": (Error, "7 NO_SUCH_PLAYER"),
    "NOTICE": (
        Notice,
        "19c; 4 NOTICE THROTTLE; 19 messages of a connection; 19 bytes of a connection",
    ),
    "PONG": (Pong, "4.4"),
    "ACK R": (Taken, "13.3; 1.1.8"),
    "LIVE": (Live, "1.1.4"),
    "DELIVER": (Deliver, "1.1.7"),
    "UPDATE": (Update, "12.2.5; 14.2"),
    "JOINED": (Joined, "1.1.3"),
    "LEFT": (Left, "11.4a; 11.4b"),
    "PRESENCE R": (PresenceChanged, "12.3.3a; 15.1"),
    "HOST": (Host, "15.3a"),
    "PROPERTY": (Property, "4.9; 16.2"),
    "SNAPSHOT R": (Snapshot, "12.5.2"),
}
"""Frames that a relay keeps to itself, and the rules that this breaks beside the frame's own."""

ROWS: dict[str, tuple[Says, str]] = {
    "session epoch": (alters(Welcome, session__epoch=lambda old: token_bytes(8)), ""),
    "session room": (alters(Welcome, session__room=str.lower), "2.2a"),
    "session taken": (alters(Welcome, session__taken=0), "11.7; 13.2; 13.3"),
    "session resumed": (alters(Welcome, session__resumed=False), "12.3.3a"),
    "session time": (alters(Welcome, session__time=0), ""),
    "session options": (alters(Welcome, session__options=RoomOptions()), "5 room title; 10.4c"),
    "session ignored": (alters(Welcome, session__ignored=("zoom",)), "5c"),
    "session complete_from": (alters(Welcome, session__complete_from=0), "12.5.6; 1.1.2"),
    "session limits": (
        alters(Welcome, session__limits__max_frame=8192),
        "5 limits max_frame; 19; 3.3.1; 19 message from a client",
    ),
    "limits history_frames": (alters(Welcome, session__limits__history_frames=1), ""),
    "limits history_bytes": (alters(Welcome, session__limits__history_bytes=1), ""),
    "limits frames_per_second": (
        alters(Welcome, session__limits__frames_per_second=60),
        "19c; 19 messages of a connection",
    ),
    "limits bytes_per_second": (
        alters(Welcome, session__limits__bytes_per_second=65_536),
        "19c; 19 bytes of a connection",
    ),
    "info name": (alters(Joined, info__name=lambda name: name.lstrip("\ufeff")), "3.2.3"),
    "info role": (alters(Joined, info__role="player"), ""),
    "info can_host": (alters(Joined, info__can_host=True), "11.6"),
    "error op": (alters(Error, detail__op=None), ""),
    "error offset": (alters(Error, detail__offset=None), ""),
    "error expected": (alters(Error, detail__expected=None), ""),
    "error got": (alters(Error, detail__got=None), ""),
    "error limit": (alters(Error, detail__limit=None), ""),
    "error retry": (alters(Error, detail__retry=None), "12.5.3"),
    "notice limit": (alters(Notice, detail__limit=None), ""),
    "notice after": (alters(Notice, detail__after=None), ""),
}
"""Rows of records that are left out, or say something else."""


def _silent(name: str) -> Fault:
    kind, others = SILENT[name]
    return Fault("; ".join(filter(None, (f"4 {name}", others))), says=never(kind))


def _row(name: str) -> Fault:
    says, others = ROWS[name]
    return Fault("; ".join(filter(None, (f"5 {name}", others))), says=says)


def _counts_a_refusal_late(frame: Frame, line: Line) -> Frame:
    is_counted = isinstance(frame, Error) and frame.detail.frame is not None
    return alter(frame, detail__frame=lambda count: count + 1) if is_counted else frame


def _refuses_outside_the_order(frame: Frame, line: Line) -> Frame:
    is_counted = isinstance(frame, Error) and frame.detail.frame is not None
    return alter(frame, seq=0) if is_counted else frame


def _forgets_big_ones(frame: Frame, line: Line) -> Frame:
    is_big = isinstance(frame, Error) and frame.detail.limit is not None
    return alter(frame, detail__frame=None) if is_big else frame


def _writes_long(frame: Frame, line: Line) -> Passed:
    """Write the version in two bytes."""
    message = encode(frame)
    return message[:2] + b"\xcc" + message[2:] if isinstance(frame, Welcome) else frame


def _session(change: Any) -> Says:
    """Write the session's map as a function of it says."""

    def says(frame: Frame, line: Line) -> Passed:
        if not isinstance(frame, Welcome):
            return frame
        *fields, session = unpack(encode(frame))
        return pack([*fields, change(session)])

    return says


FAULTS: dict[str, Fault] = {
    **{f"never says {name}": _silent(name) for name in SILENT},
    **{f"tells `{name}` otherwise": _row(name) for name in ROWS},
    "counts a refused frame as the one after it": Fault(
        "5 error frame; 7; 13.1", says=_counts_a_refusal_late
    ),
    "refuses counted frames outside the order": Fault("7", says=_refuses_outside_the_order),
    "does not count what is too big": Fault("19b", says=_forgets_big_ones),
    "says LIVE in a text message": Fault(
        "2.5a",
        says=lambda frame, line: (
            str(encode(frame), "latin-1") if isinstance(frame, Live) else frame
        ),
    ),
    "writes heads that could be shorter": Fault("3.1.2a", says=_writes_long),
    "writes what is at its default": Fault(
        "3.1.2b", says=_session(lambda session: {**session, "resumed": False})
    ),
    "writes keys in another order": Fault(
        "3.1.2c", says=_session(lambda session: dict(reversed(session.items())))
    ),
    "says that it takes messages of 2 MiB": Fault(
        "19 the highest that this can be set to",
        says=_session(lambda session: {**session, "limits": {"max_frame": 2_097_152}}),
    ),
    "says a window of no frame": Fault(
        "5 limits window", says=_session(lambda session: {**session, "limits": {"window": 0}})
    ),
    "tells the tags in another order": Fault(
        "5b",
        says=alters(Welcome, session__options__tags=lambda tags: dict(reversed(tags.items()))),
    ),
    "names no app in a room whose creator has one": Fault(
        "5a", says=alters(Welcome, session__options__app="")
    ),
}
