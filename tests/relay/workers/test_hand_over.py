"""A request moves to the worker where its room lives, with all that was read of it."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import AsyncExitStack
from itertools import count, islice
from types import ModuleType
from typing import Any

import httpx
import pytest
import uvloop

from protocol.frames import Deliver, Send
from relay.http.app import MAX_BODY
from relay.http.listeners import DESCRIPTORS
from relay.server import http_protocol
from relay.server.http_protocol import HEAD_BYTES, READ_BYTES
from relay.workers.hand_over import name_in, path_of
from relay.workers.mail import MOST_WAITING, Kind
from tests.helpers.crew import Colleague, colleagues, names_at
from tests.helpers.http_visitors import ASK, POST, UPGRADE, visitor
from tests.helpers.peers import PATIENCE, Party, Peer, until

HERE, OF_HERE = islice(names_at(0), 2)
THERE, OF_THERE = islice(names_at(1), 2)


def ask(name: str, method: str = "GET") -> bytes:
    return f"{method} /api/rooms/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def make(name: str) -> bytes:
    body = json.dumps({"name": name}).encode()
    return POST + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def enters(worker: Colleague, name: str, stack: AsyncExitStack) -> Peer:
    return await Party(worker.url, stack).enters(name)


async def two_meet() -> None:
    async with colleagues() as (first, second), AsyncExitStack() as stack:
        ann, bob = await enters(first, THERE, stack), await enters(second, THERE, stack)
        assert first.node.registry.get(THERE) is None
        assert second.node.registry.get(THERE) is not None
        ann.says(Send(None, b"hello"))
        assert (await bob.hears(Deliver)).payload == b"hello"
        bob.says(Send(None, b"you too"))
        assert (await ann.hears(Deliver)).payload == b"you too"


@pytest.mark.parametrize("library", [asyncio, uvloop])
def test_players_of_a_room_meet_whoever_accepts_them(library: ModuleType) -> None:
    with asyncio.Runner(loop_factory=library.new_event_loop) as runner:
        runner.run(two_meet())


async def test_a_room_is_made_and_described_where_it_lives() -> None:
    async with colleagues() as crew, httpx.AsyncClient() as client:
        for worker in crew:
            for name in (HERE, THERE):
                made = await client.post(f"{worker.url}/api/rooms", json={"name": name.lower()})
                assert made.status_code in (201, 409)
                asked = await client.get(f"{worker.url}/api/rooms/{name}")
                assert asked.json()["room"] == name
        assert [len(worker.node.registry) for worker in crew] == [1, 1]


async def test_a_room_without_a_name_lives_where_it_is_made() -> None:
    async with colleagues() as crew, httpx.AsyncClient() as client:
        for worker in crew:
            for _ in range(4):
                made = await client.post(f"{worker.url}/api/rooms", json={})
                assert worker.node.registry.get(made.json()["room"]) is not None


async def test_each_request_of_a_connection_finds_its_room() -> None:
    async with colleagues() as (first, _), visitor(first.url) as guest:
        for name in (HERE, THERE, THERE, HERE):
            guest.says(make(name))
            assert await guest.is_answered() in (201, 409)
            guest.says(ask(name))
            assert await guest.is_answered() == 200
            guest.says(ASK)
            assert await guest.is_answered() == 200


async def test_what_comes_in_pieces_moves_whole() -> None:
    async with colleagues() as (first, second), visitor(first.url) as guest:
        for piece in make(THERE)[:-1]:
            guest.says(bytes([piece]))
            await asyncio.sleep(0)
        guest.says(make(THERE)[-1:])
        assert await guest.is_answered() == 201
        assert second.node.registry.get(THERE) is not None


async def test_the_longest_heads_and_bodies_move_too() -> None:
    body = json.dumps({"name": THERE}).encode().ljust(MAX_BODY)
    head = POST + b"x: " + b"y" * (HEAD_BYTES - 500) + b"\r\nContent-Length: %d\r\n\r\n" % MAX_BODY
    async with colleagues() as (first, second), visitor(first.url) as guest:
        guest.says(head + body)
        assert await guest.is_answered() == 201
        assert second.node.registry.get(THERE) is not None


@pytest.mark.parametrize("name", [HERE, THERE])
@pytest.mark.parametrize("written", [b"Upgrade", b"upgrade", b"X-Before: 1\r\nUPGRADE"])
async def test_a_link_moves_however_its_head_is_written(name: str, written: bytes) -> None:
    head = UPGRADE.replace(b"/r/R", f"/r/{name}".encode())
    async with colleagues() as (first, _), visitor(first.url) as ann:
        ann.says(head.replace(b"\r\nUpgrade", b"\r\n" + written))
        assert await ann.is_answered() == 101
        assert (first.visitors, len(first.server.server_state.connections)) == (
            (0, 1) if name == HERE else (0, 0)
        )


async def test_a_link_that_is_no_sound_request_is_refused_wherever_its_room_lives() -> None:
    for name in (HERE, THERE):
        bad = UPGRADE.replace(b"/r/R", f"/r/{name}".encode()).replace(b"HTTP/1.1", b"HTTP/9")
        async with colleagues() as (first, _), visitor(first.url) as ann:
            ann.says(bad)
            assert await ann.is_answered() == 400


async def test_a_body_in_chunks_and_one_that_is_waited_for() -> None:
    body = json.dumps({"name": THERE}).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    async with colleagues() as (first, second):
        async with visitor(first.url) as guest:
            guest.says(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
            assert await guest.is_answered() == 201
        assert second.node.registry.get(THERE) is not None
        async with visitor(first.url) as guest:
            guest.says(POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
            assert await guest.is_answered() == 100
            guest.says(body)
            statuses = [await guest.is_answered()]
            while statuses[-1] == 100:
                statuses.append(await guest.is_answered())
            assert statuses[-1] == 409


async def test_what_follows_a_body_does_not_say_who_asks() -> None:
    """RFC 9110, 6.5.1: a trailer is no header, though a proxy may pass it on."""
    options: dict[str, Any] = {"trusted_proxies": ("127.0.0.1",), "rooms_per_address": 1}
    numbers = count(1)
    async with colleagues(**options) as (first, _):
        for name, status in ((HERE, 201), (THERE, 201), (OF_HERE, 429), (OF_THERE, 429)):
            body = json.dumps({"name": name}).encode()
            head = POST + b"X-Forwarded-For: 192.0.2.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            trailer = f"X-Forwarded-For: 198.51.100.{next(numbers)}\r\n\r\n".encode()
            async with visitor(first.url) as guest:
                guest.says(head + b"%x\r\n%b\r\n0\r\n" % (len(body), body) + trailer)
                assert await guest.is_answered() == status, name


async def test_what_was_asked_before_is_answered_first_and_the_rest_asked_again() -> None:
    async with colleagues() as (first, second):
        async with visitor(first.url) as guest:
            guest.says(make(HERE) + ask(THERE))
            assert await guest.is_answered() == 201
            assert await guest.ends() == b""
        async with visitor(second.url) as guest:
            guest.says(ASK + ASK)
            assert [await guest.is_answered() for _ in range(2)] == [200, 200]


async def test_what_is_asked_after_a_room_that_lives_elsewhere_is_not_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "IDLE_SECONDS", 2 * PATIENCE)  # it ends by itself
    async with colleagues() as (first, _), visitor(first.url) as guest:
        guest.says(make(HERE) + ask(THERE) + ASK * (2 * READ_BYTES // len(ASK)))
        assert await guest.is_answered() == 201
        assert await guest.ends() == b""


async def test_no_descriptor_stays_behind() -> None:
    async with colleagues() as (first, _):
        for times in (10, 300):
            for _ in range(times):
                async with visitor(first.url) as guest:
                    guest.says(ask(THERE))
                    assert await guest.is_answered() == 404
                async with visitor(first.url) as guest:
                    guest.says(ask(THERE))
                    guest.leaves()
            if times == 10:
                await until(lambda: first.visitors == 0)
                before = len(os.listdir(DESCRIPTORS))
        await until(lambda: len(os.listdir(DESCRIPTORS)) <= before)


async def test_a_connection_that_the_system_has_cut_on_its_way_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A process that may open no more files gets the message without the socket."""
    async with colleagues() as (first, second):
        for _ in range(2):
            first.mail.send(second.number, Kind.MOVE, b"GET / HTTP/1.1")
        async with visitor(first.url) as guest:
            guest.says(ask(THERE))
            assert await guest.is_answered() == 404
    assert caplog.text.count("limit of open files") == 1


