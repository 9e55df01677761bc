"""Edits and faults: what comes first, where it lies, and what cannot be combined."""

from __future__ import annotations

from clients.fuzz.inputs.damages.harm import (
    Edit,
    Fault,
    Harm,
    edited,
    first,
    offset_of,
    together,
)

TRAILING = Harm((Edit(9, 9, b"\x00"),), Fault("3.3.4", "TRAILING_BYTES", 9))
ARITY = Harm((Edit(0, 1, b"\x92"), Edit(7, 9, b"")), Fault("3.3.6", "ARITY", 0))
EARLY = Harm((Edit(2, 4, b"\xc1ABC"),), Fault("3.3.3.3", "FORBIDDEN_TYPE", 2))
LATE = Harm((Edit(5, 6, b"\xc1"),), Fault("3.3.3.3", "FORBIDDEN_TYPE", 5))
FIRST_FIELD = Harm((Edit(2, 4, b"\xc0"),), Fault("3.3.7.1", "WRONG_TYPE", 2, 0, (0,)))
INSIDE = Harm((Edit(5, 6, b"\xc0"),), Fault("3.3.7.1", "WRONG_TYPE", 5, 0, (0, 3)))
LEGAL = Harm((Edit(4, 5, b"\xcc\x01"),), None)


def fault_of(*harms: Harm) -> Fault | None:
    harm = together(harms)
    assert harm
    return harm.fault


def test_the_earlier_step_wins() -> None:
    assert fault_of(TRAILING, ARITY) == TRAILING.fault
    assert fault_of(ARITY, FIRST_FIELD) == ARITY.fault
    assert fault_of(FIRST_FIELD, LATE) == LATE.fault


def test_within_the_structure_the_earlier_value_wins() -> None:
    assert fault_of(LATE, EARLY) == EARLY.fault


def test_within_the_fields_a_container_comes_before_what_is_in_it() -> None:
    assert fault_of(INSIDE, FIRST_FIELD) == FIRST_FIELD.fault


def test_keys_of_a_record_come_in_their_order_not_the_wires() -> None:
    one = Fault("3.3.7.1", "WRONG_TYPE", 20, 0, (1, 0))
    other = Fault("3.3.7.1", "OUT_OF_RANGE", 8, 0, (1, 5))
    assert first([other, one]) == one


def test_legal_changes_only_move_a_fault() -> None:
    harm = together([LEGAL, LATE])
    assert harm
    assert harm.fault
    assert harm.fault == LATE.fault
    assert edited(bytes(9), harm.edits) == b"\0\0\0\0\xcc\x01\xc1\0\0\0"
    assert offset_of(harm.fault, harm.edits, 10) == 6


def test_a_fault_that_is_told_at_the_end_lies_there() -> None:
    assert offset_of(Fault("3.3.3.7", "TRUNCATED", 2), (Edit(2, 3, b"\xdb"),), 40) == 40


def test_what_overlaps_is_not_combined() -> None:
    assert together([EARLY, FIRST_FIELD]) is None
    assert together([TRAILING, TRAILING]) is None
    assert together([EARLY, FIRST_FIELD, LATE]) == together([EARLY, LATE])
    assert together([EARLY]) is None
