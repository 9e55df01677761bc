"""What a client says, and does, where no relay answers its upgrade."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from clients.python import Live, Unreachable, connect
from clients.python.io.unreachable import MOST_AFTER, asked_to_wait, describe
from relay.policy.config import Settings
from tests.helpers.cable import Cable
from tests.helpers.longer import given_time
from tests.helpers.players import Enter, enter_async
from tests.helpers.relay import running_relay
from tests.helpers.small_server import serving

Answer = Callable[[asyncio.StreamWriter], None]


def status(code: int, body: bytes = b"<html>", kind: str = "text/html", more: str = "") -> Answer:
    """Answer like a server that knows no WebSocket. Args: more: lines of the head."""
    head = (
        f"HTTP/1.1 {code} No\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    )

    def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + body)
        writer.close()

    return answer


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection without an answer."""
    end = writer.get_extra_info("socket")
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def hang_up(writer: asyncio.StreamWriter) -> None:
    """End the connection in good order, without an answer."""
    writer.close()


@asynccontextmanager
async def proxy(*answers: Answer, relay: str = "") -> AsyncIterator[str]:
    """Answer one connection after the other so; pass later ones on, or answer as the last."""
    left, cable = list(answers), Cable(relay)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if relay and not left:
            await cable.carry(reader, writer)
            return
        answer = left[0] if len(left) == 1 and not relay else left.pop(0)
        await reader.readuntil(b"\r\n\r\n")
        answer(writer)

    async with serving(serve) as port:
        yield f"127.0.0.1:{port}"
        cable.cut()


@pytest.mark.parametrize(
    "answer",
    [status(429), status(502), status(503), status(504), reset, hang_up],
    ids=["429", "502", "503", "504", "reset", "hang up"],
)
async def test_a_first_connection_is_tried_again_where_a_resume_is(
    enter: Enter, answer: Answer
) -> None:
    async with (
        running_relay() as relay,
        proxy(answer, answer, relay=relay.url) as url,
        enter(url, room="R") as player,
    ):
        await player.hears(Live)


@pytest.mark.parametrize("code", [429, 503])
async def test_a_client_waits_as_long_as_it_is_told(enter: Enter, code: int) -> None:
    later = status(code, more="Retry-After: 1\r\n")
    began = time.monotonic()
    async with (
        running_relay() as relay,
        proxy(later, relay=relay.url) as url,
        enter(url, room="R") as player,
    ):
        await player.hears(Live)
        assert time.monotonic() - began >= 1.0


async def test_one_who_is_told_to_wait_too_long_hears_why(enter: Enter) -> None:
    async with proxy(status(429, more="Retry-After: 60\r\n")) as url:
        said = await given_up(enter, url)
    assert re.search(r"HTTP 429.*from your address", said)


async def test_a_relay_that_is_asked_too_often_is_entered_later(enter: Enter) -> None:
    """By a relay that says so itself, and says when to come back."""
    settings = Settings(requests_per_second=1, requests_burst=1, limit_loopback=True)
    async with running_relay(settings) as relay:
        began = time.monotonic()
        async with enter(relay.url, room="R") as ann, enter(relay.url, room="R") as bob:
            await ann.hears(Live)
            await bob.hears(Live)
        assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), ("0", 0.0), ("86400", MOST_AFTER), ("-1", 0.0), ("soon", 0.0), ("1.5", 0.0)],
)
def test_what_is_no_number_of_seconds_is_not_waited_for(said: str, seconds: float) -> None:
    response = Response(429, "Too Many Requests", Headers({"Retry-After": said}))
    assert asked_to_wait(InvalidStatus(response)) == seconds
    assert asked_to_wait(ConnectionResetError()) == 0.0


async def given_up(enter: Enter, url: str) -> str:
    """Return what a client says that tries until its time is over, and has had an answer."""

    async def attempt(seconds: float) -> str:
        with pytest.raises(Unreachable, match=rf"{seconds:g} s\b") as caught:
            async with enter(url, room="R", timeout=seconds):
                pass
        return str(caught.value)

    said = await given_time(attempt, 0.3, lambda said: "no answer" not in said)
    assert "(tried for " in said
    return said


@pytest.mark.parametrize("answer", [status(502), reset], ids=["502", "reset"])
async def test_but_only_within_its_time(enter: Enter, answer: Answer) -> None:
    async with proxy(answer) as url:
        assert "proxy" in await given_up(enter, url)


