"""The relay as a process: uvicorn, set up so that no client can make it wait or talk."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import gc
import importlib.util
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import FrameType
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from relay import lan, logs, operators
from relay.admission import OnJoin
from relay.app import create_app
from relay.config import Settings
from relay.link.direct import DirectProtocol
from relay.link.http import bounded
from relay.node import Node
from relay.spelling import by_option
from relay.state_file import StateFile

# All three are inherited by the sockets that are accepted. Measured: without them a client that
# stops reading is never freed, and one burst of it holds up everybody.
USER_TIMEOUT = 10_000  # milliseconds for which sent bytes may stay unacknowledged
SEND_BUFFER = 64 * 1024
RECEIVE_BUFFER = 32 * 1024

MESSAGE_SLACK = 4  # a message so many times over the limit still gets an ERROR, not a close
MESSAGE_MIN = 64 * 1024
PATIENCE = 3.0  # seconds for connections to end, once the relay does; those left are cut
LAST_PATIENCE = 0.4  # seconds for the same, where all had been asked to end before
COLLECT_AFTER = 20_000  # objects made, and not let go, between two looks of the collector
GRACE = 5  # seconds after which nothing at all is waited for


class CannotListen(Exception):
    """The address is not to be had; says in one sentence why, and what to do."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket, and where it is."""

    socket: socket.socket
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        return lan.url("127.0.0.1" if lan.is_everywhere(self.host) else self.host, self.port)


def listen(host: str, port: int) -> Listener:
    """Bind a socket and listen, so that nobody else can; port 0 takes a free one.

    Raises:
        CannotListen: it is taken, not ours to take, or not of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CannotListen(
            f"{host} is no address that can be found: choose one with --host"
        ) from None
    try:
        _prepare(bound, host)
        bound.bind(address)
        bound.listen()
    except OSError as error:
        bound.close()
        raise CannotListen(_why(error, host, port)) from None
    return Listener(bound, host, bound.getsockname()[1])


class Server(uvicorn.Server):
    """uvicorn's, but a signal lets everybody go first, and ends `run` as if the work were done.

    Attributes:
        on_starting: called in the event loop, before anybody is served.
        on_started: called once clients are served and signals are heard.
        on_signal: awaited upon the first signal; when it returns, serving ends.
        on_impatience: called upon each further signal.
        failure: what `on_signal` raised.
    """

    on_starting: Callable[[], None] | None = None
    on_started: Callable[[], None] | None = None
    on_signal: Callable[[], Awaitable[None]] | None = None
    on_impatience: Callable[[], None] | None = None
    failure: Exception | None = None

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._have_left = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        if self.should_exit:
            return
        self._loop = asyncio.get_running_loop()
        if self.on_starting is not None:
            self.on_starting()
        await super().startup(sockets)
        if self.on_started is not None:
            self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all connections, those that do not end by themselves with a cut."""
        patience = LAST_PATIENCE if self._have_left else PATIENCE
        cutting = asyncio.get_running_loop().call_later(patience, self._cut)
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; a second signal does not wait for anyone."""
        if self._loop is None:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._leave_or_hurry, self._loop)

    def _leave_or_hurry(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._leaving is None:
            self._leaving = loop.create_task(self._leave())
            return
        self.force_exit = True
        if self.on_impatience is not None:
            self.on_impatience()

    async def _leave(self) -> None:
        try:
            if self.on_signal is not None:
                await self.on_signal()
                self._have_left = True
        except Exception as error:
            self.failure = error
        finally:
            self.should_exit = True

    def _cut(self) -> None:
        # Closing one that does not read would wait for it to read.
        for connection in self.server_state.connections:
            connection.transport.abort()


def make_server(app: ASGIApp, settings: Settings) -> Server:
    """Set up uvicorn for the app; run it with the socket of a `Listener`."""
    return Server(
        uvicorn.Config(
            app,
            loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
            http=bounded(settings),
            ws=cast(type[asyncio.Protocol], DirectProtocol),  # one by its methods
            ws_max_size=longest_message(settings.max_frame),
            ws_per_message_deflate=False,
            ws_ping_interval=settings.ping_seconds,
            ws_ping_timeout=settings.ping_timeout,
            timeout_graceful_shutdown=GRACE,
            proxy_headers=False,  # anyone on this machine could claim to be anyone
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="warning",  # below that are URLs with their queries
        )
    )


def longest_message(max_frame: int) -> int:
    """Return how long a message may be before its connection ends: an ERROR answers shorter ones.

    Args: max_frame: the longest frame that is taken.
    """
    return max(MESSAGE_MIN, MESSAGE_SLACK * max_frame)


def serve(
    settings: Settings,
    *,
    on_join: OnJoin | None = None,
    listener: Listener | None = None,
    on_listening: Callable[[Listener], None] = lambda listener: None,
) -> None:
    """Run a relay in this process until SIGINT or SIGTERM.

    Args:
        on_join: decides who may enter, as for `create_app`.
        listener: where, if not as the settings say.
        on_listening: called once clients are served.

    Raises:
        CannotListen: the address is not to be had.
        CannotKeep: the rooms cannot be written where the settings say.
    """
    listener = listener or listen(settings.host, settings.port)
    logs.set_up(settings.log_level)
    app = create_app(settings, on_join=on_join, spell=by_option)
    server = make_server(app, settings)
    _keep_rooms(server, app.state.node)
    server.on_started = functools.partial(on_listening, listener)
    _calm_collector()
    chosen = settings.operator_token_file is not None
    keeping = contextlib.nullcontext() if chosen else operators.kept(app.state.token, listener.port)
    with keeping:
        server.run(sockets=[listener.socket])
    if server.failure is not None:
        raise server.failure


def _calm_collector() -> None:
    """Let the garbage collector look rarely, and not at what is there before the first client.

    Frames make no cycles, but many objects: at its usual pace the collector takes an eighth of the
    relay's time, and its full rounds are among the longest pauses.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


def _keep_rooms(server: Server, node: Node) -> None:
    """Let a server begin with the rooms of the state file, if there is one, and end with one."""
    settings = node.settings
    file = StateFile(settings.state) if settings.state is not None else None

    def begin() -> None:
        if file is not None:
            kept = file.take()
            node.restore(*kept)
            longest = max((room.max_frame for room in kept.rooms), default=0)
            if (fits := longest_message(longest)) > server.config.ws_max_size:
                server.config.ws_max_size = fits

    async def end() -> None:
        returning = await node.drain(settings.drain_seconds)
        if file is not None and len(node.registry):
            file.write(list(node.registry), returning)

    server.on_starting, server.on_signal, server.on_impatience = begin, end, node.hurry


def _prepare(bound: socket.socket, host: str) -> None:
    if os.name == "posix":  # elsewhere it would let another program take the port over
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if bound.family is socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not lan.is_everywhere(host))
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)


def _why(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"port {port} of {host} is taken: stop the program that has it, "
                "or choose another with --port (0 takes a free one)"
            )
        case errno.EACCES:
            return f"port {port} is not yours to take: choose one above 1023 with --port"
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine: choose one with --host (0.0.0.0 is all)"
        case _:
            return f"cannot listen on port {port} of {host}: {error.strerror}"
