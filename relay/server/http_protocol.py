"""uvicorn's HTTP protocol, with bounds on what one client can make it wait for and keep.

uvicorn waits without end for a request's head, for its body, and for its answer to be taken; it
takes heads of any length, any number of requests at once, and as many connections as there are.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any, ClassVar, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from websockets.datastructures import Headers
from websockets.http11 import Request

from relay.policy.config import Settings
from relay.server.gate import Gate
from relay.server.ws_protocol import DirectProtocol

HEAD_SECONDS = 5.0
"""From a connection's begin, or a request's first byte, to the end of its head."""
BODY_SECONDS = 10.0
"""From the end of the head to that of the body."""
ANSWER_SECONDS = 60.0
"""From there until all of the answer is taken: a page on a bad line takes a while. A stream has
no such end, but its client may not pause for so long."""
IDLE_SECONDS = 5.0
"""From an answer to the next request's first byte."""

HEAD_BYTES = 16 * 1024
MESSAGE_BYTES = 160 * 1024
"""A head, the longest body that the app takes, and what it costs to send that in chunks."""
MAX_HEADERS = 128
"""Of a request: each costs more than its bytes do."""
READ_BYTES = 16 * 1024
"""Read at once: what is asked for in one piece is looked at before the next."""
MAX_PIPELINED = 8
"""Requests that wait for the answer to an earlier one. Browsers send none."""

HEALTH = frozenset({b"/healthz", b"/metrics"})
"""What can be asked for when there is no place left."""

REASONS = {
    400: "this is no HTTP",
    413: "the body is too large",
    429: "too many requests from your address",
    431: "the head is too large",
    503: "this relay has no place left",
}


class _Refused(Exception):
    """Ends the parsing of a request."""

    def __init__(self, status: int, after: float = 0.0) -> None:
        """Args: after: seconds after which to ask again; 0.0 where nobody knows."""
        self.status = status
        self.after = after


