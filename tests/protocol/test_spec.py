"""SPEC.md says what the code does: its tables and every byte of its examples."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import MISSING, replace
from enum import IntEnum
from itertools import pairwise
from typing import Any

import pytest

from protocol import close_codes, error_codes, limits
from protocol.codec import FRAMES, Role, decode, encode, unpack
from protocol.conversation import TRANSITIONS, Event, State
from protocol.errors import RemoteProtocolError
from protocol.fields import numbers, records
from protocol.fields.field_types import FieldType, TargetField
from protocol.fields.schema import Record, record_fields
from protocol.frames import (
    Ack,
    Deliver,
    Frame,
    Hello,
    Joined,
    Live,
    PresenceChanged,
    PresenceState,
    Send,
    Snapshot,
    Taken,
    Unknown,
    Update,
    Volatile,
    Welcome,
)
from protocol.opcodes import COUNTED, Opcode
from protocol.resume import ResumeState
from protocol.scan import ARRAY, BIN, HEADS, MAP, STR
from tests.helpers.spec import ROLES, SPEC, Example, citable, examples, rows, section

NAMED = {
    "target: nil, bool, int or array of players": "target",
    "int 0..9007199254740991": "count",
    "int 1..4294967295": "player",
    "int 0..4294967295": "player or 0",
    "bin of 0..1048576 bytes": "payload",
    "str of 1..64 bytes": "word",
    "array of up to 255: int 1..255": "groups",
    "array of up to 1024: int 1..4294967295": "players",
    "array of up to 1024: array of 2: int 1..4294967295, bin of 0..1048576 bytes": "inputs",
}


def phrase(kind: FieldType) -> str:
    """Write a kind as SPEC.md does."""
    what, otherwise, _ = kind.expected.partition(" or false")
    return (NAMED.get(what) or powers(what)) + otherwise


def powers(expected: str) -> str:
    """Write large numbers as powers of two."""
    written = expected.replace("-9007199254740991", "-(2^53-1)")
    return written.replace("9007199254740991", "2^53-1").replace("4294967295", "2^32-1")


def test_the_sections_are_numbered_as_the_contents_say() -> None:
    contents = re.search(r"Contents: (.*?)\n\n", SPEC, re.S)
    assert contents
    listed = " ".join(contents[1].split()).split(" · ")
    assert listed == [f"{n} {title}" for n, title in re.findall(r"^## (\d+)\. (.*)$", SPEC, re.M)]


def test_references_lead_to_sections() -> None:
    references = re.findall(r"[Ss]ection\s+(\d+(?:\.\d+)*)", SPEC)
    assert len(references) > 40
    assert set(references) <= citable()


def test_the_types_of_fields_are_those_of_the_code() -> None:
    told = {row[0]: row[1].split("; ")[0] for row in rows(section(4)) if len(row) == 2}
    declared = {name: powers(expected) for expected, name in NAMED.items()}
    target = {"target": "nil, bool, int or array of players"}
    assert told == {"type": "what it is", **declared, **target}


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
    return "; ".join(f"`{field.name}` {phrase(field.field_type)}" for field in record_fields(cls))


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


def written(default: Any, kind: FieldType) -> str:
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
    target = TargetField()
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
            continue
        for event in what.split(", "):
            code = event.removeprefix("ERROR ")
            key = error_codes.ErrorCode(int(code)) if code.isdigit() else frames[event]
            table[key] = State[after]
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


def test_the_table_of_seqs_is_that_of_the_code() -> None:
    told = {
        (name, row[1]): (int(row[2]), row[3].split(":")[0] == "yes")
        for row in list(rows(section("12.4")))[1:]
        for name in row[0].split(", ")
    }
    declared = {
        (cls.opcode.name, letter): (names.index("seq") + 1, is_of_the_stream(cls, by))
        for letter, by in ROLES.items()
        for cls in FRAMES[by].values()
        if "seq" in (names := [name for name, _, _ in record_fields(cls)])
    }
    assert told == declared


def is_of_the_stream(cls: type[Frame], by: Role) -> bool:
    """Say whether a seat that receives such a frame is then where its seq says."""
    if by is Role.CLIENT or cls is Welcome:
        return cls is not Snapshot
    seat, frame = ResumeState(records.HelloOptions()), object.__new__(cls)
    for name, _, _ in record_fields(cls):
        object.__setattr__(frame, name, 7 if name == "seq" else 0)
    seat.received(frame)
    return seat.seq == 7


# Examples.


EXAMPLES = [
    pytest.param(each, id=f"{n} {each.message[:2].hex(' ')}")
    for n, each in enumerate(examples(), 1)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_frame_in_its_shortest_form(example: Example) -> None:
    frame = decode(example.message, example.by)
    assert not isinstance(frame, Unknown)
    assert encode(frame) == example.message


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_notes_beside_an_example_say_what_its_bytes_are(example: Example) -> None:
    at = 0
    for data, note in example.lines:
        if at == 1:
            assert note == Opcode(data[0]).name
        elif kind := re.match(r"(array|map|str|bin) of (\d+)", note):
            assert head_of(data) == (kind[1], int(kind[2])), note
        elif number := re.search(r"\w (\d+)$", note):
            assert unpack(data) == int(number[1]), note
        elif note in ("true", "false"):
            assert unpack(data) is (note == "true")
        elif note.startswith("target "):
            assert {"nil": None, "true": True}[note[7:].split(":")[0]] is unpack(data)
        else:
            assert not note, note
        if text := re.search(r'"(.*)"', note):
            assert data.endswith(text[1].encode()), note
        at += len(data)


def head_of(data: bytes) -> tuple[str, int]:
    """Return what kind of value begins here, and how many bytes or values it says it has."""
    what, width, length = HEADS[data[0]]
    kind = {STR: "str", BIN: "bin", ARRAY: "array", MAP: "map"}[what]
    return kind, int.from_bytes(data[1 : 1 + width]) if width else length


def spans() -> list[str]:
    """Return the spans of code that are a whole message in hex, with `<seq>` perhaps."""
    found = re.findall(r"`((?:[0-9A-F]{2}|<seq>)(?: (?:[0-9A-F]{2}|<seq>))+)`", SPEC)
    return [span for span in found if span[0] == "9"]


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


SEAT, EPOCH = bytes(range(16)), bytes(range(0xE0, 0xE8))
ADA = records.HelloOptions(seat=SEAT, name="Ada", can_host=False)


def test_the_session_is_what_it_is_said_to_be() -> None:
    known = records.Session(EPOCH, "K7QF2M", time=1795860084158986, complete_from=1)
    assert frames_of("1.1") == [
        Hello(1, ADA),
        Welcome(1, 1, 0, known),
        Joined(1, 1, records.PlayerInfo("Ada", can_host=False)),
        Live(1),
        Ack(1),
        Send(True, b"hi"),
        Deliver(2, 1, b"hi"),
        Taken(1, 2),
    ]


def test_the_diagram_shows_the_session() -> None:
    arrows = re.findall(r"^    (C|R)->>(?:C|R): ([A-Z]+)", section("1.1"), re.M)
    session = [(each.by, each.lines[1][1]) for each in examples(section("1.1"))]
    assert [(ROLES[letter], name) for letter, name in arrows] == session


def test_the_resume_is_what_it_is_said_to_be() -> None:
    known = records.Session(EPOCH, "K7QF2M", taken=1, resumed=True, time=1795860084452746)
    assert frames_of("23.4") == [
        Hello(1, replace(ADA, position=(EPOCH, 2))),
        Welcome(1, 1, 2, known),
        PresenceChanged(3, 1, PresenceState.LOST),
        PresenceChanged(4, 1, PresenceState.HERE),
        Live(4),
        Send(True, b"yo"),
        Ack(4),
        Deliver(5, 1, b"yo"),
        Taken(2, 5),
    ]


def test_the_examples_are_what_they_are_said_to_be() -> None:
    frames = frames_of("23.1") + frames_of("23.3")
    for frame in (
        Hello(1),
        Hello(1, records.HelloOptions(seat=SEAT, name="Ada")),
        Send(None, b"hi"),
        Send(True, b"hi"),
        Send(0, b"hi"),
        Send(2, b"hi"),
        Send(-3, b"hi"),
        Volatile(1, None, bytes([120, 80])),
        Welcome(1, 2, 0, records.Session(epoch=EPOCH, room="K7QF2M")),
        Deliver(7, 1, b"hi"),
        Deliver(1000, 1, b"hi"),
        Update(1, 1, bytes([120, 80])),
    ):
        assert frame in frames


def frames_of(part: str) -> list[Frame]:
    return [decode(example.message, example.by) for example in examples(section(part))]


def test_the_rule_for_skipping_names_every_head() -> None:
    heads: list[int] = []
    for row in rows(section(23)):
        for part in row[0].split(", "):
            if part.startswith("0x"):
                first, _, last = part.partition("..")
                heads += range(int(first, 16), int(last or first, 16) + 1)
    not_in_profile = {0xC1, 0xC7, 0xC8, 0xC9, *range(0xD4, 0xD9)}
    assert sorted(heads) == [head for head in range(256) if head not in not_in_profile]
