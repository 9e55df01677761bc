"""
* ProtocolError            code, text, offset, expected, got, limit
  * LocalProtocolError     we were asked to break the protocol: a mistake on our side
  * RemoteProtocolError    they broke it: answer with ERROR, or close
"""

from __future__ import annotations

from protocol.error_codes import ErrorCode


class ProtocolError(Exception):
    """Something that the protocol forbids. Never raised itself: a subclass says whose fault.

    Attributes:
        code: what was wrong, as ERROR carries it.
        text: one sentence for a human.
        offset: byte at which the message is wrong, if one can be named.
        expected: what the protocol wants there.
        got: what was there instead.
        limit: the bound that was exceeded, if one was.
    """

    def __init__(
        self,
        code: ErrorCode,
        text: str,
        *,
        offset: int | None = None,
        expected: str | None = None,
        got: str | None = None,
        limit: int | None = None,
    ) -> None:
        if type(self) is ProtocolError:
            raise TypeError("raise LocalProtocolError or RemoteProtocolError")
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.offset = offset
        self.expected = expected
        self.got = got
        self.limit = limit

    def __str__(self) -> str:
        known = (
            ("offset", self.offset),
            ("expected", self.expected),
            ("got", self.got),
            ("limit", self.limit),
        )
        where = "".join(f", {name}={value}" for name, value in known if value is not None)
        return f"{self.code.name.lower()}: {self.text}{where}"


class LocalProtocolError(ProtocolError):
    """Our own side tried to break the protocol."""


class RemoteProtocolError(ProtocolError):
    """The other side broke the protocol."""
