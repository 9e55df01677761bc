"""The structure of one msgpack message, walked without building anything.

The walk is iterative, takes one step a value and checks every claimed length against the bytes at
hand, so that decoding what passed cannot allocate more than a small multiple of the message.
"""

from __future__ import annotations

from typing import Final

from protocol import limits
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.fields.mismatch import Key, Path

FORBIDDEN_KEY: Final = b"__proto__"
"""JavaScript cannot hold it as a plain property; decoders there refuse it, or worse."""

LEAF: Final = 0
STR: Final = 1
BIN: Final = 2
INT64: Final = 3
UINT64: Final = 4
ARRAY: Final = 5
MAP: Final = 6
FORBIDDEN: Final = 7

NO_HEAD: Final = (FORBIDDEN, 1, 0)
"""What begins nothing. Something is said to follow it, so that it is looked at more closely."""

# For each head byte: what it begins, how many bytes of length (or number) follow it, and the
# length that the head itself carries.
HEADS: Final[list[tuple[int, int, int]]] = (
    [(LEAF, 0, 0)] * 0x80  # positive fixint
    + [(MAP, 0, n) for n in range(16)]
    + [(ARRAY, 0, n) for n in range(16)]
    + [(STR, 0, n) for n in range(32)]
    + [(LEAF, 0, 0), NO_HEAD, (LEAF, 0, 0), (LEAF, 0, 0)]  # nil, 0xC1, false, true
    + [(BIN, 1, 0), (BIN, 2, 0), (BIN, 4, 0)]
    + [NO_HEAD] * 3  # ext 8, 16, 32
    + [(LEAF, 4, 0), (LEAF, 8, 0)]  # float 32, 64
    + [(LEAF, 1, 0), (LEAF, 2, 0), (LEAF, 4, 0), (UINT64, 8, 0)]
    + [(LEAF, 1, 0), (LEAF, 2, 0), (LEAF, 4, 0), (INT64, 8, 0)]
    + [NO_HEAD] * 5  # fixext 1, 2, 4, 8, 16
    + [(STR, 1, 0), (STR, 2, 0), (STR, 4, 0)]
    + [(ARRAY, 2, 0), (ARRAY, 4, 0)]
    + [(MAP, 2, 0), (MAP, 4, 0)]
    + [(LEAF, 0, 0)] * 0x20  # negative fixint
)


def scan(data: bytes) -> None:
    """Check that `data` is exactly one msgpack value within the interop profile.

    Raises:
        RemoteProtocolError: naming the first byte that is wrong.
        TypeError: these are not bytes.
    """
    if not isinstance(data, bytes):
        raise TypeError(f"expected bytes, got {type(data).__name__}")
    end = len(data)
    offset = nodes = 0
    remaining = 1  # values still to come in the innermost open container
    keys: set[bytes] | None = None  # keys seen in it, if it is a map: even `remaining` means a key
    outer: list[tuple[int, set[bytes] | None]] = []
    while remaining or outer:
        if not remaining:
            remaining, keys = outer.pop()
            continue
        is_key = keys is not None and not remaining % 2
        remaining -= 1
        nodes += 1
        what, width, length = HEADS[data[offset]] if offset < end else NO_HEAD
        body = offset + 1
        # Most heads are one byte that may stand anywhere. All others are looked at more closely.
        if width or nodes > limits.MAX_NODES or (is_key and what != STR):
            what, body, length = read_head(data, offset, nodes, is_key)
        if what == LEAF:
            offset = body
            continue
        if what in (ARRAY, MAP):
            check_container(offset, length, len(outer))
            outer.append((remaining, keys))
            remaining, keys = (2 * length, set()) if what == MAP else (length, None)
            length = remaining  # each value takes a byte at least
        if length > end - body:
            raise truncated(end, length - (end - body))
        if what == STR:
            text = data[body : body + length]
            if not text.isascii():
                check_text(data, body, body + length)
            if keys is not None and is_key:
                add_key(keys, text, offset)
        offset = body if what in (ARRAY, MAP) else body + length
    if offset != end:
        raise trailing(offset, end)


