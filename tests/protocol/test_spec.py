"""SPEC.md says what the code does: its tables and every byte of its examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import MISSING
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from protocol import close_codes, error_codes, limits
from protocol.codec import FRAMES, Role, decode, encode
from protocol.conversation import TRANSITIONS, Event, State
from protocol.errors import RemoteProtocolError
from protocol.fields import numbers, records
from protocol.fields.field_types import Kind, TargetKind
from protocol.fields.schema import Record, record_fields
from protocol.frames import Deliver, Frame, Hello, Send, Unknown, Update, Volatile, Welcome
from protocol.opcodes import COUNTED

SPEC = (Path(__file__).parents[2] / "protocol" / "SPEC.md").read_text()
ROLES = {"C": Role.CLIENT, "R": Role.RELAY}

NAMED = {
    "target: nil, bool, int or array of players": "target",
    "int 0..9007199254740991": "count",
    "int 1..4294967295": "player",
    "int 0..4294967295": "player or 0",
    "bin of 0..1048576 bytes": "payload",
}


def section(number: int) -> str:
    """Return the text of one numbered section."""
    match = re.search(rf"^## {number} ?\. .*?(?=^## |\Z)", SPEC, re.M | re.S)
    assert match, f"SPEC.md has no section {number}"
    return match[0]


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of every row of every table."""
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def phrase(kind: Kind) -> str:
    """Write a kind as SPEC.md does."""
    if kind.expected in NAMED:
        return NAMED[kind.expected]
    written = kind.expected.replace("-9007199254740991", "-(2^53-1)")
    return written.replace("9007199254740991", "2^53-1").replace("4294967295", "2^32-1")


def test_the_sections_are_numbered_as_the_contents_say() -> None:
    contents = re.search(r"Contents: (.*?)\n\n", SPEC, re.S)
    assert contents
    listed = " ".join(contents[1].split()).split(" · ")
    assert listed == [f"{n} {title}" for n, title in re.findall(r"^## (\d+)\. (.*)$", SPEC, re.M)]


def test_references_lead_to_sections() -> None:
    there = set(re.findall(r"^##+ (\d+(?:\.\d+)?)", SPEC, re.M))
    assert set(re.findall(r"section (\d+(?:\.\d+)?)", SPEC)) <= there


def test_the_table_of_frames_is_that_of_the_code() -> None:
    told = [row[:4] for row in rows(section(4)) if row[0].startswith("0x")]
    declared = [
        [f"0x{opcode:02X}", name_of(cls, by), letter, fields_of(cls)]
        for letter, by in ROLES.items()
        for opcode, cls in FRAMES[by].items()
    ]
    assert told == sorted(declared, key=lambda row: (row[0], row[2]))


def name_of(cls: type[Frame], by: Role) -> str:
    is_counted = by is Role.CLIENT and cls.opcode in COUNTED
    return cls.opcode.name + "*" * is_counted


def fields_of(cls: type[Frame]) -> str:
    return "; ".join(f"`{field.name}` {phrase(field.kind)}" for field in record_fields(cls))


@pytest.mark.parametrize(
    ("title", "cls"),
    [
        ("HELLO options.", records.HelloOptions),
        ("Room options.", records.RoomOptions),
        ("Session", records.Session),
        ("Limits", records.Limits),
        ("Player info", records.PlayerInfo),
        ("Error detail.", records.ErrorDetail),
        ("Notice detail.", records.NoticeDetail),
    ],
)
def test_the_table_of_a_record_is_that_of_the_code(title: str, cls: type[Any]) -> None:
    text = section(5).split(f"**{title}**")[1].split("\n**")[0]
    told = [row[:3] for row in rows(text) if row[0].startswith("`")]
    assert told == [
        [f"`{name}`", phrase(kind).replace("int 0..2^53-1", "count"), written(default, kind)]
        for name, kind, default in record_fields(cls)
    ]


def written(default: Any, kind: Kind) -> str:
    if default is MISSING:
        return "required"
    if default is None:
        return "none"
    dumped = kind.dump(default)
    if isinstance(dumped, bool) or isinstance(kind, Record):
        return str(dumped).lower()
    return f'"{dumped}"' if isinstance(dumped, str) else str(dumped)


def enum_rows(text: str) -> dict[str, int]:
    """Collect `| 17 | NAME |` wherever two neighbouring cells look like it."""
    pairs = (
        (name, number)
        for row in rows(text)
        for number, name in pairwise(row)
        if number.isdigit() and re.fullmatch(r"[A-Z_0-9]+", name)
    )
    return {name: int(number) for name, number in pairs}


def members(*enums: Iterable[IntEnum]) -> dict[str, int]:
    return {member.name: int(member) for enum in enums for member in enum}


def test_the_tables_of_numbers_are_those_of_the_code() -> None:
    assert enum_rows(section(7)) == members(error_codes.ErrorCode)
    assert enum_rows(section(8)) == members(close_codes.CloseCode)
    assert enum_rows(section(4)) == members(
        numbers.LeftReason, numbers.PresenceState, numbers.NoticeKind
    )


def test_the_close_codes_say_who_may_return() -> None:
    for row in rows(section(8)):
        if row[0].isdigit():
            assert row[3] == ("yes" if close_codes.may_return(int(row[0])) else "no"), row


def test_refusals_at_the_door_have_a_close_code_of_their_name() -> None:
    at_the_door = [code for code in error_codes.ErrorCode if 48 <= code < 64]
    assert {code.name for code in at_the_door} <= {code.name for code in close_codes.CloseCode}


