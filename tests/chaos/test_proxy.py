"""The proxy passes every byte on, up to the exact byte at which it has to do harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.chaos.proxy import CUTS, Address, Fault, Harm, Proxy, Way

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Relay:
    """A server that keeps what it hears, and sends what a test says."""

    def __init__(self) -> None:
        self.streams: asyncio.Queue[Stream] = asyncio.Queue()
        self.address: Address = ("", 0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.streams.put((reader, writer))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Relay]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.address = server.sockets[0].getsockname()[:2]
        yield self
        server.close()


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    async with Relay().listening() as relay:
        yield relay


@asynccontextmanager
async def through(proxy: Proxy, relay: Relay) -> AsyncIterator[tuple[Stream, Stream]]:
    """Connect through a proxy; give the client's and the relay's end."""
    client = await asyncio.open_connection("127.0.0.1", proxy.port)
    upstream = await relay.streams.get()
    yield client, upstream
    for _, writer in (client, upstream):
        writer.transport.abort()


async def everything(reader: asyncio.StreamReader) -> bytes:
    """Read until FIN or RST."""
    data = b""
    with suppress(ConnectionError):
        while chunk := await reader.read(1000):
            data += chunk
    return data


async def test_bytes_pass_both_ways_and_so_does_the_end(relay: Relay) -> None:
    async with Proxy(relay.address) as proxy, through(proxy, relay) as (client, upstream):
        client[1].write(b"up" * 50_000)
        upstream[1].write(b"down" * 50_000)
        client[1].write_eof()
        assert await upstream[0].read(-1) == b"up" * 50_000
        upstream[1].write_eof()
        assert await client[0].read(-1) == b"down" * 50_000


@pytest.mark.parametrize("harm", CUTS)
@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("after", [0, 1, 17, 5000, 9999])
async def test_a_cut_falls_on_its_byte(relay: Relay, harm: Harm, way: Way, after: int) -> None:
    faults = (Fault(way, after, harm),)
    async with (
        Proxy(relay.address, lambda _: faults) as proxy,
        through(proxy, relay) as (client, upstream),
    ):
        sender, receiver = (client, upstream) if way is Way.UP else (upstream, client)
        sender[1].write(bytes(10_000))
        assert len(await everything(receiver[0])) == after
        assert (proxy.cuts, proxy.counts[harm]) == (1, 1)


async def test_who_sends_into_a_half_closed_connection_is_not_told(relay: Relay) -> None:
    faults = (Fault(Way.UP, 2, Harm.HALF_CLOSE),)
    async with (
        Proxy(relay.address, lambda _: faults) as proxy,
        through(proxy, relay) as (client, upstream),
    ):
        client[1].write(b"abc")
        assert await everything(upstream[0]) == b"ab"
        upstream[1].write(b"still here")
        assert await client[0].readexactly(10) == b"still here"
        client[1].write(b"swallowed")
        await client[1].drain()
        proxy.heal()
        assert await everything(client[0]) == b""


@pytest.mark.parametrize("harm", [Harm.STALL, Harm.FREEZE])
async def test_a_stall_ends_when_told(relay: Relay, harm: Harm) -> None:
    faults = (Fault(Way.UP, 1, harm),)
    async with (
        Proxy(relay.address, lambda _: faults) as proxy,
        through(proxy, relay) as (client, upstream),
    ):
        client[1].write(b"abc")
        assert await upstream[0].readexactly(1) == b"a"
        upstream[1].write(b"down")
        if harm is Harm.STALL:
            assert await client[0].readexactly(4) == b"down"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await (upstream if harm is Harm.STALL else client)[0].read(1)
        proxy.go_on()
        assert await upstream[0].readexactly(2) == b"bc"
        assert proxy.cuts == 0


async def test_a_pause_ends_by_itself_and_a_delay_does_not(relay: Relay) -> None:
    faults = (Fault(Way.UP, 1, Harm.STALL, 0.01), Fault(Way.UP, 2, Harm.DELAY, 0.05))
    async with (
        Proxy(relay.address, lambda _: faults) as proxy,
        through(proxy, relay) as (client, upstream),
    ):
        loop = asyncio.get_running_loop()
        began = loop.time()
        client[1].write(b"abc")
        assert await upstream[0].readexactly(3) == b"abc"
        assert loop.time() - began >= 0.06


async def test_it_refuses_and_accepts_anew_on_the_same_port(relay: Relay) -> None:
    async with Proxy(relay.address) as proxy, through(proxy, relay) as (client, upstream):
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.accept()
        client[1].write(b"old")
        assert await upstream[0].readexactly(3) == b"old"
        async with through(proxy, relay) as (again, other):
            again[1].write(b"new")
            assert await other[0].readexactly(3) == b"new"


async def test_new_connections_go_to_the_new_upstream(relay: Relay) -> None:
    async with Relay().listening() as successor, Proxy(relay.address) as proxy:
        proxy.upstream = successor.address
        async with through(proxy, successor) as (client, upstream):
            client[1].write(b"x")
            assert await upstream[0].readexactly(1) == b"x"
        assert relay.streams.empty()


async def test_without_an_upstream_a_connection_is_reset(relay: Relay) -> None:
    async with Relay().listening() as gone:
        address = gone.address
    async with Proxy(address) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await everything(reader) == b""
        writer.transport.abort()


async def test_all_connections_can_be_cut_at_once(relay: Relay) -> None:
    async with (
        Proxy(relay.address) as proxy,
        through(proxy, relay) as (one, _),
        through(proxy, relay) as (other, _),
    ):
        proxy.cut_all()
        assert await everything(one[0]) == await everything(other[0]) == b""
        assert proxy.counts[Harm.RESET] == 2
