"""Splits what one player heard into streams, and judges the order within each."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from math import inf

from protocol.error_codes import ErrorCode
from protocol.fields.numbers import NoticeKind
from tests.chaos.history import Span, terms_of
from tests.chaos.journal import (
    Announced,
    Began,
    Fact,
    Heard,
    Journal,
    Live,
    Noticed,
    Reached,
    Resumed,
    Updated,
)
from tests.chaos.report import Report

RELOADED = "RELOADED"
"""The reason for a new stream after the program forgot its position on purpose."""

ResumeState = tuple[str, int]
"""Epoch and player."""


def _is_same(old: ResumeState, new: ResumeState) -> bool:
    return old == new


def _is_any(old: ResumeState, new: ResumeState) -> bool:
    return True


def _is_other_epoch(old: ResumeState, new: ResumeState) -> bool:
    return old[0] != new[0]


def _is_other_player(old: ResumeState, new: ResumeState) -> bool:
    return old[0] == new[0] and old[1] != new[1]


REASONS: dict[str, Callable[[ResumeState, ResumeState], bool]] = {
    RELOADED: _is_any,
    "HISTORY_TRIMMED": _is_same,
    "SEAT_EXPIRED": _is_other_player,
    "EPOCH_CHANGED": _is_other_epoch,
    "ROOM_GONE": _is_other_epoch,
}
"""The reasons for which a stream may begin anew, and what each must mean for the seat."""

RESET_CODES = frozenset(ErrorCode[reason] for reason in REASONS if reason != RELOADED)
"""The same reasons, as the relay's error codes."""


@dataclass(slots=True)
class Stream:
    """What one player heard from one fresh WELCOME to the next."""

    label: str
    began: Began
    since: float = inf
    """The seq of its first LIVE. The stream covers what follows."""
    complete_from: int = 0
    """The seq after which its past is complete, as the relay says."""
    standing: list[Fact] = field(default_factory=list)
    """The facts of the room as it stood."""
    heard: dict[int, Fact] = field(default_factory=dict)
    last: int = 0
    """The highest seq up to which everything is known to have been told."""
    is_endless: bool = False
    """Whether it still went on when everything had arrived."""
    newest: dict[tuple[str, int], int] = field(default_factory=dict)
    """The number of the newest volatile value, by label and key."""

    @property
    def player(self) -> int:
        return self.began.player

    @property
    def is_live(self) -> bool:
        """Whether LIVE was heard."""
        return self.since != inf

    @property
    def seat(self) -> ResumeState:
        return self.began.epoch, self.began.player

    def covers(self, seq: int, end: int) -> bool:
        """Whether the stream must hold the fact at `seq`, if that is for its player.

        Args: end: see `History.end`. Later facts may still have been on their way.
        """
        return self.since < seq <= (max(end, self.last) if self.is_endless else self.last)

    def covers_all(self, span: Span) -> bool:
        """Whether the stream covers every place between the two seqs."""
        return self.since <= span[0] and (self.is_endless or span[1] <= self.last)

    def __str__(self) -> str:
        return f"{self.label} (player {self.player})"


def streams_of(journal: Journal, resets: Iterable[str], report: Report) -> list[Stream]:
    """Split what a player heard into streams, and judge each by itself.

    The relay holds a seat for only a few seconds if its player never acknowledged the WELCOME. So
    such a seat may expire in any run.
    """
    streams: list[Stream] = []
    unseen = {(term.epoch, term.player) for term in terms_of(journal) if not term.acknowledged}
    for heard in journal.heard:
        if isinstance(heard, Began):
            stream = Stream(journal.label, heard)
            if streams:
                is_brief = streams[-1].seat in unseen
                allowed = {*resets, "SEAT_EXPIRED"} if is_brief else set(resets)
                _judge_reset(streams[-1], stream, allowed, report)
            streams.append(stream)
        elif isinstance(heard, Noticed):  # it may come before there is a stream
            report.notices[NoticeKind(heard.kind).name] += 1
        else:
            _hear(streams[-1], heard, report)
    if streams:
        streams[-1].is_endless = journal.is_complete
    return streams


def _hear(stream: Stream, heard: Heard, report: Report) -> None:
    match heard:
        case Resumed():
            report.resumes += 1
        case Live(seq, complete_from):
            if not stream.is_live:
                stream.since, stream.complete_from = seq, complete_from
            stream.last = max(stream.last, seq)
        case Reached(seq):
            stream.last = max(stream.last, seq)
        case Updated():
            _judge_update(stream, heard, report)
        case Announced() | Began() | Noticed():
            pass
        case _:
            _hear_fact(stream, heard, report)


def _hear_fact(stream: Stream, fact: Fact, report: Report) -> None:
    if not stream.is_live:
        stream.standing.append(fact)
        return
    if fact.seq in stream.heard:
        report.violate("doubled", f"{stream} heard seq {fact.seq} again: {fact}")
    elif fact.seq <= stream.last:
        report.violate("reordered", f"{stream} heard {fact} after seq {stream.last}")
    stream.heard.setdefault(fact.seq, fact)
    stream.last = max(stream.last, fact.seq)


def _judge_update(stream: Stream, update: Updated, report: Report) -> None:
    slot = (update.label, update.key)
    before = stream.newest.get(slot, 0)
    if update.number < before:
        report.violate("reordered", f"{stream} heard {update} after number {before}")
    stream.newest[slot] = max(update.number, before)


def _judge_reset(old: Stream, new: Stream, resets: Container[str], report: Report) -> None:
    reason = new.began.reason
    if not reason and not old.is_live:
        report.resets["never live"] += 1
        return  # it had no position to resume from
    report.resets[reason] += 1
    is_known = reason in resets and reason in REASONS
    if not is_known or not REASONS[reason](old.seat, new.seat):
        text = f"{new} began anew at {new.seat} after {old.seat} seq {old.last}: {reason or 'why?'}"
        report.violate("unexplained", text)
