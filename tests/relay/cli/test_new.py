"""`relay new`: what it makes, and what it refuses."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from relay.cli import main, new

ALL = sorted(path.name for path in new.TEMPLATES.iterdir() if not path.name.startswith("_"))
WITH_VITE = sorted(path.name for path in new.VITE.iterdir() if path.name != "all")
PROJECTS = [*((name, False) for name in ALL), *((name, True) for name in WITH_VITE)]
EVERY_PROJECT = pytest.mark.parametrize(("template", "vite"), PROJECTS)
CODE = (".py", ".js", ".ts", ".html", ".css")
REMARK = re.compile(r"\s*($|#|//|/\*|\"{3})")
"""A line without code: blank, a comment, or a docstring of one line."""
MOST_LINES = 150
README_LINES = 20


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main.main(["new", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def texts(project: Path) -> dict[str, str]:
    """Return what is in a project's files, by their paths."""
    files = (path for path in project.rglob("*") if path.is_file())
    return {path.relative_to(project).as_posix(): path.read_text("utf-8") for path in files}


def test_every_template_can_be_chosen() -> None:
    assert sorted(get_args(get_type_hints(new.new)["template"])) == ALL
    assert sorted(new.FIRST_STEPS) == ALL


@EVERY_PROJECT
def test_a_project_has_its_name_everywhere(template: str, vite: bool, folder: Path) -> None:
    assert run("pong", "--template", template, *(["--vite"] if vite else [])) == 0
    made = texts(folder / "pong")
    assert {"README.md", "bot.py"} <= made.keys()
    assert not [path for path, text in made.items() if new.PLACEHOLDER in text]
    assert made["README.md"].startswith("# pong\n")


@EVERY_PROJECT
def test_a_project_names_no_file_that_it_has_not(template: str, vite: bool, folder: Path) -> None:
    new.make(folder / "pong", template, vite=vite)
    files = texts(folder / "pong")
    named = {
        (path, name)
        for path, text in files.items()
        for name in re.findall(r"\b(?:\w+/)?\w+\.(?:py|js|ts|css)\b(?!\.)", text)
        if "roomwire" not in name
    }
    assert ("README.md", "bot.py") in named
    known = {*files, *(Path(path).name for path in files)}
    assert {(path, name) for path, name in named if name not in known} == set()


@EVERY_PROJECT
def test_a_template_is_read_in_minutes(template: str, vite: bool, folder: Path) -> None:
    new.make(folder / "my-game", template, vite=vite)
    files = texts(folder / "my-game")
    code = {
        path: len([line for line in text.splitlines() if not REMARK.match(line)])
        for path, text in files.items()
        if Path(path).suffix in CODE
    }
    assert 0 < sum(code.values()) <= MOST_LINES, code
    assert len(files["README.md"].splitlines()) <= README_LINES


def test_projects_with_a_page_serve_it_alike() -> None:
    canvas, turns = (new.TEMPLATES / name / "serve.py" for name in ("canvas", "turns"))
    assert canvas.read_text() == turns.read_text()


def test_it_says_in_three_lines_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pong") == 0
    enter, start, test = capsys.readouterr().out.splitlines()
    assert enter == "cd pong"
    assert "serve.py" in start
    assert "http://localhost:8000" in start
    assert "-m pytest" in test


def test_with_vite_it_says_in_four(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pong", "--vite") == 0
    enter, start, page, test = capsys.readouterr().out.splitlines()
    assert (enter, "serve.py" in start, "-m pytest" in test) == ("cd pong", True, True)
    assert page.startswith("npm install && npm run dev")
    assert "http://localhost:5173" in page


@pytest.mark.parametrize(("path", "said"), [("here", "python "), ("elsewhere", sys.executable)])
def test_it_names_programs_as_the_shell_finds_them(
    path: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = {"here": str(Path(sys.executable).parent), "elsewhere": "/nowhere"}
    monkeypatch.setenv("PATH", folders[path])
    run("pong")
    assert capsys.readouterr().out.splitlines()[1].startswith(said)


def test_a_folder_that_is_there_stays_as_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "pong").mkdir()
    assert run("pong") == 2
    assert "pong is there already: choose another name" in capsys.readouterr().err
    assert list((folder / "pong").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    shutil.rmtree(gone)
    assert run("pong") == 2
    assert "relay: pong cannot be made: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("a/b", "'a/b' cannot be a game's name: 1 to 32 letters, digits, '_' or '-'"),
        ("..", "cannot be a game's name"),
        ("x" * 33, "cannot be a game's name"),
        ("", "requires an argument"),
        ("pong --template chess", 'Choose from: "canvas", "turns", "bot"'),
        ("pong --template bot --vite", "a bot has no page that Vite could build"),
    ],
)
def test_a_mistake_is_one_line_and_makes_nothing(
    arguments: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments.split()) == 2
    written = capsys.readouterr()
    assert said in written.err
    assert written.err.count("\n") == 1
    assert written.out == ""
    assert list(folder.iterdir()) == []


def test_help_has_examples_of_every_template(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert "relay new pong\n" in shown
    for template in ALL:
        assert re.search(rf"{template} \(", shown)