class HttpProtocol(HttpToolsProtocol):
    """Gives up on who is slow, large or too much; `bounded` makes the class to use."""

    gate: ClassVar[Gate]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._peer = ""
        self._address = ""
        """Who is counted: the peer, or during a request whom it speaks for."""
        self._has_entered = False
        self._is_extra = False
        self._is_in_head = True
        self._asks_for_websocket = False
        self._is_deaf = False
        """What follows cannot be told from a protocol that was asked for, and not agreed to."""
        self._size = 0  # bytes of the request that is being read
        self._deadline: asyncio.TimerHandle | None = None

    # The connection.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._peer = self._address = self.client[0] if self.client else ""
        self._has_entered = self.gate.arrive(self._peer)
        if not self._has_entered:
            return self.cut()
        if len(self.connections) > self.gate.places:
            self._is_extra = True
            self.gate.squeeze_in(self)
        self._allow(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._leave()

    def handle_websocket_upgrade(self) -> None:
        """Hand the request over as it was read; uvicorn would let it be read once more."""
        if self._has_body():
            return self._refuse(400)  # it would be taken for the other protocol
        self._leave()
        self.connections.discard(self)
        protocol = DirectProtocol(self.config, self.server_state, self.app_state, self.loop)
        protocol.connection_made(self.transport)
        protocol.request_received(self._request(), self.scope)
        self.transport.set_protocol(cast(asyncio.Protocol, protocol))
        # Each holds the other, and both are done: the garbage collector need not look for them.
        self.parser = None  # type: ignore[assignment] # as uvicorn does at its end

    def _request(self) -> Request:
        headers = Headers()
        for name, value in self.headers:  # which the parser has found to be sound
            headers.set_insecure(name.decode("ascii"), value.decode("latin-1").strip(" \t"))
        method = self.parser.get_method().decode("ascii")
        version = f"HTTP/{self.parser.get_http_version()}"
        return Request(self.url.decode("ascii"), headers, method, version)

    def cut(self) -> None:
        """End the connection, whatever was still to be said."""
        self.transport.abort()

    def _leave(self) -> None:
        self._allow(None)
        self.gate.spoke(self)
        self._count_out()

    # Who it is.

    def _come_as(self, address: str) -> bool:
        """Be counted as another, as a proxy is as the client of its request. Returns: if it may."""
        if address != self._address:
            self._count_out()
            self._address = address
            self._has_entered = self.gate.enter(address)
        return self._has_entered

    def _come_as_peer(self) -> None:
        """Be counted as the peer alone, which has its place as long as it stays connected."""
        if self._peer != self._address:
            self._count_out()
            self._address = self._peer
            self._has_entered = self.gate.arrive(self._peer)

    def _count_out(self) -> None:
        if self._has_entered:
            self._has_entered = False
            self.gate.leave(self._address)

    # Its time.

    @property
    def _is_busy(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn calls its type
        return cycle is not None and not cycle.response_complete

    def _allow(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._run_out)

    def pause_writing(self) -> None:
        """Take note that the client does not take what is written."""
        super().pause_writing()
        if self._is_streaming:
            self._allow(ANSWER_SECONDS)

    @property
    def _is_streaming(self) -> bool:
        """Whether a request that was read to its end is answered by a stream."""
        cycle: Any = self.cycle
        return self._is_busy and bool(cycle.chunked_encoding) and not cycle.more_body

    def _run_out(self) -> None:
        if self._is_streaming and not self.flow.write_paused:
            return self._allow(ANSWER_SECONDS)
        # Closing one that does not read would wait for it to read.
        if self.transport.get_write_buffer_size():
            self.cut()
        else:
            self.transport.close()

    # What it reads.

    def data_received(self, data: bytes) -> None:
        view = memoryview(data)
        while view and not (self._is_done or self.transport.is_closing()):
            left = (HEAD_BYTES if self._is_in_head else MESSAGE_BYTES) - self._size
            if left <= 0:
                return self._refuse(431 if self._is_in_head else 413)
            part, view = view[: min(left, READ_BYTES)], view[min(left, READ_BYTES) :]
            self._size += len(part)
            self._parse(part)

    @property
    def _is_done(self) -> bool:
        return self._asks_for_websocket or self._is_deaf

    def _parse(self, data: memoryview) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._asks_for_websocket:
                self.handle_websocket_upgrade()
            else:
                self._is_deaf = True
        except httptools.HttpParserError as error:
            self._stop(error.__context__)

    def _stop(self, cause: BaseException | None) -> None:
        """Read no more of a request. Args: cause: what was raised while it was parsed."""
        refused = cause if isinstance(cause, _Refused) else _Refused(400)
        self._refuse(refused.status, refused.after)

    def _refuse(self, status: int, after: float = 0.0) -> None:
        why = REASONS[status]
        answer = _answer(status, why, after)
        self.gate.refuse(self._address, why)
        if not self._is_busy:  # else this would be taken for a part of another answer
            self.transport.write(answer)
        elif self._is_in_body:
            self.transport.write(answer)
            # The app hears that whoever asked is gone, and what it still says is dropped.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    @property
    def _is_in_body(self) -> bool:
        """The request that is read is the one that the app works at, which has said nothing."""
        cycle = self.cycle
        return cycle.more_body and not (self._is_in_head or self.pipeline or cycle.response_started)

    # What is in it.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        is_first = self.cycle is None  # and its time runs since the connection's begin
        if not is_first and not self._is_busy:
            self._allow(HEAD_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        # RFC 9110, 6.5.1: what follows a body is no header. It could say whom a proxy speaks for.
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self.gate.spoke(self)
        upgrades = self.parser.should_upgrade()
        if self._is_extra and (upgrades or self.url.partition(b"?")[0] not in HEALTH):
            raise _Refused(503)
        if len(self.headers) > MAX_HEADERS:
            raise _Refused(431)
        if upgrades and self._is_busy:
            raise _Refused(400)  # the answer to come would be taken for the other protocol
        asker = self.gate.proxies.asker(self._peer, self.headers)
        if not self._come_as(asker.address):
            raise _Refused(429)
        if len(self.pipeline) >= MAX_PIPELINED:
            raise _Refused(429)
        if wait := self.gate.ask(self._address, self.loop.time()):
            raise _Refused(429, wait)
        self._asks_for_websocket = upgrades and self._should_upgrade()
        if self._asks_for_websocket:
            return
        super().on_headers_complete()
        if self._is_busy:
            self._allow(BODY_SECONDS)
            # It is the last: nothing is heard after a request for an upgrade.
            self.cycle.keep_alive &= not (self._is_extra or upgrades)

    def _should_upgrade(self) -> bool:
        """Say whether it is a WebSocket that it asks for, among other protocols perhaps.

        In HTTP/1.0 there are no upgrades (RFC 9110, 7.8): a proxy has passed the header on.
        """
        offers = b",".join(value for name, value in self.headers if name == b"upgrade")
        is_offered = b"websocket" in (offer.strip().lower() for offer in offers.split(b","))
        return is_offered and self.parser.get_http_version() != "1.0"

    def _has_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
            for name, value in self.headers
        )

    def on_message_complete(self) -> None:
        if self._asks_for_websocket:
            return
        super().on_message_complete()
        self._is_in_head = True
        self._size = 0
        if self._is_busy:
            self._allow(ANSWER_SECONDS)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unset_keepalive_if_required()
        if not self.transport.is_closing():
            self._allow(ANSWER_SECONDS if self._is_busy else IDLE_SECONDS)
            if not self._is_busy:
                self._come_as_peer()


def bounded(settings: Settings) -> type[HttpProtocol]:
    """Make the class for one server: its connections share a gate."""

    class BoundedProtocol(HttpProtocol):
        gate = Gate(settings)

    return BoundedProtocol


def _answer(status: int, why: str, after: float) -> bytes:
    retry = f"retry-after: {math.ceil(after)}\r\n" if after else ""
    head = f"content-type: text/plain\r\ncontent-length: {len(why)}\r\n{retry}"
    return STATUS_LINE[status] + f"{head}connection: close\r\n\r\n{why}".encode()
