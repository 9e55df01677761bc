"""Messages as people have them at hand: hex, base64, or bytes as Python prints them."""

from __future__ import annotations

import ast
import base64
import binascii
import re

from clients.decode.sources.said import NotReadable

FORMS = ("hex", "base64", "python")

LITERAL = re.compile(r"""b(["']).*\1""", re.S)
BETWEEN = re.compile(r"0x|\\x|[\s,:;-]+", re.I)


def bytes_of(text: str, form: str | None = None) -> bytes:
    """Return the bytes that a text stands for.

    Args:
        form: one of `FORMS`; if left out, the first that fits

    Raises:
        NotReadable: it is not of that form, or of none.
    """
    text = text.strip()
    for each in (form,) if form else FORMS:
        found = READERS[each](text)
        if found is not None:
            return found
    raise NotReadable(f"this is no {form or 'hex, base64 or file'}: {text[:40]}")


def from_hex(text: str) -> bytes | None:
    """Read hex as programs print it: 93 10, 0x93,0x10, \\x93\\x10, 93:10."""
    try:
        return bytes.fromhex(BETWEEN.sub("", text))
    except ValueError:
        return None


def from_base64(text: str) -> bytes | None:
    """Read base64 of either alphabet, with or without its padding."""
    joined = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(joined + "=" * (-len(joined) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def from_python(text: str) -> bytes | None:
    if not LITERAL.fullmatch(text):
        return None
    try:
        literal = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    return literal if isinstance(literal, bytes) else None


READERS = {"hex": from_hex, "base64": from_base64, "python": from_python}
