"""The connection to one of several servers: which one it takes, and when it writes and hears."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from relay.cluster.nats.connection import MOST_WAITING
from relay.cluster.nats.joining import joined
from relay.cluster.nats.options import Servers
from tests.helpers.logs import JOIN_SECONDS, LAYOUT, nodes_at
from tests.helpers.nats import PASSWORD, NatsServer, nats_server, until
from tests.helpers.ports import HOST, free_ports

if TYPE_CHECKING:
    from nats.aio.msg import Msg

SECONDS = 30.0


@pytest.mark.parametrize("dead", [1, 2])
async def test_servers_that_are_dead_are_passed_over(
    dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without it, chance puts the one that lives first now and then.
    monkeypatch.setattr("random.sample", lambda urls, count: list(urls))
    with nats_server() as server:
        urls = [f"nats://127.0.0.1:{port}" for port in free_ports(dead)]
        async with asyncio.timeout(JOIN_SECONDS):
            async with joined(Servers((*urls, server.url)), "node", LAYOUT) as node:
                assert node.connection.is_up


class Plain:
    """A client of NATS that blocks: while it waits, the event loop stands still."""

    def __init__(self, server: NatsServer) -> None:
        self.socket = socket.create_connection((HOST, server.port), SECONDS)
        login = f'{{"verbose":false,"user":"relay","pass":"{PASSWORD}"}}'
        self.says(f"CONNECT {login}\r\n")
        self.settles()

    def says(self, words: str) -> None:
        self.socket.sendall(words.encode())

    def settles(self) -> None:
        """Return when the server has taken what was said."""
        self.says("PING\r\n")
        self.hears(b"PONG\r\n")

    def hears(self, wanted: bytes) -> bytes:
        """Return what comes, up to these bytes."""
        heard = b""
        while wanted not in heard:
            heard += self.socket.recv(65536)
        return heard


@contextmanager
def plain(server: NatsServer) -> Iterator[Plain]:
    client = Plain(server)
    with client.socket:
        yield client


async def test_what_is_published_is_written_in_that_turn_of_the_loop() -> None:
    with nats_server() as server, plain(server) as other:
        async with nodes_at(server, 1) as (node,):
            other.says("SUB bus.all.word 1\r\n")
            other.settles()
            node.connection.publish("bus.all.word", b"hello")
            assert b"hello" in other.hears(b"hello\r\n")


async def test_subscriptions_are_written_in_that_turn_and_in_their_order() -> None:
    with nats_server() as server, plain(server) as other:
        async with nodes_at(server, 1) as (node,):
            other.says("SUB bus.all.done 1\r\n")
            other.settles()
            heard: list[bytes] = []
            end = node.connection.subscribe("bus.all.word", lambda message: heard.append(b"no"))
            end()
            node.connection.subscribe("bus.all.word", lambda message: heard.append(message.data))
            node.connection.publish("bus.all.done", b"")
            other.hears(b"\r\n\r\n")
            other.says("PUB bus.all.word 5\r\nhello\r\n")
            await until(lambda: bool(heard))
            assert heard == [b"hello"]


async def test_messages_of_several_subscriptions_come_in_one_order() -> None:
    with nats_server() as server, plain(server) as other:
        async with nodes_at(server, 1) as (node,):
            heard: list[str] = []

            def note(message: Msg) -> None:
                heard.append(f"{message.subject} {message.data.decode()}")

            other.says("SUB bus.all.done 1\r\n")
            other.settles()
            for word in "ab":
                node.connection.subscribe(f"bus.all.{word}", note)
            node.connection.publish("bus.all.done", b"")
            other.hears(b"\r\n\r\n")
            said = [f"bus.all.{word} {number:02}" for number in range(50) for word in "ab"]
            other.says("".join(f"PUB {each[:-3]} 2\r\n{each[-2:]}\r\n" for each in said))
            await until(lambda: len(heard) == len(said))
            assert heard == said


async def test_a_message_that_cannot_be_sent_is_said_and_the_next_one_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with nats_server() as server, plain(server) as other:
        async with nodes_at(server, 1) as (node,):
            other.says("SUB bus.all.word 1\r\n")
            other.settles()
            node.connection.publish("bus.all.word", bytes(node.connection.most_bytes + 1))
            node.connection.publish("bus.all.word", b"hello")
            assert b"hello" in other.hears(b"hello\r\n")
            assert "was not sent" in caplog.text


async def test_a_subscriber_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with nats_server() as server:
        async with nodes_at(server, 1) as (node,):
            heard: list[bytes] = []

            def take(message: Msg) -> None:
                heard.append(message.data)
                if message.data == b"bad":
                    raise ValueError("bad")

            node.connection.subscribe("bus.all.word", take)
            for word in (b"bad", b"good"):
                node.connection.publish("bus.all.word", word)
            await until(lambda: heard == [b"bad", b"good"])
            assert "was not taken" in caplog.text


async def test_a_frozen_server_bounds_what_waits_for_it() -> None:
    with nats_server() as server:
        async with nodes_at(server, 1) as (node,):
            server.freeze()
            piece = bytes(1024**2)
            for _ in range(2 * MOST_WAITING // len(piece)):
                node.connection.publish("bus.all.word", piece)
            waiting = node.connection.unsent
            server.thaw()
            assert MOST_WAITING / 2 < waiting < MOST_WAITING + 2 * len(piece)
