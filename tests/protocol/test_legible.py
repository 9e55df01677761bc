"""A stranger's words neither turn their neighbours around nor vanish beside them."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.legible import isolated, legible, legible_lines
from tests.helpers import vectors

SIGNS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Format characters that have a shape: signs of numbers and verses."""
HIEROGLYPHS = {*range(0x13430, 0x13440)}
"""They place Egyptian hieroglyphs, and have a shape where there are none."""


@pytest.mark.parametrize("vector", vectors.load("legible"), ids=lambda vector: vector["note"])
def test_words_are_made_legible(vector: dict[str, str]) -> None:
    assert legible(vector["text"]) == vector["legible"]
    assert legible(vector["legible"]) == vector["legible"]


def test_no_character_that_acts_on_others_is_left() -> None:
    acting = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
    for code in {*range(sys.maxunicode + 1)} - SIGNS - HIEROGLYPHS:
        if unicodedata.category(chr(code)) in acting:
            assert legible(chr(code)) == "", hex(code)
            assert legible(f"a{chr(code)}b") in ("ab", "a b"), hex(code)


@given(st.text())
def test_legible_words_stay_as_they_are(text: str) -> None:
    assert legible(legible(text)) == legible(text)


def test_words_from_right_to_left_are_kept_apart_from_what_stands_beside() -> None:
    assert isolated("\u05e9\u05dc\u05d5\u05dd") == "\u2068\u05e9\u05dc\u05d5\u05dd\u2069"
    assert isolated("\u2069\u05e9\u202e") == "\u2068\u05e9\u2069"
    assert isolated("L\u00f6we \U0001f981") == "L\u00f6we \U0001f981"


def test_lines_stay_lines() -> None:
    text = "one\u202e\n    raise  two\r\u05d0 three\n\n"
    assert legible_lines(text) == "one\n    raise two\n\u2068\u05d0 three\u2069\n"
