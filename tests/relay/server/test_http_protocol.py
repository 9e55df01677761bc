"""What comes before a WebSocket has bounds: who is slow or large has to go."""

from __future__ import annotations

import asyncio
import logging

import pytest
from starlette.types import Receive, Scope, Send

from relay.http.app import MAX_BODY
from relay.server import http_protocol
from tests.helpers.http_visitors import ASK, POST, served, visitor
from tests.helpers.peers import PATIENCE, party

MEBIBYTE = 1 << 20


# Time.


@pytest.mark.parametrize(
    "beginning",
    [b"", b"\r\n", b"GET", b"GET /healthz HTTP/1.1\r\n", ASK[:-2], ASK[:-1]],
    ids=repr,
)
async def test_who_does_not_say_what_it_wants_is_let_go(
    beginning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.1)
    async with party() as at, visitor(at.url) as silent:
        silent.says(beginning)
        assert await silent.ends() == b""


async def test_saying_a_little_now_and_then_buys_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.2)
    async with party() as at, visitor(at.url) as slow, asyncio.TaskGroup() as tasks:
        slow.says(b"GET / HTTP/1.1\r\n")
        ending = tasks.create_task(slow.ends())
        while not ending.done():
            slow.says(b"x: y\r\n")
            await asyncio.sleep(0.01)
        assert ending.result() == b""


async def test_a_connection_is_kept_for_the_next_request_but_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with party() as at, visitor(at.url) as guest:
        for idle_seconds in (2 * PATIENCE, 2 * PATIENCE, 0.5):
            monkeypatch.setattr(http_protocol, "IDLE_SECONDS", idle_seconds)
            guest.says(ASK)
            assert await guest.is_answered() == 200
        guest.says(b"\r\n")
        assert await guest.ends() == b""


async def test_a_body_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "BODY_SECONDS", 0.1)
    async with party() as at, visitor(at.url) as slow:
        slow.says(POST + b"Content-Length: 100\r\n\r\n{")
        assert await slow.ends() == b""


async def test_an_answer_that_is_not_taken_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "ANSWER_SECONDS", 0.2)
    ended = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            more = {"type": "http.response.body", "body": bytes(MEBIBYTE), "more_body": True}
            await send(more)
        ended.set()

    async with served(app) as url, visitor(url) as stuck:
        stuck.says(ASK)
        async with asyncio.timeout(PATIENCE):
            await ended.wait()


# Size.


async def test_a_head_may_have_so_many_bytes_and_not_one_more() -> None:
    start = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nx: "
    room = http_protocol.HEAD_BYTES - len(start) - len(b"\r\n\r\n")
    async with party() as at:
        for many, status in ((room, 200), (room + 1, 431)):
            async with visitor(at.url) as guest:
                guest.says(start + b"y" * many + b"\r\n\r\nGET")
                assert await guest.is_answered() == status


async def test_a_head_may_have_so_many_headers_and_not_one_more() -> None:
    async with party() as at, visitor(at.url) as guest:
        for many, status in (
            (http_protocol.MAX_HEADERS - 1, 200),
            (http_protocol.MAX_HEADERS, 431),
        ):
            guest.says(ASK[:-2] + b"x: y\r\n" * many + b"\r\n")
            assert await guest.is_answered() == status


@pytest.mark.parametrize("endless", [b"y", b"x: y\r\n"], ids=["line", "lines"])
async def test_a_head_without_end_is_cut_off(endless: bytes) -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(b"GET / HTTP/1.1\r\nx: ")
        assert await guest.says_until_the_end(endless * 4096, 4096) < 4 * MEBIBYTE


@pytest.mark.parametrize(
    "endless",
    [b"1\r\nx\r\n", b"1;" + b"x" * 1000 + b"\r\nx\r\n", b"0\r\n" + b"x: y\r\n" * 100],
    ids=["chunks", "chunk extensions", "trailers"],
)
async def test_a_body_without_end_is_cut_off(endless: bytes) -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        assert await guest.says_until_the_end(endless * 100, 4096) < 8 * MEBIBYTE


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\n",
        b"-1\r\n",
        b"\r\n",
        b"2\r\n{}x",
        b"2\r\n{}\r\nzz\r\n",
        b"fffffffffffffffff\r\n",
        b"2\r\n{}\r\n0\r\n\x00: y\r\n\r\n",
    ],
    ids=repr,
)
async def test_a_body_in_malformed_chunks_is_answered(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(POST + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        assert await guest.is_answered() == 400
        assert await guest.ends() == b""
    assert "Exception" not in caplog.text  # what ends the app's request is no fault of the app


async def test_a_body_in_too_many_chunks_is_answered() -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 40_000)
        assert await guest.is_answered() == 413


async def test_a_body_of_the_longest_kind_is_taken() -> None:
    async with party() as at, visitor(at.url) as guest:
        body = b'{"name": "BIG"}'.ljust(MAX_BODY)
        guest.says(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert await guest.is_answered() == 201


# One after the other.


async def test_some_requests_may_wait_for_the_answer_to_the_one_before() -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(ASK * 5)
        assert [await guest.is_answered() for _ in range(5)] == [200] * 5


async def test_many_may_not() -> None:
    begun = 0
    is_over = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal begun
        begun += 1
        await is_over.wait()

    async with served(app) as url, visitor(url) as guest:
        guest.says(ASK * 10_000)
        assert await guest.ends() == b""
        assert begun == 1
        is_over.set()


# The log.


async def test_what_is_no_http_is_told_to_its_sender_and_seldom_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with party() as at:
        for _ in range(30):
            async with visitor(at.url) as stranger:
                stranger.says(b"CANARY\r\n\r\n")
                assert (await stranger.ends()).startswith(b"HTTP/1.1 400 ")
    lines = [record.getMessage() for record in caplog.records]
    assert 10 <= len(lines) <= 20
    assert lines[0] == "refused a request from 127.0.0.1: this is no HTTP"
    assert not [line for line in lines if "CANARY" in line]


async def test_an_offer_of_another_protocol_is_passed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with party() as at, visitor(at.url) as guest:
        guest.says(ASK[:-2] + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n")
        assert await guest.is_answered() == 200
        assert await guest.ends() == b""
    assert caplog.records == []
