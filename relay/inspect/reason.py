"""Sentences about what happened to a player, and how they name what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a player may see nothing, or late.

    Attributes:
        reason: a word for programs.
        what: a sentence that says what is so.
        do: sentences that say what to do about it.
    """

    reason: str
    what: str
    do: str


def refused(last: Mapping[str, Any]) -> str:
    """Say what was refused, and why. A node of another version may not tell all of it."""
    what = last["op"] or "A message of theirs"
    which = f", their frame {last['frame']}," if last.get("frame") else ""
    return f"{what}{which} was refused with {last['code']}: {last['text']}{_where(last)}"


def _where(refused: Mapping[str, Any]) -> str:
    """Say which byte was wrong, what was expected, and which rule says so."""
    said = []
    if refused.get("offset") is not None:
        said.append(f"at byte {refused['offset']}")
    if refused.get("expected"):
        said.append(f"expected {refused['expected']}")
    if refused.get("got"):
        said.append(f"got {refused['got']}")
    if refused.get("rule"):
        said.append(f"SPEC {refused['rule']}")
    return f" ({', '.join(said)})" if said else ""


KEPT = " What they sent stands below: `relay decode` shows it byte by byte."
