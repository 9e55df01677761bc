"""What the lab's writers give to Hypothesis is judged as SPEC.md wants."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from clients.fuzz.inputs.damages.deck import DAMAGES
from clients.fuzz.inputs.judge import judge
from roomwire.testing import Case, Reader, damage_names, damaged, legal
from tests.helpers.answers import answer
from tests.helpers.strategies import share

readers = st.sampled_from(Reader)

FIRST = settings(max_examples=20, phases=[Phase.generate])
"""Take the first example, however long it is."""


@pytest.mark.fuzz
@share(0.2)
@given(readers.flatmap(damaged))
def test_our_codec_answers_as_a_case_says(case: Case) -> None:
    assert answer(case.data, case.reader) == case.verdict


@share(0.5)
@given(readers.flatmap(legal))
def test_a_legal_message_is_accepted(case: Case) -> None:
    rule, verdict = judge(case.data, case.reader)
    assert (rule, verdict) == ("", case.verdict)


@pytest.mark.parametrize("reader", Reader)
def test_a_damage_is_had_by_its_name(reader: Reader) -> None:
    for name in damage_names(reader):
        case = find(damaged(reader, name), lambda case: True, settings=FIRST)
        assert (case.damage, case.reader) == (name, reader)


def test_all_damages_but_those_of_very_long_messages_are_there() -> None:
    names = {name for reader in Reader for name in damage_names(reader)}
    assert DAMAGES.keys() - names == {"longest_bin", "long_value"}


@pytest.mark.parametrize("kinds", [("no_such",), ("bad_utf8", "no_such"), ("wrong_direction",)])
def test_a_damage_that_a_reader_has_not_is_refused(kinds: Any) -> None:
    with pytest.raises(ValueError, match=f"no damage of payload is called {kinds[-1]};.*bad_utf8"):
        damaged(Reader.PAYLOAD, *kinds)


def test_what_fails_is_shrunk_to_a_short_message() -> None:
    case = find(damaged(Reader.CLIENT_FRAME), lambda case: case.rule == "3.3.3.8")
    assert len(case.data) < 60
