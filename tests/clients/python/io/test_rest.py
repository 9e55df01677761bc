"""One request to REST, and its answer, as a socket sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from clients.python.core.address import parse_relay
from clients.python.errors import LobbyRefused, Unreachable
from clients.python.io.rest import MOST, Rest
from tests.helpers.small_server import serving

PROBLEM = "application/problem+json"


class Server:
    """Answers every request in the same way, and keeps what it hears."""

    def __init__(self, status: int, kind: str, body: bytes, more: str) -> None:
        self.heard: list[bytes] = []
        self.url = ""
        self._answer = (
            f"HTTP/1.1 {status} Word\r\nContent-Type: {kind}\r\n{more}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode() + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(v) for k, v in fields(head) if k == "content-length"), 0)
        self.heard.append(head + await reader.readexactly(length))
        writer.write(self._answer)

    async def ask(self, path: str = "/api/rooms", user: str = "", **request: Any) -> Any:
        rest = Rest(parse_relay(f"http://{user}{self.url}"), 10.0, None)
        return await asyncio.to_thread(rest.ask, path, **request)


def fields(head: bytes) -> list[tuple[str, str]]:
    lines = head.decode().split("\r\n")[1:]
    return [(k.lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines) if k]


@asynccontextmanager
async def server(
    status: int = 200, kind: str = "application/json", body: bytes = b"{}", more: str = ""
) -> AsyncIterator[Server]:
    made = Server(status, kind, body, more)
    async with serving(made.serve) as port:
        made.url = f"127.0.0.1:{port}"
        yield made


async def test_a_question_is_a_get_with_its_query() -> None:
    async with server(body=b'{"rooms": [1]}') as relay:
        query = [("tag", "a:b c"), ("tag", "\N{SNOWMAN}")]
        assert await relay.ask(query=query) == {"rooms": [1]}
    line, *_ = relay.heard[0].split(b"\r\n")
    assert line == b"GET /api/rooms?tag=a%3Ab+c&tag=%E2%98%83 HTTP/1.1"
    assert ("accept", "application/json") in fields(relay.heard[0])


async def test_a_body_is_posted_as_json() -> None:
    async with server(201, "application/json; charset=utf-8", b'"made"') as relay:
        assert await relay.ask(body={"name": "\N{SNOWMAN}"}) == "made"
    head, _, body = relay.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/rooms HTTP/1.1\r\n")
    assert ("content-type", "application/json") in fields(head)
    assert body == b'{"name": "\\u2603"}'


async def test_the_user_of_an_address_is_a_header_and_no_part_of_the_url() -> None:
    async with server() as relay:
        await relay.ask(user="ann:p%40ss@")
    assert ("authorization", "Basic YW5uOnBAc3M=") in fields(relay.heard[0])
    assert ("host", relay.url) in fields(relay.heard[0])


@pytest.mark.parametrize(
    ("header", "after"),
    [("", None), ("Retry-After: 7\r\n", 7), ("Retry-After: soon\r\n", None)],
)
async def test_a_refusal_has_the_relays_words_and_time(header: str, after: int | None) -> None:
    async with server(429, PROBLEM, b'{"detail": "too many"}', header) as relay:
        with pytest.raises(LobbyRefused) as caught:
            await relay.ask()
    refused = caught.value
    assert (refused.status, refused.text, refused.after) == (429, "too many", after)


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"<html>"), ("application/json", b"{"), ("application/json", b"[" * 100_000)],
    ids=["page", "cut off", "too deep"],
)
async def test_an_answer_that_no_relay_gives_is_none(kind: str, body: bytes) -> None:
    async with server(kind=kind, body=body) as relay:
        with pytest.raises(Unreachable, match="not as a Roomwire relay"):
            await relay.ask()


async def test_an_answer_without_end_is_cut_off() -> None:
    async with server(body=b'"' + b"x" * (MOST + 1) + b'"') as relay:
        with pytest.raises(Unreachable, match="not as a Roomwire relay"):
            await relay.ask()
