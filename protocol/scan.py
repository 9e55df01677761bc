"""The structure of one msgpack message, walked without building anything.

The walk is iterative, takes one step a value and checks every claimed length against the bytes at
hand, so that decoding what passed cannot allocate more than a small multiple of the message.
"""

from __future__ import annotations

from . import limits
from .error_codes import ErrorCode
from .errors import RemoteProtocolError
from .kinds import Path

LEAF, STR, BIN, ARRAY, MAP, INT64, UINT64, FORBIDDEN = range(8)

# For each head byte: what it begins, how many bytes of length (or number) follow it, and the
# length that the head itself carries.
HEADS: list[tuple[int, int, int]] = (
    [(LEAF, 0, 0)] * 0x80  # positive fixint
    + [(MAP, 0, n) for n in range(16)]
    + [(ARRAY, 0, n) for n in range(16)]
    + [(STR, 0, n) for n in range(32)]
    + [(LEAF, 0, 0), (FORBIDDEN, 0, 0), (LEAF, 0, 0), (LEAF, 0, 0)]  # nil, 0xC1, false, true
    + [(BIN, 1, 0), (BIN, 2, 0), (BIN, 4, 0)]
    + [(FORBIDDEN, 0, 0)] * 3  # ext 8, 16, 32
    + [(LEAF, 4, 0), (LEAF, 8, 0)]  # float 32, 64
    + [(LEAF, 1, 0), (LEAF, 2, 0), (LEAF, 4, 0), (UINT64, 8, 0)]
    + [(LEAF, 1, 0), (LEAF, 2, 0), (LEAF, 4, 0), (INT64, 8, 0)]
    + [(FORBIDDEN, 0, 0)] * 5  # fixext 1, 2, 4, 8, 16
    + [(STR, 1, 0), (STR, 2, 0), (STR, 4, 0)]
    + [(ARRAY, 2, 0), (ARRAY, 4, 0)]
    + [(MAP, 2, 0), (MAP, 4, 0)]
    + [(LEAF, 0, 0)] * 0x20  # negative fixint
)


def scan(data: bytes) -> None:
    """Check that `data` is exactly one msgpack value within the interop profile.

    Raises:
        RemoteProtocolError: naming the first byte that is wrong.
    """
    end = len(data)
    offset = nodes = 0
    remaining = 1  # values still to come in the innermost open container
    keys: set[bytes] | None = None  # keys seen in it, if it is a map: even `remaining` means a key
    outer: list[tuple[int, set[bytes] | None]] = []
    while True:
        if not remaining:
            if not outer:
                break
            remaining, keys = outer.pop()
            continue
        if offset >= end:
            raise truncated(end, 1)
        nodes += 1
        if nodes > limits.MAX_NODES:
            raise too_many(offset, "values in a message", nodes, limits.MAX_NODES)
        what, width, length = HEADS[data[offset]]
        if what == FORBIDDEN:
            raise forbidden(offset, data[offset])
        is_key = keys is not None and not remaining % 2
        if is_key and what != STR:
            raise wrong_key(offset, data[offset])
        remaining -= 1
        body = offset + 1 + width
        if body > end:
            raise truncated(end, body - end)
        if what == LEAF:
            offset = body
            continue
        if width:
            length = int.from_bytes(data[offset + 1 : body], signed=what == INT64)
        if what in (INT64, UINT64):
            if not -limits.MAX_INT <= length <= limits.MAX_INT:
                raise unsafe_int(offset, length)
            offset = body
        elif what in (STR, BIN):
            if length > end - body:
                raise truncated(end, length - (end - body))
            if what == STR:
                check_text(data, body, body + length)
            if is_key:
                add_key(keys, data[body : body + length], offset)
            offset = body + length
        else:
            if length > limits.MAX_ELEMENTS:
                raise too_many(offset, "elements in a container", length, limits.MAX_ELEMENTS)
            if len(outer) >= limits.MAX_DEPTH:
                raise too_deep(offset)
            outer.append((remaining, keys))
            remaining, keys = (2 * length, set()) if what == MAP else (length, None)
            if remaining > end - body:
                raise truncated(end, remaining - (end - body))
            offset = body
    if offset != end:
        raise RemoteProtocolError(
            ErrorCode.TRAILING_BYTES,
            "there are bytes after the message's end",
            offset=offset,
            expected="end of message",
            got=f"{end - offset} more bytes",
        )


