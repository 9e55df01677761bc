"""What a fault is: a thing that a relay says, hears, or does otherwise, and the rules it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, TypeVar, cast

from websockets.http11 import Request

from protocol.error_codes import ErrorCode
from protocol.frames import Error, Frame, Live, Welcome

R = TypeVar("R")


@dataclass(frozen=True)
class Back:
    """What goes back to where the message came from."""

    frame: Frame


@dataclass(frozen=True)
class End:
    """The end of the client's connection."""

    code: int
    reason: str = ""


Item = Frame | bytes | str | Back | End
Passed = Item | tuple[Item, ...]
"""What is done in place of passing a message on: `()` is nothing."""


@dataclass(eq=False)
class Line:
    """What is known of one connection through the stand-in."""

    lines: list[Line]
    """All connections of the stand-in, in the order of their beginning; this one too."""
    said: list[Frame | bytes] = field(default_factory=list)
    """What the client has said; bytes that are no frame as they are."""
    heard: list[Frame] = field(default_factory=list)
    """What the relay has said, before the fault."""
    message: bytes = b""
    """The message that passes."""
    pieces: int = 0
    """Fragments of the client's newest message."""

    @property
    def number(self) -> int:
        return self.lines.index(self)

    @property
    def welcome(self) -> Welcome | None:
        return next((each for each in self.heard if isinstance(each, Welcome)), None)

    @property
    def is_live(self) -> bool:
        return any(isinstance(each, Live) for each in self.heard)

    @property
    def is_resumed(self) -> bool:
        return self.welcome is not None and self.welcome.session.resumed

    def earlier(self, kind: type[Frame]) -> list[Any]:
        """Return what either end has said of a kind, before the message that passes."""
        return [each for each in (*self.said, *self.heard) if isinstance(each, kind)]


Says = Callable[[Frame, Line], Passed]
Hears = Callable[[Frame | bytes, Line], Passed]


def as_it_is(message: Any, line: Line) -> Any:
    """Alter nothing."""
    return message


@dataclass(frozen=True)
class Fault:
    """One thing that a relay does wrong. What is not given is done right."""

    breaks: str
    """Ids of the rules that it breaks, with "; " between them: of each, a case that keeps it must
    fail, and name one of these."""
    says: Says = as_it_is
    """What the client gets for a frame of the relay."""
    hears: Hears = as_it_is
    """What the relay gets for a message of the client."""
    closes: Callable[[int, str], tuple[int, str]] = lambda code, reason: (code, reason)
    """How the relay closes."""
    loses: Callable[[Line], Passed] = lambda line: ()
    """What the relay gets once the client is gone."""
    opens: Callable[[Line], Passed] = lambda line: ()
    """What the client gets at once."""
    refuses: Callable[[Request], HTTPStatus | None] = lambda request: None
    """Which requests get no upgrade."""
    leads: Callable[[str], str] = lambda path: path
    """Where a path with its query leads."""
    selects: Callable[[str | None], str | None] = lambda protocol: protocol
    """Which subprotocol is selected."""
    headers: dict[str, str] = field(default_factory=dict)
    """Further headers of the answer to an upgrade."""
    drops_origin: bool = False
    """Whether it does not look at Origin."""
    is_long: bool = False
    """Whether the cases about it take more than some seconds."""

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(self.breaks.split("; "))


def alter(record: R, /, **values: Any) -> R:
    """Return a frame, or a record, with other values.

    A field of a record within is named as `detail__frame`. A function as a value is called with
    the value that is there.
    """
    altered: Any = record
    for name, value in values.items():
        first, _, rest = name.partition("__")
        old = getattr(altered, first)
        if rest:
            new = alter(old, **{rest: value})
        else:
            new = value(old) if callable(value) else value
        altered = replace(altered, **{first: new})
    return cast("R", altered)


def is_like(frame: Any, kind: type[Frame] | tuple[type[Frame], ...], like: dict[str, Any]) -> bool:
    """Say whether a frame is of a kind, and its fields have these values."""
    return isinstance(frame, kind) and all(getattr(frame, key) == like[key] for key in like)


def alters(kind: type[Frame], like: dict[str, Any] | None = None, **values: Any) -> Says:
    """Have other values in frames of a kind that are like this."""
    return lambda frame, line: alter(frame, **values) if is_like(frame, kind, like or {}) else frame


def never(*kinds: type[Frame], **like: Any) -> Says:
    """Keep frames of these kinds to itself."""
    return lambda frame, line: () if is_like(frame, kinds, like) else frame


def takes_for(kind: type[Frame], like: dict[str, Any] | None = None, **values: Any) -> Hears:
    """Hear other values in frames of a kind."""
    return lambda message, line: (
        alter(message, **values) if is_like(message, kind, like or {}) else message
    )


def refuses(is_meant: Callable[[Any], bool], code: ErrorCode = ErrorCode.OUT_OF_RANGE) -> Hears:
    """Answer some messages with ERROR, though nothing is wrong with them."""

    def hears(message: Frame | bytes, line: Line) -> Passed:
        return Back(Error(0, code, "")) if is_meant(message) else message

    return hears


def refuses_bytes(
    is_meant: Callable[[bytes], bool], code: ErrorCode = ErrorCode.OUT_OF_RANGE
) -> Hears:
    """Likewise, by the bytes of a message."""

    def hears(message: Frame | bytes, line: Line) -> Passed:
        return Back(Error(0, code, "")) if is_meant(line.message) else message

    return hears