def test_the_targets_are_those_of_the_code() -> None:
    target = TargetKind()
    assert [row[0] for row in rows(section(6))][1:] == [
        "nil or false",
        "true",
        "0",
        f"1..{phrase_of(target.one.high)}",
        f"-1..{target.one.low}",
        phrase(target.several),
    ]


def phrase_of(number: int) -> str:
    return "2^32-1" if number == 2**32 - 1 else str(number)


def test_the_conversation_is_that_of_the_code() -> None:
    told = {row[0]: row[1:] for row in rows(section(9))}
    assert list(told) == ["state", *(state.name for state in State)]
    for state in State:
        for letter, cell in zip("CR", told[state.name], strict=True):
            assert transitions(cell, ROLES[letter], state) == TRANSITIONS[ROLES[letter]][state]


def transitions(cell: str, by: Role, state: State) -> dict[Event, State]:
    """Read a cell such as `LEAVE → OVER; others but HELLO → LIVE`."""
    frames = {cls.opcode.name: cls for cls in FRAMES[by].values()}
    # 9.1: "Frames with unknown opcodes by the relay leave every state as it is."
    table: dict[Event, State] = {Unknown: state} if by is Role.RELAY else {}
    for part in filter(None, cell.split("; ")):
        what, after = part.split(" → ")
        if what.startswith("others but "):
            but = what.removeprefix("others but ").split(", ")
            others = [cls for name, cls in frames.items() if name not in but and cls not in table]
            table.update(dict.fromkeys(others, State[after]))
        elif what.startswith("ERROR "):
            table[error_codes.ErrorCode(int(what.removeprefix("ERROR ")))] = State[after]
        else:
            table[frames[what]] = State[after]
    return table


@pytest.mark.parametrize(
    ("where", "number"),
    [
        (3, limits.MAX_DEPTH),
        (3, limits.MAX_ELEMENTS),
        (3, limits.MAX_NODES),
        (10, limits.HEAD_ROOM),
        (11, limits.SEAT_BYTES),
        (12, limits.SNAPSHOT_PARTS),
        (12, limits.SNAPSHOT_BYTES),
        (13, limits.ACK_FRAMES),
        (13, int(limits.ACK_SECONDS * 1000)),
        (19, limits.FRAME_IN),
        (19, limits.FRAME_IN_MAX),
        (19, limits.WINDOW),
        (19, limits.MAX_CAPACITY),
        (8, limits.MAX_REASON),
    ],
)
def test_limits_are_those_of_the_code(where: int, number: int) -> None:
    assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", section(where))


# Examples.


def example_messages() -> list[tuple[Role, bytes]]:
    """Return the messages of every block of hex, each with who sends it."""
    messages: list[tuple[Role, bytes]] = []
    for block in re.findall(r"^```hex\n(.*?)^```", SPEC, re.M | re.S):
        for line in block.splitlines():
            if line[:2] in ("C:", "R:"):
                messages.append((ROLES[line[0]], b""))
            by, so_far = messages.pop()
            written = re.split(r" {2,}", line[3:])[0]
            messages.append((by, so_far + bytes.fromhex(written)))
    return messages


def spans() -> list[str]:
    """Return the spans of code that are a whole message in hex, with `<seq>` perhaps."""
    found = re.findall(r"`((?:[0-9A-F]{2}|<seq>)(?: (?:[0-9A-F]{2}|<seq>))+)`", SPEC)
    return [span for span in found if span[0] == "9"]


def ids(messages: list[tuple[Role, bytes]]) -> list[str]:
    return [message.hex(" ") for _, message in messages]


@pytest.mark.parametrize(("by", "message"), example_messages(), ids=ids(example_messages()))
def test_an_example_is_a_frame_in_its_shortest_form(by: Role, message: bytes) -> None:
    assert encode(decode(message, by)) == message


def test_every_span_of_hex_is_a_frame() -> None:
    assert len(spans()) == 3
    for span in spans():
        message = bytes.fromhex(span.replace("<seq>", "07"))
        assert any(is_frame(message, by) for by in Role), span


def is_frame(message: bytes, by: Role) -> bool:
    try:
        return not isinstance(decode(message, by), Unknown)
    except RemoteProtocolError:
        return False


def test_the_examples_are_what_they_are_said_to_be() -> None:
    frames = [decode(message, by) for by, message in example_messages()]
    seat, epoch = bytes(range(16)), bytes(range(0xE0, 0xE8))
    for frame in (
        Hello(1),
        Hello(1, records.HelloOptions(seat=seat, name="Ada")),
        Send(None, b"hi"),
        Send(True, b"hi"),
        Send(0, b"hi"),
        Send(2, b"hi"),
        Send(-3, b"hi"),
        Volatile(1, None, bytes([120, 80])),
        Welcome(1, 2, 0, records.Session(epoch=epoch, room="K7QF2M")),
        Deliver(7, 1, b"hi"),
        Deliver(1000, 1, b"hi"),
        Update(1, 1, bytes([120, 80])),
    ):
        assert frame in frames


def test_the_rule_for_skipping_names_every_head() -> None:
    heads: list[int] = []
    for row in rows(section(23)):
        for part in row[0].split(", "):
            if part.startswith("0x"):
                first, _, last = part.partition("..")
                heads += range(int(first, 16), int(last or first, 16) + 1)
    not_in_profile = {0xC1, 0xC7, 0xC8, 0xC9, *range(0xD4, 0xD9)}
    assert sorted(heads) == [head for head in range(256) if head not in not_in_profile]
