"""The stand-in: a WebSocket server that passes everything on to a relay, but for one fault."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame as Piece
from websockets.frames import Opcode
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from protocol.codec import Role, decode, encode
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame
from tests.clients.conform.stand_in.fault import Back, End, Fault, Line, Passed

BUFFER = 65_536  # bytes that the kernel keeps: little, so that the relay sees a slow reader
LOST = 1006
FORWARDED = b"forwarded"
"""What a pong that the client has sent carries on; others are the library's own."""


class Behind(ClientConnection):
    """The relay's side. Its pings go on to the client, who alone answers them."""

    front: Front | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        protocol: Any = self.protocol
        send_frame = protocol.send_frame

        def send(piece: Piece) -> None:
            if piece.opcode is not Opcode.PONG or piece.data == FORWARDED:
                send_frame(piece)

        protocol.send_frame = send

    def process_event(self, event: Any) -> None:
        if self.front is not None and _is(event, Opcode.PING):
            self.front.go(self.front.ping())
        super().process_event(event)


class Front(ServerConnection):
    """The client's side."""

    behind: Behind | None = None
    line: Line
    tasks: asyncio.TaskGroup

    def process_event(self, event: Any) -> None:
        if self.behind is not None and isinstance(event, Piece):
            self._note(event, self.behind)
        super().process_event(event)

    def _note(self, piece: Piece, behind: Behind) -> None:
        match piece.opcode:
            case Opcode.PING:
                self.go(behind.ping())
            case Opcode.PONG:
                self.go(behind.pong(FORWARDED))
            case Opcode.CONT:
                self.line.pieces += 1
            case Opcode.BINARY | Opcode.TEXT:
                self.line.pieces = 1

    def go(self, doing: Awaitable[Any]) -> None:
        """Do something meanwhile, as far as the connection lets it."""
        self.tasks.create_task(_quietly(doing))


class StandIn:
    """Serves connections, each with a connection of its own to the relay."""

    def __init__(self, relay: str, fault: Fault) -> None:
        self._relay = relay
        self._fault = fault
        self._lines: list[Line] = []
        self.failures: list[Exception] = []
        """What went wrong in the stand-in itself, which no case must take for the relay's fault."""

    async def meet(self, front: ServerConnection, request: Request) -> Response | None:
        """Ask the relay for the same upgrade; return the answer where there is none."""
        assert isinstance(front, Front)
        if (status := self._fault.refuses(request)) is not None:
            return front.respond(status, "")
        if "Upgrade" not in request.headers:
            return None  # the library answers with 426
        try:
            front.behind = await self._reach(request)
        except InvalidStatus as refused:
            return front.respond(HTTPStatus(refused.response.status_code), "")
        except Exception as error:
            self.failures.append(error)
            raise
        front.behind.front = front
        front.line = Line(self._lines)
        self._lines.append(front.line)
        _narrow(front.transport.get_extra_info("socket"))
        return None

    async def _reach(self, request: Request) -> Behind:
        origin = None if self._fault.drops_origin else request.headers.get("Origin")
        offers = request.headers.get("Sec-WebSocket-Protocol")
        path = self._fault.leads(request.path)
        reached = await connect(
            f"{self._relay}{path}",
            origin=origin,  # type: ignore[arg-type] # a str of its own
            subprotocols=[Subprotocol(each) for each in offers.split(", ")] if offers else None,
            compression=None,
            ping_interval=None,
            max_size=None,
            proxy=None,
            create_connection=Behind,
        )
        _narrow(reached.transport.get_extra_info("socket"))
        assert isinstance(reached, Behind)
        return reached

    def select(self, front: ServerConnection, offers: Any) -> Subprotocol | None:
        """Select the subprotocol that the relay has selected."""
        assert isinstance(front, Front)
        chosen = front.behind.subprotocol if front.behind is not None else None
        selected = self._fault.selects(chosen)
        return Subprotocol(selected) if selected is not None else None

    def answer(self, front: ServerConnection, request: Request, response: Response) -> None:
        """Add the fault's headers."""
        response.headers.update(self._fault.headers)

    async def serve(self, front: ServerConnection) -> None:
        """Pass on what comes from both sides, to the end of both."""
        assert isinstance(front, Front)
        assert front.behind is not None
        try:
            await self._serve(front, front.behind)
        except* Exception as failed:
            self.failures += failed.exceptions

    async def _serve(self, front: Front, behind: Behind) -> None:
        fault = self._fault
        async with asyncio.TaskGroup() as front.tasks:
            await _quietly(_pass(fault.opens(front.line), front, behind, front))
            front.tasks.create_task(self._hear(front, behind))
            await self._say(front, behind)
            code, reason = fault.closes(behind.close_code or LOST, behind.close_reason or "")
            await _close(front, code, reason)

    async def _say(self, front: Front, behind: Behind) -> None:
        line = front.line
        with suppress(ConnectionClosed):
            while True:
                message = await behind.recv()
                assert isinstance(message, bytes)
                frame = decode(message, Role.RELAY)
                said = self._fault.says(frame, line)
                line.heard.append(frame)
                passed = message if said is frame else said
                await _quietly(_pass(passed, front, behind, front))

    async def _hear(self, front: Front, behind: Behind) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self._take(await front.recv(), front, behind)
        await _quietly(_pass(self._fault.loses(front.line), behind, front, front))
        await _close(behind, front.close_code or LOST, front.close_reason or "")

    async def _take(self, message: bytes | str, front: Front, behind: Behind) -> None:
        if isinstance(message, str):
            await behind.send(message)
            return
        line, frame = front.line, _frame_of(message)
        line.message = message
        heard = self._fault.hears(frame, line)
        line.said.append(frame)
        await _quietly(_pass(message if heard is frame else heard, behind, front, front))


def _frame_of(message: bytes) -> Frame | bytes:
    try:
        return decode(message, Role.CLIENT)
    except RemoteProtocolError:
        return message


async def _pass(passed: Passed, to: Connection, back: Connection, front: Front) -> None:
    for item in passed if isinstance(passed, tuple) else (passed,):
        match item:
            case Back(frame):
                await back.send(encode(frame))
            case End(code, reason):
                await front.close(code, reason)
            case Frame():
                await to.send(encode(item))
            case bytes() | str():
                await to.send(item)


async def _close(connection: Connection, code: int, reason: str) -> None:
    if code == LOST:
        connection.transport.abort()
    else:
        await _quietly(connection.close(1000 if code == 1005 else code, reason))


async def _quietly(doing: Awaitable[Any]) -> None:
    with suppress(ConnectionClosed):
        await doing


def _is(event: Any, opcode: Opcode) -> bool:
    return isinstance(event, Piece) and event.opcode is opcode


def _narrow(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)


@asynccontextmanager
async def stand_in(relay: str, fault: Fault) -> AsyncIterator[str]:
    """Stand in for the relay at a URL as in ws://127.0.0.1:8000, with a fault.

    Yields: the URL of the stand-in.
    """
    own = StandIn(relay, fault)
    async with serve(
        own.serve,
        "127.0.0.1",
        0,
        process_request=own.meet,
        process_response=own.answer,
        select_subprotocol=own.select,
        create_connection=Front,
        compression=None,
        ping_interval=None,
        close_timeout=5,
        max_size=None,
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}"
    if own.failures:
        raise ExceptionGroup("the stand-in failed", own.failures)
