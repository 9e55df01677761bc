"""For how long a client was silent, by its answers to pings."""

from __future__ import annotations

from relay.link.answers import FEW, LATELY, SILENT_SECONDS, Answers


def test_one_who_answers_in_time_was_not_silent() -> None:
    answers = Answers()
    answers.ask(110.0, heard=100.0, frames=5)
    answers.take(110.02, frames=6)
    assert answers.rtt is not None
    assert round(answers.rtt, 3) == 0.02
    assert answers.asked is None
    assert answers.lately(110.02, heard=110.02, frames=6) == 0.0


def test_one_who_wakes_was_silent_since_they_were_heard() -> None:
    answers = Answers()
    answers.ask(110.0, heard=100.0, frames=5)
    assert answers.lately(115.0, heard=115.0, frames=6) == 15.0, "they spoke before they answered"
    answers.take(115.0, frames=7)
    assert answers.lately(116.0, heard=116.0, frames=90) == 15.0
    assert answers.lately(115.1 + LATELY, heard=120.0, frames=90) == 0.0


def test_one_who_spoke_meanwhile_was_not_silent() -> None:
    answers = Answers()
    answers.ask(110.0, heard=110.0, frames=5)
    answers.take(111.0 + SILENT_SECONDS, frames=6 + FEW)
    assert answers.lately(112.0, heard=112.0, frames=20) == 0.0


def test_an_answer_that_nobody_asked_for_says_nothing() -> None:
    answers = Answers()
    answers.take(100.0, frames=1)
    assert answers.rtt is None
