"""Defaults of records are part of the wire: an absent key means the same on both sides."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import limits
from protocol.fields import records
from protocol.fields.schema import Record, record_fields

RECORDS = [
    records.RoomOptions,
    records.HelloOptions,
    records.Limits,
    records.PlayerInfo,
    records.ErrorDetail,
    records.NoticeDetail,
]


@pytest.mark.parametrize("cls", RECORDS)
def test_a_record_without_keys_is_all_defaults(cls: type[Any]) -> None:
    assert Record(cls).load({}) == cls()
    assert Record(cls).dump(cls()) == {}


@pytest.mark.parametrize("cls", RECORDS)
def test_every_default_is_one_that_may_be_said(cls: type[Any]) -> None:
    for _, kind, default in record_fields(cls):
        if default is not None:
            assert kind.load(kind.dump(default)) == default


def test_a_relay_may_be_set_to_what_limits_can_say() -> None:
    assert records.Limits(max_frame=limits.FRAME_IN_MAX).window == limits.WINDOW
