"""Before the app: who is told what about a refusal, and where the app is mounted."""

from typing import Any
from urllib.parse import quote, urljoin

import pytest

from relay.http.guard import (
    Refusals,
    caller_of,
    path_within,
    port_of,
    root_of,
    way_home,
)
from relay.policy.origins import Caller

CALLER = Caller(None, "evil.example", "192.0.2.1", "192.0.2.2")


def scope(path: str = "/", root: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "http", "path": path, "root_path": root, "headers": [], **more}


@pytest.mark.parametrize(
    ("path", "root", "within"),
    [
        ("/", "", "/"),
        ("/r/A", "", "/r/A"),
        ("/r/A/", "", "/r/A"),
        ("//", "", "/"),
        ("/games/r/A", "/games", "/r/A"),
        ("/games/r/A", "/games/", "/r/A"),
        ("/games", "/games", "/"),
        ("/games/", "/games", "/"),
        ("/r/A", "/games", "/r/A"),
        ("/gamesters", "/games", "/gamesters"),
    ],
)
def test_a_path_is_read_below_the_root(path: str, root: str, within: str) -> None:
    assert path_within(scope(path, root)) == within
    assert root_of(scope(path, root)) == root.rstrip("/")


@pytest.mark.parametrize("prefix", ["", "/rt", "/a/b"])
@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/", ""),
        ("/docs", ""),
        ("/docs/", ""),
        ("/r/A", ""),
        ("/r/A/", ""),
        ("/api/rooms", ""),
        ("/games", "/games"),
        ("/games/", "/games/"),
        ("/more/games", "/more/games"),
        ("/games/r/A", "/games"),
        ("/games/r/A/", "/games"),
        ("/x:y", "/x:y"),
        ("/a b/r/A", "/a b"),
    ],
)
def test_the_way_home_is_right_below_any_prefix(path: str, root: str, prefix: str) -> None:
    asked = f"http://host{prefix}{quote(path)}"
    home = f"http://host{prefix}{quote(root.rstrip('/'))}/"
    mounted = scope(path, root, app_root_path="")
    assert urljoin(asked, way_home(mounted)) == home


@pytest.mark.parametrize("path", ["/", "/games", "/games/"])
@pytest.mark.parametrize("asked", ["/games", "/games/"])
def test_the_way_home_is_whole_where_a_proxy_may_have_made_the_slash(asked: str, path: str) -> None:
    assert urljoin(f"http://host{asked}", way_home(scope(path, "/games"))) == "http://host/games/"
    assert way_home(scope("/r/A", "/games")) == "../"


@pytest.mark.parametrize(
    ("server", "port"), [(("192.0.2.2", 8000), 8000), (("/run/relay.sock", None), 0), (None, 0)]
)
def test_a_port_is_known_or_zero(server: object, port: int) -> None:
    assert port_of(scope(server=server)) == port


def test_a_caller_is_read_from_headers_and_sockets() -> None:
    headers = [(b"host", b"a.example"), (b"origin", b"https://a.example")]
    asked = scope(headers=headers, client=("192.0.2.1", 50_000), server=("192.0.2.2", 8000))
    assert caller_of(asked) == Caller("https://a.example", "a.example", "192.0.2.1", "192.0.2.2")
    assert caller_of(scope()) == Caller(None, None, None, None)


def test_headers_that_come_twice_are_no_browsers() -> None:
    twice = [(b"host", b"a.example"), (b"host", b"b.example"), (b"origin", b""), (b"origin", b"x")]
    caller = caller_of(scope(headers=twice))
    assert caller.host == "a.example, b.example"
    assert caller.origin == ", x"


def test_a_flood_of_refusals_is_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    refusals = Refusals(lambda: now)
    for _ in range(1000):
        refusals.say(CALLER, "it is evil")
    assert len(caplog.records) == 10
    assert caplog.messages[0] == "refused a request from 192.0.2.1: it is evil"
    now = 1.0
    refusals.say(CALLER, "it is evil")
    assert caplog.messages[-1].endswith("it is evil; 990 more like it")
