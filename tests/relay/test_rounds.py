from __future__ import annotations

from relay.rounds import Rounds


def test_calls_are_made_at_the_end_of_their_round() -> None:
    starts: list[str] = []
    made: list[str] = []
    rounds = Rounds(lambda: starts.append("start"))
    rounds.after_next(lambda: made.append("late"))
    rounds.next(lambda: made.append("early"))
    assert starts == ["start"]
    rounds.go()
    assert made == ["early"]
    assert starts == ["start"] * 2
    rounds.go()
    assert made == ["early", "late"]
    assert starts == ["start"] * 2


def test_a_call_may_ask_for_another() -> None:
    made: list[str] = []
    rounds = Rounds(lambda: None)
    rounds.next(lambda: rounds.next(lambda: made.append("the other")))
    rounds.go()
    assert made == []
    rounds.go()
    assert made == ["the other"]


def test_what_was_asked_for_next_comes_before_what_was_put_off() -> None:
    made: list[str] = []
    rounds = Rounds(lambda: None)
    rounds.after_next(lambda: made.append("put off"))
    rounds.go()
    rounds.next(lambda: made.append("next"))
    rounds.go()
    assert made == ["next", "put off"]


def test_there_are_no_rounds_for_nothing() -> None:
    starts: list[str] = []
    rounds = Rounds(lambda: starts.append("start"))
    rounds.go()
    assert starts == []
