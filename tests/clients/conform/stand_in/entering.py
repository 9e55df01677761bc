"""Faults against sections 2, 9, 10 and 11: upgrades, the conversation, entering, and seats."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from websockets.http11 import Request

from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Error,
    Frame,
    Hello,
    Joined,
    Kick,
    Leave,
    Live,
    Notice,
    NoticeKind,
    Property,
    Send,
    Set,
    Welcome,
)
from protocol.opcodes import COUNTED
from tests.clients.conform.stand_in.fault import (
    Back,
    End,
    Fault,
    Hears,
    Line,
    Passed,
    alter,
    alters,
    takes_for,
)


def _offers(request: Request) -> str:
    return request.headers.get("Sec-WebSocket-Protocol", "")


def _name(request: Request) -> str:
    return request.path.rpartition("/")[2]


def creates(**options: Any) -> Hears:
    """Make rooms otherwise than a HELLO asks, where it says how."""

    def hears(message: Frame | bytes, line: Line) -> Passed:
        if isinstance(message, Hello) and not isinstance(message.options.create, bool):
            return alter(message, **{f"options__create__{key}": options[key] for key in options})
        return message

    return hears


_OF_FRAMES = [code for code in ErrorCode if code < ErrorCode.HELLO_EXPECTED]


def _ends_after(*codes: ErrorCode) -> Any:
    def says(frame: Frame, line: Line) -> Passed:
        is_meant = isinstance(frame, Error) and frame.code in codes
        return (frame, End(CloseCode.NORMAL)) if is_meant else frame

    return says


def _knows_nobody(message: Frame | bytes, line: Line) -> Passed:
    """Take a secret that it has heard before for another one."""
    if isinstance(message, Hello) and line.number and message.options.seat:
        before = [each for other in line.lines[:-1] for each in other.earlier(Hello)]
        if any(each.options.seat == message.options.seat for each in before):
            return alter(message, options__seat=lambda seat: seat[::-1])
    return message


def _takes_later_names(frame: Frame, line: Line) -> Frame:
    said = line.earlier(Hello)
    return alter(frame, info__name=said[-1].options.name) if isinstance(frame, Joined) else frame


def _asked_for(frame: Frame, line: Line) -> Frame:
    """Tell the options that this HELLO asks for, whatever the room's are."""
    create = line.earlier(Hello)[-1].options.create if line.earlier(Hello) else True
    is_meant = isinstance(frame, Welcome) and not isinstance(create, bool)
    return alter(frame, session__options=create) if is_meant else frame


def _only_says_capacity(message: Frame | bytes, line: Line) -> Passed:
    is_meant = isinstance(message, Set) and (message.key, message.value) == ("@capacity", b"\x02")
    return alter(message, value=b"\x40") if is_meant else message


def _resumes_what_it_refused(frame: Frame, line: Line) -> Frame:
    is_meant = isinstance(frame, Welcome) and line.earlier(Error)
    return alter(frame, session__resumed=True) if is_meant else frame


def _waits_for_live(message: Frame | bytes, line: Line) -> Passed:
    """Take nothing of a client that has not acknowledged LIVE."""
    if isinstance(message, Send) and not line.earlier(Ack):
        return Back(Error(0, ErrorCode.UNEXPECTED, ""))
    return message


def _acknowledges_for_them(frame: Frame, line: Line) -> Passed:
    return (frame, Back(Ack(0))) if isinstance(frame, Welcome) else frame


def _wants_an_ack(line: Line) -> Passed:
    """Give up the seat of whoever said counted frames and no ACK."""
    counted = any(isinstance(each, Frame) and each.opcode in COUNTED for each in line.said)
    return Leave() if counted and not line.earlier(Ack) else ()


def _bars_loopback(message: Frame | bytes, line: Line) -> Passed:
    kicked = any(other.earlier(Kick) for other in line.lines)
    if kicked and isinstance(message, Hello):
        return Back(Error(0, ErrorCode.KICKED, "")), End(CloseCode.KICKED)
    return message


def _counts_early_ones(frame: Frame, line: Line) -> Frame:
    early = len(line.earlier(Send))
    return alter(frame, session__taken=early) if isinstance(frame, Welcome) else frame


