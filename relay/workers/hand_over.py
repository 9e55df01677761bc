"""Moves a connection to the worker that has the room of its request.

A request is about one room if it asks for the room's WebSocket (/r/NAME), for /api/rooms/NAME or
anything below that, or for a new room of a name (POST /api/rooms, with the name in its body). The
worker that reads such a request keeps its bytes until it knows the room. If the room lives in
another worker, it sends the socket and those bytes there, and counts the connection no more.
Nothing was answered yet, so the other worker goes on as if it had accepted the connection.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
from functools import partial
from typing import Any, ClassVar, cast
from urllib.parse import unquote

from relay.http import media
from relay.lobby.homes import Homes
from relay.lobby.registry import NAME
from relay.policy.config import Settings
from relay.server.gate import Gate
from relay.server.http_protocol import BODY_SECONDS, HEAD_BYTES, HttpProtocol
from relay.server.process import Server
from relay.workers.mail import Kind, Mail

log = logging.getLogger("relay")

# The path may begin with anything: a proxy may show the relay below a path.
LINK = re.compile(rf"/r/({NAME.pattern})/*$")
ROOM = re.compile(rf"/api/rooms/({NAME.pattern})(?:/.*)?$")
ROOMS = re.compile(r"/api/rooms/*$")


# The head of a request for a room's WebSocket, as nearly all clients write it, in one piece.
PLAIN_LINK = re.compile(rb"GET [^ ?%%]*/r/(%b)/*[ ?]" % NAME.pattern.encode())
PLAIN_UPGRADE = b"\r\nUpgrade: websocket\r\n"
PLAIN_END = b"\r\n\r\n"

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Elsewhere(Exception):
    """Ends the parsing of a request: the worker of this number is to answer it."""

    def __init__(self, number: int) -> None:
        self.number = number


class MovingProtocol(HttpProtocol):
    """Answers requests about rooms that live here; `moving` makes the class to use."""

    homes: ClassVar[Homes]
    mail: ClassVar[Mail]

    def __init__(self, *args: Any, given: bytes = b"", **options: Any) -> None:
        """Args: given: what another worker has read of this connection."""
        super().__init__(*args, **options)
        self._given = given
        self._kept: bytes | None = b""
        """What was read of a request that may have to move; None once it is known to stay."""
        self._begun = 0
        """Requests that have begun in those bytes."""
        self._is_within = False
        """A request has begun, and not ended."""
        self._body: bytes | None = None
        """The body so far of a request that may make a room of a name."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        # At once, as what the socket still holds comes after it.
        if self._given and not transport.is_closing():
            self.data_received(self._given)
        self._given = b""

    def data_received(self, data: bytes) -> None:
        if not (self._is_within or self._is_busy):
            self._kept, self._begun = b"", 0
        if self._kept is not None:
            is_first, self._kept = not self._kept, self._kept + data
            if is_first and (home := self._home_of(data)) is not None:
                self._begun = 1
                return self._stop(Elsewhere(home))
        super().data_received(data)

    def _home_of(self, data: bytes) -> int | None:
        """Return where a plain request for a WebSocket moves to: it need not be parsed here, too.

        That saves about a tenth of what a move costs.
        """
        is_whole = len(data) <= HEAD_BYTES and data.find(PLAIN_END) == len(data) - len(PLAIN_END)
        if not is_whole or PLAIN_UPGRADE not in data or self._is_done:
            return None
        found = PLAIN_LINK.match(data)
        home = self.homes.own if found is None else self.homes.of(found[1].decode().upper())
        return None if home == self.homes.own else home

    # The request.

    def on_message_begin(self) -> None:
        self._is_within = True
        self._begun += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        path = path_of(self.url)
        if self.parser.get_method() == b"POST" and ROOMS.search(path):
            self._await_body()
            return
        found = ROOM.search(path)
        if found is None and self.parser.should_upgrade():
            found = LINK.search(path)
        self._settle(found[1] if found else None)

    def _await_body(self) -> None:
        self._is_in_head = False
        self._body = b""
        self._allow(BODY_SECONDS)
        if self.expect_100_continue:
            self.expect_100_continue = False
            self.transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        if self._body is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        self._is_within = False
        if self._body is not None:
            body, self._body = self._body, None
            self._settle(name_in(body))
            super().on_body(body)
        super().on_message_complete()

    def _settle(self, name: str | None) -> None:
        """Answer the request here, unless it is about a room that lives elsewhere."""
        if name is not None and (home := self.homes.of(name.upper())) != self.homes.own:
            raise Elsewhere(home)
        if self._begun <= 1:
            self._kept = None
        super().on_headers_complete()

    # The move.

    def _stop(self, cause: BaseException | None) -> None:
        if not isinstance(cause, Elsewhere):
            super()._stop(cause)
        elif not self._may_move():
            self._hear_no_more()
        elif self.mail.is_full(cause.number):
            self._refuse(503)
        else:
            self._move(cause.number)

    def _may_move(self) -> bool:
        """Say whether all that came before this request was answered, and is on its way."""
        is_alone = self._begun == 1 and not self._is_busy
        return is_alone and not self.transport.get_write_buffer_size()

    def _move(self, number: int) -> None:
        assert self._kept is not None, "a request that stays does not move"
        descriptor = os.dup(self.transport.get_extra_info("socket").fileno())
        self.mail.send(number, Kind.MOVE, self._kept, descriptor)
        self.cut()

    def _hear_no_more(self) -> None:
        """End the connection after the answers to what was asked before.

        Whoever asks for more at once asks what was not answered again (RFC 9112, 9.3.2).
        """
        self._is_deaf = True
        if self._is_busy:
            self.cycle.keep_alive = False
        else:
            self.transport.close()


def moving(settings: Settings, homes: Homes, mail: Mail) -> type[MovingProtocol]:
    """Make the class for one worker."""

    class BoundMovingProtocol(MovingProtocol):
        pass

    BoundMovingProtocol.gate = Gate(settings)
    BoundMovingProtocol.homes = homes
    BoundMovingProtocol.mail = mail
    return BoundMovingProtocol


class Arrivals:
    """Takes in the connections that other workers send."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._has_missed = False

    def take(self, given: bytes, descriptor: int | None) -> None:
        """Go on with a connection. Args: given: what was read of it."""
        if descriptor is None:
            self._say_missed()
            return
        tasks = self._server.server_state.tasks
        task = asyncio.get_running_loop().create_task(self._enter(given, descriptor))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def _say_missed(self) -> None:
        """Say, once, that the system has cut a connection on its way here."""
        if not self._has_missed:
            self._has_missed = True
            log.error("connections are cut: raise this process's limit of open files (ulimit -n)")

    async def _enter(self, given: bytes, descriptor: int) -> None:
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
        config = self._server.config
        make = partial(
            cast(type[MovingProtocol], config.http_protocol_class),
            config=config,
            server_state=self._server.server_state,
            app_state=self._server.lifespan.state,
            given=given,
        )
        await asyncio.get_running_loop().connect_accepted_socket(make, connection)


def path_of(url: bytes) -> str:
    """Return the path of a request's URL, as the app will see it."""
    path = url.partition(b"?")[0].decode("latin-1")
    return unquote(path) if "%" in path else path


def name_in(body: bytes) -> str | None:
    """Return the name of the room that a body asks to make, if it is fit for one."""
    try:
        wanted = media.parse(body)
    except ValueError:
        return None
    name = wanted.get("name") if isinstance(wanted, dict) else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else None