@pytest.mark.parametrize(
    ("code", "suspect"),
    [
        (200, "a proxy before the relay may not pass on the upgrade"),
        (400, "a proxy before the relay may not pass on the upgrade"),
        (404, "a proxy before it does not pass on this path or the upgrade"),
        (426, "a proxy before the relay does not pass on the upgrade"),
    ],
)
async def test_a_proxy_is_named_as_the_suspect(code: int, suspect: str) -> None:
    async with proxy(status(code)) as url:
        with pytest.raises(Unreachable, match=f"HTTP {code} instead of a WebSocket.*{suspect}"):
            await connect(url, room="R")


@pytest.mark.parametrize(
    ("code", "suspect"),
    [
        (429, "too many requests or connections come from your address"),
        (502, "a proxy is there that does not reach the relay"),
        (503, "a proxy is there that does not reach the relay"),
    ],
)
async def test_so_it_is_after_several_attempts(code: int, suspect: str) -> None:
    async with proxy(status(code)) as url:
        said = await given_up(enter_async, url)
    assert re.search(f"HTTP {code} instead of a WebSocket.*{suspect}", said)


async def test_a_relay_that_is_one_of_two_says_so_itself() -> None:
    problem = b'{"detail": "start one process"}'
    async with proxy(status(503, problem, "application/problem+json")) as url:
        said = await given_up(enter_async, url)
    assert "HTTP 503 instead of a WebSocket: start one process" in said
    assert "proxy" not in said


async def test_an_upgrade_that_a_proxy_spoils_is_its_fault() -> None:
    def spoil(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n")
        writer.close()

    async with proxy(spoil) as url:
        with pytest.raises(Unreachable, match="proxy before the relay spoils the upgrade"):
            await connect(url, room="R")


async def test_what_a_relay_says_of_its_refusal_is_passed_on() -> None:
    problem = b'{"detail": "The Host relay.internal was rewritten by a proxy."}'
    async with proxy(status(403, problem, "application/problem+json")) as url:
        with pytest.raises(Unreachable, match=r"HTTP 403\): The Host relay\.internal was"):
            await connect(url, room="R")


async def test_a_403_without_a_reason_may_be_a_path_without_a_relay() -> None:
    """Starlette's router answers so where nothing is mounted."""
    async with proxy(status(403)) as url:
        with pytest.raises(Unreachable, match=r"or no relay is at this path.*mounted at /relay"):
            await connect(url, room="R")


@pytest.mark.parametrize(
    "body",
    [b"[" * 10_000, b"\xff", b'"x"', b'{"detail": "\\u001b[2J"}'],
    ids=["deep", "no text", "no object", "control codes"],
)
async def test_what_another_server_says_is_not(body: bytes) -> None:
    async with proxy(status(403, body, "application/problem+json")) as url:
        with pytest.raises(Unreachable, match="see `relay serve --help`"):
            await connect(url, room="R")


class TestProxiesOfTheEnvironment:
    URL = "ws://relay.example:8000/r/R"

    @pytest.fixture(autouse=True)
    def clean(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)

    @pytest.mark.parametrize("proxy", ["proxy:3128", "127.0.0.1:3128", "ann:pw@proxy:3128"])
    async def test_one_without_a_scheme_is_explained(
        self, monkeypatch: pytest.MonkeyPatch, proxy: str
    ) -> None:
        monkeypatch.setenv("http_proxy", proxy)
        with pytest.raises(Unreachable) as caught:
            await connect(self.URL)
        where = proxy.rpartition("@")[2]
        assert f"http_proxy=http://{where}" in str(caught.value)
        assert "no_proxy=relay.example" in str(caught.value)
        assert "pw" not in str(caught.value)

    @pytest.mark.parametrize("proxy", ["http://127.0.0.1:99999", "http://127.0.0.1:1/path"])
    async def test_one_that_cannot_be_is_no_crash(
        self, monkeypatch: pytest.MonkeyPatch, proxy: str
    ) -> None:
        monkeypatch.setenv("http_proxy", proxy)
        with pytest.raises(Unreachable):
            await connect(self.URL)

    async def test_one_that_does_not_listen_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        with pytest.raises(Unreachable, match="on the way lies the proxy in http_proxy"):
            await connect(self.URL)

    def test_on_this_machine_none_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        text = describe(ConnectionRefusedError(), "ws://localhost:1/r/R", is_loopback=True)
        assert "proxy" not in text
