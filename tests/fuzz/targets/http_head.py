"""What comes before a WebSocket: the heads of HTTP requests, and what follows them.

The first byte chooses who reads the first head: the server's own protocol, or the WebSocket's. The
second cuts the input into reads. However it is cut, the answers are the same.
"""

from __future__ import annotations

import asyncio
import atexit
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from relay.policy.config import Settings
from relay.server.http_protocol import bounded
from relay.server.process import make_server
from relay.server.ws_protocol import DirectProtocol
from tests.helpers import raw
from tests.helpers.http_visitors import ASK, POST, UPGRADE
from tests.helpers.raw import BINARY, CLOSE

HEAD = 2
TURNS: Final = 12

ANSWER: Final = re.compile(
    rb"HTTP/1\.1 (\d{3}) [\x20-\x7e]*\r\n(?:[\x21-\x7e]+: [^\r\n]*\r\n)*\r\n"
)
END: Final = b"\r\n\r\n"
UPGRADED: Final = b"HTTP/1.1 101 "
DATE: Final = re.compile(rb"(?i)date: [^\r]*")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Take what comes, and answer with its size."""
    size, more = 0, True
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "bytes": event.get("bytes") or b"text"})
        return
    while more:
        event = await receive()
        size += len(event.get("body", b""))
        more = event.get("more_body", False)
    body = b"%d" % size
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Wire(asyncio.Transport):
    """A connection within this process: it keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 80)})
        self.written = b""
        self.protocol: asyncio.Protocol
        self.is_over = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.Protocol, protocol)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.is_over:  # what comes later is dropped, as by a socket's transport
            self.written += data

    def hear(self, data: bytes) -> None:
        """Let the protocol read, as long as there is a connection."""
        if data and not self.is_over:
            self.protocol.data_received(data)

    def close(self) -> None:
        self.is_over = True

    abort = close

    def is_closing(self) -> bool:
        return self.is_over

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Stage:
    """A server without sockets. It is made once, and each input gets a connection."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        atexit.register(self.loop.close)
        self.failures: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda loop, context: self.failures.append(context))
        self.settings = Settings()
        self.config = make_server(app, self.settings).config
        self.config.lifespan = "off"
        self.config.load()

    def play(self, reads: Iterable[bytes], is_direct: bool) -> bytes:
        """Return what is written to one who says this. None of it waits for an answer, but for the
        last read."""
        return self.loop.run_until_complete(self._play([*reads], is_direct))

    async def _play(self, reads: list[bytes], is_direct: bool) -> bytes:
        # With a gate of its own: no earlier input counts against the rate of requests.
        made: Any = DirectProtocol if is_direct else bounded(self.settings)
        state, wire = ServerState(), Wire()
        protocol = made(self.config, state, {}, self.loop)
        wire.set_protocol(protocol)
        protocol.connection_made(wire)
        for read in reads[:-1]:
            wire.hear(read)
        await turns(lambda: False)
        wire.hear(reads[-1])
        await turns(lambda: False)
        wire.close()
        wire.protocol.connection_lost(None)
        await turns(lambda: not state.tasks)
        assert not state.tasks, "the app was not told that the client is gone"
        assert not state.connections
        assert not self.failures, self.failures.pop()
        return wire.written


async def turns(is_enough: Callable[[], bool]) -> None:
    """Let the loop turn until an app that waits for nothing has answered."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
        if is_enough():
            return


stage: Final = Stage()


def check(data: bytes) -> None:
    """Nothing escapes, what is written is HTTP, and cuts between reads change nothing."""
    if len(data) < HEAD:
        return
    is_direct, cut, said = bool(data[0] & 1), 1 + data[1], data[HEAD:]
    # uvicorn gives a WebSocket's protocol one head; what follows may come once it is answered.
    before, end, after = said.partition(END) if is_direct else (said, b"", b"")
    head = before + end
    whole = stage.play([head, after], is_direct)
    assert not whole or ANSWER.match(whole), whole
    pieces = (head[start : start + cut] for start in range(0, len(head), cut))
    other = stage.play([*pieces, after], is_direct)
    if is_direct or not whole.startswith(UPGRADED):  # no client may say more before it reads this
        assert plain(other) == plain(whole)


def plain(answers: bytes) -> bytes:
    """Leave out what the clock decides."""
    return DATE.sub(b"", answers)


def frame(opcode: int, data: bytes, *, is_last: bool = True) -> bytes:
    return raw.frame(opcode, data, is_last=is_last, mask=b"mask")


def seeds() -> Iterator[bytes]:
    requests = (
        ASK,
        ASK * 3,
        POST + b"Content-Length: 2\r\n\r\n{}",
        POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + ASK,
        POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        UPGRADE,
        UPGRADE.replace(b"websocket", b"h2c, WebSocket"),
        UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        UPGRADE.replace(b"13", b"12"),
        UPGRADE[:-2] + b"Sec-WebSocket-Protocol: a, b\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
        UPGRADE[:-2] + b"Content-Length: 5\r\n\r\nhello",
        UPGRADE + frame(BINARY, b"hello") + frame(CLOSE, b"\x03\xe8"),
        ASK.replace(b"GET /healthz", b"OPTIONS *"),
        ASK.replace(b"/healthz", b"http://127.0.0.1/%41?q=%zz#f"),
        ASK[:-2] + b"Connection: close\r\n\r\n",
        ASK[:-2] + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + ASK,
        ASK[:-2] + b"X: \xff\r\n folded\r\n\r\n",
        ASK[:-2] + b"a: b\r\n" * 129 + b"\r\n",
        ASK.replace(b"\r\n", b"\n"),
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    )
    for number, request in enumerate(requests):
        for way in range(2):
            yield bytes([way, 37 * number % 256]) + request
