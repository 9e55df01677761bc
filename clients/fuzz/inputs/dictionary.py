"""Tokens of the wire for fuzzers that put bytes together themselves, as AFL and libFuzzer do.

Each line is a name and its bytes: opcodes behind a frame's head, keys, words, numbers at bounds,
and every head that begins a value.
"""

from __future__ import annotations

from collections.abc import Iterator

from clients.fuzz.inputs.damages.heads import BEYOND
from clients.fuzz.inputs.damages.texts import ILL_FORMED
from clients.fuzz.inputs.writing.frames import FRAMES
from clients.fuzz.inputs.writing.heads import FORBIDDEN_HEADS, LONG, SHORT, ints, short_text
from clients.fuzz.inputs.writing.numbers import TURNS
from clients.fuzz.inputs.writing.values import FORBIDDEN_KEY
from protocol.fields.field_types import Either, FieldType, Fixed, Mapped, OrFalse, Several, Word
from protocol.fields.schema import Record, record_fields


def dictionary() -> str:
    """Return all tokens in the dictionary format that AFL and libFuzzer read."""
    lines = [f'{name}="{escaped(token)}"' for name, token in tokens()]
    return "# Tokens of Roomwire's wire.\n" + "\n".join(lines) + "\n"


def escaped(token: bytes) -> str:
    """Write bytes as a dictionary does."""
    return "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02X}"
        for byte in token
    )


def tokens() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every token, each bytes once."""
    seen: set[bytes] = set()
    for name, token in _all():
        if token not in seen:
            seen.add(token)
            yield name, token


def _all() -> Iterator[tuple[str, bytes]]:
    for reader, frames in FRAMES.items():
        for cls in frames:
            head = 0x91 + len(record_fields(cls))
            yield f"{reader.value}_{cls.opcode.name.lower()}", bytes([head, cls.opcode])
    for name, words in sorted(_texts()):
        yield f"{name}_{words}", short_text(words.encode())
    yield "forbidden_key", short_text(FORBIDDEN_KEY)
    yield from _heads()
    for number in TURNS:
        written = ints(number)
        for index, each in enumerate(written):
            yield f"int_{str(number).replace('-', 'minus_')}_{index}", each
    for index, each in enumerate(BEYOND):
        yield f"int_beyond_{index}", each
    for name, sequences in ILL_FORMED.items():
        for index, each in enumerate(sequences):
            yield f"{name}_{index}", each


def _heads() -> Iterator[tuple[str, bytes]]:
    for kind, (first, longest) in SHORT.items():
        yield f"{kind.name.lower()}_empty", bytes([first])
        yield f"{kind.name.lower()}_full", bytes([first + longest])
    for kind, several in LONG.items():
        for head, width in several:
            yield f"{kind.name.lower()}_{8 * width}", bytes([head]) + (1).to_bytes(width)
            yield f"{kind.name.lower()}_{8 * width}_most", bytes([head]) + b"\xff" * width
    for name, head in (("nil", 0xC0), ("false", 0xC2), ("true", 0xC3)):
        yield name, bytes([head])
    yield "float_32", b"\xca\x7f\xc0\x00\x00"
    yield "float_64", b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"
    for head in FORBIDDEN_HEADS:
        yield f"forbidden_{head:02x}", bytes([head])


def _texts() -> set[tuple[str, str]]:
    """Return the keys and words of all frames."""
    found: set[tuple[str, str]] = set()
    for frames in FRAMES.values():
        for cls in frames:
            for _, field_type, _ in record_fields(cls):
                found |= _texts_of(field_type)
    return found


def _texts_of(field: FieldType) -> set[tuple[str, str]]:
    match field:
        case Word():
            return {("word", word) for word in field.words}
        case Record():
            keys = {("key", name) for name, _, _ in record_fields(field.cls)}
            inner = (_texts_of(each) for _, each, _ in record_fields(field.cls))
            return keys.union(*inner)
        case Either() | Fixed():
            empty: set[tuple[str, str]] = set()
            return empty.union(*map(_texts_of, field.field_types))
        case OrFalse() | Several() | Mapped():
            return _texts_of(field.field_type)
        case _:
            return set()
