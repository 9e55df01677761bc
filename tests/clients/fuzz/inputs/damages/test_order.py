"""Which pairs of rules meet in one message, so that their order in SPEC 3.3 decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, islice
from random import Random

import pytest

from clients.fuzz.inputs.case import Case, Reader
from clients.fuzz.inputs.cases import case_of
from clients.fuzz.inputs.damages.deck import DAMAGES, deck_for
from clients.fuzz.inputs.damages.harm import Fault, first, together
from clients.fuzz.inputs.judge import judge
from clients.fuzz.inputs.writing.frames import message

ORDER = """
          2  3.3 3.5 3.6 3.7 3.8 3.9  4   5   6  7.1 7.2 7.3
 2        x   x   x   x   x   x   x   x   x   x   x   x   x
 3.3      .   x   x   x   x   x   x   x   x   x   x   x   x
 3.5      .   x   x   x   x   x   x   x   x   x   x   x   x
 3.6      .   x   x   x   x   x   x   x   x   x   x   x   x
 3.7      .   x   x   x   x   x   x   x   x   x   x   x   x
 3.8      .   x   x   x   x   x   x   x   x   x   x   x   x
 3.9      .   x   x   x   x   x   x   x   x   x   x   x   x
 4        .   .   .   .   .   .   .   .   x   x   x   x   x
 5        .   .   .   .   .   .   .   .   .   x   x   x   -
 6        .   .   .   .   .   .   .   .   .   .   x   x   -
 7.1      .   .   .   .   .   .   .   .   .   .   x   x   x
 7.2      .   .   .   .   .   .   .   .   .   .   x   ?   -
 7.3      .   .   .   .   .   .   .   .   .   .   x   -   -
"""
"""x: two faults in different places of a message, of which the rule of the row is told. Those of
step 3 meet in both orders of the message's bytes.

.: the rule of the column comes first, so that the pair stands in its row.
-: no frame has both. WELCOME alone has keys that are required, and nothing of a fixed length; its
opcode is not refused; and fewer fields leave out its record, which is the last.
?: they may meet, but to wait for it would take long. Only TICK has several arrays of a fixed
length.
3.3.3.1, 3.3.3.2 and 3.3.3.4 are about the message's end and its number of values, which other
damage moves: see `ONE_VALUE`. And `damaged_and_cut` cuts what is damaged.
"""

Mend = Callable[[bytes, int], bytes]
"""Takes a message, and where the value that is wrong may begin; returns a payload without the
fault that was told."""


def alone(data: bytes, at: int) -> bytes:
    return data[at:]


def as_str(data: bytes, at: int) -> bytes:
    return b"\xdb" + data[at + 1 :]


def with_1024(data: bytes, at: int) -> bytes:
    return b"\xdc\x04\x00" + data[at + 3 :]


def empty(data: bytes, at: int) -> bytes:
    return data[:at] + b"\x90"


def with_more(data: bytes, at: int) -> bytes:
    return data + b"\xff"


def with_nil(data: bytes, at: int) -> bytes:
    return data + b"\xc0"


def as_it_ends(data: bytes, at: int) -> bytes:
    return b"\xa3" + data[-3:]


ONE_VALUE: list[tuple[str, str, str, Mend]] = [
    ("3.3.3.1", "3.3.3.2", "end_before_too_many", with_nil),
    ("3.3.3.2", "3.3.3.3", "too_many_values_and_worse", alone),
    ("3.3.3.2", "3.3.3.4", "too_many_values_and_worse", alone),
    ("3.3.3.2", "3.3.3.6", "too_many_values_and_worse", alone),
    ("3.3.3.3", "3.3.3.4", "last_head_cut", as_str),
    ("3.3.3.3", "3.3.3.5", "key_not_str", alone),
    ("3.3.3.4", "3.3.3.6", "last_head_cut", with_more),
    ("3.3.3.6", "3.3.3.6", "too_deep_and_too_many", empty),
    ("3.3.3.6", "3.3.3.7", "too_many_elements", with_1024),
    ("3.3.3.7", "3.3.3.8", "over_long_and_ill_formed", as_it_ends),
]
"""Rules that one value breaks both: the one that is told, the other, which damage does so, and
what shows the other."""


def pairs_drawn() -> set[tuple[str, str]]:
    """Combine damages as `several_faults` does; return which rules met."""
    rng, met = Random(5), set()
    for reader in [*Reader] * 1500:
        written = message(rng, reader)
        deck = rng.sample(deck_for(written, combined=True), 8)
        harms = [harm for each in deck if (harm := each.harm(rng, written)) and is_told(harm.fault)]
        for pair in combinations(harms, 2):
            if together(pair) is not None:
                one, other = (harm.fault for harm in pair if harm.fault)
                is_one = first([one, other]) is one
                met.add((one.rule, other.rule) if is_one else (other.rule, one.rule))
    return met


def is_told(fault: Fault | None) -> bool:
    return fault is not None and fault.code is not None


def table() -> dict[tuple[str, str], str]:
    head, *rows = ORDER.strip("\n").splitlines()
    columns = head.split()
    return {
        (f"3.3.{row.split()[0]}", f"3.3.{column}"): sign
        for row in rows
        for column, sign in zip(columns, row.split()[1:], strict=True)
    }


def test_every_pair_of_rules_meets_in_the_order_that_decides() -> None:
    met = pairs_drawn()
    wanted = {pair for pair, sign in table().items() if sign == "x"}
    seldom = {pair for pair, sign in table().items() if sign == "?"}
    assert met - seldom == wanted, (wanted - met, met - wanted)


@pytest.mark.parametrize(("told", "hidden", "damage", "mend"), ONE_VALUE)
def test_one_value_breaks_two_rules(told: str, hidden: str, damage: str, mend: Mend) -> None:
    cases = (case for case in islice(cases_of(damage), 4000) if case.rule == told)
    mended = (mend(case.data, offset(case)) for case in cases)
    assert any(judge(data, Reader.PAYLOAD)[0] == hidden for data in mended)


def cases_of(name: str) -> Iterator[Case]:
    rng = Random(7)
    while True:
        written = message(rng, Reader.PAYLOAD)
        if harm := DAMAGES[name].harm(rng, written):
            yield case_of(written, DAMAGES[name], harm)


def offset(case: Case) -> int:
    assert case.verdict is not None
    assert case.verdict.offset is not None
    return case.verdict.offset
