"""A game with files of its own beside its script that are called like our packages."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = "from roomwire import {}\n"


def complaint(folder: Path, program: str) -> str:
    """Run a program that cannot work, and return the last line of what Python says."""
    game = folder / "game.py"
    game.write_text(program)
    run = subprocess.run([sys.executable, game], capture_output=True, text=True, timeout=30)
    assert run.returncode == 1
    return run.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("shadow", "name"),
    [
        ("protocol.py", "connect"),
        ("protocol.py", "create_app"),
        ("relay.py", "create_app"),
        ("clients.py", "Bot"),
    ],
)
def test_a_games_own_module_is_named_as_the_cause(tmp_path: Path, shadow: str, name: str) -> None:
    (tmp_path / shadow).write_text("print('runs')\n")
    said = complaint(tmp_path, PROGRAM.format(name))
    assert said.startswith("ImportError: ")
    assert f"{tmp_path / shadow} first: rename that file" in said


def test_a_games_own_package_is_named_as_the_cause(tmp_path: Path) -> None:
    clients = tmp_path / "clients"
    clients.mkdir()
    (clients / "__init__.py").touch()
    said = complaint(tmp_path, PROGRAM.format("connect"))
    assert f"{clients} first: rename that folder" in said


@pytest.mark.parametrize("package", ["clients.python", "relay"])
def test_so_it_is_without_the_facade(tmp_path: Path, package: str) -> None:
    shadow = tmp_path / "protocol.py"
    shadow.write_text("MAGIC = 7\n")
    said = complaint(tmp_path, f"import {package}\n")
    assert said.startswith("ImportError: ")
    assert str(shadow) in said
    assert "rename that file" in said


def test_what_a_program_does_not_load_may_have_a_namesake(tmp_path: Path) -> None:
    (tmp_path / "relay.py").write_text("raise AssertionError('not ours to run')\n")
    (tmp_path / "clients").mkdir()  # of plain files: Python goes on to our package
    game = tmp_path / "game.py"
    game.write_text(PROGRAM.format("connect"))
    subprocess.run([sys.executable, game], check=True, timeout=30)
