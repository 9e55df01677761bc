"""Errors name values without repeating them."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.error_codes import ErrorCode
from protocol.fields.mismatch import Key, Mismatch, describe


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, "nil"),
        (True, "true"),
        (-5, "-5"),
        (ErrorCode.LOCKED, "51"),
        (2**64 - 1, "18446744073709551615"),
        (10**5000, "int of more than 64 bits"),
        (1.5, "float"),
        ("ä" * 9999, "str of 19998 bytes"),
        ("\ud800", "str of 3 bytes"),
        (bytes(70000), "bin of 70000 bytes"),
        ([1] * 9, "array of 9"),
        ((1, 2), "array of 2"),
        ({"a": 1}, "map of 1"),
        (object(), "object"),
    ],
    ids=range(14),
)
def test_a_value_is_named_in_few_words(value: Any, named: str) -> None:
    assert describe(value) == named


def test_a_path_grows_from_the_inside_out() -> None:
    mismatch = Mismatch(ErrorCode.WRONG_TYPE, "int", "one")
    assert mismatch.at(Key("k")).at("tags").at(2).path == (2, "tags", "k")