UPGRADES: dict[str, Fault] = {
    "leads elsewhere by a query string": Fault(
        "2.1b", leads=lambda path: path.replace("?", "X?") if "?" in path else path
    ),
    "hears no URL that asks for a bad network": Fault(
        "2.9.1; 4 NOTICE SHAPED", leads=lambda path: path.partition("?")[0]
    ),
    "hears such a URL in every room": Fault("2.9.2", hears=creates(chaos=True)),
    "does not say how bad the network is": Fault(
        "5 notice said", says=alters(Notice, {"kind": NoticeKind.SHAPED}, detail__said=None)
    ),
    "refuses impossible names by HTTP": Fault(
        "2.8; 2.2b",
        refuses=lambda request: HTTPStatus.NOT_FOUND if len(_name(request)) > 32 else None,
    ),
    "selects no subprotocol": Fault("2.3b", selects=lambda protocol: None),
    "refuses who offers no subprotocol": Fault(
        "2.3c",
        refuses=lambda request: None if _offers(request) else HTTPStatus.BAD_REQUEST,
    ),
    "refuses who offers other subprotocols": Fault(
        "2.3d",
        refuses=lambda request: HTTPStatus.BAD_REQUEST if _offers(request) == "chat" else None,
    ),
    "compresses": Fault("2.4", headers={"Sec-WebSocket-Extensions": "permessage-deflate"}),
    "closes with 1002 upon 65 fragments": Fault(
        "2.5c", hears=lambda message, line: End(1002) if line.pieces > 64 else message
    ),
    "takes no more than 63 fragments": Fault(
        "2.5b; 19 the same, for the transport",
        hears=lambda message, line: End(CloseCode.TOO_BIG) if line.pieces > 63 else message,
    ),
    "lets no page of its own in": Fault(
        "2.6a",
        refuses=lambda request: HTTPStatus.FORBIDDEN if request.headers.get("Origin") else None,
    ),
    "lets any page in": Fault("2.6b", drops_origin=True),
    "answers a dropped upgrade with 404": Fault(
        "2.7",
        refuses=lambda request: None if "Upgrade" in request.headers else HTTPStatus.NOT_FOUND,
    ),
}

FAULTS: dict[str, Fault] = {
    **UPGRADES,
    "closes at once where no HELLO has come": Fault(
        "9.4; 19 time for HELLO", opens=lambda line: End(CloseCode.NO_HELLO, "no_hello")
    ),
    "closes with 4001 for want of HELLO": Fault(
        "8 4000; 9.4", opens=lambda line: End(CloseCode.SILENT)
    ),
    "counts what comes before HELLO": Fault("9.2b; 13.1", says=_counts_early_ones),
    "takes no SEND before LIVE": Fault("9 CATCHING_UP; 9.3; 1.1.7", hears=_waits_for_live),
    "closes after ROOM_GONE and EPOCH_CHANGED": Fault(
        "7.1; 9 GREETED; 10.4a", says=_ends_after(ErrorCode.ROOM_GONE, ErrorCode.EPOCH_CHANGED)
    ),
    "closes after any error in a frame": Fault("7.3", says=_ends_after(*_OF_FRAMES)),
    "resumes where it refused to": Fault("12.3.4", says=_resumes_what_it_refused),
    "refuses a HELLO without options": Fault(
        "23.1; 4 WELCOME",
        hears=lambda message, line: (
            Back(Error(0, ErrorCode.ARITY, "")) if line.message == encode(Hello(1)) else message
        ),
    ),
    "knows no seat again": Fault("1.1.1; 10.5; 11.1b; 11.5a; 12.3.3a; 23.4", hears=_knows_nobody),
    "gives a seat up with its connection": Fault("8.4; 11.5b; 15.1", loses=lambda line: Leave()),
    "gives the seat of a player without ACK up": Fault("12.3.2", loses=_wants_an_ack, is_long=True),
    "takes WELCOME for acknowledged": Fault("11.3b", says=_acknowledges_for_them, is_long=True),
    "holds every seat for 600 s": Fault("11.3a", hears=creates(hold=600)),
    "keeps no room": Fault("10c", hears=creates(keep=0)),
    "tells the options that a latecomer asks for": Fault("10b", says=_asked_for),
    "says another capacity and does not keep to it": Fault(
        "10b",
        hears=_only_says_capacity,
        says=alters(Property, {"key": "@capacity"}, value=b"\x02"),
    ),
    "says that a room is locked, and lets anybody in": Fault(
        "5 room locked; 7 LOCKED; 10.8; 10b",
        hears=takes_for(Set, {"key": "@locked", "value": b"\xc3"}, value=b"\xc2"),
        says=alters(Property, {"key": "@locked"}, value=b"\xc3"),
    ),
    "makes rooms without a password": Fault("5 room password; 10.6", hears=creates(password="")),
    "speaks a version that nobody offered": Fault("10.1", says=alters(Welcome, version=1001)),
    "makes rooms of 1,000 seats at most": Fault(
        "5 room capacity", hears=creates(capacity=lambda asked: min(asked, 1000))
    ),
    "takes the names of later HELLOs": Fault("11.6", says=_takes_later_names),
    "begins a fresh stream at a million": Fault(
        "1.1.2; 4.2; 12.2.1; 12.2.4; 12.4 WELCOME R",
        says=alters(Welcome, {"seq": 0}, seq=1_000_000),
    ),
    "says LIVE at seq 0": Fault("12.2.4; 12.4 LIVE R", says=alters(Live, seq=0)),
    "bars loopback": Fault("15.8.3", hears=_bars_loopback),
    "makes hosts of those who cannot be": Fault(
        "15.3b", hears=takes_for(Hello, options__can_host=True)
    ),
}
