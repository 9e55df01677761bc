"""Patches of bugs: what their head says, and how they get into a copy of the code."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
HERE: Final = Path(__file__).parent

TYPESCRIPT: Final = "clients/browser/src"
SOURCES: Final = {
    "python": ("protocol", "clients/__init__.py", "clients/fuzz", "clients/python"),
    "typescript": (TYPESCRIPT,),
}
"""What a bug of each language may be planted into, with what it is imported with."""
HUNK: Final = re.compile(r"^@@ .*\n((?:[ +-].*\n|\n)+)", re.M)


class Stale(Exception):
    """The code is no longer what a patch was made for."""


@dataclass(frozen=True)
class Bug:
    """One patch."""

    name: str
    language: str
    breaks: str
    """What is wrong in the copy."""
    rule: str
    """The rule of SPEC.md that a finding must name."""
    against: str
    """The codec that the broken one is held to; "" where it has to be found without another."""
    diff: str


def bugs(language: str) -> list[Bug]:
    """Return the bugs of a language, in the order of their names."""
    return [read(path) for path in sorted((HERE / language).glob("*.patch"))]


def read(path: Path) -> Bug:
    about, mark, rest = path.read_text().partition("--- ")
    said = dict(line.split(": ", 1) for line in about.splitlines())
    against = said.pop("Against", "")
    return Bug(path.stem, path.parent.name, said["Breaks"], said["Rule"], against, mark + rest)


def copy(language: str, folder: Path) -> Path:
    """Copy what bugs of a language are planted into; return the folder."""
    for source in SOURCES[language]:
        target = folder / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy(ROOT / source, target)
    return folder


def plant(bug: Bug, folder: Path) -> None:
    """Apply a patch to a copy. A patch knows its place by the lines around it, not by numbers.

    Raises:
        Stale: one of its places is not there, or is there twice.
    """
    for path, old, new in changes(bug.diff):
        text = (folder / path).read_text()
        if text.count(old) != 1:
            raise Stale(f"{bug.name}: {path} has {text.count(old)} times:\n{old}")
        (folder / path).write_text(text.replace(old, new))


def changes(diff: str) -> Iterator[tuple[str, str, str]]:
    """Yield the file, the lines and what shall stand there instead, for each hunk of a diff."""
    for part in diff.split("--- a/")[1:]:
        path = part.partition("\n")[0]
        for hunk in HUNK.findall(part):
            lines = [line or " \n" for line in hunk.splitlines(keepends=True)]
            yield path, side(lines, "-"), side(lines, "+")


def side(lines: list[str], sign: str) -> str:
    return "".join(line[1:] for line in lines if line[0] in (" ", sign))