def locate(data: bytes, path: Path) -> int:
    """Return the offset of the value at `path` of a scanned message.

    Where the path names a key that is not there, the offset is that of the map.
    """
    offset = 0
    for step in path:
        what, width, length = HEADS[data[offset]]
        body = offset + 1 + width
        if width:
            length = int.from_bytes(data[offset + 1 : body])
        if what == ARRAY and isinstance(step, int):
            for _ in range(step):
                body = skip(data, body)
        elif what == MAP and isinstance(step, str):
            for _ in range(length):
                value = skip(data, body)
                if text_at(data, body, value) == step:
                    body = value
                    break
                body = skip(data, value)
            else:
                return offset
        offset = body
    return offset


def skip(data: bytes, offset: int) -> int:
    """Return where the value at `offset` of a scanned message ends."""
    remaining = 1
    while remaining:
        remaining -= 1
        what, width, length = HEADS[data[offset]]
        body = offset + 1 + width
        if width and what in (STR, BIN, ARRAY, MAP):
            length = int.from_bytes(data[offset + 1 : body])
        offset = body + length if what in (STR, BIN) else body
        if what in (ARRAY, MAP):
            remaining += 2 * length if what == MAP else length
    return offset


def text_at(data: bytes, offset: int, end: int) -> str:
    """Return the str that lies at `offset..end` of a scanned message."""
    return data[offset + 1 + HEADS[data[offset]][1] : end].decode()


def check_text(data: bytes, start: int, end: int) -> None:
    try:
        data[start:end].decode()
    except UnicodeDecodeError as error:
        raise RemoteProtocolError(
            ErrorCode.BAD_UTF8,
            "a str is not valid UTF-8",
            offset=start + error.start,
            expected="UTF-8",
            got=f"byte 0x{data[start + error.start]:02X}",
        ) from None


def add_key(keys: set[bytes] | None, key: bytes, offset: int) -> None:
    assert keys is not None
    if key in keys:
        raise RemoteProtocolError(
            ErrorCode.DUPLICATE_KEY,
            "a map has the same key twice",
            offset=offset,
            expected="each key once",
            got=f"{key.decode()[:64]!r} again",
        )
    keys.add(key)


def truncated(end: int, missing: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        ErrorCode.TRUNCATED,
        "the message ends before its last value does",
        offset=end,
        expected=f"at least {missing} more bytes",
        got="end of message",
    )


def too_many(offset: int, what: str, got: int, limit: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        ErrorCode.TOO_MANY, f"too many {what}", offset=offset, got=str(got), limit=limit
    )


def too_deep(offset: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        ErrorCode.TOO_DEEP,
        "containers within containers go too deep",
        offset=offset,
        got=str(limits.MAX_DEPTH + 1),
        limit=limits.MAX_DEPTH,
    )


def forbidden(offset: int, head: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        ErrorCode.FORBIDDEN_TYPE,
        "extension types and 0xC1 are not part of the wire",
        offset=offset,
        expected="nil, bool, int, float, str, bin, array or map",
        got=f"head 0x{head:02X}",
    )


def wrong_key(offset: int, head: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        ErrorCode.WRONG_TYPE,
        "a map key is not a str",
        offset=offset,
        expected="str",
        got=f"head 0x{head:02X}",
    )


def unsafe_int(offset: int, number: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        ErrorCode.OUT_OF_RANGE,
        "an int is beyond what JavaScript can hold",
        offset=offset,
        expected="int within +-(2^53 - 1)",
        got=str(number),
        limit=limits.MAX_INT,
    )
