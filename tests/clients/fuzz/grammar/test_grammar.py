"""The grammar is of its schema, says what SPEC.md says, and is printed by `relay fuzz grammar`."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from clients.fuzz.grammar.grammar import NAMED, SCHEMA, grammar
from protocol.frames import CLIENT_FRAMES, RELAY_FRAMES
from relay.cli.main import main
from tests.helpers.spec import rows, section

Json = dict[str, Any]

GRAMMAR = grammar()

TYPES = {row[0]: row[1].split("; ")[0] for row in rows(section(4)) if len(row) == 2}
"""Types that SPEC.md names, and what each is."""

TITLES = {
    "HelloOptions": "HELLO options.",
    "RoomOptions": "Room options.",
    "Session": "Session",
    "Limits": "Limits",
    "PlayerInfo": "Player info",
    "ErrorDetail": "Error detail.",
    "NoticeDetail": "Notice detail.",
}


def number(value: int) -> str:
    """Write a number as SPEC.md does."""
    return {2**53 - 1: "2^53-1", 1 - 2**53: "-(2^53-1)", 2**32 - 1: "2^32-1"}.get(value, str(value))


def phrase(field_type: Json) -> str:
    """Write a type as SPEC.md does, from its structure and not from `expected`."""
    written = spelt(field_type)
    named = next((name for name, what in TYPES.items() if what == written), written)
    return named.replace(TYPES["count"], "count")


def spelt(field_type: Json) -> str:
    match field_type:
        case {"type": "int", "low": low, "high": high}:
            return f"int {number(low)}..{number(high)}"
        case {"type": "str" | "bin" as what, "low": low, "high": high}:
            return f"{what} of {low if low == high else f'{low}..{high}'} bytes"
        case {"type": "word", "words": words}:
            return " or ".join(f'"{word}"' for word in words)
        case {"type": "array", "of": of, "most": most}:
            return f"array of up to {most}: {spelt(of)}"
        case {"type": "tuple", "of": of}:
            return f"array of {len(of)}: {', '.join(map(spelt, of))}"
        case {"type": "map", "values": values, "most": most}:
            assert phrase(field_type["keys"]) == "word"
            return f"map of up to {most} words to {spelt(values)}"
        case {"type": "any", "of": [{"type": "nil"}, {"type": "bool"}, one, several]}:
            assert (one["low"], one["high"]) == (-255, 2**32 - 1)
            assert phrase(several) == "players"
            return "nil, bool, int or array of players"
        case {"type": "any", "of": of}:
            return " or ".join(map(phrase, of))
        case {"type": "record"}:
            return "map"
    return str(field_type["type"])


def test_the_grammar_is_of_its_schema() -> None:
    judge()(GRAMMAR)


def judge() -> Callable[[Any], Any]:
    compiled: Callable[[Any], Any] = fastjsonschema.compile(json.loads(SCHEMA.read_text()))
    return compiled


def wrongs() -> Iterator[tuple[str, Json]]:
    """Yield grammars with something wrong."""
    for name, deed in {
        "an opcode of two bytes": lambda it: it["frames"][0].update(opcode=128),
        "a frame of nobody": lambda it: it["frames"][0].update(by="server"),
        "a bound is missing": lambda it: it["frames"][0]["fields"][0]["type"].pop("high"),
        "a type is unknown": lambda it: it["frames"][0]["fields"][0]["type"].update(type="u8"),
        "a part is missing": lambda it: it.pop("limits"),
        "a part is unknown": lambda it: it.update(more=1),
    }.items():
        wrong = copy.deepcopy(GRAMMAR)
        deed(wrong)  # type: ignore[no-untyped-call]  # a lambda
        yield name, wrong


@pytest.mark.parametrize("wrong", [pytest.param(it, id=name) for name, it in wrongs()])
def test_the_schema_refuses_what_is_no_grammar(wrong: Json) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        judge()(wrong)


def test_the_frames_are_those_of_the_spec() -> None:
    told = [row[:4] for row in rows(section(4)) if row[0].startswith("0x")]
    assert told == sorted(
        (
            [
                f"0x{frame['opcode']:02X}",
                frame["name"] + "*" * frame["counted"],
                frame["by"][0].upper(),
                "; ".join(f"`{it['name']}` {phrase(it['type'])}" for it in frame["fields"]),
            ]
            for frame in GRAMMAR["frames"]
        ),
        key=lambda row: (row[0], row[2]),
    )


@pytest.mark.parametrize("record", GRAMMAR["records"])
def test_the_records_are_those_of_the_spec(record: str) -> None:
    text = section(5).split(f"**{TITLES[record]}**")[1].split("\n**")[0]
    assert [row[:3] for row in rows(text) if row[0].startswith("`")] == [
        [f"`{key['name']}`", phrase(key["type"]), default(key)]
        for key in GRAMMAR["records"][record]
    ]


def default(key: Json) -> str:
    """Write the default of a key as SPEC.md does."""
    if key["required"]:
        return "required"
    return json.dumps(key["default"]) if "default" in key else "none"


def test_every_record_is_there() -> None:
    assert set(GRAMMAR["records"]) == set(TITLES)


def test_the_codes_are_those_of_the_spec() -> None:
    numbers = GRAMMAR["numbers"]
    told = {name: int(code) for name, code in coded(section(7))}
    assert numbers["ErrorCode"] == told
    assert [
        [str(code["number"]), code["name"], "yes" if code["may_return"] else "no"]
        for code in GRAMMAR["close_codes"]
    ] == [[row[0], row[1], row[3]] for row in rows(section(8)) if row[0].isdigit()]


def coded(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and numbers of a table whose rows have two of each, side by side."""
    for row in rows(text):
        for code, name in pairwise(row):
            if code.isdigit() and name.isupper():
                yield name, code


