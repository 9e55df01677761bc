"""Conversations that lack some of their parts, and still hold together: so findings are shrunk.

A part is a step of a hostile client; of a hostile relay a visit, or what it tells in one. Parts are
known by their numbers, which a seed decides.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from clients.fuzz.peers.plan.as_client import story
from clients.fuzz.peers.plan.as_relay import Acknowledge, Line, Tell, Visit, plot
from clients.fuzz.peers.plan.steps import End, Enter, Flood, Lag, Say, Settle, Step
from protocol import frames

Kept = tuple[int, ...]
"""Numbers of parts, in order."""

CAN_GO: Final = (frames.Deliver, frames.Update, frames.Property)
"""What a hostile relay may as well not have told."""


class Unsound(Exception):
    """A conversation without these parts would ask for what nobody promises."""


def fewest(count: int, still_fails: Callable[[Kept], bool]) -> Kept:
    """Leave parts out, many and then few at a time, as long as what is left still fails."""
    kept = tuple(range(count))
    size = max(count // 2, 1)
    while size:
        for start in range((len(kept) - 1) // size * size, -1, -size):
            fewer = kept[:start] + kept[start + size :]
            if fewer and still_fails(fewer):
                kept = fewer
        size //= 2
    return kept


# A hostile client's.


def room_of(seed: int, kept: Kept | None) -> str:
    """Return the name of a conversation's room: one that has fewer steps has a room of its own."""
    return f"FUZZ-{seed}" if kept is None else f"FUZZ-{seed}-{zlib.crc32(repr(kept).encode()):08X}"


def steps_of(seed: int, kept: Kept | None) -> list[Step]:
    """Return the steps of a story, or those that are kept of them.

    Raises:
        Unsound: who is not there speaks, or two speak at once.
    """
    steps = story(seed)
    if kept is None:
        return steps
    steps = [steps[number] for number in kept]
    check_steps(steps)
    return steps


def check_steps(steps: Sequence[Step]) -> None:
    """Check that everybody is in the room who speaks, and that only one of them speaks at a time.

    Raises:
        Unsound: it is not so.
    """
    there: set[str] = set()
    speaker = ""
    check_lags(steps)
    for step in steps:
        by = getattr(step, "by", "")
        if isinstance(step, Enter):
            there.add(by)
        elif by and by not in there:
            raise Unsound(f"{by} is not there")
        if isinstance(step, Lag) and (speaker or not {"ann", "bob"} <= there):
            raise Unsound("there is nobody who may speak while somebody lags")
        if isinstance(step, Say) and speaker not in ("", by):
            raise Unsound(f"{by} speaks while {speaker} does")
        if isinstance(step, Say):
            speaker = by
        elif isinstance(step, Settle | Enter | End | Flood) and by == speaker:
            speaker = ""
        if isinstance(step, End):
            there.discard(by)


def check_lags(steps: Sequence[Step]) -> None:
    """Check that one who lags has come slowly; and that one who does not read on goes.

    Raises:
        Unsound: it is not so.
    """
    is_slow = False
    for step, after in pairwise((*steps, None)):
        if isinstance(step, Enter) and step.by == "eve":
            is_slow = step.is_slow
        if not isinstance(step, Lag):
            continue
        if not is_slow:
            raise Unsound("the kernels keep much for one who lags")
        is_gone = isinstance(after, End) and after.by == step.by and after.how == "reset"
        if not step.reads_on and not is_gone:
            raise Unsound("one who does not read hears something")


# A hostile relay's.


def visits_of(seed: int, kept: Kept | None) -> list[Visit]:
    """Return the visits of a plot, or what is kept of them.

    Raises:
        Unsound: a client could not make sense of it.
    """
    visits = plot(seed)
    if kept is None:
        return visits
    left = [
        replace(visit, lines=tuple(line for part, line in lines if part is None or part in kept))
        for visit, number, lines in numbered(visits)
        if number in kept
    ]
    check_visits(left)
    return left


def count_of(visits: Sequence[Visit]) -> int:
    """Return how many parts there are."""
    return len(visits) + sum(can_go(line) for visit in visits for line in visit.lines)


def numbered(
    visits: Sequence[Visit],
) -> Iterator[tuple[Visit, int, list[tuple[int | None, Line]]]]:
    """Yield each visit with its number, and its lines with theirs; None has what must stay."""
    number = 0
    for visit in visits:
        own, lines = number, []
        for line in visit.lines:
            number += can_go(line)
            lines.append((number if can_go(line) else None, line))
        yield visit, own, lines
        number += 1


def can_go(line: Line) -> bool:
    """Say whether what comes later holds without this line."""
    if isinstance(line, Acknowledge):
        return True
    return isinstance(line, Tell) and (line.frame is None or isinstance(line.frame, CAN_GO))


def check_visits(visits: Sequence[Visit]) -> None:
    """Check that each visit goes on where the one before ended, and the last one sends away.

    Raises:
        Unsound: it is not so.
    """
    if not visits or visits[-1].finish.how != "close":
        raise Unsound("nobody ends it")
    for before, visit in pairwise(visits):
        is_same = (before.life.epoch, before.life.player) == (visit.life.epoch, visit.life.player)
        if not is_same and not visit.refusal:
            raise Unsound("another life begins untold")
    first = visits[0].finish
    if first.stage == "upgrade" and first.code:  # SPEC 21.2: a client may give up
        raise Unsound("the first upgrade is answered in part")
