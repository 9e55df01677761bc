import sys
from pathlib import Path

import pytest

from clients.python.bots.loader import BUILT_IN, NoScript, load
from clients.python.bots.scripts.wander import Wander

ONE = """
from roomwire import Bot, bot

@bot(hz=3)
async def blink(self, dt):
    pass
"""
TWO = ONE + "class Other(Bot):\n    pass\n"


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what a script adds to where modules are looked for."""
    monkeypatch.setattr(sys, "path", sys.path.copy())


def test_scripts_have_names() -> None:
    assert load("wander") is Wander
    assert {load(name).__name__ for name in BUILT_IN} == {"Wander", "Echo", "Idle"}


def test_a_module_and_a_class_name_a_script() -> None:
    assert load("clients.python.bots.scripts.wander:Wander") is Wander


def test_a_file_with_one_bot_is_a_script(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(ONE)
    script = load(str(file))
    assert (script.__name__, script.hz) == ("blink", 3)


def test_a_file_may_import_the_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text(ONE)
    (tmp_path / "sched.py").write_text("raise AssertionError('a namesake of a library')\n")
    file = tmp_path / "better.py"
    file.write_text("import beside_it, sched\nclass Better(beside_it.blink):\n    pass\n")
    assert load(str(file)).__name__ == "Better"


def test_a_file_that_misses_a_module_says_so(tmp_path: Path) -> None:
    file = tmp_path / "needy.py"
    file.write_text("import no_such_module\n")
    with pytest.raises(NoScript, match=r"needy.py cannot be loaded: .*'no_such_module'"):
        load(str(file))


def test_of_several_bots_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "several.py"
    file.write_text(TWO)
    assert load(f"{file}:Other").__name__ == "Other"
    with pytest.raises(NoScript, match=r"several bots.*:blink.*:Other"):
        load(str(file))


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("wonder", "no script is called 'wonder'"),
        ("nowhere.py", "no file nowhere.py"),
        ("no_such_module:Bot", "no module 'no_such_module'"),
        ("json:JSONDecoder", "no subclass"),
        ("clients.python.bots.scripts.wander:Nobody", "no subclass"),
    ],
)
def test_a_script_that_is_not_there_says_so(script: str, complaint: str) -> None:
    with pytest.raises(NoScript, match=complaint):
        load(script)


def test_a_file_without_a_bot_says_so(tmp_path: Path) -> None:
    file = tmp_path / "empty.py"
    file.write_text("")
    with pytest.raises(NoScript, match="has no bot"):
        load(str(file))
