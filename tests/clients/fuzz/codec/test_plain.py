"""The adapter in C knows the frames and records of the wire, of which it shares no declaration."""

from __future__ import annotations

import re

import pytest

from protocol.fields.schema import record_fields
from protocol.frames import (
    CLIENT_FRAMES,
    RELAY_FRAMES,
    ErrorDetail,
    HelloOptions,
    Limits,
    NoticeDetail,
    PlayerInfo,
    RoomOptions,
    Session,
)
from tests.clients.fuzz.codec.programs import ADAPTERS

TYPES = (ADAPTERS / "plain_types.h").read_text()

RECORDS = {
    "room": RoomOptions,
    "hello": HelloOptions,
    "limit": Limits,
    "session": Session,
    "player": PlayerInfo,
    "error": ErrorDetail,
    "notice": NoticeDetail,
}

FRAMES = [("c", cls) for cls in CLIENT_FRAMES] + [("r", cls) for cls in RELAY_FRAMES]


def names(cls: type) -> list[str]:
    return [field.name for field in record_fields(cls)]


@pytest.mark.parametrize(("name", "cls"), RECORDS.items())
def test_it_knows_each_key_of_a_record(name: str, cls: type) -> None:
    (fields,) = re.findall(rf"Field {name}_fields\[\] = \{{(.*?)END\}}", TYPES, re.DOTALL)
    assert re.findall(r'\{"(\w+)", &', fields) == names(cls)


def test_it_knows_each_field_of_a_frame() -> None:
    rows = re.findall(r'\{0x(\w\w), "\w+", "(c?r?)",\s+\{(.*?)\}\},', TYPES, re.DOTALL)
    known = {
        (by, int(opcode, 16)): re.findall(r'F\("(\w+)"', fields)
        for opcode, several, fields in rows
        for by in several
    }
    assert known == {(by, int(cls.opcode)): names(cls) for by, cls in FRAMES}
