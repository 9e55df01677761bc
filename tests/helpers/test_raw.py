"""The raw client against a server that is not ours, to prove that it speaks WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.helpers.raw import BINARY, CONTINUATION, RawClient, Refused, connect, frame


async def echo(connection: ServerConnection) -> None:
    """Send every message back; some messages are commands."""
    async for message in connection:
        match message:
            case b"close":
                await connection.close(4502, "replaced")
            case b"ping":
                latency = await (await connection.ping())
                await connection.send(b"pong" if latency >= 0 else b"")
            case b"fragments":
                await connection.send([b"one", b"two", b"three"])
            case b"slow":
                await asyncio.sleep(0.1)
                await connection.send(message)
            case b"vanish":
                connection.transport.abort()
            case bytes():
                await connection.send(message)
            case _:
                await connection.close(1003, "text_refused")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    protocols = [Subprotocol("roomwire.1")]
    origins = [None, Origin("http://game.example")]
    async with serve(echo, "127.0.0.1", 0, subprotocols=protocols, origins=origins) as server:
        yield f"ws://127.0.0.1:{port_of(server)}/r/ROOM"


def port_of(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


@pytest.fixture
async def client(url: str) -> AsyncIterator[RawClient]:
    async with connect(url) as connected:
        yield connected


async def test_it_offers_the_subprotocol(client: RawClient) -> None:
    assert client.headers["sec-websocket-protocol"] == "roomwire.1"
    assert "sec-websocket-extensions" not in client.headers


async def test_it_may_offer_none_and_come_from_somewhere() -> None:
    origins = [Origin("http://game.example")]
    async with (
        serve(echo, "127.0.0.1", 0, origins=origins) as server,
        connect(
            f"ws://127.0.0.1:{port_of(server)}", subprotocol=None, origin="http://game.example"
        ) as client,
    ):
        assert "sec-websocket-protocol" not in client.headers


async def test_it_says_when_it_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        async with connect(url, origin="http://evil.example"):
            pass
    assert caught.value.status == 403


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536])
async def test_a_message_of_any_length_comes_back(client: RawClient, length: int) -> None:
    message = bytes(range(256)) * (length // 256 + 1)
    await client.send(message[:length])
    assert await client.receive() == message[:length]


async def test_hex_is_sent_as_its_bytes(client: RawClient) -> None:
    await client.send("93 01 01 80")
    assert await client.receive() == b"\x93\x01\x01\x80"


async def test_fragments_make_one_message_both_ways(client: RawClient) -> None:
    await client.send(b"fragments")
    assert await client.receive() == b"onetwothree"
    await client.send_raw(frame(BINARY, b"ab", is_last=False) + frame(CONTINUATION, b"cd"))
    assert await client.receive() == b"abcd"


async def test_pings_are_answered(client: RawClient) -> None:
    await client.send(b"ping")
    assert await client.receive() == b"pong"


async def test_the_end_has_its_code_and_reason(client: RawClient) -> None:
    await client.send(b"last")
    await client.send(b"close")
    assert await client.receive() == b"last"
    assert await client.closed() == (4502, "replaced")
    with pytest.raises(ConnectionError, match="4502"):
        await client.receive()


async def test_an_end_without_a_word_is_1006(client: RawClient) -> None:
    await client.send(b"vanish")
    assert await client.closed() == (1006, "")


async def test_text_can_be_sent_to_see_it_refused(client: RawClient) -> None:
    await client.send_text("hello")
    assert await client.closed() == (1003, "text_refused")


async def test_it_closes_as_websockets_do(client: RawClient) -> None:
    await client.close(1000)
    assert await client.closed() == (1000, "")


async def test_waiting_for_nothing_times_out(client: RawClient) -> None:
    await client.send(b"slow")
    with pytest.raises(TimeoutError):
        await client.receive(timeout=0.05)
    assert await client.receive() == b"slow"


async def test_an_abort_is_a_lost_connection_to_the_server() -> None:
    lost: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def wait(connection: ServerConnection) -> None:
        try:
            await connection.recv()
        except ConnectionClosed as closed:
            lost.set_result(closed.rcvd.code if closed.rcvd else None)

    async with (
        serve(wait, "127.0.0.1", 0) as server,
        connect(f"ws://127.0.0.1:{port_of(server)}/", subprotocol=None) as client,
    ):
        client.abort()
        assert await lost is None