async def test_nonsense_about_rooms_is_answered_where_it_comes() -> None:
    async with colleagues() as (first, _):
        for said, status in (
            (POST + b"Content-Length: 1\r\n\r\n{", 400),
            (POST + b"Content-Length: 2\r\n\r\n[]", 422),
            (make("no name"), 422),
            (ask("no%20name"), 404),
            (ask("x" * 33), 404),
            (POST + b"Content-Length: 99999\r\n\r\n" + bytes(99999), 413),
        ):
            async with visitor(first.url) as guest:
                guest.says(said)
                assert await guest.is_answered() == status, said[-40:]


async def test_each_connection_is_counted_where_it_is() -> None:
    async with colleagues(limit_loopback=True) as (first, second), AsyncExitStack() as stack:
        guest = await stack.enter_async_context(visitor(first.url))
        guest.says(ASK)
        assert await guest.is_answered() == 200
        assert (first.visitors, second.visitors) == (1, 0)
        guest.says(make(THERE))
        assert await guest.is_answered() == 201
        await until(lambda: (first.visitors, second.visitors) == (0, 1))
        player = await enters(first, THERE, stack)
        await until(lambda: (first.visitors, second.visitors) == (0, 1))  # a player is no visitor
        assert len(second.node.connections) == 1
        guest.leaves()
        player.raw.abort()
        await until(lambda: (first.visitors, second.visitors) == (0, 0))


