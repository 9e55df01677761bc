"""A WebSocket protocol for uvicorn: `uvicorn --ws relay.server.ws_protocol:DirectProtocol`.

A complete ASGI WebSocket server for any app, on the sans-I/O core of the `websockets` library, and
as hard to hurt as a channel is (channel.py). Beyond that it offers a scope extension, `EXTENSION`:
an app that has accepted a WebSocket may take the connection over, and goes on without ASGI.

permessage-deflate is never agreed to: it costs more memory a connection than all the rest.
"""

from __future__ import annotations

import asyncio
import email.utils
import http
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote

from uvicorn._types import ASGIReceiveEvent
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.exceptions import InvalidState
from websockets.http11 import Request, Response
from websockets.protocol import Protocol
from websockets.server import ServerProtocol

from relay.link import EXTENSION
from relay.link.channel import Channel, Heartbeat, Hold
from relay.link.inbound import Closed, Inbound

log = logging.getLogger("uvicorn.error")

PIECE_COST = 64
"""Bytes that each fragment of a message counts for at least: what one costs, however small."""

MAX_BLOCKED = 20.0  # seconds for which a client may not read
ABNORMAL = 1006
RESTART = 1012


class DirectProtocol(Channel):
    """One WebSocket, from its HTTP request on. uvicorn makes it."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        max_size = cast(int | None, config.ws_max_size)  # None is no limit, whatever uvicorn says
        library = ServerProtocol(max_size=max_size, logger=log)
        inbound = Inbound(library, max_size=max_size, piece_cost=PIECE_COST)
        # An app answers each message before a fault that may follow is met.
        super().__init__(_loop or asyncio.get_event_loop(), inbound, at_once=1)
        self.max_blocked = MAX_BLOCKED
        self._config = config
        # uvicorn knows its own classes by name, and asks the same of all of them.
        self._connections = cast(set[Channel], server_state.connections)
        self._tasks = server_state.tasks
        self._headers = server_state.default_headers
        self._app_state = app_state
        self._queue: asyncio.Queue[ASGIReceiveEvent] = asyncio.Queue()
        self._writable = asyncio.Event()
        self._writable.set()
        self._response: Response | None = None
        """What answers the request: an upgrade until the app says otherwise."""
        self._body = b""
        self._is_answered = False
        self._is_disconnected = False
        self._is_closed_by_app = False
        self._is_taken = False

    # The transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by name
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._response is None:
            self._read_request(data)
        else:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._connections.discard(self)

    def shutdown(self) -> None:
        """Close, as the server goes down: it waits for nobody's answer."""
        if not self._is_answered:
            self._refuse(http.HTTPStatus.INTERNAL_SERVER_ERROR)
        self._disconnect(RESTART, "")
        self.end(RESTART, "")
        self.transport.close()

    # The handshake.

    def request_received(self, request: Request, known: Mapping[str, Any]) -> None:
        """Begin with a request that was read elsewhere, instead of its bytes.

        Args: known: what an ASGI scope says as `client`, `server` and `headers`.
        """
        library = self.inbound.library
        library.parser = Protocol.parse(library)  # of frames: its own begins with a request
        next(library.parser)
        self._meet(request, known)

    def _read_request(self, data: bytes) -> None:
        library = self.inbound.library
        library.receive_data(data)
        for event in library.events_received():
            assert isinstance(event, Request)
            self._meet(event, self._known(event))
        if library.handshake_exc is not None or library.parser_exc:
            self._answer(self._response)

    def _meet(self, request: Request, known: Mapping[str, Any]) -> None:
        self._response = _judge(self.inbound.library, request)
        if self._response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            self._answer(self._response)
            return
        self._queue.put_nowait({"type": "websocket.connect"})
        task = self.loop.create_task(self._run(self._scope(request, known)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _known(self, request: Request) -> dict[str, Any]:
        return {
            "client": get_remote_addr(self.transport),
            "server": get_local_addr(self.transport),
            "headers": [
                (name.lower().encode("ascii"), value.encode("latin-1"))
                for name, value in request.headers.raw_items()
            ],
        }

    def _scope(self, request: Request, known: Mapping[str, Any]) -> dict[str, Any]:
        path, _, query = request.path.partition("?")
        offers = request.headers.get_all("Sec-WebSocket-Protocol")
        root = self._config.root_path
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(self.transport) else "ws",
            "server": known["server"],
            "client": known["client"],
            "root_path": root,
            "path": root + unquote(path),
            "raw_path": (root + path).encode("ascii"),
            "query_string": query.encode("ascii"),
            "headers": known["headers"],
            "subprotocols": [word.strip() for offer in offers for word in offer.split(",")],
            "state": self._app_state.copy(),
            "extensions": {
                "websocket.http.response": {},
                EXTENSION: {"take_over": self.take_over},
            },
        }

    def _accept(self, message: Any) -> None:
        assert self._response is not None
        headers = self._response.headers
        for name, value in [*self._headers, *message.get("headers", ())]:
            headers[name.decode("latin-1").title()] = value.decode("latin-1")
        if message.get("subprotocol"):
            headers["Sec-WebSocket-Protocol"] = message["subprotocol"]
        self._answer(self._response)
        self.begin_heartbeat(Heartbeat(self._config.ws_ping_interval, self._config.ws_ping_timeout))

    def _refuse(self, status: int) -> None:
        self._answer(self.inbound.library.reject(status, ""))

    def _answer(self, response: Response | None) -> None:
        """Answer the request; anything but an upgrade is the end."""
        if self._is_answered:
            return
        self._is_answered = True
        library = self.inbound.library
        if response is not None:
            library.send_response(response)
        self.write(b"".join(library.data_to_send()))
        if response is None or response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            self.is_ended = True
            self._disconnect(ABNORMAL, "")
            self._leave(half_close=False)

    # The app.

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self._config.loaded_app(scope, self._receive, self._send)
        except ClientDisconnected:
            self.end(1000, "")
        except BaseException as error:
            log.error("Exception in ASGI application", exc_info=error)
            self._give_up()
            if not isinstance(error, Exception):
                raise
        else:
            if not self._is_answered:
                log.error("the app returned without an answer to the handshake")
                self._give_up()
            elif not self._is_taken:
                self.end(1000, "")

    def _give_up(self) -> None:
        if not self._is_answered:
            self._refuse(http.HTTPStatus.INTERNAL_SERVER_ERROR)
        elif not self._is_taken:
            self.end(1011, "")

    async def _receive(self) -> ASGIReceiveEvent:
        if self._queue.empty():
            self.release(Hold.OWNER)
        return await self._queue.get()

    async def _send(self, message: Any) -> None:
        await self._writable.wait()
        if self._is_closed_by_app:
            raise RuntimeError(f"expected nothing after websocket.close, not {message['type']!r}")
        if self._is_disconnected:
            raise ClientDisconnected
        if self._is_answered:
            self._send_message(message)
            return
        match message["type"]:
            case "websocket.accept":
                self._accept(message)
            case "websocket.close":
                self._refuse(http.HTTPStatus.FORBIDDEN)
            case "websocket.http.response.start" | "websocket.http.response.body":
                self._deny(message)
            case other:
                raise RuntimeError(f"expected an answer to the handshake, not {other!r}")

    def _send_message(self, message: Any) -> None:
        library = self.inbound.library
        try:
            match message["type"]:
                case "websocket.send" if message.get("bytes") is not None:
                    library.send_binary(message["bytes"])
                case "websocket.send":
                    library.send_text(message["text"].encode())
                case "websocket.close":
                    code, reason = message.get("code") or 1000, message.get("reason") or ""
                    self.end(code, reason)
                    self._disconnect(code, reason)
                    self._is_closed_by_app = True
                case other:
                    raise RuntimeError(f"expected websocket.send or websocket.close, not {other!r}")
        except InvalidState:
            raise ClientDisconnected from None
        self.write(b"".join(library.data_to_send()))

    def _deny(self, message: Any) -> None:
        """Answer the handshake with a response of the app's own."""
        if message["type"] == "websocket.http.response.start":
            status = message["status"]
            headers = Headers(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            )
            self._response = Response(status, _phrase(status), headers)
            return
        assert self._response is not None
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            headers = self._response.headers
            headers.setdefault("Date", email.utils.formatdate(usegmt=True))
            headers.setdefault("Connection", "close")
            headers.setdefault("Content-Length", str(len(self._body)))
            headers.setdefault("Content-Type", "text/plain; charset=utf-8")
            self._response.body = self._body
            self._answer(self._response)

    # The channel.

    def on_messages(self, messages: Sequence[bytes | str]) -> Sequence[bytes | str]:
        if self.is_ended:
            return ()
        for message in messages:
            kind = "text" if isinstance(message, str) else "bytes"
            self._queue.put_nowait({"type": "websocket.receive", kind: message})  # type: ignore[arg-type]  # one of two shapes
        self.hold(Hold.OWNER)
        return ()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._writable.clear()

    def on_writable(self) -> None:
        self._writable.set()

    def on_closed(self, closed: Closed) -> None:
        self._disconnect(closed.code, closed.reason)

    def on_silent(self) -> None:
        self._disconnect(ABNORMAL, "")
        self.abort()

    def on_stuck(self) -> None:
        self._disconnect(ABNORMAL, "")
        self.abort()

    def on_lost(self) -> None:
        self._disconnect(ABNORMAL, "")
        # No transport that was lost while it was blocked says that it is writable.
        self._writable.set()

    def _disconnect(self, code: int, reason: str) -> None:
        if not self._is_disconnected:
            self._is_disconnected = True
            self._queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    # Taking over.

    def take_over(self, make: Callable[[Channel, set[Channel]], Channel]) -> Channel:
        """Let another channel have the connection, after `accept`. The app may return then.

        Args: make: gets this channel, which it inherits from, and all of the server's.

        Raises:
            ClientDisconnected: there is no connection any more.
        """
        if self._is_disconnected or not self._is_answered:
            raise ClientDisconnected
        self._is_taken = True
        self._connections.discard(self)
        while not self._queue.empty():
            event: Any = self._queue.get_nowait()
            # An empty text is a text all the same, which the new owner may refuse.
            message = event["bytes"] if "bytes" in event else event["text"]
            self._unread = [*self._unread, message]
        return make(self, self._connections)


def _judge(library: ServerProtocol, request: Request) -> Response:
    """Return the answer to a request, which to a right one is an upgrade."""
    _choose_websocket(request.headers)
    try:
        key, _, _ = library.process_request(request)
    except Exception:
        return library.accept(request)  # it says what is wrong
    # Without the date that the library would write: uvicorn's own headers have one.
    # SPEC 2.4: it agrees to no extension, whatever was offered.
    headers = Headers()
    headers["Upgrade"] = "websocket"
    headers["Connection"] = "Upgrade"
    headers["Sec-WebSocket-Accept"] = key
    return Response(http.HTTPStatus.SWITCHING_PROTOCOLS, "Switching Protocols", headers)


def _choose_websocket(headers: Headers) -> None:
    """Of several protocols that a client offers, take ours (RFC 9110, 7.8); the library wants one.

    What the app learns of the request is what was sent.
    """
    offers = [word.strip() for line in headers.get_all("Upgrade") for word in line.split(",")]
    if len(offers) > 1 and any(offer.lower() == "websocket" for offer in offers):
        del headers["Upgrade"]
        headers["Upgrade"] = "websocket"


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
