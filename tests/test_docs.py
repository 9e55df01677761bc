"""The site of docs/ can be built, and leads somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import roomwire
import roomwire.testing

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
INDEXES = (DOCS / "README.md", DOCS / "index.md", DOCS / "llms.txt")
PAGES = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if "_build" not in path.parts}
ENTRANCES = {"README.md", "index.md"}

pytestmark = pytest.mark.timeout(180)  # Sphinx takes its time on a busy machine


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going"]
    ended = subprocess.run([*build, DOCS, folder], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    return folder


def test_the_reference_has_every_name(site: Path) -> None:
    shown = set(re.findall(r'id="roomwire[.-]([\w.]+)"', (site / "reference.html").read_text()))
    assert set(roomwire.__all__) - shown == set()


def test_the_reference_has_every_strategy(site: Path) -> None:
    page = (site / "reference.html").read_text()
    shown = set(re.findall(r'id="roomwire\.testing\.(\w+)"', page))
    names = {name for name in dir(roomwire.testing) if is_of_the_kit(name)}
    assert len(names) > 14
    assert names - shown == set()


def is_of_the_kit(name: str) -> bool:
    home = getattr(getattr(roomwire.testing, name), "__module__", "")
    return name in roomwire.testing.__all__ and home.startswith("clients.fuzz")


def test_no_page_shows_where_an_object_lies(site: Path) -> None:
    assert re.findall(r"0x[0-9a-f]{8,}", (site / "reference.html").read_text()) == []


def test_the_site_has_a_list_for_programs(site: Path) -> None:
    assert (site / "llms.txt").read_text() == (DOCS / "llms.txt").read_text()


@pytest.mark.parametrize("index", INDEXES, ids=lambda path: path.name)
def test_every_page_is_listed(index: Path) -> None:
    listed = index.read_text().replace("../protocol/SPEC.md", "wire.md")
    names = PAGES - ENTRANCES - ({"reference.md"} if index.name == "README.md" else set())
    assert [name for name in sorted(names) if name.removesuffix(".md") not in listed] == []


def test_the_list_for_programs_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", (DOCS / "llms.txt").read_text())
    assert len(links) > 10
    assert [link for link in links if not (DOCS / link).exists()] == []
