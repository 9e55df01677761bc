"""How declarations become kinds, and records maps."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field
from typing import Annotated, Any

import pytest

from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Flag, Integer, Several
from protocol.fields.mismatch import Mismatch
from protocol.fields.schema import Record, record_fields


@dataclass(frozen=True)
class Inner:
    depth: Annotated[int, Integer(0, 9)] = 3


@dataclass(frozen=True)
class Outer:
    must: Annotated[int, Integer(0, 9)]
    may: Annotated[int, Integer(0, 9)] | None = None
    flag: Annotated[bool, Flag()] = True
    several: Annotated[tuple[int, ...], Several(Integer(0, 9), 3)] = ()
    inner: Annotated[Inner, Record(Inner)] = field(default_factory=Inner)


OUTER = Record(Outer)


def test_fields_have_the_order_kinds_and_defaults_of_their_declaration() -> None:
    fields = record_fields(Outer)
    assert [each.name for each in fields] == ["must", "may", "flag", "several", "inner"]
    assert [each.default for each in fields] == [MISSING, None, True, (), Inner()]
    assert [each.field_type.expected for each in fields[:3]] == ["int 0..9", "int 0..9", "bool"]
    assert record_fields(Outer) is fields


def test_keys_are_written_in_order_and_left_out_at_their_default() -> None:
    outer = Outer(1, inner=Inner(4), may=2)
    assert list(OUTER.dump(outer).items()) == [("must", 1), ("may", 2), ("inner", {"depth": 4})]
    assert OUTER.dump(Outer(0, flag=True, several=[], inner=Inner(3))) == {"must": 0}  # type: ignore[arg-type]


def test_absent_keys_are_at_their_default_and_unknown_ones_ignored() -> None:
    assert OUTER.load({"must": 1, "new": {}}) == Outer(1)


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ({}, (), 'map with key "must"'),
        ([], (), "map"),
        ({"must": 10}, ("must",), "int 0..9"),
        ({"must": 1, "may": None}, ("may",), "int 0..9"),
        ({"must": 1, "inner": {"depth": "deep"}}, ("inner", "depth"), "int 0..9"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(value: Any, path: tuple[str], expected: str) -> None:
    with pytest.raises(Mismatch) as caught:
        OUTER.load(value)
    assert (caught.value.path, caught.value.expected) == (path, expected)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Outer(None), ("must",)),  # type: ignore[arg-type]
        (Outer(1, flag=1), ("flag",)),  # type: ignore[arg-type]
        (Outer(1, inner=Inner(10)), ("inner", "depth")),
        ({"must": 1}, ()),
    ],
)
def test_a_record_that_does_not_fit_is_not_written(value: Any, path: tuple[str]) -> None:
    with pytest.raises(Mismatch) as caught:
        OUTER.dump(value)
    assert caught.value.path == path
    assert caught.value.code in (ErrorCode.WRONG_TYPE, ErrorCode.OUT_OF_RANGE)
