"""Every numbered rule of SPEC 3 is broken by some damage, or has a reason why not."""

from __future__ import annotations

from random import Random

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.cases import case_of
from clients.fuzz.inputs.damages.deck import SIMPLE, deck_for
from clients.fuzz.inputs.rules import MEANT, NOT_BROKEN, REPORTED
from clients.fuzz.inputs.writing.frames import message
from protocol.error_codes import ErrorCode
from tests.helpers.spec import citable


def test_every_numbered_rule_is_in_one_of_the_lists() -> None:
    rules = {rule for rule in citable() if rule.startswith("3.") and rule.count(".") > 1}
    assert len(rules) > 25
    listed = [*REPORTED, *MEANT, *NOT_BROKEN]
    assert sorted(listed) == sorted(rules)


def test_what_a_rule_means_is_reported_by_rules_that_are() -> None:
    assert {rule for rules in MEANT.values() for rule in rules} == REPORTED.keys() - {
        *("3.3.2", "3.3.3.1", "3.3.3.4", "3.3.4", "3.3.5", "3.3.6", "3.3.7.2", "3.3.7.3"),
    } | {"3.3.2", "3.3.4", *MEANT["3.3.3"], *MEANT["3.3.7"]}
    assert all(reason for reason in NOT_BROKEN.values())


def test_every_rule_is_broken_by_a_damage_that_knows_it_without_the_judge() -> None:
    known = set()
    rng = Random(2)
    for _ in range(1200):
        for reader in Reader:
            written = message(rng, reader)
            for damage in rng.sample(deck_for(written), 6):
                harm = damage.harm(rng, written) if damage.name in SIMPLE else None
                if harm is not None and not damage.judged:
                    case = case_of(written, damage, harm)
                    known.add((case.rule, case.verdict.code if case.verdict else None))
    known.discard(("", None))
    assert known == {(rule, code) for rule, codes in REPORTED.items() for code in codes}


def test_codes_are_those_of_the_wire() -> None:
    assert {code for codes in REPORTED.values() for code in codes} <= ErrorCode.__members__.keys()
