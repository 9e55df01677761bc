"""Who may see what is the operator's: programs on this machine, and whoever has the token."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import responder
from pydantic import ValidationError

from relay.http.app import create_app
from relay.policy.config import Settings, explain
from relay.policy.operators import find_token, kept, read_token
from tests.helpers.relay import relay_process

TOKEN = "correct-horse-battery"
LAN = "192.168.1.77"
LOCAL = "http://127.0.0.1:8000"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "roomwire"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[responder.API]:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    app = create_app(Settings(operator_token_file=file, names=("play.example.com",)))
    yield app
    app.state.node.close()


Headers = dict[str, str] | list[tuple[bytes, bytes]]


async def status(app: responder.API, client: str, headers: Headers, url: str = LOCAL) -> int:
    transport = httpx.ASGITransport(app=app, client=(client, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=url) as http:
        response = await http.get("/metrics", headers=headers)
    assert ("roomwire_rooms" in response.text) is (response.status_code == 200)
    return response.status_code


@pytest.mark.parametrize(
    ("client", "host"),
    [
        ("127.0.0.1", "127.0.0.1:8000"),
        ("127.0.0.1", "localhost:8000"),
        ("::1", "[::1]:8000"),
        ("::ffff:127.0.0.1", "localhost"),
    ],
)
async def test_a_program_on_this_machine_reads_metrics(
    app: responder.API, client: str, host: str
) -> None:
    assert await status(app, client, {"host": host}) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "play.example.com"},
        {"host": "192.168.1.5:8000"},
        {"x-forwarded-for": LAN},
        {"X-Forwarded-Proto": "https"},
        {"x-forwarded-host": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"x-real-ip": "127.0.0.1"},
        {"x-client-ip": "127.0.0.1"},
        {"via": "1.1 proxy"},
        {"cf-connecting-ip": LAN},
        {"origin": "http://localhost:5173"},
        {"origin": LOCAL},
        {"origin": "null"},
    ],
)
async def test_what_passed_a_proxy_or_a_browser_reads_none(
    app: responder.API, headers: dict[str, str]
) -> None:
    assert await status(app, "127.0.0.1", headers) == 401


async def test_a_stranger_reads_none(app: responder.API) -> None:
    assert await status(app, LAN, {}) == 401
    assert await status(app, "", {}) == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_operator_reads_metrics_from_anywhere(app: responder.API, scheme: str) -> None:
    said = {"authorization": f"{scheme} {TOKEN}", "x-forwarded-for": LAN}
    assert await status(app, LAN, said, "http://play.example.com") == 200


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        "Bearer \xff",
    ],
)
async def test_another_word_is_no_token(app: responder.API, said: str) -> None:
    raw = [(b"authorization", said.encode("latin-1"))]
    assert await status(app, LAN, raw) == 401


async def test_a_token_is_compared_in_constant_time(
    app: responder.API, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda *both: compared.append(both))
    assert await status(app, LAN, {"authorization": "Bearer guess"}) == 401
    assert compared == [(b"guess", TOKEN.encode())]


async def test_who_is_refused_hears_how_it_is_done(app: responder.API) -> None:
    transport = httpx.ASGITransport(app=app, client=(LAN, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=LOCAL) as http:
        refused = await http.get("/metrics")
    assert refused.headers["www-authenticate"] == "Bearer"
    assert "--operator-token-file" in refused.json()["detail"]


# The token's file.


@pytest.mark.parametrize("text", ["", "short", "x" * 15, "correct horse battery staple", "ö" * 20])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    with pytest.raises(ValidationError) as refused:
        Settings(operator_token_file=file)
    assert "--operator-token-file" in explain(refused.value)
    assert "16 or more" in explain(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(operator_token_file=tmp_path / "none")
    assert "it cannot be read: No such file" in explain(refused.value)


def test_a_token_is_read_without_the_blanks_around_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"  {TOKEN}\r\n")
    assert read_token(file) == TOKEN


def test_each_start_has_a_token_of_its_own() -> None:
    apps = [create_app(Settings()) for _ in range(2)]
    tokens = {app.state.token for app in apps}
    assert len(tokens) == 2
    assert all(len(token) >= 32 for token in tokens)
    for app in apps:
        app.state.node.close()


def test_a_token_is_kept_where_this_user_alone_finds_it(folder: Path) -> None:
    with kept(TOKEN, 8000):
        (file,) = folder.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert find_token(8000) == TOKEN
        assert find_token(8001) is None
    assert list(folder.iterdir()) == []


def test_what_a_killed_relay_left_is_replaced(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(mode=0o700)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("kept")
    (folder / "operator-8000").symlink_to(elsewhere)
    with kept(TOKEN, 8000):
        assert find_token(8000) == TOKEN
    assert elsewhere.read_text() == "kept"


def test_the_token_of_another_relay_at_this_port_stays(folder: Path) -> None:
    with kept(TOKEN, 8000):
        with kept("another-token-of-mine", 8000):
            pass
        with kept("another-token-of-mine", 8000):
            (folder / "operator-8000").write_text("a-third-one-of-mine")
        assert find_token(8000) == "a-third-one-of-mine"


def test_without_a_runtime_folder_there_is_a_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with kept(TOKEN, 8000):
        (folder,) = tmp_path.iterdir()
        assert folder.name == f"roomwire-{os.getuid()}"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert find_token(8000) == TOKEN


@pytest.mark.parametrize("trap", ["open", "link", "file"])
def test_no_token_is_put_where_others_could_read_it(
    folder: Path, tmp_path: Path, trap: str, caplog: pytest.LogCaptureFixture
) -> None:
    if trap == "open":
        folder.mkdir()
        folder.chmod(0o755)
    elif trap == "link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.write_text("")
    with kept(TOKEN, 8000):
        assert find_token(8000) is None
    assert "the operator's token is not kept" in caplog.text
    assert "--operator-token-file" in caplog.text


def test_a_relay_keeps_its_token_while_it_runs(folder: Path) -> None:
    with relay_process() as relay:
        token = find_token(relay.port)
        assert token is not None
        headers = {"authorization": f"Bearer {token}", "x-forwarded-for": LAN}
        assert httpx.get(f"{relay.url}/metrics", headers=headers).status_code == 200
        assert httpx.get(f"{relay.url}/metrics").status_code == 200
        del headers["authorization"]
        assert httpx.get(f"{relay.url}/metrics", headers=headers).status_code == 401
        assert relay.end() == 0
        assert find_token(relay.port) is None


def test_a_relay_with_a_chosen_token_keeps_no_other(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with relay_process("--operator-token-file", str(tmp_path / "token")) as relay:
        assert not folder.exists()
        headers = {"authorization": f"Bearer {TOKEN}", "x-forwarded-for": LAN}
        assert httpx.get(f"{relay.url}/metrics", headers=headers).status_code == 200
