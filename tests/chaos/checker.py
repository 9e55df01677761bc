"""Judges the journals of one room: were the promises kept?

A stream must hold every frame that was certainly for its player: exactly once, and in the one order
that is the same for all. It must hold nothing that cannot have been for its player. It covers the
order from its LIVE up to the last thing heard; or without end, if the player was there when all had
arrived. Between two streams of a player frames are missing, and the relay must have given a reason.

Pure: journals in, a report out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeGuard

from tests.chaos.history import History, Term, terms_of
from tests.chaos.journal import (
    Announced,
    Delivered,
    Fact,
    GivenUp,
    Heard,
    Journal,
    Refused,
    Said,
    Sent,
)
from tests.chaos.report import Report
from tests.chaos.streams import REASONS, Stream, streams_of


def check(
    journals: Sequence[Journal],
    resets: Iterable[str] = REASONS,
    *,
    has_history: bool = False,
) -> Report:
    """Judge all journals of one room.

    Args:
        resets: reasons for which a stream may begin anew in this run.
        has_history: a joiner hears everything that was sent to all before.
    """
    report = Report(players=len(journals))
    streams = [stream for journal in journals for stream in streams_of(journal, resets, report)]
    terms = [term for journal in journals for term in terms_of(journal)]
    for journal in journals:
        _judge_sender(journal, [term for term in terms if term.label == journal.label], report)
    stayed = {journal.label for journal in journals if journal.is_complete}
    for epoch in dict.fromkeys(stream.began.epoch for stream in streams):
        judged = _Epoch(
            History(epoch, [term for term in terms if term.epoch == epoch], stayed),
            [stream for stream in streams if stream.began.epoch == epoch],
            report,
        )
        judged.judge()
        if has_history:
            judged.judge_history()
    return report


# What one sender knows of its own frames.


def _judge_sender(journal: Journal, terms: Iterable[Term], report: Report) -> None:
    given_up, announced = _numbers(journal.said), _numbers(journal.heard)
    report.given_up += len(given_up)
    if journal.is_complete and given_up != announced:
        text = f"{journal.label} gave up {given_up} and was told {announced}"
        report.violate("unexplained", text)
    for term in terms:
        _judge_term(term, set(given_up), report, is_kept=journal.is_complete and term.is_last)


def _judge_term(term: Term, given_up: set[int], report: Report, *, is_kept: bool) -> None:
    """Check that each frame was acknowledged, or given up because its seat was lost."""
    report.sent += len(term.sent)
    for sent in term.sent.values():
        is_acknowledged = sent.count <= term.acknowledged
        is_given_up = sent.number in given_up
        report.acknowledged += is_acknowledged
        if is_given_up and (is_acknowledged or is_kept):
            why = "it was acknowledged" if is_acknowledged else "it kept its seat"
            text = f"{term.label} gave up its number {sent.number}, though {why}"
            report.violate("unexplained", text)
        if not is_acknowledged and not is_given_up and (is_kept or not term.is_last):
            report.violate("lost", f"number {sent.number} of {term.label} was never acknowledged")


def _numbers(entries: Iterable[Said | Heard]) -> list[int]:
    return [n for each in entries if isinstance(each, GivenUp | Announced) for n in each.numbers]


# What all players heard of one epoch.


class _Epoch:
    def __init__(self, history: History, streams: Sequence[Stream], report: Report) -> None:
        self.history = history
        self.streams = streams
        self.report = report
        for stream in streams:
            for fact in (*stream.standing, *stream.heard.values()):
                history.note(fact, stream.player)
        history.settle()

    def judge(self) -> None:
        self._judge_order()
        for stream in self.streams:
            self._judge_heard(stream)
            self._judge_missed(stream)
        for term in self.history.terms.values():
            self._judge_refusals(term)
            for sent in term.sent.values():
                self._judge_fate(term, sent)

    def _judge_order(self) -> None:
        for conflict in self.history.conflicts:
            self.report.violate("reordered", conflict)
        last: dict[str, tuple[int, Delivered]] = {}
        for seq, fact in sorted(self.history.facts.items()):
            if not isinstance(fact, Delivered):
                continue
            number, before = last.get(fact.label, (0, fact))
            if fact.number == number:
                self.report.violate("doubled", f"one frame, two places: {before}, {fact}")
            elif fact.number < number:
                self.report.violate("reordered", f"{fact} at {seq} comes after {before}")
            last[fact.label] = (max(number, fact.number), fact)

    def _judge_heard(self, stream: Stream) -> None:
        for fact in stream.heard.values():
            if isinstance(fact, Delivered):
                self.report.delivered += 1
                self._judge_delivery(stream, fact)
            elif isinstance(fact, Refused):
                self.report.refused += 1

    def _judge_delivery(self, stream: Stream, fact: Delivered) -> None:
        found = self.history.find(fact)
        if found is None:
            self.report.violate("unexplained", f"{stream} heard {fact}, which nobody sent so")
            return
        term, sent = found
        if fact.seq <= sent.after:
            text = f"{stream} heard {fact}, which was sent after seq {sent.after}"
            self.report.violate("unexplained", text)
        whom = self.history.addressees(sent, term.player, (fact.seq, fact.seq))
        if stream.player not in whom.possible:
            text = f"{stream} heard {fact}, which was for {sent.target!r}"
            self.report.violate("misdelivered", text)

    def _judge_missed(self, stream: Stream) -> None:
        for seq, fact in self.history.facts.items():
            if (
                seq not in stream.heard
                and stream.covers(seq, self.history.end)
                and self._is_for(stream, fact)
            ):
                self.report.violate("lost", f"{stream} never heard {fact}")

    def _is_for(self, stream: Stream, fact: Fact) -> bool:
        if isinstance(fact, Refused):
            return False  # only the refused player knows whose it is: see _judge_fate
        if not isinstance(fact, Delivered):
            return True
        if (found := self.history.find(fact)) is None:
            return False  # judged where it was heard
        term, sent = found
        whom = self.history.addressees(sent, term.player, (fact.seq, fact.seq))
        return stream.player in whom.certain

    def judge_history(self) -> None:
        """Judge the past that late joiners heard."""
        for stream in self.streams:
            if stream.is_live:
                past = [fact for fact in stream.standing if self._is_payload(fact)]
                self.report.past += len(past)
                self._judge_past_counts(stream, Counter(past))
                self._judge_past_order(stream, past)

    def _judge_past_counts(self, stream: Stream, past: Mapping[Delivered, int]) -> None:
        for fact in self.history.facts.values():
            if not self._is_payload(fact) or fact.seq > stream.since:
                continue
            # A joiner's own frame may be too new for history, if said between WELCOME and LIVE.
            is_others = self._is_for_all(fact) and fact.sender != stream.player
            is_due = is_others and fact.seq > stream.complete_from
            if is_due and not past[fact]:
                self.report.violate("lost", f"{stream} never heard {fact}, late")
            elif past[fact] > 1:
                self.report.violate("doubled", f"{stream} heard {past[fact]} times {fact}, late")

    def _judge_past_order(self, stream: Stream, past: Sequence[Delivered]) -> None:
        for before, fact in pairwise(past):
            if fact.seq < before.seq:
                self.report.violate("reordered", f"{stream} heard {fact} after {before}, late")
        for fact in past:
            if not self._is_for_all(fact):
                self._judge_delivery(stream, fact)  # for this player alone, while history was told

    def _is_payload(self, fact: Fact) -> TypeGuard[Delivered]:
        """Whether this is of a SEND, like all history, and not of a SET."""
        if not isinstance(fact, Delivered):
            return False
        found = self.history.find(fact)
        return found is None or found[1].is_payload

    def _is_for_all(self, fact: Delivered) -> bool:
        found = self.history.find(fact)
        # Not `in (None, True)`: player 1 equals True.
        return found is not None and (found[1].target is None or found[1].target is True)

    # The fate of each frame.

    def _judge_refusals(self, term: Term) -> None:
        counts = {sent.count for sent in term.sent.values()} | {asked.count for asked in term.asked}
        for count, refusals in term.refusals.items():
            if len(refusals) > 1:
                text = f"{term.label} heard more than once that its count {count} was refused"
                self.report.violate("doubled", text)
            if count not in counts:
                text = f"{term.label} heard a refusal of count {count}, which it never said"
                self.report.violate("unexplained", text)

    def _judge_fate(self, term: Term, sent: Sent) -> None:
        is_refused = sent.count in term.refusals
        is_ordered = sent.number in term.placed
        name = f"number {sent.number} of {term.label} to {sent.target!r}"
        if is_refused:
            self._judge_refused(term, sent, name)
        if is_refused and is_ordered:
            self.report.violate("unexplained", f"{name} was refused and delivered")
        if is_ordered and sent.expected == "refused":
            self.report.violate("unexplained", f"{name} was not refused")
        if not is_refused and not is_ordered and sent.count <= term.acknowledged:
            self._judge_vanished(term, sent, name)

    def _judge_refused(self, term: Term, sent: Sent, name: str) -> None:
        refused = term.refusals[sent.count][0]
        if sent.expected == "taken" and not self.history.names_nobody(sent, refused.seq):
            self.report.violate("unexplained", f"{name} was refused: {refused.code}")

    def _judge_vanished(self, term: Term, sent: Sent, name: str) -> None:
        """Judge an acknowledged frame that nobody heard of."""
        span = term.span(sent)
        certain = self.history.addressees(sent, term.player, span).certain
        for stream in self.streams:
            if not stream.covers_all(span):
                continue
            if sent.expected == "taken" and stream.player in certain:
                self.report.violate("lost", f"{stream} never heard {name}")
            elif sent.expected == "refused" and stream.player == term.player:
                self.report.violate("lost", f"{stream} never heard that {name} was refused")
            elif sent.expected == "either" and stream.player == term.player in certain:
                self.report.violate("lost", f"{stream} never heard what became of {name}")
