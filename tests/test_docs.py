"""The site of docs/ can be built, and leads somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import roomwire
import roomwire.testing
from docs import tidy
from tests.helpers.guide import built_guide

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
INDEXES = (DOCS / "README.md", DOCS / "index.md", DOCS / "llms.txt")
PAGES = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if "_build" not in path.parts}
ENTRANCES = {"README.md", "index.md"}

BROWSER = ROOT / "clients/browser"

pytestmark = pytest.mark.timeout(480)  # the site takes its time on a busy machine


@pytest.fixture(scope="module")
def site() -> Path:
    """Return the site, as `make docs` builds it."""
    return built_guide()


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
    listed = re.findall(r"\]\(([^)]+)\)", (site / "llms.txt").read_text())
    assert "guide/first-game.html" in listed
    assert "wire.html" in listed
    assert [link for link in listed if not (site / link).exists()] == []


def test_the_typescript_reference_has_every_name(site: Path) -> None:
    source = (BROWSER / "src/index.ts").read_text()
    (program,) = re.findall(r"^// The wire.*", source, re.M | re.S)
    names = re.findall(r"^export \{ (.*) \}", source.replace(program, ""), re.M)
    exported = {name for line in names for name in line.split(", ") if " " not in name}
    shown = {path.stem for path in (site / "typescript").rglob("*.html")}
    assert len(exported) > 10
    assert exported - shown == set()


def test_an_export_without_a_comment_fails_the_build(tmp_path: Path) -> None:
    """So does a method: what users call is explained."""
    (tmp_path / "index.ts").write_text(
        "/** A thing. */\nexport class Thing {\n  act(): void {}\n}\nexport const bare = 1;\n"
    )
    (tmp_path / "tsconfig.json").write_text('{"compilerOptions": {"types": [], "lib": ["es5"]}}')
    npm = (BROWSER / "node.py", "in", BROWSER / "typedoc", "run", "--silent", "build", "--")
    args = ("--emit", "none", "--tsconfig", tmp_path / "tsconfig.json")
    entry = ("--entryPoints", tmp_path / "index.ts")
    ended = subprocess.run(
        [sys.executable, *npm, *args, *entry],
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode != 0
    named = re.findall(r"(\S+) \(\w+\), .* does not have any documentation", ended.stderr)
    assert sorted(named) == ["Thing.act", "bare"]


def test_the_site_holds_no_program(site: Path) -> None:
    """It lies in the package `relay`, where tools take each program for a module."""
    assert list(site.rglob("*.py")) == []


def test_no_page_of_the_site_has_a_script_or_a_style_within(site: Path) -> None:
    """The relay's Content-Security-Policy would keep browsers from obeying it."""
    inline = re.compile(r"<script(?![^>]* src=)|<style|<[^<>]* (?:style|on\w+)=")
    pages = {path: path.read_text() for path in site.rglob("*.html")}
    assert len(pages) > 20
    assert {path: found for path, text in pages.items() if (found := inline.findall(text))} == {}


def test_what_is_moved_out_of_a_page_is_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "sub").mkdir()
    page = tmp_path / "sub/page.html"
    page.write_text(
        '<head></head><script>act()</script><p class="a" style="color: red">style="x"</p>'
        '<a href="guide:index.html">home</a>'
    )
    tidy.move_inline(tmp_path)
    (script,) = re.findall(r'<script src="\.\./(.*?)"></script>', page.read_text())
    assert (tmp_path / script).read_text() == "act()"
    (name,) = re.findall(r'<p class="a" data-style="(.*?)">style="x"</p>', page.read_text())
    assert (
        f'[data-style="{name}"] {{ color: red }}' in (tmp_path / "_static/inline.css").read_text()
    )
    assert '<link rel="stylesheet" href="../_static/inline.css"></head>' in page.read_text()
    assert '<a href="../index.html">' in page.read_text()


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "llms.txt").write_text("[a](sub/index.html) [b](none.html)")
    (tmp_path / "sub/index.html").write_text('<p id="here"><a href="https://a.example/x">')
    links = ("sub/", "sub/#here", "sub/index.html#here", "#top", "sub/#none", "x.html", "x.js")
    tags = "".join(f'<a class="b" href="{link}">' for link in links)
    (tmp_path / "index.html").write_text(f'<p id="top">{tags}<script src="x.js">')
    assert tidy.dead_links(tmp_path) == [
        "index.html: sub/#none",
        "index.html: x.html",
        "index.html: x.js",
        "llms.txt: none.html",
    ]


@pytest.mark.parametrize("index", INDEXES, ids=lambda path: path.name)
def test_every_page_is_listed(index: Path) -> None:
    listed = index.read_text().replace("../protocol/SPEC.md", "wire.md")
    names = PAGES - ENTRANCES - ({"reference.md"} if index.name == "README.md" else set())
    assert [name for name in sorted(names) if name.removesuffix(".md") not in listed] == []


def test_the_list_for_programs_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", (DOCS / "llms.txt").read_text())
    assert len(links) > 10
    assert [link for link in links if not (DOCS / link).exists()] == []
