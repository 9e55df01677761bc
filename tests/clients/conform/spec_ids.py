"""The ids that SPEC.md itself gives: of its points, and of the rows of its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from tests.helpers.spec import SPEC, citable, rows, section

RECORDS = {
    "HELLO options": "HELLO",
    "Room options": "room",
    "Session": "session",
    "Limits": "limits",
    "Player info": "info",
    "Error detail": "error",
    "Notice detail": "notice",
}
"""Headings of section 5, and the word for each in ids."""

KEYWORD = re.compile(r"\b(?:MUST|SHOULD|MAY)\b")


def points() -> set[str]:
    """Return the numbers of all points and sections that are no mere heading of others."""
    found = citable()
    return {each for each in found if not any(other.startswith(f"{each}.") for other in found)}


def parent(entry: str) -> str:
    """Return the number of the point that an id belongs to: "12.3.1" of "12.3.1a"."""
    return entry.split()[0].rstrip("abcdefghij")


def asked() -> dict[str, int]:
    """Return how many sentences with MUST, SHOULD or MAY stand in each point that has any."""
    counts: dict[str, int] = {}
    for point in points():
        sentences = re.split(r"(?<=[.:;]) ", " ".join(_text(point).split()))
        if found := sum(bool(KEYWORD.search(each)) for each in sentences):
            counts[point] = found
    return counts


def _text(point: str) -> str:
    """Return the text of a point of a list; a section's own text if it has no points."""
    part, _, number = point.rpartition(".")
    try:
        whole = section(part) if part else section(point)
    except AssertionError:
        return ""  # a point within a point: its own text is counted with the outer one
    match = re.search(rf"^{number}\. .*?(?=^\d+\. |^\n(?! )|\Z)", whole, re.M | re.S)
    return match[0] if match else ""


def row_ids() -> list[str]:
    """Return an id for every row of every table, in the order of SPEC.md."""
    return [*_of_frames(), *_of_records(), *_of_lists()]


def _of_frames() -> Iterator[str]:
    types, frames, numbers = _tables(section(4))
    yield from (f"4 {row[0]}" for row in types)
    names = [row[1].rstrip("*") for row in frames]
    for row, name in zip(frames, names, strict=True):
        yield f"4 {name} {row[2]}" if names.count(name) > 1 else f"4 {name}"
    field = ""
    for row in numbers:
        field = row[0].split(" ")[0] or field
        yield f"4 {field} {row[2]}"


def _of_records() -> Iterator[str]:
    for heading, body in re.findall(
        r"^\*\*([\w ]+?)[.]?\*\*(.*?)(?=^\*\*|\Z)", section(5), re.M | re.S
    ):
        for table in _tables(body):
            yield from (f"5 {RECORDS[heading]} {row[0].strip('`')}" for row in table)


def _of_lists() -> Iterator[str]:
    (targets,), (errors,), (closes,) = (_tables(section(number)) for number in (6, 7, 8))
    yield from (f"6 {row[0]}" for row in targets)
    yield from (f"7 {row[1]}" for row in errors)
    yield from (f"8 {row[0]}" for row in closes)
    yield from (f"9 {row[0]}" for row in _tables(section(9))[0])
    yield from (f"12.4 {row[0].split(',')[0]} {row[1]}" for row in _tables(section("12.4"))[0])
    yield from (f"19 {row[0]}" for row in _tables(section(19))[0])
    yield from (f"23.2 {row[0].split(' (')[0]}" for row in _tables(section("23.2"))[0])


def _tables(text: str) -> list[list[list[str]]]:
    """Return the rows of each table, without its head."""
    blocks = groupby(text.splitlines(), key=lambda line: line.startswith("|"))
    found = [list(rows("\n".join(lines))) for is_table, lines in blocks if is_table]
    return [table[1:] for table in found]


__all__ = ["SPEC", "asked", "parent", "points", "row_ids"]
