"""The endless inputs: the same for a seed, of every kind, and right about themselves."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from clients.fuzz.inputs.cases import Case, Reader, Verdict, cases
from clients.fuzz.inputs.damages.bombs import longest_bin
from clients.fuzz.inputs.damages.deck import DAMAGES
from clients.fuzz.inputs.judge import judge
from clients.fuzz.inputs.rules import REPORTED
from tests.helpers.answers import answer


def taken(seed: int, count: int, reader: Reader | None = None) -> list[Case]:
    return list(islice(cases(seed, reader), count))


def test_a_seed_always_gives_the_same_cases() -> None:
    assert taken(4, 3000) == taken(4, 3000)
    assert taken(4, 100) != taken(5, 100)


DIGEST = """
import hashlib, itertools
from clients.fuzz.inputs.cases import cases
drawn = itertools.islice(cases(4), 3000)
print(hashlib.sha256(b"".join(case.data for case in drawn)).hexdigest())
"""


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_draws_the_same(hash_seed: str) -> None:
    """Python's own order of sets differs from process to process."""
    told = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = hashlib.sha256(b"".join(case.data for case in taken(4, 3000))).hexdigest()
    assert told.stdout.strip() == ours


@pytest.mark.parametrize("reader", Reader)
def test_a_reader_can_be_asked_for(reader: Reader) -> None:
    assert {case.reader for case in taken(6, 200, reader)} == {reader}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_codec_answers_as_every_case_says(seed: int) -> None:
    for case in islice(cases(seed), 10_000):
        assert answer(case.data, case.reader) == case.verdict, (case.damage, case.data.hex())


def test_the_judge_says_what_every_damage_knows_by_itself() -> None:
    for case in islice(cases(7), 6000):
        assert judge(case.data, case.reader) == (case.rule, case.verdict), (
            case.damage,
            case.data.hex(),
        )


def test_all_damages_are_drawn_and_all_rules_are_broken() -> None:
    drawn = taken(8, 60_000)
    often = DAMAGES.keys() - {longest_bin.name}
    assert often <= {case.damage for case in drawn}
    told = {(case.rule, case.verdict.code) for case in drawn if case.verdict and case.rule}
    assert told == {(rule, code) for rule, codes in REPORTED.items() for code in codes}


def test_most_cases_are_damaged_and_many_are_accepted_all_the_same() -> None:
    verdicts = Counter(case.verdict == Verdict(None, None) for case in taken(9, 5000))
    assert 0.15 < verdicts[True] / 5000 < 0.5
