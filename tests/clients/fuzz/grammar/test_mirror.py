"""The grammar is what the TypeScript codec declares, read from its own modules."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clients.fuzz.grammar.grammar import grammar
from tests.helpers.node import find_node

ROOT = Path(__file__).parents[4]
ESBUILD = ROOT / "clients/browser/node_modules/.bin/esbuild"
SCRIPT = ROOT / "tests/clients/browser/grammar.ts"

GRAMMAR = grammar()
RECORDS = GRAMMAR["records"]


@pytest.fixture(scope="module")
def typescript() -> dict[str, Any]:
    """Return what the modules of the browser client declare."""
    bundle = [str(ESBUILD), str(SCRIPT), "--bundle", "--format=esm", "--platform=node"]
    made = subprocess.run(bundle, check=True, capture_output=True)
    node = [find_node(), "--input-type=module", "-"]
    ended = subprocess.run(node, input=made.stdout, check=True, capture_output=True)
    report: dict[str, Any] = json.loads(ended.stdout)
    return report


def told(field_type: dict[str, Any]) -> Any:
    """Say what a type expects; of a record, what each of its keys expects."""
    for choice in (
        field_type.get("of", [field_type]) if field_type["type"] == "any" else [field_type]
    ):
        if choice["type"] == "record":
            return {key["name"]: told(key["type"]) for key in RECORDS[choice["record"]]}
    return field_type["expected"]


@pytest.mark.parametrize("by", ["client", "relay"])
def test_the_frames_are_those_of_the_browser_client(by: str, typescript: dict[str, Any]) -> None:
    assert typescript["frames"][by] == [
        {
            "name": frame["class"],
            "opcode": frame["opcode"],
            "fields": [[field["name"], told(field["type"])] for field in frame["fields"]],
        }
        for frame in GRAMMAR["frames"]
        if frame["by"] == by
    ]


def test_the_counted_opcodes_are_those_of_the_browser_client(typescript: dict[str, Any]) -> None:
    counted = [frame["opcode"] for frame in GRAMMAR["frames"] if frame["counted"]]
    assert sorted(typescript["counted"]) == sorted(counted)


def test_the_defaults_are_those_of_the_browser_client(typescript: dict[str, Any]) -> None:
    for record, held in typescript["defaults"].items():
        assert {key: default for key, default in held.items() if key not in ("epoch", "room")} == {
            camel(key): default for key, default in defaults(record).items()
        }


def defaults(record: str) -> dict[str, Any]:
    """Return the defaults of a record's keys, those of records within it written out."""
    return {
        key["name"]: {camel(name): value for name, value in defaults(key["type"]["record"]).items()}
        if key["type"]["type"] == "record"
        else key["default"]
        for key in RECORDS[record]
        if "default" in key
    }


def camel(name: str) -> str:
    return re.sub(r"_(.)", lambda letter: letter[1].upper(), name)


def test_the_numbers_are_those_of_the_browser_client(typescript: dict[str, Any]) -> None:
    assert typescript["numbers"] == GRAMMAR["numbers"]
    assert typescript["closeCodes"] == [
        [code["name"], code["number"], code["may_return"]] for code in GRAMMAR["close_codes"]
    ]


def test_the_limits_are_those_of_the_browser_client(typescript: dict[str, Any]) -> None:
    """Some limits matter to a relay alone."""
    limits = GRAMMAR["limits"]
    assert typescript["limits"] == {name: limits[name] for name in typescript["limits"]}
    assert len(typescript["limits"]) > 25
