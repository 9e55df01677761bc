"""A TCP proxy that harms connections. A script says how, in which direction, and after which byte.

Rule 1: a byte that passes, passes unchanged and in order.
Rule 2: a fault happens after exactly so many bytes of its direction, wherever that is in a frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType

CHUNK = 4096
RECEIVE_BUFFER = 16 * 1024  # small, so that a relay soon feels it when a connection stands still
NO_LINGER = struct.pack("ii", 1, 0)  # with it, a close sends RST instead of FIN

HOST = "127.0.0.1"
Address = tuple[str, int]
Upstream = Address | Callable[[], Address]
"""A relay, or what chooses one of several for each connection."""


class Way(Enum):
    """A direction through the proxy."""

    UP = "to the relay"
    DOWN = "to the client"


class Harm(Enum):
    """What a fault does."""

    RESET = "reset"
    """Both sides get RST."""
    CLOSE = "close"
    """Both sides get FIN, after the bytes that have passed."""
    HALF_CLOSE = "half-close"
    """The receiver gets FIN. The sender is not told, and its later bytes are dropped."""
    STALL = "stall"
    """Nothing passes in this direction for `seconds`, or until the stall is ended."""
    FREEZE = "freeze"
    """As STALL, in both directions."""
    DELAY = "delay"
    """Every later chunk waits for `seconds`."""


CUTS = (Harm.RESET, Harm.CLOSE, Harm.HALF_CLOSE)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one connection. It comes after `after` bytes of its direction."""

    way: Way
    after: int
    harm: Harm
    seconds: float | None = None


Script = Callable[[int], Iterable[Fault]]
"""The faults of the connection with this number, counted from 0."""


def unharmed(number: int) -> Iterable[Fault]:
    """Let a connection pass."""
    return ()


def held(number: int) -> Iterable[Fault]:
    """Let nothing pass, from the first byte on."""
    return [Fault(way, 0, Harm.STALL) for way in Way]


PORTS = range(20_000, 32_768)
"""Below those that a system gives to who asks for any: it thinks one free where nobody listens."""


