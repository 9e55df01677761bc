"""What the files at the root promise each other."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.helpers.spec import SPEC, citable

ROOT = Path(__file__).parents[1]
LOCKS = (
    "requirements.lock",
    "clients/browser/node.lock",
    "clients/browser/package-lock.json",
    "tests/benchmarks/peers/package-lock.json",
)
FUNDING = re.compile(r'"url": "https://[^"]*"')


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry(lock: str) -> None:
    """A lock with addresses would work only for those who reach the same registry as its maker."""
    text = FUNDING.sub("", (ROOT / lock).read_text())
    assert "://" not in text
    assert '"resolved"' not in text


def test_both_packages_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    package = json.loads((ROOT / "clients/browser/package.json").read_text())
    lock = json.loads((ROOT / "clients/browser/package-lock.json").read_text())
    assert package["version"] == project["version"] == lock["version"]


COLUMNS = 100
WIDE_ROWS = re.compile(
    r"\| (0x\d\d \| (WELCOME|ERROR|PONG|SET|PROPERTY|SNAPSHOT|DESYNC)\b|CATCHING_UP)"
)
"""Rows of frames whose fields fill a line by themselves, and of a state with the longest name."""


def test_the_spec_can_be_read_without_scrolling() -> None:
    wide = [line for line in SPEC.splitlines() if len(line) > COLUMNS]
    assert [line for line in wide if not WIDE_ROWS.match(line)] == []


CITED = re.compile(r"\bSPEC(?:\.md\S*)?,? (?:sections? )?(\d+(?:\.\d+)*)(?: and (\d+(?:\.\d+)*))?")


@pytest.mark.parametrize(
    "pattern",
    ["protocol/*.py", "relay/**/*.py", "clients/python/**/*.py", "clients/browser/src/**/*.ts"],
)
def test_every_section_that_code_cites_exists(pattern: str) -> None:
    cited = {
        (path.name, number)
        for path in ROOT.glob(pattern)
        for numbers in CITED.findall(path.read_text())
        for number in filter(None, numbers)
    }
    assert cited
    assert [place for place in sorted(cited) if place[1] not in citable()] == []


def test_every_section_that_a_page_cites_exists() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    cited = {
        number
        for page in pages
        for numbers in CITED.findall(page.read_text())
        for number in numbers
    }
    assert cited - {""}
    assert cited - {""} <= citable()
