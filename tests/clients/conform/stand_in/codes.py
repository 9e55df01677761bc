"""Relays that tell one code for another: of ERROR, of a close, and numbers in fields."""

from __future__ import annotations

from protocol.error_codes import ErrorCode
from protocol.frames import Error, Frame, Left, LeftReason, PresenceChanged, PresenceState
from tests.clients.conform.stand_in.fault import Fault, alter, alters

ERRORS: dict[str, tuple[str, str]] = {
    "TRUNCATED": ("NOT_A_FRAME", "3.3.3.1; 3.3.3.4; 3.3.3.7; 22.6"),
    "TRAILING_BYTES": ("TRUNCATED", "3.3.4"),
    "NOT_A_FRAME": ("TRUNCATED", "3.3.2"),
    "UNKNOWN_OPCODE": ("WRONG_DIRECTION", "3.3.5"),
    "WRONG_DIRECTION": ("UNKNOWN_OPCODE", "3.3.5"),
    "ARITY": ("TRUNCATED", "3.3.6; 20.2"),
    "WRONG_TYPE": ("OUT_OF_RANGE", "3.3.3.3; 3.3.7.1; 3.3.7.2"),
    "OUT_OF_RANGE": ("WRONG_TYPE", "3.3.3.5"),
    "BAD_UTF8": ("WRONG_TYPE", "3.3.3.8"),
    "TOO_DEEP": ("TOO_MANY", "3.3.3.6"),
    "TOO_MANY": ("TOO_DEEP", "3.3.3.2"),
    "DUPLICATE_KEY": ("FORBIDDEN_TYPE", "3.3.3.9"),
    "FORBIDDEN_TYPE": ("WRONG_TYPE", "3.3.3.3"),
    "TOO_BIG": ("OUT_OF_RANGE", "3.3.1; 19 message from a client"),
    "HELLO_EXPECTED": (
        "UNEXPECTED",
        "9.1a; 9.2b; 9 NEW; 19 messages before WELCOME, beside HELLO",
    ),
    "UNEXPECTED": ("HELLO_EXPECTED", "9.1b; 9 LIVE"),
    "EPOCH_CHANGED": ("ROOM_GONE", "10.7"),
    "ROOM_GONE": ("EPOCH_CHANGED", "10.4a"),
    "SEAT_EXPIRED": ("HISTORY_TRIMMED", "7.2"),
    "VERSION": ("OTHER_APP", "10.1"),
    "NO_SUCH_ROOM": ("ROOM_FULL", "2.2b; 10.2; 10.4b"),
    "ROOM_FULL": ("LOCKED", "10.8"),
    "LOCKED": ("ROOM_FULL", "10.8"),
    "WRONG_PASSWORD": ("LOCKED", "10.6"),
    "OTHER_APP": ("VERSION", "10.6"),
    "FRAME_SIZE": ("OTHER_APP", "10.3"),
    "KICKED": ("LOCKED", "10.8"),
    "NO_SUCH_PLAYER": ("NOT_HERE", "6.2; 16.4"),
    "NOT_HERE": ("NO_SUCH_PLAYER", "15.6"),
    "NOT_HOST": ("NOT_YOURS", "12.5.3; 15.9; 16.4"),
    "NOT_YOURS": ("NOT_HOST", "16.4"),
    "READ_ONLY": ("NOT_AVAILABLE", "15.9"),
    "STALE_VERSION": ("NOT_AVAILABLE", "16.3"),
    "NO_ROOM_LEFT": ("NOT_AVAILABLE", "19 a snapshot; 12.5.3"),
    "NOT_AVAILABLE": ("NO_ROOM_LEFT", "4.11; 12.5.3; 15.7; 16.5"),
}
"""By the code that is right: what is told in its place, and the rules that this breaks, too."""

CLOSES: dict[int, tuple[int, str]] = {
    1000: (1001, "9.5b; 9 OVER"),
    1003: (1002, "2.5d"),
    1009: (1008, "19 the same, for the transport"),
    4003: (4002, "19 pings and pongs of a connection"),
    4500: (4502, "7.5; 19 bad frames"),
    4501: (4509, "10.1"),
    4502: (4503, "11.2a"),
    4503: (4505, "15.7"),
    4504: (4505, ""),
    4505: (4504, ""),
    4506: (4505, ""),
    4507: (4508, ""),
    4509: (4501, ""),
    4510: (4509, ""),
}
"""Likewise, of close codes."""

REASONS: dict[str, tuple[str, str]] = {
    "LEFT": ("GONE", "11.4a"),
    "EXPIRED": ("LEFT", "11.3a"),
    "GONE": ("EXPIRED", "11.1c"),
    "KICKED": ("LEFT", "15.7"),
}
"""Likewise, of the reasons of LEFT."""

STATES: dict[str, tuple[str, str]] = {
    "HERE": ("AWAY", "15.1"),
    "AWAY": ("LOST", "15.1"),
    "LOST": ("AWAY", "15.1; 12.3.3a"),
}
"""Likewise, of the states of PRESENCE."""


def _error(name: str) -> Fault:
    told, others = ERRORS[name]
    says = alters(Error, {"code": ErrorCode[name]}, code=int(ErrorCode[told]))
    return Fault(f"7 {name}; {others}", says=says)


def _close(right: int) -> Fault:
    wrong, others = CLOSES[right]

    def closes(code: int, reason: str) -> tuple[int, str]:
        return (wrong if code == right else code), reason

    return Fault("; ".join(filter(None, (f"8 {right}", others))), closes=closes)


def _left(name: str) -> Fault:
    told, others = REASONS[name]
    says = alters(Left, {"reason": LeftReason[name]}, reason=int(LeftReason[told]))
    return Fault(f"4 LEFT {name}; {others}", says=says)


def _presence(name: str) -> Fault:
    told, others = STATES[name]
    says = alters(PresenceChanged, {"state": PresenceState[name]}, state=int(PresenceState[told]))
    return Fault(f"4 PRESENCE {name}; {others}", says=says)


def _blames_the_next(frame: Frame, line: object) -> Frame:
    """Name the byte after the one that is to blame."""
    is_meant = isinstance(frame, Error) and frame.detail.offset is not None
    return alter(frame, detail__offset=lambda offset: offset + 1) if is_meant else frame


READING = [
    *("3.3.2", "3.3.4", "3.3.5", "3.3.6", "3.3.7.1", "3.3.7.2"),
    *(f"3.3.3.{number}" for number in range(1, 10)),
]
"""What a reader reports, with the byte that is to blame."""

FAULTS: dict[str, Fault] = {
    **{f"tells {ERRORS[name][0]} for {name}": _error(name) for name in ERRORS},
    **{f"closes with {CLOSES[code][0]} for {code}": _close(code) for code in CLOSES},
    **{f"tells LEFT, {REASONS[name][0]} for {name}": _left(name) for name in REASONS},
    **{f"tells PRESENCE {STATES[name][0]} for {name}": _presence(name) for name in STATES},
    "blames the byte after the one that is wrong": Fault("; ".join(READING), says=_blames_the_next),
    "shouts the reasons of closes": Fault(
        "8.3", closes=lambda code, reason: (code, reason.upper())
    ),
}
