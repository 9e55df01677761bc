"""Kinds of faults: a class serves a whole table of SPEC.md, with a row of it as its argument."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from protocol.close_codes import may_return
from protocol.frames import Error, Frame, Hello, Send
from tests.clients.conform.planted.client import GivesUp, Plain
from tests.clients.conform.planted.program import Make
from tests.clients.conform.planted.telling import Line, Tell


@dataclass(frozen=True)
class Fault:
    """One thing that a client does wrong."""

    make: Make
    rules: tuple[str, ...]
    """Rules that it breaks: of each, a case that keeps it must fail."""


class Altered(Plain):
    """Understands frames of the relay otherwise: `alter` returns what it takes each for."""

    def __init__(self, line: Line, tell: Tell, *, alter: Callable[[Frame], Frame | None]) -> None:
        super().__init__(line, tell)
        self._alter = alter

    def hears(self, frame: Frame) -> Frame | None:
        return self._alter(frame)


class Slipped(Plain):
    """Says frames otherwise: `alter` returns what it says in place of each."""

    def __init__(self, line: Line, tell: Tell, *, alter: Callable[[Frame], Frame | None]) -> None:
        super().__init__(line, tell)
        self._slip = alter

    def says(self, frame: Frame) -> bytes | None:
        altered = self._slip(frame)
        return super().says(altered) if altered is not None else None


class Blind(Plain):
    """Drops messages that it should read."""

    def __init__(self, line: Line, tell: Tell, *, to: Callable[[bytes], bool]) -> None:
        super().__init__(line, tell)
        self._is_blind_to = to

    def takes(self, message: bytes) -> bool:
        return not self._is_blind_to(message)


class Touchy(Plain):
    """Ends for good where it should go on."""

    def __init__(self, line: Line, tell: Tell, *, upon: Callable[[Frame, Plain], bool]) -> None:
        super().__init__(line, tell)
        self._upon = upon

    def hears(self, frame: Frame) -> Frame | None:
        if self._upon(frame, self):
            raise GivesUp
        return frame


class Contrary(Plain):
    """Comes back where it should stay away, and the other way round."""

    def __init__(
        self, line: Line, tell: Tell, *, codes: Container[int] = (), errors: Container[int] = ()
    ) -> None:
        super().__init__(line, tell)
        self._codes = codes
        self._errors = errors
        self._last_error = -1

    def refused(self, error: Error) -> None:
        self._last_error = error.code
        super().refused(error)

    def returns(self, code: int) -> bool:
        is_contrary = code in self._codes or self._last_error in self._errors
        return may_return(code) is not is_contrary


class Unmoved(Plain):
    """Takes some frames without moving its position."""

    def __init__(self, line: Line, tell: Tell, *, by: Container[type[Frame]]) -> None:
        super().__init__(line, tell)
        self._by = by

    def follows(self, frame: Frame) -> None:
        if type(frame) not in self._by:
            super().follows(frame)


class Moved(Plain):
    """Moves its position where it should not: `to` says how far, from where it is."""

    def __init__(
        self, line: Line, tell: Tell, *, by: type[Frame], to: Callable[[Any, int], int]
    ) -> None:
        super().__init__(line, tell)
        self._by = by
        self._to = to

    def follows(self, frame: Frame) -> None:
        super().follows(frame)
        if isinstance(frame, self._by):
            self.seat.seq = max(self.seat.seq, self._to(frame, self.seat.seq))


def deaf(*kinds: type[Frame], **fields: int) -> Make:
    """Hear no frame of these kinds, where its fields have these values."""

    def alter(frame: Frame) -> Frame | None:
        is_meant = isinstance(frame, kinds) and all(
            getattr(frame, name) == value for name, value in fields.items()
        )
        return None if is_meant else frame

    return partial(Altered, alter=alter)


def mute(kind: type[Frame]) -> Make:
    """Say no frame of a kind."""
    return partial(Slipped, alter=lambda frame: None if isinstance(frame, kind) else frame)


def blank(kind: type[Any], path: str, value: Any) -> Make:
    """Hear a value in a field of a frame, or of a record in it, whatever is there.

    Args: path: as in "session.taken".
    """

    def alter(frame: Frame) -> Frame:
        return _with(frame, path.split("."), value) if isinstance(frame, kind) else frame

    return partial(Altered, alter=alter)


def _with(whole: Any, path: list[str], value: Any) -> Any:
    name, *rest = path
    inner = _with(getattr(whole, name), rest, value) if rest else value
    return replace(whole, **{name: inner})


def unasked(option: str, value: Any) -> Make:
    """Say a value for an option of HELLO, whatever the program asks for."""

    def alter(frame: Frame) -> Frame:
        if not isinstance(frame, Hello):
            return frame
        return replace(frame, options=replace(frame.options, **{option: value}))

    return partial(Slipped, alter=alter)


def aimed(is_meant: Callable[[Any], bool], target: Any) -> Make:
    """Say another target in SENDs to some."""

    def alter(frame: Frame) -> Frame:
        is_other = isinstance(frame, Send) and is_meant(frame.target)
        return Send(target, frame.payload) if is_other and isinstance(frame, Send) else frame

    return partial(Slipped, alter=alter)


def touchy(upon: Callable[[Frame, Plain], bool]) -> Make:
    """End for good upon some frames."""
    return partial(Touchy, upon=upon)
