"""What docs/guide/ shows works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pytest

from relay.cli import main
from tests.helpers.measuring import TRIES
from tests.helpers.new_game import address_in, ended_after
from tests.helpers.pages import Page, Typed
from tests.helpers.relay import RelayProcess, relay_process

ROOT = Path(__file__).parents[2]
README = Page(ROOT / "README.md")
HOSTING = Page(ROOT / "docs/hosting.md")
GUIDE = [Page(path) for path in sorted((ROOT / "docs/guide").glob("*.md"))]
RELAY = "localhost:8000"
"""Where the examples believe the relay to be."""

UVICORN = re.compile(r"^    uvicorn (\w+):app$", re.M)
"""How a page says to run an app of its own, by the module that has it."""

PLAYED = {"dots.html", "drop.html"}
"""Pages that test_guide_pages.py opens in a browser."""

MOST_LINES = 120


def title(page: Page) -> str:
    return page.path.name


def run(typed: Typed, folder: Path, address: str) -> str:
    """Type a line at a shell, as in an environment that is active. Returns: what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        typed.command.replace(RELAY, address),
        shell=True,
        cwd=folder,
        # To hypothesis, CI says that a busy machine is no fault of a test.
        env={**os.environ, "PATH": path, "PYTHONWARNINGS": "error", "CI": "1"},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    return ended.stdout


@contextmanager
def serving(page: Page, folder: Path, relay: RelayProcess) -> Iterator[str]:
    """Run a page's own app, if it has one. Yields: its address, or the relay's."""
    if (app := UVICORN.search(page.text)) is None:
        yield relay.url
        return
    command = [sys.executable, "-m", "uvicorn", f"{app[1]}:app", "--port", "0"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    with ended_after(process):
        assert process.stderr is not None
        yield address_in(process.stderr)


@pytest.mark.timeout(600)  # a page types several commands, each maybe more than once
@pytest.mark.parametrize("page", [page for page in GUIDE if page.typed], ids=title)
def test_a_page_prints_what_it_says(page: Page, tmp_path: Path) -> None:
    """Try again where it does not: to a machine that pauses every network is slow."""
    unlike: list[str] = []
    while len(unlike) < TRIES and (not unlike or unlike[-1]):
        folder = tmp_path / str(len(unlike))
        folder.mkdir()
        unlike.append(printed_unlike(page, folder))
    assert unlike[-1] == ""


def printed_unlike(page: Page, folder: Path) -> str:
    """Return the first command that prints something else than the page says, and what."""
    for name, body in page.files.items():
        (folder / name).write_text(body)
    with relay_process() as relay, serving(page, folder, relay) as url:
        address = url.removeprefix("http://")
        for name, body in page.files.items():
            (folder / name).write_text(body.replace(RELAY, address))
        for typed in page.typed:
            printed = run(typed, folder, address)
            if not typed.is_printed(printed):
                return f"$ {typed.command}\n{printed}"
    return ""


@pytest.mark.parametrize("page", GUIDE, ids=title)
def test_every_example_of_a_page_is_run(page: Page) -> None:
    typed = re.findall(r"[^\s\"]+", " ".join(typed.command for typed in page.typed))
    run_by_pytest = {"conftest.py"} if "pytest" in typed else set()
    assert page.fragments == []
    served = {f"{module}.py" for module in re.findall(UVICORN, page.text)}
    assert page.files.keys() <= {*typed, *PLAYED, *run_by_pytest, *served}


@pytest.mark.parametrize("page", GUIDE, ids=title)
def test_a_page_can_be_read_in_one_go(page: Page) -> None:
    lines = page.text.splitlines()
    assert len(lines) <= MOST_LINES
    assert [line for line in lines if len(line) > 100 and not line.startswith("|")] == []


@pytest.mark.parametrize("page", [README, HOSTING, *GUIDE], ids=title)
def test_a_page_names_commands_that_exist(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    for program, name, *rest in map(str.split, page.commands):
        if program == "make":
            assert f"\n{name}:" in (ROOT / "Makefile").read_text()
            continue
        with pytest.raises(SystemExit) as ended:
            main.main([name, *takewhile(str.isalpha, rest), "--help"])
        assert ended.value.code == 0
        shown = capsys.readouterr().out
        options = {word for word in rest if word.startswith("--")} - {"--help"}
        assert {option for option in options if option not in shown} == set()
