"""Ill-formed UTF-8 of every class, in values and in keys; and what looks odd but is well-formed."""

from __future__ import annotations

from random import Random
from typing import Final

from clients.fuzz.inputs.damages.harm import Edit, Fault, Harm, damage
from clients.fuzz.inputs.writing.heads import Kind, heads, pick
from clients.fuzz.inputs.writing.nodes import Node, Written

ILL_FORMED: Final[dict[str, tuple[bytes, ...]]] = {
    "lone_continuation": (b"\x80", b"\xbf", b"\x80\x80", b"\x80\xc3\xa9"),
    "overlong_2": (b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xc1\x80"),
    "overlong_3": (b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xe0\x80\xaf"),
    "overlong_4": (b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf0\x82\x82\xac"),
    "surrogate": (b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xad\xbf", b"\xed\xa0\xbd\xed\xb8\x80"),
    "above_10ffff": (b"\xf4\x90\x80\x80", b"\xf4\xbf\xbf\xbf", b"\xf5\x80\x80\x80", b"\xf7\xbf"),
    "five_and_six": (b"\xf8\x88\x80\x80\x80", b"\xfb\xbf", b"\xfc\x84\x80\x80\x80\x80", b"\xfd"),
    "truncated_2": (b"\xc2", b"\xdf", b"\xc3\xc3\xa9"),
    "truncated_3": (b"\xe2\x82", b"\xe0\xa0", b"\xed\x9f", b"\xef", b"\xe2\x82\xe2\x82\xac"),
    "truncated_4": (b"\xf0\x9f\x98", b"\xf0\x90\x80", b"\xf4\x8f\xbf", b"\xf1\x80", b"\xf0"),
    "fe_ff": (b"\xfe", b"\xff", b"\xff\xfe", b"\xfe\xff"),
}
"""Sequences that no UTF-8 has, by class. The first byte of each is the one to blame."""

BEFORE: Final = tuple(
    text.encode() for text in ("", "", "a", "é", "€", "😀", "ab\ufeff", "\U0010ffff", "x" * 31)
)
AFTER: Final = (b"", b"", b"a", b"(", b" \xc3\xa9", b"\xff", b"x" * 60)
"""What may follow: nothing that could complete a truncated sequence."""

LARGE: Final = b"\xe2\x82\xac" * 400


@damage(needs="texts")
def bad_utf8(rng: Random, written: Written) -> Harm | None:
    """Put an ill-formed sequence into a str."""
    if not written.texts:
        return None
    before = pick(rng, BEFORE) if rng.random() < 0.98 else LARGE
    return ill_formed(rng, pick(rng, written.texts), before, pick(rng, CLASSES))


@damage(needs="keys")
def bad_utf8_in_key(rng: Random, written: Written) -> Harm | None:
    if not written.keys:
        return None
    return ill_formed(rng, pick(rng, written.keys), pick(rng, BEFORE), pick(rng, CLASSES))


@damage(needs="texts")
def bad_utf8_within(rng: Random, written: Written) -> Harm | None:
    """Put an ill-formed sequence between the characters that a str has."""
    node = pick(rng, written.texts) if written.texts else None
    if node is None or node.body == node.end:
        return None
    text = written.data[node.body : node.end].decode()
    before = text[: int(rng.random() * (len(text) + 1))].encode()
    return ill_formed(rng, node, before, pick(rng, CLASSES))


def ill_formed(rng: Random, node: Node, before: bytes, sequences: tuple[bytes, ...]) -> Harm:
    """Replace a str by one that is ill-formed after `before`."""
    body = before + pick(rng, sequences) + pick(rng, AFTER)
    forms = heads(Kind.STR, len(body))
    head = forms[0] if rng.random() < 0.7 else pick(rng, forms)
    fault = Fault("3.3.3.8", "BAD_UTF8", node.start, len(head) + len(before))
    return Harm((Edit(node.start, node.end, head + body),), fault)


CLASSES: Final = tuple(ILL_FORMED.values())
