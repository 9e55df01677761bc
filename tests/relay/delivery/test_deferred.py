from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest

from relay.delivery.deferred import LEAST_COST, Deferred, Queue

KIB = 1024


def test_calls_are_made_at_the_end_of_their_round() -> None:
    starts: list[str] = []
    made: list[str] = []
    rounds = Deferred(lambda: starts.append("start"))
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
    rounds = Deferred(lambda: None)
    rounds.next(lambda: rounds.next(lambda: made.append("the other")))
    rounds.go()
    assert made == []
    rounds.go()
    assert made == ["the other"]


def test_what_was_asked_for_next_comes_before_what_was_put_off() -> None:
    made: list[str] = []
    rounds = Deferred(lambda: None)
    rounds.after_next(lambda: made.append("put off"))
    rounds.go()
    rounds.next(lambda: made.append("next"))
    rounds.go()
    assert made == ["next", "put off"]


def test_there_are_no_rounds_for_nothing() -> None:
    starts: list[str] = []
    rounds = Deferred(lambda: starts.append("start"))
    rounds.go()
    assert starts == []


class Loop:
    """What is to be called in the turns of a loop."""

    def __init__(self) -> None:
        self.due: deque[Callable[[], object]] = deque()

    def turn(self) -> None:
        for _ in range(len(self.due)):
            self.due.popleft()()


def asking(queue: Queue, made: list[int], costs: list[int]) -> None:
    for number, cost in enumerate(costs):

        def call(number: int = number, cost: int = cost) -> int:
            made.append(number)
            return cost

        queue.ask(call)


@pytest.mark.parametrize(
    ("cost", "first"),
    [(0, 64 * KIB // LEAST_COST), (16 * KIB, 4), (17 * KIB, 4), (64 * KIB, 1), (KIB * KIB, 1)],
)
def test_a_turn_has_as_many_calls_as_its_budget_pays_for(cost: int, first: int) -> None:
    loop, made = Loop(), list[int]()
    queue = Queue(loop.due.append, 64 * KIB)
    asking(queue, made, [cost] * 100)
    assert made == []
    loop.turn()
    assert made == list(range(first))
    loop.turn()
    assert made == list(range(2 * first))


def test_a_call_that_asks_again_comes_after_those_who_waited() -> None:
    loop, made = Loop(), list[str]()
    queue = Queue(loop.due.append, 64 * KIB)

    def again() -> int:
        made.append("again")
        if len(made) < 3:
            queue.ask(again)
        return 64 * KIB

    def other() -> int:
        made.append("other")
        return 64 * KIB

    queue.ask(again)
    queue.ask(other)
    while loop.due:
        loop.turn()
    assert made == ["again", "other", "again"]


def test_a_call_that_fails_does_not_stop_the_others() -> None:
    loop, made = Loop(), list[int]()
    queue = Queue(loop.due.append, 64 * KIB)

    def fails() -> int:
        raise RuntimeError("this one fails")

    queue.ask(fails)
    asking(queue, made, [0])
    with pytest.raises(RuntimeError, match="this one fails"):
        loop.turn()
    loop.turn()
    assert made == [0]
    assert not loop.due
