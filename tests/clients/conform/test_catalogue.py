"""No rule of SPEC.md is without a case, a reason, or a place on the list of those to come."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from clients.conform import catalogue
from clients.conform.cli import every_rule
from clients.conform.client import run as client_run
from clients.conform.server import run as server_run
from tests.clients.conform.spec_ids import asked, parent, points, row_ids
from tests.helpers.guide import ROOT

RULES = every_rule()
ROWS = {id for id in RULES if " " in id}
POINTS = set(RULES) - ROWS


def test_every_point_of_spec_has_a_rule_and_every_rule_a_point() -> None:
    sections = {point.split(".")[0] for point in points()}
    assert {parent(id) for id in POINTS} - sections == points() - sections
    assert {parent(id) for id in POINTS} <= points() | sections


def test_every_row_of_a_table_has_a_rule_and_every_such_rule_a_row() -> None:
    assert set(row_ids()) == ROWS
    assert len(row_ids()) == len(ROWS)


def test_a_point_has_as_many_rules_as_it_has_sentences_with_must_should_or_may() -> None:
    rules = Counter(map(parent, POINTS))
    assert len(asked()) > 20
    assert {point: (count, rules[point]) for point, count in asked().items()
            if rules[point] < count} == {}  # fmt: skip


def test_more_than_150_rules_are_listed_each_in_one_line() -> None:
    assert len(RULES) > 400
    for rule in RULES.values():
        assert rule.binds in catalogue.SIDES, rule.id
        assert re.fullmatch(r"[^\n]{5,100}[.…]", rule.asks), rule.id


def test_no_rule_is_without_a_case_or_a_reason_or_a_place_among_those_to_come() -> None:
    waiting = catalogue.not_yet()
    for side in ("client", "server"):
        without = [id for id, rule in RULES.items() if side in rule.open and not rule.reason]
        assert without == waiting[side]


def test_no_reason_outlives_the_lack_of_a_case() -> None:
    for rule in RULES.values():
        if catalogue.SIDES[rule.binds]:
            assert rule.open or not rule.reason, f"{rule.id} has cases on every side"
        else:
            assert rule.reason, rule.id


def test_every_rule_of_a_client_is_kept_and_broken_or_says_why_not() -> None:
    one_sided = {id for id, rule in RULES.items() if "client" in rule.one_sided}
    assert one_sided == {id for id, rule in RULES.items() if "client" in rule.unbroken}


def test_the_guide_has_the_numbers_of_rules_that_bind_a_client() -> None:
    bound = [rule for rule in RULES.values() if "client" in catalogue.SIDES[rule.binds]]
    shown = [rule for rule in bound if "client" not in rule.open + rule.one_sided]
    guide = " ".join((ROOT / "docs" / "guide" / "conformance.md").read_text().split())
    assert f"Of the {len(bound)} rules that bind a client, {len(shown)} are both" in guide
    assert f"The other {len(bound) - len(shown)} say why not." in guide
    assert f"plant {len(catalogue.planted('client').faults)} faults into a client" in guide


def test_numbers_of_cases_are_unique_and_titles_say_what_happens() -> None:
    for cases in (client_run.cases(), server_run.cases()):
        numbers = [case.number for case in cases]
        assert len(set(numbers)) == len(numbers) > 100
        for case in cases:
            assert 15 < len(case.title) < 100, case.number


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("S2.1", {"S2.1"}),
        ("2.1", {"S2.1"}),
        ("7 BAD_UTF8", {"S3.9"}),
        ("13.6a", set()),
        ("C*", set()),
    ],
)
def test_cases_are_chosen_by_number_or_by_rule(pattern: str, numbers: set[str]) -> None:
    assert {case.number for case in server_run.cases((pattern,))} == numbers


def test_the_rules_are_listed_with_the_count_of_those_without() -> None:
    command = [sys.executable, "-m", "relay", "conform", "rules"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last == str(catalogue.Count.of(RULES.values()))
    waiting = set().union(*catalogue.not_yet().values())
    assert last.endswith(f"{len(waiting)} not yet")
