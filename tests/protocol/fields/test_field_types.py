"""What each kind takes, what it makes of it, and how it says no."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest

from protocol.error_codes import ErrorCode
from protocol.fields.field_types import (
    Binary,
    Either,
    FieldType,
    Fixed,
    Flag,
    Integer,
    Mapped,
    OrFalse,
    Several,
    TargetField,
    Text,
    Word,
)
from protocol.fields.mismatch import Key, Mismatch, Path
from protocol.fields.records import RoomOptions
from protocol.fields.schema import Record


class Number(IntEnum):
    SEVEN = 7


SMALL = Integer(-1, 7)
PAIR = Fixed(SMALL, Text(0, 2))
OPTIONS = Either(Flag(), Record(RoomOptions))


@pytest.mark.parametrize(
    ("kind", "value", "loaded"),
    [
        (SMALL, -1, -1),
        (SMALL, Number.SEVEN, 7),
        (Flag(), False, False),
        (Text(0, 4), "ää", "ää"),
        (Word("yes", "no"), "no", "no"),
        (Binary(1, 2), b"ab", b"ab"),
        (OrFalse(SMALL), False, False),
        (OrFalse(SMALL), 0, 0),
        (Several(SMALL, 2), [1, 2], (1, 2)),
        (PAIR, [1, "ab"], (1, "ab")),
        (Mapped(SMALL, 2), {"a": 1}, {"a": 1}),
        (OPTIONS, True, True),
        (OPTIONS, {"title": "T"}, RoomOptions(title="T")),
        (TargetField(), None, None),
        (TargetField(), True, True),
        (TargetField(), -255, -255),
        (TargetField(), [1, 2], (1, 2)),
    ],
)
def test_a_kind_takes_what_fits(kind: FieldType, value: Any, loaded: Any) -> None:
    found = kind.load(value)
    assert found == loaded
    assert type(found) is type(loaded)
    assert kind.load(kind.dump(found)) == found


WRONG, RANGE, MANY = ErrorCode.WRONG_TYPE, ErrorCode.OUT_OF_RANGE, ErrorCode.TOO_MANY


@pytest.mark.parametrize(
    ("kind", "value", "code", "path", "limit"),
    [
        (SMALL, True, WRONG, (), None),
        (SMALL, 1.0, WRONG, (), None),
        (SMALL, -2, RANGE, (), -1),
        (SMALL, 8, RANGE, (), 7),
        (Flag(), 1, WRONG, (), None),
        (Text(1, 4), b"a", WRONG, (), None),
        (Text(1, 4), "", RANGE, (), 1),
        (Text(1, 4), "äää", RANGE, (), 4),
        (Text(1, 4), "\ud800", ErrorCode.BAD_UTF8, (), None),
        (Word("yes", "no"), "maybe", RANGE, (), None),
        (Word("yes", "no"), 0, WRONG, (), None),
        (Binary(1, 2), "a", WRONG, (), None),
        (Binary(1, 2), b"", RANGE, (), 1),
        (Binary(1, 2), b"abc", RANGE, (), 2),
        (OrFalse(SMALL), True, WRONG, (), None),
        (OrFalse(SMALL), 8, RANGE, (), 7),
        (Several(SMALL, 2), 1, WRONG, (), None),
        (Several(SMALL, 2), [1, 2, 3], MANY, (), 2),
        (Several(SMALL, 2), [1, 8], RANGE, (1,), 7),
        (PAIR, [1], WRONG, (), None),
        (PAIR, [1, "a", 2], WRONG, (), None),
        (PAIR, "ab", WRONG, (), None),
        (PAIR, [1, 2], WRONG, (1,), None),
        (Mapped(SMALL, 2), [], WRONG, (), None),
        (Mapped(SMALL, 1), {"a": 1, "b": 2}, MANY, (), 1),
        (Mapped(SMALL, 1), {"a": 8}, RANGE, ("a",), 7),
        (Mapped(SMALL, 1), {"": 1}, RANGE, (Key(""),), 1),
        (Mapped(SMALL, 1), {"": 8}, RANGE, (Key(""),), 1),
        (Mapped(SMALL, 2), {"a": 8, "": 1}, RANGE, ("a",), 7),
        (OPTIONS, 1, WRONG, (), None),
        (OPTIONS, {"hold": 601}, RANGE, ("hold",), 600),
        (OPTIONS, {"tags": {"a": 1}}, WRONG, ("tags", "a"), None),
        (TargetField(), "all", WRONG, (), None),
        (TargetField(), -256, RANGE, (), -255),
        (TargetField(), [1, 0], RANGE, (1,), 1),
    ],
)
def test_a_kind_says_what_does_not_fit_and_where(
    kind: FieldType, value: Any, code: ErrorCode, path: Path, limit: int | None
) -> None:
    with pytest.raises(Mismatch) as caught:
        kind.load(value)
    mismatch = caught.value
    assert (mismatch.code, mismatch.path, mismatch.limit) == (code, path, limit)
    assert [type(step) for step in mismatch.path] == [type(step) for step in path]


@pytest.mark.parametrize("value", [True, 8])
def test_an_optional_value_is_expected_with_its_alternative(value: Any) -> None:
    with pytest.raises(Mismatch) as caught:
        OrFalse(SMALL).load(value)
    assert caught.value.expected == "int -1..7 or false"


def test_a_kind_without_a_rule_is_none() -> None:
    with pytest.raises(NotImplementedError):
        FieldType().load(None)
