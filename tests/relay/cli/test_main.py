"""The command `relay`: help that comes at once, and errors of one line."""

import importlib.metadata
import re
import subprocess
import sys

import pytest

from relay.cli import main
from relay.policy.config import Settings
from relay.policy.spelling import ENVIRONMENT, option


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for field in Settings.model_fields:
        monkeypatch.delenv(ENVIRONMENT + field.upper(), raising=False)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main.main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    for command in ("serve", "demo", "new", "version", "bots"):
        assert re.search(rf"{command} +[A-Z]", shown), command


@pytest.mark.parametrize("plugin", sorted(main.KNOWN))
def test_help_of_a_plugin_is_what_the_plugin_says_itself(plugin: str) -> None:
    (entry,) = importlib.metadata.entry_points(group=main.PLUGINS, name=plugin)
    assert entry.load().help.partition("\n")[0] == main.KNOWN[plugin]


def test_help_comes_without_what_serving_needs() -> None:
    heavy = ("pydantic", "responder", "uvicorn", "segno", "argon2", "clients")
    code = f"""
import sys
from relay.cli import main
try:
    main.main(["--help"])
except SystemExit:
    print([name for name in {heavy} if name in sys.modules])
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.endswith("[]\n")


def test_help_of_serve_has_every_setting_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--help") == 0
    shown = capsys.readouterr().out
    for field in Settings.model_fields:
        assert option(field) in shown
    assert "relay serve --origin https://my-game.example.com" in shown
    assert "RELAY_PORT" in shown
    assert "--empty" not in shown
    assert "()" not in shown


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    served: list[Settings] = []
    from relay.cli import commands

    monkeypatch.setattr(commands, "run", lambda settings, **_: served.append(settings))
    return served


def test_serve_without_options_takes_the_defaults(served: list[Settings]) -> None:
    assert run("serve") == 0
    assert served == [Settings()]


def test_options_outweigh_the_environment(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_PORT", "9000")
    monkeypatch.setenv("RELAY_MAX_FRAME", "4096")
    monkeypatch.setenv("RELAY_ORIGINS", "https://a.example")
    assert run("serve", "--port", "9001") == 0
    assert (served[0].port, served[0].max_frame) == (9001, 4096)
    assert served[0].origins == ("https://a.example",)


def test_options_of_every_kind(served: list[Settings]) -> None:
    options = "--origin https://a --origin https://b:81 --name a --name=b --limit-loopback"
    options += " --hello-seconds never --bad-frames unlimited --profile bench"
    assert run("serve", *options.split()) == 0
    (settings,) = served
    assert settings.origins == ("https://a", "https://b:81")
    assert settings.names == ("a", "b")
    assert settings.limit_loopback
    assert settings.hello_seconds is None
    assert settings.bad_frames is None
    assert settings.frames_per_second == 1e6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("serve --port 99999", "--port (or RELAY_PORT) cannot be '99999': expected less than"),
        ("serve --port eighty", "expected a valid integer"),
        ("serve --prot 80", "Did you mean --port?"),
        ("serve --origin example.com", "as in https://game.example.com"),
        ("serve --profile fast", "'default', 'bench' or 'debug'"),
        ("serve 8000", "8000"),
        ("serve --host ..", ".. is no address that can be found"),
        ("serve --host 192.0.2.1 --port 0", "192.0.2.1 is no address of this machine"),
        ("demo --bots -1", "--bots"),
        ("demo --port 70000", "--port"),
        ("sevre", "serve"),
    ],
)
def test_a_mistake_is_one_line_and_code_2(
    arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments.split()) == 2
    written = capsys.readouterr()
    assert said in written.err
    assert written.err.startswith("relay: ")
    assert written.err.count("\n") == 1
    assert written.out == ""


def test_a_mistake_in_the_environment_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELAY_PORT", "tcp://10.0.0.1:80")
    assert run("serve") == 2
    assert "--port (or RELAY_PORT) cannot be 'tcp://10.0.0.1:80'" in capsys.readouterr().err


def test_version_names_those_of_the_wire(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("version") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Roomwire ")
    assert "wire version 1 to 1" in shown


def test_a_plugin_that_cannot_be_loaded_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from importlib.metadata import EntryPoint

    broken = EntryPoint("dance", "no_such_module:dance", main.PLUGINS)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [broken])
    assert run("dance") == 2
    assert "No module named 'no_such_module'" in capsys.readouterr().err
