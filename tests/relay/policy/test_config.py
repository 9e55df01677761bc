"""Settings come from four places, and what is wrong with them is said in one line."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from protocol.frames import RoomOptions
from relay.policy import machine
from relay.policy.config import PROFILES, Settings, explain
from relay.policy.spelling import ENVIRONMENT, option


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(ENVIRONMENT + field.upper(), raising=False)


def test_the_defaults_are_those_of_the_design() -> None:
    settings = Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.max_frame == 16 * 1024
    assert (settings.frames_per_second, settings.frames_burst) == (120, 240)
    assert (settings.bytes_per_second, settings.bytes_burst) == (256 * 1024, 1024 * 1024)
    assert (settings.outbox_bytes, settings.outbox_frames) == (256 * 1024, 512)
    assert (settings.joins_per_second, settings.joins_burst) == (20, 60)
    assert (settings.rooms_per_second, settings.rooms_burst) == (5, 20)
    assert settings.connections_per_address == 200
    assert (settings.hello_seconds, settings.ping_seconds, settings.ping_timeout) == (5, 10, 10)
    assert (settings.drain_seconds, settings.state) == (3, None)
    assert settings.room_options == RoomOptions()


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_the_environment_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_PORT", "9000")
    monkeypatch.setenv("RELAY_NAMES", "a.example, b.example")
    monkeypatch.setenv("RELAY_ORIGINS", "https://a.example https://b.example:8443,null")
    monkeypatch.setenv("RELAY_LIMIT_LOOPBACK", "true")
    monkeypatch.setenv("RELAY_HELLO_SECONDS", "never")
    settings = Settings()
    assert settings.port == 9000
    assert settings.names == ("a.example", "b.example")
    assert settings.origins == ("https://a.example", "https://b.example:8443", "null")
    assert settings.limit_loopback
    assert settings.hello_seconds is None


def test_an_empty_path_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_STATE", "")
    assert Settings().state is None
    monkeypatch.setenv("RELAY_STATE", "rooms.state")
    assert Settings().state == Path("rooms.state")


def test_code_outweighs_environment_outweighs_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_PROFILE", "debug")
    assert Settings().hello_seconds is None
    monkeypatch.setenv("RELAY_HELLO_SECONDS", "7")
    assert Settings().hello_seconds == 7
    assert Settings(hello_seconds=8).hello_seconds == 8
    assert Settings(profile="default", hello_seconds=8).ping_seconds == 10


def test_the_bench_profile_raises_rates_and_nothing_else() -> None:
    default, bench = Settings(), Settings(profile="bench")
    changed = {
        name: getattr(bench, name) / getattr(default, name)
        for name in Settings.model_fields
        if name != "profile" and getattr(bench, name) != getattr(default, name)
    }
    assert changed.keys() == PROFILES["bench"].keys()
    assert min(changed.values()) > 1


@pytest.mark.parametrize(
    ("value", "most"), [("unlimited", None), ("0", None), ("1", 1), (500, 500)]
)
def test_bad_frames_may_be_unlimited(value: str | int, most: int | None) -> None:
    assert (Settings().bad_frames, Settings(bad_frames=0).bad_frames) == (20, None)
    assert Settings(bad_frames=value).bad_frames == most  # type: ignore[arg-type]  # as typed in


@pytest.mark.parametrize(("value", "count"), [("auto", machine.cores()), ("3", 3)])
def test_there_may_be_a_worker_for_each_core(value: str, count: int) -> None:
    assert Settings().workers == 1
    assert Settings(workers=value).workers == count  # type: ignore[arg-type]  # as typed in
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)


def test_the_debug_profile_lets_bad_frames_pass() -> None:
    assert Settings(profile="debug").bad_frames is None
    assert Settings(profile="debug", bad_frames=5).bad_frames == 5


def test_the_debug_profile_never_times_out() -> None:
    settings = Settings(profile="debug")
    assert settings.hello_seconds is None
    assert settings.ping_seconds is None
    assert settings.ping_timeout is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("port", "70000", "--port (or RELAY_PORT) cannot be '70000': expected less than or equal"),
        ("port", "lots", "expected a valid integer"),
        ("profile", "fast", "expected 'default', 'bench' or 'debug'"),
        ("max_frame", 2**21, "expected less than or equal to 1048576"),
        ("frames_per_second", 0, "--frames-per-second"),
        ("frames_per_second", float("inf"), "expected a finite number"),
        ("bad_frames", -1, "bad frames within 10 s that end a connection, or unlimited (0)"),
        ("bad_frames", "many", "--bad-frames (or RELAY_BAD_FRAMES) cannot be 'many'"),
        ("hello_seconds", "soon", "seconds for a connection's HELLO, or never"),
        ("origins", ["game.example.com"], "--origin (or RELAY_ORIGINS) cannot be 'game.example"),
        ("origins", ["https://a/b"], "expected scheme://host[:port], as in https://game"),
        ("origins", ["https://*.zone"], "https://*.example.com for all hosts below that name"),
        ("trusted_proxies", ["10.0.0.1/8"], "--trusted-proxy (or RELAY_TRUSTED_PROXIES) cannot"),
        (
            "trusted_proxies",
            ["proxy.example"],
            "expected an address, or a network as in 10.0.0.0/8",
        ),
        ("root_path", "games", "--root-path (or RELAY_ROOT_PATH) cannot be 'games': expected a"),
        ("root_path", "//evil.example", "expected a path, as in /games"),
        ("names", ["a.example:8000"], "--name (or RELAY_NAMES) cannot be 'a.example:8000'"),
        ("names", ["http://a"], "expected a host name alone"),
        ("host", "", "--host"),
        ("drain_seconds", -1, "seconds over which connections are closed when the relay ends"),
        ("prot", 8000, "--prot"),
    ],
)
def test_a_bad_setting_is_explained_in_one_line(field: str, value: object, said: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        Settings(**{field: value})  # type: ignore[arg-type]
    explanation = explain(invalid.value)
    assert said in explanation
    assert "\n" not in explanation
    assert "pydantic" not in explanation


def test_all_that_is_wrong_is_explained_at_once() -> None:
    with pytest.raises(ValidationError) as invalid:
        Settings(port=-1, max_rooms=0)
    explanation = explain(invalid.value)
    assert "--port" in explanation
    assert "--max-rooms" in explanation


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1


def test_an_option_is_spelled_as_one_of_its_kind() -> None:
    assert option("origins") == "--origin"
    assert option("names") == "--name"
    assert option("frames_per_second") == "--frames-per-second"


def test_servers_of_nats_may_be_given_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    two = ("nats://a:4222", "tls://relay:secret@b.example:4222")
    monkeypatch.setenv("RELAY_NATS", ",".join(two))
    assert Settings().nats == two
    assert Settings(nats=(",".join(two), "nats://c")).nats == (*two, "nats://c")
    assert Settings(nats=("embedded",)).nats == ("embedded",)


@pytest.mark.parametrize(
    "value",
    [
        "a:4222",
        "http://a",
        "nats://",
        "nats://a/path",
        "embedded,nats://a",
        "nats://a:99999",
        "nats://a:port",
        "nats://a:0",
        "nats://[::1",
        "nats://u:p#w@a",
        "nats://u:p?w@a",
    ],
)
def test_what_is_no_server_of_nats_is_refused(value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(nats=(value,))
    assert "--nats (or RELAY_NATS)" in explain(refused.value)


def test_a_password_that_spoils_its_url_is_not_shown() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(nats=("nats://relay:se/cret@a:4222",))
    assert "'nats://***@a:4222'" in explain(refused.value)
    assert "%2F" in explain(refused.value)