class Proxy:
    """Listens on a port of its own, and passes connections on. Use it as a context manager.

    Attributes:
        upstream: where connections go. A change affects later connections.
        script: the faults of connections. A change affects later connections.
        counts: faults that happened, by harm.
    """

    def __init__(self, upstream: Upstream, script: Script = unharmed) -> None:
        self.upstream = upstream
        self.script = script
        self.counts: Counter[Harm] = Counter()
        self.connections = 0
        self.port = 0
        self.passages: set[Passage] = set()
        self._is_over = False
        self._server: asyncio.Server | None = None
        self._reserved = socket.socket()

    async def __aenter__(self) -> Proxy:
        while self._server is None:
            with contextlib.suppress(OSError):  # another has this port
                self._reserve(secrets.choice(PORTS))
                await self.accept()
        return self

    def _reserve(self, port: int) -> None:
        """Keep a port while connections are refused: this socket never listens."""
        self._reserved.close()
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind((HOST, port))
        self.port = port

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over = True
        self.refuse()
        self._reserved.close()
        for passage in list(self.passages):
            passage.cut(Harm.RESET)
            await passage.ended.wait()
        for _ in range(10):  # turns in which a connection that has just come ends, too
            await asyncio.sleep(0)

    @property
    def cuts(self) -> int:
        """How many connections were cut, in any way."""
        return sum(self.counts[harm] for harm in CUTS)

    def refuse(self) -> None:
        """Refuse new connections. Those that exist live on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def accept(self) -> None:
        """Accept connections, again on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._pass_on, HOST, self.port, limit=CHUNK, reuse_address=True
            )

    def cut_all(self, harm: Harm = Harm.RESET) -> None:
        """Cut every connection now."""
        for passage in list(self.passages):
            self.counts[harm] += 1
            passage.cut(harm)

    def hold(self) -> None:
        """Let nothing pass any more, over old connections and new ones, and tell nobody."""
        self.script = held
        for passage in self.passages:
            passage.hold()

    def go_on(self) -> None:
        """End all stalls."""
        for passage in self.passages:
            passage.go_on()

    def heal(self) -> None:
        """Harm nothing any more. End connections that are half dead, as nobody else would."""
        self.script = unharmed
        for passage in list(self.passages):
            passage.heal()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        faults = tuple(self.script(self.connections))
        self.connections += 1
        try:
            host, port = self.upstream() if callable(self.upstream) else self.upstream
            upstream = await asyncio.open_connection(host, port, limit=CHUNK)
        except OSError:
            _reset(writer)
            return
        if self._is_over:  # the proxy was left meanwhile
            _reset(writer)
            _reset(upstream[1])
            return
        taking: socket.socket = upstream[1].get_extra_info("socket")
        taking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        passage = Passage((reader, writer), upstream, faults, self.counts)
        self.passages.add(passage)
        try:
            await passage.run()
        finally:
            self.passages.discard(passage)


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Passage:
    """One connection through the proxy."""

    def __init__(
        self, client: Stream, relay: Stream, faults: Iterable[Fault], counts: Counter[Harm]
    ) -> None:
        self.ended = asyncio.Event()
        self._readers = {Way.UP: client[0], Way.DOWN: relay[0]}
        self._writers = {Way.UP: relay[1], Way.DOWN: client[1]}
        self._gates = {way: asyncio.Event() for way in Way}
        self._delays = dict.fromkeys(Way, 0.0)
        self._faults = {
            way: sorted((fault for fault in faults if fault.way is way), key=lambda f: f.after)
            for way in Way
        }
        self._counts = counts
        self._swallowed: set[Way] = set()
        self.go_on()
        for writer in self._writers.values():
            # So that `drain` waits until the kernel has every byte, and a cut loses none of them.
            writer.transport.set_write_buffer_limits(0)

    async def run(self) -> None:
        """Pass bytes on until both directions have ended."""
        try:
            async with asyncio.TaskGroup() as pumps:
                for way in Way:
                    pumps.create_task(self._pump(way))
        finally:
            for writer in self._writers.values():
                writer.transport.abort()
            self.ended.set()

    def cut(self, harm: Harm, way: Way = Way.UP) -> None:
        """Cut the connection. For HALF_CLOSE, the receiver of `way` gets FIN."""
        if harm is Harm.HALF_CLOSE:
            self._swallowed.add(way)
            _end(self._writers[way])
        else:
            for writer in self._writers.values():
                _reset(writer) if harm is Harm.RESET else writer.close()
        self.go_on()

    def go_on(self) -> None:
        """End stalls of this connection."""
        for gate in self._gates.values():
            gate.set()

    def hold(self) -> None:
        """Let nothing pass in either direction."""
        self._stall(Way, None)

    def heal(self) -> None:
        """Harm this connection no more, and end it if it is half dead."""
        for way in Way:
            self._faults[way].clear()
            self._delays[way] = 0.0
        if self._swallowed:
            self.cut(Harm.RESET)
        self.go_on()

    async def _pump(self, way: Way) -> None:
        passed, writer = 0, self._writers[way]
        with contextlib.suppress(ConnectionError):
            while data := await self._readers[way].read(CHUNK):
                passed += await self._pass(way, data, passed)
            await self._gates[way].wait()
            _end(writer)
            return
        self.cut(Harm.RESET)

    async def _pass(self, way: Way, data: bytes, passed: int) -> int:
        """Pass data on, with the faults within it; return its length."""
        start, faults = 0, self._faults[way]
        while faults and faults[0].after <= passed + len(data):
            fault = faults.pop(0)
            end = max(fault.after - passed, start)
            await self._write(way, data[start:end])
            self._happen(fault)
            start = end
        await self._write(way, data[start:])
        return len(data)

    async def _write(self, way: Way, data: bytes) -> None:
        if self._delays[way]:
            await asyncio.sleep(self._delays[way])
        await self._gates[way].wait()
        writer = self._writers[way]
        if writer.is_closing():
            raise ConnectionResetError
        if data and way not in self._swallowed:
            writer.write(data)
            await writer.drain()

    def _happen(self, fault: Fault) -> None:
        self._counts[fault.harm] += 1
        match fault.harm:
            case Harm.STALL:
                self._stall([fault.way], fault.seconds)
            case Harm.FREEZE:
                self._stall(Way, fault.seconds)
            case Harm.DELAY:
                self._delays[fault.way] = fault.seconds or 0.0
            case harm:
                self.cut(harm, fault.way)

    def _stall(self, ways: Iterable[Way], seconds: float | None) -> None:
        for way in ways:
            self._gates[way].clear()
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self.go_on)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):  # it may be closed already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.transport.abort()


def _end(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.write_eof()
