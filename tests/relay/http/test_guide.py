"""The relay serves the site of the docs, if it was built, as it serves its other files."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from relay.http import files
from relay.http.app import create_app
from relay.policy.config import Settings
from tests.helpers.rest import client_of

HOST = "http://127.0.0.1"


@pytest.fixture
def guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for a site, which is not built; beside it is a secret."""
    (tmp_path / "secret.txt").write_text("CANARY")
    folder = tmp_path / "guide"
    monkeypatch.setattr(files, "GUIDE", folder)
    return folder


def build(folder: Path) -> None:
    (folder / "guide").mkdir(parents=True)
    (folder / "typescript").mkdir()
    for page in ("index", "guide/first", "typescript/index"):
        (folder / f"{page}.html").write_text(f"<title>{page}</title>")
    (folder / "secret").symlink_to(folder.parent / "secret.txt")


@pytest.fixture
def built(guide: Path) -> Path:
    build(guide)
    return guide


def client(**settings: str) -> TestClient:
    return TestClient(create_app(Settings(**settings)), base_url=HOST)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/guide", "/guide/", "/guide/index.html", "/guide/../x"])
def test_without_the_site_it_says_how_to_make_it(guide: Path, path: str) -> None:
    with client() as http:
        answer = http.get(path)
        assert answer.status_code == 404
        assert "make docs" in answer.text or path.endswith("/x")
        build(guide)  # a relay that runs serves what comes later
        assert http.get("/guide/").status_code == 200


def test_the_home_page_leads_to_a_guide_that_is_there(guide: Path) -> None:
    link = '<a class="button" href="guide/"'
    assert f"{link} hidden>" in files.page("index", "./")
    build(guide)
    assert f"{link}>" in files.page("index", "./")


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("/guide", "index"),
        ("/guide/", "index"),
        ("/guide/index.html", "index"),
        ("/guide/guide/first.html", "guide/first"),
        ("/guide/typescript", "typescript/index"),
        ("/guide/typescript/", "typescript/index"),
    ],
)
def test_a_folder_shows_its_page_where_the_links_of_that_lead_right(
    built: Path, asked: str, page: str
) -> None:
    with client() as http:
        answer = http.get(asked)
    assert answer.text == f"<title>{page}</title>"
    below = urljoin(f"{HOST}/guide/", page.removesuffix("index"))
    assert urljoin(str(answer.url), ".") == urljoin(below, ".")


@pytest.mark.parametrize("prefix", ["/rt", "/guide", "/guide/typescript"])
def test_so_it_is_below_a_path(built: Path, prefix: str) -> None:
    with client(root_path=prefix) as http:
        answer = http.get(f"{prefix}/guide")
        assert (answer.url.path, answer.text) == (f"{prefix}/guide/", "<title>index</title>")
    app = create_app(Settings())
    mounted = Starlette(routes=[Mount(prefix, app)])
    with TestClient(mounted, base_url=HOST) as http:
        for page in ("guide/first", "typescript/index"):
            assert http.get(f"{prefix}/guide/{page}.html").text == f"<title>{page}</title>"
    app.state.node.close()


def test_a_proxy_may_take_off_a_prefix_of_which_it_says_nothing(built: Path) -> None:
    with client() as http:
        told = http.get("/guide/typescript", follow_redirects=False)
    assert told.status_code == 307
    asked = "https://game.example/rt/guide/typescript"
    assert urljoin(asked, told.headers["location"]) == f"{asked}/"


@pytest.mark.parametrize("path", ["", "index.html", "typescript", "none.html"])
def test_it_has_the_headers_of_all_pages(built: Path, path: str) -> None:
    with client() as http:
        page, answer = http.get("/"), http.get(f"/guide/{path}", follow_redirects=False)
    for name in ("content-security-policy", "x-frame-options", "x-content-type-options"):
        assert answer.headers[name] == page.headers[name]
    assert answer.headers.get("cache-control", "no-cache") == "no-cache"


def test_a_browser_that_has_a_page_is_told_so(built: Path) -> None:
    with client() as http:
        tag = http.get("/guide/").headers["etag"]
        assert http.get("/guide/", headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.inv", "application/octet-stream"),
        ("a.json", "application/json"),
    ],
)
def test_files_have_their_types(built: Path, name: str, kind: str) -> None:
    (built / name).write_text("x")
    with client() as http:
        assert http.get(f"/guide/{name}").headers["content-type"] == kind


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "guide/../../secret.txt",
        "guide/%2e%2e/%2e%2e/secret.txt",
        "..%5csecret.txt",
        "//secret.txt",
        "secret",  # a link that leads outside
        "secret/",
        "%00",
        "a" * 300,
        "guide",
        "none/",
        "index.html/",
    ],
)
async def test_nothing_else_is_served(built: Path, path: str) -> None:
    app = create_app()
    async with client_of(app) as http:
        answer = await http.get(httpx.URL(f"http://192.168.1.5:8000/guide/{path}"))
    assert answer.status_code == 404
    assert "CANARY" not in answer.text
    app.state.node.close()


def test_it_takes_nothing(built: Path) -> None:
    with client() as http:
        assert http.post("/guide/").status_code == 405
