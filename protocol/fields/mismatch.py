"""Where and why a value is not what its field may hold. Internal: callers see ProtocolError."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.error_codes import ErrorCode

Path = tuple[int | str, ...]
"""Indexes and keys that lead from the frame's array to a value."""


class Key(str):
    """A step of a path to a key itself, where a plain str leads to the key's value."""

    __slots__ = ()


class Mismatch(Exception):
    """A value that is not of its type. The codec finds its offset and raises a ProtocolError."""

    def __init__(
        self,
        code: ErrorCode,
        expected: str,
        got: object,
        *,
        limit: int | None = None,
    ) -> None:
        super().__init__(expected)
        self.code = code
        self.expected = expected
        self.got = describe(got)
        self.limit = limit
        self.path: Path = ()

    def at(self, step: int | str) -> Mismatch:
        """Return the same mismatch as seen from one container further out."""
        self.path = (step, *self.path)
        return self


def describe(value: object) -> str:
    """Name a value for an error: its type and size, never more than a few bytes of it."""
    match value:
        case None:
            return "nil"
        case bool():
            return str(value).lower()
        case int():
            return str(int(value)) if value.bit_length() <= 64 else "int of more than 64 bits"
        case float():
            return "float"
        case str():
            return f"str of {len(value.encode(errors='surrogatepass'))} bytes"
        case bytes():
            return f"bin of {len(value)} bytes"
        case list() | tuple():
            return f"array of {len(value)}"
        case Mapping():
            return f"map of {len(value)}"
        case _:
            return type(value).__name__
