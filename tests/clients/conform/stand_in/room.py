"""Faults against sections 14 to 19: values, presence, hosts, properties, time and limits."""

from __future__ import annotations

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Error,
    Frame,
    Host,
    Live,
    Notice,
    NoticeKind,
    Pong,
    Presence,
    PresenceChanged,
    PresenceState,
    Property,
    Set,
    Update,
    Volatile,
)
from tests.clients.conform.stand_in.entering import creates
from tests.clients.conform.stand_in.fault import (
    End,
    Fault,
    Line,
    Passed,
    alter,
    alters,
    never,
    takes_for,
)


def _keeps_the_first(message: Frame | bytes, line: Line) -> Passed:
    """Take no value of a key that has one."""
    keys = [each.key for each in line.earlier(Volatile)]
    return () if isinstance(message, Volatile) and message.key in keys else message


def _keeps_all(frame: Frame, line: Line) -> Passed:
    """Tell every value that anybody heard to whoever comes to LIVE."""
    told = [each for other in line.lines for each in other.earlier(Update)]
    return (frame, *told) if isinstance(frame, Live) else frame


def _deaf_to_spectators(message: Frame | bytes, line: Line) -> Passed:
    hello = line.said[0] if line.said else None
    role = getattr(getattr(hello, "options", None), "role", "")
    return () if isinstance(message, Presence) and role == "spectator" else message


def _deletes_nothing(message: Frame | bytes, line: Line) -> Passed:
    return () if isinstance(message, Set) and message.value is False else message


def _names_another_host(frame: Frame, line: Line) -> Frame:
    is_next = isinstance(frame, Host) and frame.term > 1
    return alter(frame, player=lambda player: player - 1) if is_next else frame


def _in_milliseconds(frame: Frame, line: Line) -> Frame:
    if not isinstance(frame, Pong):
        return frame
    return alter(frame, received=lambda us: us // 1000, sent=lambda us: us // 1000)


def _ends_at_live(code: CloseCode) -> Fault:
    return Fault(
        "18.1a" if code is CloseCode.SILENT else "8 4001; 18.1a",
        says=lambda frame, line: (frame, End(code)) if isinstance(frame, Live) else frame,
    )


def _forgets_old_sends(frame: Frame, line: Line) -> Passed:
    """Leave every fifth of many DELIVERs out."""
    delivers = len(line.earlier(type(frame)))
    is_meant = type(frame).__name__ == "Deliver" and delivers % 5 == 4
    return () if is_meant else frame


SLOW: dict[str, Fault] = {
    "tells nobody that a player lags": Fault(
        "4 PRESENCE LAGGING; 12.6.2",
        says=never(PresenceChanged, state=PresenceState.LAGGING),
        is_long=True,
    ),
    "gives no notice of LAG": Fault(
        "4 NOTICE LAG; 12.6.2; 19 waiting for a client to read",
        says=never(Notice, kind=NoticeKind.LAG),
        is_long=True,
    ),
    "says not what it dropped": Fault(
        "5 notice dropped; 12.6.2",
        says=alters(Notice, {"kind": NoticeKind.LAG}, detail__dropped=None),
        is_long=True,
    ),
    "leaves DELIVERs out for a slow reader": Fault("12.6.1", says=_forgets_old_sends, is_long=True),
    "closes with 4003 upon a slow reader": Fault(
        "8 4002; 12.6.3",
        closes=lambda code, reason: (4003 if code == 4002 else code, reason),
        is_long=True,
    ),
}

FAULTS: dict[str, Fault] = {
    **SLOW,
    "keeps the oldest value of a key": Fault("4.7; 12.2.5; 14.2", hears=_keeps_the_first),
    "keeps every value, however many": Fault(
        "14.2; 19 volatile values kept of a sender", says=_keeps_all
    ),
    "takes no PRESENCE of spectators": Fault("15.1; 15.2b", hears=_deaf_to_spectators),
    "names another host than the next": Fault("15.4", says=_names_another_host),
    "lets a host stay away": Fault("15.5", hears=creates(host_away=0)),
    "tells versions that are no seq": Fault(
        "16.2", says=alters(Property, version=lambda version: version + 1)
    ),
    "writes at any version": Fault("16.3; 7 STALE_VERSION", hears=takes_for(Set, expected=False)),
    "deletes nothing": Fault("4.9; 16.3", hears=_deletes_nothing),
    "has room for any property": Fault(
        "16.6; 19 properties of a scope",
        says=never(Error, code=ErrorCode.NO_ROOM_LEFT),
        is_long=True,
    ),
    "has a clock of milliseconds": Fault("4.4", says=_in_milliseconds),
    "closes with 4001 at once": _ends_at_live(CloseCode.SILENT),
    "closes the silent with 4002": _ends_at_live(CloseCode.TOO_SLOW),
    "makes rooms of 1,024 seats": Fault(
        "19 players in a room", hears=creates(capacity=1024), is_long=True
    ),
}