def read_head(data: bytes, offset: int, nodes: int, is_key: bool) -> tuple[int, int, int]:
    """Check that a value may begin here.

    Returns: what it is, where its head ends, and the length that the head claims.
    """
    end = len(data)
    # SPEC 3.3.3: the order of these checks decides which error is the first.
    if offset >= end:
        raise truncated(end, 1)
    if nodes > limits.MAX_NODES:
        raise too_many(offset, "values in a message", nodes, limits.MAX_NODES)
    what, width, length = HEADS[data[offset]]
    if what == FORBIDDEN or (is_key and what != STR):
        raise refused(offset, data[offset])
    body = offset + 1 + width
    if body > end:
        raise truncated(end, body - end)
    if what == LEAF or not width:
        return what, body, length
    number = int.from_bytes(data[offset + 1 : body], signed=what == INT64)
    if what in (INT64, UINT64):
        check_int(offset, number)
        return what, body, 0
    return what, body, number


def locate(data: bytes, path: Path) -> int:
    """Return the offset of the value, or key, at `path` of a scanned message that has it."""
    offset = 0
    for step in path:
        offset += 1 + HEADS[data[offset]][1]
        if isinstance(step, int):
            for _ in range(step):
                offset = skip(data, offset)
        else:
            offset = find_key(data, offset, step)
    return offset


def find_key(data: bytes, offset: int, step: str) -> int:
    """Return the offset of a key's value (of the key itself, for a `Key`) in the map whose first
    key is at `offset`."""
    value = skip(data, offset)
    while text_at(data, offset, value) != step:
        offset = skip(data, value)
        value = skip(data, offset)
    return offset if isinstance(step, Key) else value


def skip(data: bytes, offset: int) -> int:
    """Return where the value at `offset` of a scanned message ends."""
    remaining = 1
    while remaining:
        what, width, length = HEADS[data[offset]]
        offset += 1 + width
        if width and what not in (LEAF, INT64, UINT64):
            length = int.from_bytes(data[offset - width : offset])
        if what in (STR, BIN):
            offset += length
        remaining += (2 * length if what == MAP else length if what == ARRAY else 0) - 1
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


def add_key(keys: set[bytes], key: bytes, offset: int) -> None:
    if key == FORBIDDEN_KEY:
        raise RemoteProtocolError(
            ErrorCode.FORBIDDEN_TYPE,
            "a map key is one that JavaScript cannot hold",
            offset=offset,
            expected="any other key",
            got='"__proto__"',
        )
    if key in keys:
        raise RemoteProtocolError(
            ErrorCode.DUPLICATE_KEY,
            "a map has the same key twice",
            offset=offset,
            expected="each key once",
            got=f"'{shown(key.decode())}' again",
        )
    keys.add(key)


def shown(text: str) -> str:
    """Return the beginning of a stranger's word, without characters that a terminal would obey."""
    return repr(text[:64])[1:-1]


def check_int(offset: int, number: int) -> None:
    if not -limits.MAX_INT <= number <= limits.MAX_INT:
        raise RemoteProtocolError(
            ErrorCode.OUT_OF_RANGE,
            "an int is beyond what JavaScript can hold",
            offset=offset,
            expected="int within +-(2^53 - 1)",
            got=str(number),
            limit=limits.MAX_INT if number > 0 else -limits.MAX_INT,
        )


def check_container(offset: int, length: int, depth: int) -> None:
    if length > limits.MAX_ELEMENTS:
        raise too_many(offset, "elements in a container", length, limits.MAX_ELEMENTS)
    if depth >= limits.MAX_DEPTH:
        raise RemoteProtocolError(
            ErrorCode.TOO_DEEP,
            "containers within containers go too deep",
            offset=offset,
            got=str(depth + 1),
            limit=limits.MAX_DEPTH,
        )


def truncated(end: int, missing: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        ErrorCode.TRUNCATED,
        "the message ends before its last value does",
        offset=end,
        expected=f"at least {missing} more bytes",
        got="end of message",
    )


def trailing(offset: int, end: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        ErrorCode.TRAILING_BYTES,
        "there are bytes after the message's end",
        offset=offset,
        expected="end of message",
        got=f"{end - offset} more bytes",
    )


def too_many(offset: int, what: str, got: int, limit: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        ErrorCode.TOO_MANY, f"too many {what}", offset=offset, got=str(got), limit=limit
    )


def refused(offset: int, head: int) -> RemoteProtocolError:
    """Say why a head may not stand where it does."""
    got = f"head 0x{head:02X}"
    if HEADS[head][0] != FORBIDDEN:
        return RemoteProtocolError(
            ErrorCode.WRONG_TYPE, "a map key is not a str", offset=offset, expected="str", got=got
        )
    return RemoteProtocolError(
        ErrorCode.FORBIDDEN_TYPE,
        "extension types and 0xC1 are not part of the wire",
        offset=offset,
        expected="nil, bool, int, float, str, bin, array or map",
        got=got,
    )
