"""The dictionary is one that fuzzers can read, and has what the grammar has."""

from __future__ import annotations

import re

from clients.fuzz.inputs.dictionary import dictionary, escaped, tokens
from protocol.fields.records import HelloOptions, Limits, RoomOptions, Session
from protocol.fields.schema import record_fields
from protocol.opcodes import Opcode

LINE = re.compile(r'[a-z0-9_]+="((?:[ !#-\[\]-~]|\\x[0-9A-F]{2})+)"')


def test_every_line_is_a_name_and_a_token() -> None:
    lines = dictionary().splitlines()
    assert lines[0].startswith("#")
    assert [line for line in lines[1:] if not LINE.fullmatch(line)] == []


def test_names_and_tokens_are_unique() -> None:
    names, written = zip(*tokens(), strict=True)
    assert len(set(names)) == len(names) == len(set(written))


def test_bytes_can_be_read_back_from_their_escapes() -> None:
    every = bytes(range(256))
    assert escaped(every).encode().decode("unicode_escape").encode("latin-1") == every


def test_every_key_and_opcode_is_there() -> None:
    names = {name for name, _ in tokens()}
    for cls in (HelloOptions, RoomOptions, Session, Limits):
        assert {f"key_{name}" for name, _, _ in record_fields(cls)} <= names
    for opcode in Opcode:
        assert names & {f"client_{opcode.name.lower()}", f"relay_{opcode.name.lower()}"}
