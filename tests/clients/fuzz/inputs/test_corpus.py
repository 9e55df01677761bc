"""The seed corpus: the same each time, complete, and right about every file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clients.fuzz.inputs.case import Reader, Verdict
from clients.fuzz.inputs.conversations import replayed
from clients.fuzz.inputs.corpus import DICTIONARY, LARGEST, MANIFEST, files, write
from clients.fuzz.inputs.damages.bombs import longest_bin
from clients.fuzz.inputs.damages.deck import DAMAGES
from clients.fuzz.inputs.rules import REPORTED
from clients.fuzz.inputs.writing.frames import FRAMES
from tests.helpers.answers import answer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    assert write(folder / "new" / "deep") == len(list((folder / "new" / "deep").iterdir()))
    return folder / "new" / "deep"


@pytest.fixture(scope="module")
def manifest(folder: Path) -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = json.loads((folder / MANIFEST).read_text())
    return loaded


def test_it_is_the_same_each_time(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict(files())


def test_the_manifest_names_every_input(folder: Path, manifest: dict[str, Any]) -> None:
    names = {path.name for path in folder.iterdir()}
    assert manifest.keys() == names - {MANIFEST, DICTIONARY}


def test_the_codec_answers_as_the_manifest_says(folder: Path, manifest: dict[str, Any]) -> None:
    inputs = {name: entry for name, entry in manifest.items() if "reader" in entry}
    assert len(inputs) > 400
    for name, entry in inputs.items():
        data = (folder / name).read_bytes()
        assert len(data) <= LARGEST
        verdict = answer(data, Reader(entry["reader"]))
        assert verdict == Verdict(entry["code"], entry["offset"]), name
        assert entry["verdict"] == ("refused" if verdict.code else "accepted")


def test_every_opcode_damage_rule_and_error_is_in_it(manifest: dict[str, Any]) -> None:
    inputs = [entry for entry in manifest.values() if "reader" in entry]
    legal = {entry["what"] for entry in inputs if entry["damage"] == "none"}
    frames = {cls for several in FRAMES.values() for cls in several}
    assert {f"none in {cls.opcode.name.lower()}" for cls in frames} <= legal
    told = {(entry["rule"], entry["code"]) for entry in inputs if entry["rule"]}
    assert told == {(rule, code) for rule, codes in REPORTED.items() for code in codes}
    often = DAMAGES.keys() - {longest_bin.name}
    assert often <= {entry["damage"] for entry in inputs}


def test_conversations_can_be_replayed(folder: Path, manifest: dict[str, Any]) -> None:
    named = {name: entry for name, entry in manifest.items() if "frames" in entry}
    assert len(named) > 5
    for name, entry in named.items():
        assert len(list(replayed((folder / name).read_bytes()))) == entry["frames"]
