"""The lab finds bugs that were put into a codec, and names the rule of each."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.planted.bugs import ROOT, Bug, Stale, bugs, changes, copy, plant
from tests.fuzz.planted.hunting import SECONDS, hunted
from tests.helpers.spec import citable

PYTHON, TYPESCRIPT = bugs("python"), bugs("typescript")
LANGUAGES = pytest.mark.parametrize("language", ["python", "typescript"])
DRAWN = {"python": 3, "typescript": 2}
"""Bugs that `make test` looks for."""


def lost(bug: Bug, folder: Path) -> str:
    """Say what is wrong with what the lab says of a bug; "" is nothing."""
    hunt = hunted(bug, bug.language, folder)
    print(f"{bug.language} {bug.name}: {hunt.seconds:.1f} s")
    if hunt.seconds > SECONDS + 5:  # the last batch is judged, and its findings are shrunk
        return f"{bug.name} took {hunt.seconds:.1f} s"
    return "" if hunt.names(bug.rule) else f"{bug.name}: {bug.rule} is not named: {hunt.kinds}"


@LANGUAGES
def test_bugs_drawn_by_lot_are_found(language: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    lot = random.Random(seed).sample(bugs(language), DRAWN[language])
    assert [lost(bug, tmp_path / bug.name) for bug in lot] == [""] * len(lot), f"seed {seed}"


@pytest.mark.fuzz
@pytest.mark.long
@pytest.mark.parametrize("bug", PYTHON + TYPESCRIPT, ids=lambda bug: f"{bug.language}-{bug.name}")
def test_every_bug_is_found(bug: Bug, tmp_path: Path) -> None:
    assert lost(bug, tmp_path) == ""


@LANGUAGES
def test_a_copy_without_a_bug_is_clean(language: str, tmp_path: Path) -> None:
    assert hunted(None, language, tmp_path, 2).kinds == []


def test_each_bug_says_what_it_breaks_and_which_rule_is_named() -> None:
    assert len(PYTHON) > 30 < len(TYPESCRIPT) + 5
    for bug in PYTHON + TYPESCRIPT:
        assert bug.breaks
        assert bug.rule in citable(), bug.name
        assert bug.against in ("", "typescript")


def test_the_docs_say_how_many_bugs_there_are() -> None:
    python, typescript = len(PYTHON), len(TYPESCRIPT)
    said = f"{python + typescript} bugs, {python} in Python and {typescript} in TypeScript,"
    assert said in (ROOT / "docs" / "reliability.md").read_text()


@LANGUAGES
def test_every_patch_applies(language: str) -> None:
    for bug in bugs(language):
        places = list(changes(bug.diff))
        assert len(places) == bug.diff.count("\n@@ "), bug.name
        for path, old, new in places:
            assert (ROOT / path).read_text().count(old) == 1, (bug.name, path)
            assert old != new


@pytest.mark.parametrize(("line", "times"), [("depth >= limits.LONG_AGO\n", 0), ("    )\n", 2)])
def test_a_patch_whose_place_is_gone_is_told(line: str, times: int, tmp_path: Path) -> None:
    diff = f"--- a/protocol/scan.py\n+++ b/protocol/scan.py\n@@ -1,1 +1,1 @@\n-{line}+x\n"
    with pytest.raises(Stale, match=r"scan\.py has"):
        plant(Bug("old", "python", "", "", "", diff), copy("python", tmp_path))
    assert (ROOT / "protocol/scan.py").read_text().count(line) >= times
