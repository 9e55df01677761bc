"""One end of a connection to whoever is under test: frames out, frames expected, with a limit."""

from __future__ import annotations

import asyncio
from dataclasses import fields, is_dataclass
from typing import Any, Protocol, TypeVar

from websockets.exceptions import ConnectionClosed

from clients.conform.case import Breach
from protocol.codec import Role, decode, encode, pack, unpack
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame

F = TypeVar("F", bound=Frame)

LONGEST = 60
"""Characters of a frame in a message for humans."""


class Socket(Protocol):
    """What both kinds of connections of `websockets` offer."""

    @property
    def close_code(self) -> int | None: ...

    @property
    def close_reason(self) -> str | None: ...

    async def recv(self) -> bytes | str: ...

    async def send(self, message: Any) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class Ended(Exception):
    """The connection is over. Attributes: code, reason: of its close; 1006 if there was none."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class End:
    """Our end. Every frame that comes is judged by the rules that hold for all of them."""

    other: Role
    """Who is at the other end."""

    def __init__(self, socket: Socket, rule: str, patience: float) -> None:
        """
        Args:
            rule: that a breach is of, where the case names no other.
            patience: seconds to wait for what should come at once.
        """
        self.socket = socket
        self.rule = rule
        self.patience = patience
        self.heard: list[Frame] = []

    async def say(self, *frames: Frame | bytes | str) -> None:
        """Send frames, or bytes as they are, or bytes in hex; each in a message of its own."""
        for frame in frames:
            try:
                await self.socket.send(_bytes_of(frame))
            except ConnectionClosed:
                break  # whoever listens next learns how it ended

    async def next(self, within: float | None = None) -> Frame:
        """Return the next frame, whatever it is.

        Raises:
            TimeoutError: none came.
            Ended: none will come.
            Breach: it is no frame, or not as a writer must write it.
        """
        frame = self.read(await self.message(within))
        self.heard.append(frame)
        self.noticed(frame)
        return frame

    async def message(self, within: float | None = None) -> bytes | str:
        """Return the next message as it came. Raises: as `next`, but for what is in it."""
        async with asyncio.timeout(self.patience if within is None else within):
            try:
                return await self.socket.recv()
            except ConnectionClosed:
                raise self._ended() from None

    def noticed(self, frame: Frame) -> None:
        """Follow a frame, and judge it by what holds for all of its kind."""

    async def expect(
        self, kind: type[F], /, rule: str = "", within: float | None = None, **values: Any
    ) -> F:
        """Return the next frame of a kind; the values of its fields must be these.

        Frames of other kinds are passed over. A field of a record is named as `detail__frame`.
        """
        frame = await self.find(kind, rule, within)
        for name, value in values.items():
            if (got := field_of(frame, name)) != value:
                raise self.breach(rule, f"{name} is {got!r} in {show(frame)}, expected {value!r}")
        return frame

    async def find(self, kind: type[F], rule: str = "", within: float | None = None) -> F:
        """Return the next frame of a kind, whatever its fields."""
        limit = self.patience if within is None else within
        passed: list[Frame] = []
        try:
            async with asyncio.timeout(limit):
                while not isinstance(frame := await self.next(limit), kind):
                    passed.append(frame)
                return frame
        except TimeoutError:
            why = f"none came within {limit:g} s"
        except Ended as ended:
            why = f"the connection was {ended}"
        raise self.breach(rule, f"expected {kind.__name__}: {why}{after(passed)}")

    async def ends(self, code: int | None, rule: str = "", within: float | None = None) -> Ended:
        """Read to the end of the connection, and judge its code; None: any will do."""
        limit = self.patience if within is None else within
        try:
            async with asyncio.timeout(limit):
                while True:
                    await self.next(limit)
        except TimeoutError:
            wanted = "an end" if code is None else f"a close with {code}"
            raise self.breach(rule, f"expected {wanted}: none within {limit:g} s") from None
        except Ended as ended:
            if code is not None and ended.code != code:
                raise self.breach(rule, f"expected a close with {code}, it was {ended}") from None
            return ended

    async def drop(self) -> None:
        """End the connection without a word, as a lost network does."""
        self.socket.transport.abort()  # type: ignore[attr-defined] # both kinds have it
        await self.socket.close()

    def breach(self, rule: str, text: str) -> Breach:
        return Breach(rule or self.rule, text)

    def check(self, holds: bool, text: str, rule: str = "") -> None:
        """Raise a breach unless something holds; `text` says what was seen instead."""
        if not holds:
            raise self.breach(rule, text)

    def read(self, message: bytes | str) -> Frame:
        """Return the frame that a message is; judge its form."""
        if isinstance(message, str):
            raise self.breach("2.5a", f"a text message came: {message[:LONGEST]!r}")
        try:
            frame = decode(message, self.other)
        except RemoteProtocolError as error:
            text = f"{message[:LONGEST].hex(' ')} is no frame: {error}"
            raise self.breach(f"7 {error.code.name}", text) from None
        if pack(unpack(message)) != message:
            raise self.breach("3.1.2a", f"{message[:LONGEST].hex(' ')} could be shorter")
        return frame

    def _ended(self) -> Ended:
        return Ended(self.socket.close_code or 1006, self.socket.close_reason or "")


def _bytes_of(frame: Frame | bytes | str) -> bytes:
    if isinstance(frame, Frame):
        return encode(frame)
    return bytes.fromhex(frame) if isinstance(frame, str) else frame


def field_of(frame: object, name: str) -> Any:
    """Return a field, or with `__` in its name a field of one."""
    for part in name.split("__"):
        frame = getattr(frame, part)
    return frame


def show(frame: Frame) -> str:
    """Return a frame in few characters: what is at its default is left out."""
    assert is_dataclass(frame)
    values = [f"{each.name}={getattr(frame, each.name)!r}" for each in fields(frame)]
    text = f"{type(frame).__name__}({', '.join(values)})"
    return text if len(text) <= 2 * LONGEST else f"{text[: 2 * LONGEST]}…"


def after(passed: list[Frame]) -> str:
    """Say what came instead."""
    return f", after {', '.join(map(show, passed[-3:]))}" if passed else ""