async def test_an_address_with_too_many_connections_is_refused_where_its_room_lives() -> None:
    options = {"limit_loopback": True, "connections_per_address": 1}
    async with colleagues(**options) as (first, second), AsyncExitStack() as stack:
        guest = await stack.enter_async_context(visitor(second.url))
        guest.says(ASK)
        assert await guest.is_answered() == 200
        other = await stack.enter_async_context(visitor(first.url))
        other.says(ask(THERE))
        assert await other.ends() == b""


async def test_who_would_wait_for_too_long_is_told_to_come_again() -> None:
    async with colleagues() as (first, second), visitor(first.url) as guest:
        second.mail.close()
        while not first.mail.is_full(1):
            first.mail.send(1, Kind.NOTE, bytes(1024))
        guest.says(ask(THERE))
        assert await guest.is_answered() == 503
        second.mail.open()
        await until(lambda: not first.mail.is_full(1))
    assert MOST_WAITING < 10_000


async def test_the_room_is_found_below_any_path_and_however_it_is_written() -> None:
    spelled = "".join(f"%{ord(sign):02x}" for sign in THERE)
    async with colleagues(trusted_proxies=("127.0.0.1",)) as (first, second):
        async with visitor(first.url) as guest:
            guest.says(make(THERE))
            assert await guest.is_answered() == 201
        for path in (
            f"/api/rooms/{spelled}",
            f"/api/rooms/{THERE.lower()}/?a=/api/rooms/{HERE}",
            f"/games/api/rooms/{THERE}",
            f"http://127.0.0.1/api/rooms/{THERE}",
        ):
            async with visitor(first.url) as guest:
                prefix = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Prefix: /games\r\n"
                if not path.startswith("/games"):
                    prefix = ""
                guest.says(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{prefix}\r\n".encode())
                assert await guest.is_answered() == 200, path
        assert len(second.node.registry) == 1
        assert len(first.node.registry) == 0


def test_names_and_paths_are_read_as_the_app_reads_them() -> None:
    assert path_of(b"/r/a%2Fb?c=/r/d") == "/r/a/b"
    assert name_in(b'{"name": "abc"}') == "abc"
    for nothing in (b"", b"[]", b'{"name": 7}', b'{"name": "a b"}', b'{"name": "a", "name": "b"}'):
        assert name_in(nothing) is None
