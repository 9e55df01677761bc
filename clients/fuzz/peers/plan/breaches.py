"""Ways to break RFC 6455, each with the close codes that are a right answer to it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from clients.fuzz.peers.plan.dress import mask
from clients.fuzz.peers.plan.framing import (
    ABNORMAL,
    BINARY,
    CLOSE,
    CONTINUATION,
    NO_STATUS,
    PING,
    PONG,
    TEXT,
    frame,
)

PROTOCOL_ERROR, TEXT_REFUSED, BAD_TEXT, TOO_BIG = 1002, 1003, 1007, 1009

LIVES: Final = 0
"""In place of a close code: the connection may as well go on."""

GIVES_UP: Final = frozenset({1002, 1003, 1007, 1008, NO_STATUS, ABNORMAL, *range(3000, 5000)})
"""How a client may end a connection whose relay broke the protocol of frames. In a browser, a
program can send only 1000 of the standard's codes, or none."""


class Breach(NamedTuple):
    """What is written, and how the other side may close."""

    name: str
    data: bytes
    codes: frozenset[int]


Maker = Callable[[Random, bool], tuple[bytes, set[int]]]

MAKERS: dict[str, Maker] = {}


def breach(maker: Maker) -> Maker:
    MAKERS[maker.__name__] = maker
    return maker


def drawn(rng: Random, *, is_client: bool) -> Breach:
    """Draw a breach, as a client or a relay would write it."""
    name = rng.choice(sorted(MAKERS))
    data, codes = MAKERS[name](rng, is_client)
    return Breach(name, data, frozenset(codes))


@breach
def wrong_mask(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    """A client that does not mask (RFC 6455, 5.1), or a relay that does."""
    return frame(BINARY, b"\x92\x05\x01", mask(rng, not is_client)), {PROTOCOL_ERROR}


@breach
def reserved_bits(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    opcode = rng.choice((BINARY, PING, CLOSE))
    data = frame(
        opcode,
        b"\x92\x05\x01" if opcode == BINARY else b"",
        mask(rng, is_client),
        rsv=rng.randint(1, 7),
    )
    return data, {PROTOCOL_ERROR}


@breach
def reserved_opcode(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    opcode = rng.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15))
    return frame(opcode, rng.randbytes(rng.randint(0, 9)), mask(rng, is_client)), {PROTOCOL_ERROR}


@breach
def continuation_of_nothing(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    is_last = rng.random() < 0.5
    data = frame(CONTINUATION, b"\x92\x05\x01", mask(rng, is_client), is_last=is_last)
    return data, {PROTOCOL_ERROR}


@breach
def message_within_message(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    first = frame(BINARY, b"\x92", mask(rng, is_client), is_last=False)
    return first + frame(BINARY, b"\x92\x05\x01", mask(rng, is_client)), {PROTOCOL_ERROR}


@breach
def control_in_fragments(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    opcode = rng.choice((PING, PONG, CLOSE))
    data = frame(opcode, b"", mask(rng, is_client), is_last=False)
    return data + frame(CONTINUATION, b"", mask(rng, is_client)), {PROTOCOL_ERROR}


@breach
def control_too_long(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    opcode = rng.choice((PING, PONG))
    return frame(opcode, rng.randbytes(rng.randint(126, 300)), mask(rng, is_client)), {
        PROTOCOL_ERROR
    }


@breach
def close_of_one_byte(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    return frame(CLOSE, b"\x03", mask(rng, is_client)), {PROTOCOL_ERROR}


@breach
def close_with_a_reserved_code(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    code = rng.choice((0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535))
    return frame(CLOSE, code.to_bytes(2), mask(rng, is_client)), {PROTOCOL_ERROR}


@breach
def close_with_a_bad_reason(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    bad = rng.choice((b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"ok\xe2\x82"))
    data = frame(CLOSE, (1000).to_bytes(2) + bad, mask(rng, is_client))
    return data, {PROTOCOL_ERROR, BAD_TEXT}


@breach
def text(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    """SPEC 2.5: the relay closes with 1003. SPEC 21.8: a client should close, too."""
    words = rng.choice((b"", b"hello", "\N{SNOWMAN}".encode()))
    codes = {TEXT_REFUSED} if is_client else {*GIVES_UP, LIVES}
    return frame(TEXT, words, mask(rng, is_client)), codes


@breach
def text_that_is_none(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    """SPEC 8.5: text that is no UTF-8 may be told as such, or as text."""
    bad = rng.choice((b"\xff\xfe", b"\xed\xa0\x80", b"a\xc3"))
    codes = {TEXT_REFUSED, BAD_TEXT}
    return frame(TEXT, bad, mask(rng, is_client)), codes if is_client else {*codes, PROTOCOL_ERROR}


@breach
def length_beyond_all(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    """A claim of up to 2^63 - 1 bytes. A client that has no bound may wait for them."""
    size = rng.choice((1 << 24, 1 << 32, (1 << 63) - 1))
    data = frame(BINARY, b"\x92\x05", mask(rng, is_client), length=b"\x7f" + size.to_bytes(8))
    return data, {TOO_BIG} if is_client else {TOO_BIG, PROTOCOL_ERROR, LIVES}


@breach
def length_of_64_bits(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    """RFC 6455, 5.2: the highest bit of a long length is 0."""
    size = (1 << 63) + rng.choice((0, 3, (1 << 63) - 1))
    data = frame(BINARY, b"\x92\x05", mask(rng, is_client), length=b"\x7f" + size.to_bytes(8))
    codes = {TOO_BIG, PROTOCOL_ERROR}
    return data, codes if is_client else {*codes, LIVES}


@breach
def length_in_too_many_bytes(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    """RFC 6455, 5.2: a length has the fewest bytes. Most readers take more."""
    length = rng.choice((b"\x7e\x00\x03", b"\x7f\x00\x00\x00\x00\x00\x00\x00\x03"))
    message = b"\x92\x05\x01" if is_client else b"\x92\x7f\x01"
    return frame(BINARY, message, mask(rng, is_client), length=length), {PROTOCOL_ERROR, LIVES}


@breach
def fragments_without_end(rng: Random, is_client: bool) -> tuple[bytes, set[int]]:
    """SPEC 2.5: a relay may close upon more than 64 fragments."""
    rest = b"".join(
        frame(CONTINUATION, b"", mask(rng, is_client), is_last=False) for _ in range(80)
    )
    data = frame(BINARY, b"\x92", mask(rng, is_client), is_last=False) + rest
    return data, {TOO_BIG, LIVES}
