"""Makes a stranger's words fit to stand beside others': on a page, in a terminal, in a log.

A name may hold characters that turn the text after it around, that show nothing at all, or that a
terminal obeys. protocol/vectors/legible.json holds every client to the same result.
"""

from __future__ import annotations

import re
import unicodedata

BLANKS = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000]+")

UNSEEN = re.compile(
    # A flag of a region is a black flag with letters that nobody sees; it stays whole.
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)"
    "|[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control codes
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    "\ud800-\udfff]"  # halves of characters, which cannot be printed
)

# Persian, the scripts of India and families of emoji need joiners. At an edge they would join what
# stands beside, and between Latin letters they show nothing.
JOINERS = "\u200c\u200d"
LAST_LATIN = "\u02ff"

MARKS = 5
"""Accents on one letter, at most: Hebrew has four, and a pile of forty covers other lines."""

RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"


def legible(text: str) -> str:
    """Return what of the text can be seen, in one line. It may be empty: have another name then.

    What acts on its neighbours is dropped; emoji stay whole, and every script stays readable.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    kept: list[str] = []
    joiner = ""
    pile = 0
    for char in BLANKS.sub(" ", UNSEEN.sub(r"\1", text)):
        if char in JOINERS:
            joiner = char
            continue
        before = kept[-1] if kept else " "
        category = unicodedata.category(char)
        pile = pile + 1 if category in ("Mn", "Me") else 0
        is_adrift = before == " " and (category.startswith("M") or char == " ")
        if is_adrift or pile > MARKS:
            continue
        if joiner and before > LAST_LATIN and char > LAST_LATIN:
            kept.append(joiner)
        joiner = ""
        kept.append(char)
    return "".join(kept).rstrip()


def isolated(text: str) -> str:
    """Return `legible` text that does not turn around what is printed beside it.

    Only words from right to left need it; a page has `<bdi>` for it.
    """
    seen = legible(text)
    if RIGHT_TO_LEFT.search(seen) is None:
        return seen
    return f"{FIRST_STRONG_ISOLATE}{seen}{POP_ISOLATE}"


def legible_lines(text: str) -> str:
    """Return a text of several lines, such as a traceback, each as `isolated` and indented."""
    return "\n".join(map(_legible_line, text.splitlines()))


def _legible_line(line: str) -> str:
    return " " * (len(line) - len(line.lstrip(" "))) + isolated(line)