def test_the_names_of_numbers_are_those_of_the_spec() -> None:
    told: dict[str, dict[str, int]] = {}
    field = ""
    for row in rows(section(4)):
        if len(row) == 4 and row[1].isdigit():
            field = row[0] or field
            told.setdefault(field, {})[row[2]] = int(row[1])
    numbers = GRAMMAR["numbers"]
    assert told == {
        "LEFT `reason`": numbers["LeftReason"],
        "PRESENCE `state`": numbers["PresenceState"],
        "NOTICE `kind`": numbers["NoticeKind"],
    }


def test_fields_say_what_their_numbers_are_called() -> None:
    frames = {frame["class"]: frame["fields"] for frame in GRAMMAR["frames"]}
    for place, enum in NAMED.items():
        cls, name = place.split(".")
        (field,) = (it for it in {**GRAMMAR["records"], **frames}[cls] if it["name"] == name)
        assert field["numbers"] == enum.__name__


def test_the_rules_are_those_of_the_spec() -> None:
    text = section("3.3")
    for rule, codes in GRAMMAR["rules"].items():
        *_, point = rule.split(".")
        assert f" {point}. " in text or f"\n{point}. " in text
        assert all(code in text for code in codes)


def test_every_frame_says_what_it_means() -> None:
    for frame in GRAMMAR["frames"]:
        assert frame["meaning"].endswith(".")
    assert len(GRAMMAR["frames"]) == len(CLIENT_FRAMES) + len(RELAY_FRAMES)


def run(*words: str | Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fuzz", *map(str, words)])
    assert ended.value.code == 0


def test_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    run("grammar")
    assert json.loads(capsys.readouterr().out) == GRAMMAR
    run("grammar", "--schema")
    assert capsys.readouterr().out == SCHEMA.read_text()


def test_it_is_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("grammar", tmp_path / "grammar.json")
    run("grammar", tmp_path / "schema.json", "--schema")
    assert capsys.readouterr().out == ""
    assert json.loads((tmp_path / "grammar.json").read_text()) == GRAMMAR
    assert (tmp_path / "schema.json").read_text() == SCHEMA.read_text()
