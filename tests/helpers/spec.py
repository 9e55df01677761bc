"""Reads protocol/SPEC.md: its sections, its tables, and its lines of hex."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from protocol.codec import Role

SPEC = (Path(__file__).parents[2] / "protocol" / "SPEC.md").read_text()
ROLES = {"C": Role.CLIENT, "R": Role.RELAY}


@dataclass
class Example:
    """A message in hex: its sender, and its lines with the note beside each."""

    by: Role
    lines: list[tuple[bytes, str]] = field(default_factory=list)

    @property
    def message(self) -> bytes:
        return b"".join(data for data, _ in self.lines)


def section(number: int | str, text: str = SPEC) -> str:
    """Return the text of a numbered section, as 12, or of a part of one, as "12.3"."""
    head, end = ("###", "##+ ") if "." in str(number) else ("##", "## ")
    match = re.search(rf"^{head} {number}\.? .*?(?=^{end}|\Z)", text, re.M | re.S)
    assert match, f"SPEC.md has no section {number}"
    return match[0]


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of every row of every table."""
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def examples(text: str = SPEC) -> list[Example]:
    """Return the messages of every block of hex."""
    found: list[Example] = []
    for block in re.findall(r"^```hex\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            if line[:2] in ("C:", "R:"):
                found.append(Example(ROLES[line[0]]))
            written, _, note = line[3:].partition("  ")
            found[-1].lines.append((bytes.fromhex(written), note.strip()))
    return found


def citable(text: str = SPEC) -> set[str]:
    """Return the numbers of all sections and of their listed points, as in "11" and "11.3"."""
    found: set[str] = set()
    part, points = "", [""]
    for line in text.splitlines():
        if heading := re.match(r"##+ (\d+(?:\.\d+)?)", line):
            part = heading[1]
            found.add(part)
        elif part and (point := re.match(r"((?:   )*)(\d+)\. ", line)):
            depth = len(point[1]) // 3
            points[depth:] = [point[2]]
            found.add(".".join([part, *points]))
    return found
