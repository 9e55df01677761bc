"""What the commands of `relay` hand on, what they print, and which errors are one sentence."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from cyclopts import CycloptsError

from relay import is_compiled
from relay.cli import commands, demo, inspector
from relay.policy.config import Settings
from relay.server.process import listen
from tests.helpers import forked
from tests.helpers.forked import Forked


def test_serve_says_where_it_is_and_nothing_else(tmp_path: Path) -> None:
    arguments = ("serve", "--port", "0", "--drain-seconds", "0")
    with closing(Forked("relay", arguments, os.environ, tmp_path / "log")) as relay:
        first = relay.stdout.readline()
        relay.terminate()
        assert relay.wait(60) == 0
        assert relay.stdout.read() == ""
    assert re.fullmatch(r"Roomwire is at http://127\.0\.0\.1:[0-9]+ \(Ctrl\+C stops it\)\n", first)


def test_a_terminal_is_told_the_way_into_the_inspector(tmp_path: Path) -> None:
    """Its token is the operator's. Where the output is no terminal, it is told nothing of it."""
    reading, terminal = pty.openpty()
    serve = [sys.executable, "-m", "relay", "serve", "--port", "0", "--drain-seconds", "0"]
    with (
        open(reading, encoding="utf-8") as told,
        subprocess.Popen(serve, stdout=terminal, stderr=subprocess.DEVNULL) as relay,
    ):
        os.close(terminal)
        told.readline()
        found = re.fullmatch(
            r"Look into its rooms: (http\S+)/inspect#token=(\S+)\n", told.readline()
        )
        assert found is not None
        url, token = found.groups()
        bearer = {"Authorization": f"Bearer {token}"}
        asked = httpx.get(f"{url}/api/rooms?hidden=true", headers=bearer, trust_env=False)
        relay.terminate()
    assert asked.status_code == 200


def test_a_token_that_the_operator_has_chosen_is_not_printed(tmp_path: Path) -> None:
    listener = listen("127.0.0.1", 0)
    with listener.sockets[0]:
        assert inspector.link(listener, tmp_path / "token") == f"{listener.url}/inspect"


def test_serve_without_settings_asks_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_ORIGINS", "https://a.example")
    served: list[Settings] = []
    monkeypatch.setattr(commands, "run", lambda settings, **_: served.append(settings))
    commands.serve()
    commands.serve(settings=(given := Settings(port=9000)))
    assert served[0].origins == ("https://a.example",)
    assert served[1] is given


def test_demo_hands_on_all_that_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[Any, ...]] = []
    monkeypatch.setattr(demo, "show", lambda *told, opens: shown.append((*told, opens)))
    commands.demo()
    commands.demo(host="127.0.0.1", port=9000, bots=0, open=True)
    assert shown == [("0.0.0.0", 8000, 8, False), ("127.0.0.1", 9000, 0, True)]


def test_a_port_that_is_taken_is_one_sentence() -> None:
    taken = listen("127.0.0.1", 0)
    with taken.sockets[0], pytest.raises(CycloptsError) as error:
        commands.serve(settings=Settings(port=taken.port))
    assert str(taken.port) in str(error.value)


def test_a_state_file_that_can_never_be_written_is_one_sentence(tmp_path: Path) -> None:
    ended = forked.run("relay", "serve", "--port", "0", "--state", str(tmp_path))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "--state" in ended.stderr


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_mistake_in_the_environment_is_an_error_of_the_command_line(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_PING_SECONDS", "soon")
    ended = forked.run("relay", command, "--port", "0")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "RELAY_PING_SECONDS" in ended.stderr


def test_a_fault_of_ours_is_not_taken_for_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(settings: Settings, **_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(commands, "run", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        commands.serve()


def test_version_says_how_it_was_built(capsys: pytest.CaptureFixture[str]) -> None:
    commands.version()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Roomwire ")
    assert first.endswith(", compiled" if is_compiled() else ", plain Python")
    assert re.fullmatch(r"wire version \d+ to \d+", second)
