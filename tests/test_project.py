"""What the files at the root promise each other."""

import json
import os
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.spec import SPEC, citable

ROOT = Path(__file__).parents[1]
LOCKS = (
    "requirements.lock",
    "clients/browser/node.lock",
    "clients/browser/package-lock.json",
    "clients/browser/typedoc/package-lock.json",
    "tests/benchmarks/peers/package-lock.json",
    "tests/fuzz/atheris.lock",
    "tests/fuzz/jazzer/package-lock.json",
    "tests/integration/vite/package-lock.json",
)
MADE = {"node_modules", "dist", "web", "__pycache__"}
"""Folders of what is made or installed, beside those whose names begin with a dot."""

MOST_LINES = 400
MOST_MODULES = 14
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


def sources(folder: str, *suffixes: str) -> Iterator[Path]:
    """Yield the files with these suffixes, by their paths from the root."""
    for parent, folders, names in os.walk(ROOT / folder):
        folders[:] = [name for name in folders if name not in MADE and not name.startswith(".")]
        for name in names:
            if Path(name).suffix in suffixes:
                yield (Path(parent) / name).relative_to(ROOT)


def test_no_file_is_long() -> None:
    lines = {
        str(path): len((ROOT / path).read_text("utf-8").splitlines())
        for path in sources(".", ".py", ".ts", ".mjs")
    }
    assert "tests/test_project.py" in lines
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def test_no_package_is_crowded() -> None:
    modules = Counter(
        path.parent
        for package in ("roomwire", "protocol", "relay", "clients")
        for path in sources(package, ".py", ".ts")
        if path.name not in ("__init__.py", "index.ts")
    )
    assert modules[Path("relay/room")] > 0
    assert {str(path): many for path, many in modules.items() if many > MOST_MODULES} == {}


@pytest.mark.parametrize("name", ["BOTH_LINKS", "COMPILED_TESTS"])
def test_the_makefile_names_tests_that_exist(name: str) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    database = subprocess.run(
        ["make", "-n", "-p", "help"],
        cwd=ROOT,
        env=clean,
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = re.findall(f"^{name} := (.*)$", database.stdout, re.M)
    named = [path.partition("::")[0] for path in line.split()]
    assert len(named) > 3
    assert [path for path in named if not (ROOT / path).exists()] == []
