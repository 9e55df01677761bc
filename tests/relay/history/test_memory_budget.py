"""What rooms keep is charged to who made them, and who holds most gives first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relay.history.memory_budget import (
    DELAYED,
    FACTS,
    HISTORY,
    NOWHERE,
    RESERVATIONS,
    SEATS,
    Account,
    Memory,
    Ranks,
    level_of,
)

LIMIT = 1000


class Past:
    """History of a room, all of which it can give."""

    def __init__(self, memory: Memory, payer: str) -> None:
        self.account = memory.open(payer)
        self.account.give = self.give
        self.size = 0

    def grow(self, size: int) -> Past:
        self.size += size
        self.account.charge(HISTORY, size)
        return self

    def give(self, size: int) -> bool:
        given = min(size, self.size)
        self.size -= given
        self.account.charge(HISTORY, -given)
        return given > 0


# Sums.


def test_what_is_charged_is_counted_by_room_by_kind_and_in_all() -> None:
    memory = Memory()
    one, two = memory.open("a"), memory.open("b")
    one.charge(FACTS, 10)
    one.charge(HISTORY, 5)
    two.charge(FACTS, 7)
    two.charge(FACTS, -3)
    memory.set(RESERVATIONS, 100)
    memory.set(RESERVATIONS, 50)
    assert (one.used, two.used, memory.used) == (15, 4, 69)
    assert (memory.kinds[FACTS], memory.kinds[HISTORY], memory.kinds[RESERVATIONS]) == (14, 5, 50)
    one.close()
    assert (memory.used, memory.kinds[FACTS], memory.kinds[HISTORY]) == (54, 4, 0)


def test_an_account_can_be_charged_elsewhere_from_now_on() -> None:
    alone, memory = Account(), Memory()
    alone.charge(SEATS, 10)
    alone.charge(HISTORY, 20)
    assert alone.may_grow(1 << 60)
    memory.adopt(alone, "a")
    assert (alone.used, memory.used, memory.kinds[SEATS]) == (30, 30, 10)
    alone.close()
    assert memory.used == 0


# Who gives.


def test_who_holds_most_gives_and_of_that_the_room_with_the_most_history() -> None:
    memory = Memory(LIMIT)
    small = Past(memory, "small").grow(100)
    rooms = [Past(memory, "large").grow(size) for size in (100, 400, 150)]
    small.grow(400)
    assert (small.size, [room.size for room in rooms]) == (500, [100, 250, 150])
    assert memory.givers == {rooms[1].account}
    assert memory.used == LIMIT


def test_an_attacker_with_many_small_rooms_gives_before_who_has_one_larger() -> None:
    memory = Memory(LIMIT)
    honest = Past(memory, "honest").grow(300)
    for _ in range(100):
        Past(memory, "attacker").grow(20)
    assert honest.size == 300
    assert memory.used <= LIMIT


def test_what_is_no_history_counts_for_who_holds_it() -> None:
    memory = Memory(LIMIT)
    honest = Past(memory, "honest").grow(400)
    other = Past(memory, "other").grow(200)
    other.account.charge(FACTS, 300)
    other.grow(200)
    assert (honest.size, other.size) == (400, 300)


def test_when_nothing_is_left_to_give_nothing_is_given() -> None:
    memory = Memory(LIMIT)
    past = Past(memory, "a").grow(100)
    past.account.charge(FACTS, 2 * LIMIT)
    assert (past.size, memory.used) == (0, 2 * LIMIT)
    past.grow(1)
    assert past.size == 0


def test_a_room_that_is_no_more_gives_nothing() -> None:
    memory = Memory(LIMIT)
    gone, past = Past(memory, "gone").grow(800), Past(memory, "a").grow(100)
    gone.account.close()
    past.grow(2 * LIMIT)
    assert (gone.size, past.size) == (800, LIMIT)


# What must be asked for.


def test_one_alone_may_have_half_of_it_and_the_next_half_of_what_is_left() -> None:
    memory = Memory(LIMIT)
    first, second, third = memory.open("a"), memory.open("b"), memory.open("c")

    def fill(account: Account) -> int:
        while account.may_grow(10):
            account.charge(FACTS, 10)
        return account.used

    assert [fill(first), fill(second), fill(third)] == [500, 250, 120]
    assert not first.may_grow(1)
    assert first.may_grow(0)


def test_rooms_of_one_payer_share() -> None:
    memory = Memory(LIMIT)
    memory.open("a").charge(FACTS, 400)
    assert not memory.open("a").may_grow(150)
    assert memory.open("b").may_grow(150)
    assert memory.may_open("b", 150)
    assert memory.may_open("new", 250)
    assert not memory.may_open("a", 250)


def test_history_makes_room_for_what_must_stay() -> None:
    memory = Memory(LIMIT)
    past = Past(memory, "a").grow(900)
    account = memory.open("b")
    assert account.may_grow(300)
    assert past.size <= 700
    account.charge(DELAYED, 300)
    assert memory.used <= LIMIT


# Ranks.


class One:
    def __init__(self) -> None:
        self.level = self.place = NOWHERE
        self.size = 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1 << 40) | st.none()), max_size=60))
def test_one_of_the_largest_is_found(steps: list[tuple[int, int | None]]) -> None:
    ranks, ones, ranked = Ranks[One](), [One() for _ in range(10)], set[One]()
    for number, size in steps:
        one = ones[number]
        if size is None:
            ranks.drop(one)
            ranked.discard(one)
        else:
            one.size = size
            ranks.put(one, size)
            ranked.add(one)
        largest = ranks.largest()
        if largest is None:
            assert not ranked
        else:
            assert largest in ranked
            assert 1.25 * largest.size + 4 >= max(one.size for one in ranked)


@given(st.integers(0, 1 << 50), st.integers(0, 1 << 50))
def test_levels_rise_with_size(one: int, other: int) -> None:
    assert (level_of(min(one, other))) <= level_of(max(one, other))
