"""Pages and files are served from where they were built."""

from pathlib import Path

import pytest

from relay.http import files
from relay.http.app import create_app
from tests.helpers.rest import client_of


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "WEB", tmp_path)
    return tmp_path


async def test_without_the_built_pages_it_says_how_to_build_them(web: Path) -> None:
    app = create_app()
    async with client_of(app) as http:
        assert "make setup" in (await http.get("/")).text
        assert (await http.get("/assets/page.js")).status_code == 404
        assert (await http.get("/client/roomwire.js")).status_code == 404
    app.state.node.close()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.js.map", "application/json"),
        ("a.d.ts", "application/typescript; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.tgz", "application/gzip"),
    ],
)
async def test_files_have_their_types_and_are_asked_for_anew(
    web: Path, name: str, kind: str
) -> None:
    (web / "client").mkdir()
    (web / "client" / name).write_text("x")
    app = create_app()
    async with client_of(app) as http:
        got = await http.get(f"/client/{name}", headers={"origin": "https://a.example"})
        assert got.headers["content-type"] == kind
        assert got.headers["cache-control"] == "no-cache"
        assert got.headers["access-control-allow-origin"] == "*"
        again = await http.get(f"/client/{name}", headers={"if-none-match": got.headers["etag"]})
        assert again.status_code == 304
        assert again.headers["access-control-allow-origin"] == "*"
    app.state.node.close()


@pytest.mark.parametrize("path", ["/client/../secret", "/client/%2e%2e/secret", "/client//secret"])
async def test_nothing_outside_the_folder_is_served(web: Path, path: str) -> None:
    (web / "client").mkdir()
    (web / "secret").write_text("x")
    app = create_app()
    async with client_of(app) as http:
        assert (await http.get(path)).status_code == 404
    app.state.node.close()


async def test_assets_are_for_the_relays_own_pages(web: Path) -> None:
    (web / "assets").mkdir()
    (web / "assets" / "page.js").write_text("x")
    app = create_app()
    async with client_of(app) as http:
        got = await http.get("/assets/page.js")
        assert got.status_code == 200
        assert "access-control-allow-origin" not in got.headers
    app.state.node.close()


def test_a_page_knows_where_its_links_lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WEB", tmp_path)
    (tmp_path / "room.html").write_text("<html><head><title>Löwe</title></head></html>", "utf-8")
    assert '<head><base href="../"><title>Löwe' in files.page("room", "../")
    assert '<base href="/&quot;&gt;/">' in files.page("room", '/">/')


def test_a_page_that_was_not_built_says_how_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WEB", tmp_path)
    assert "make setup" in files.page("room", "../")


@pytest.mark.parametrize("name", ["index", "room"])
def test_the_pages_that_are_built_take_their_root(name: str) -> None:
    text = (files.WEB / f"{name}.html").read_text("utf-8")
    assert "<head>" in text
    assert 'src="/' not in text
    assert 'href="/' not in text
