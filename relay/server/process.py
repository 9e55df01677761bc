"""The relay as a process: uvicorn, set up so that no client can make it wait or fill its log."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import importlib.util
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import FrameType
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from relay.cluster.bus import Bus
from relay.http.app import create_app
from relay.lobby.homes import ALONE
from relay.node.node import Node
from relay.node.on_join import OnJoin
from relay.persistence import shares
from relay.persistence.file import StateFile
from relay.policy import operators
from relay.policy.config import Settings
from relay.policy.spelling import by_option
from relay.server import logs
from relay.server.as_one import as_one
from relay.server.clustered import Place, nats_running, place_of
from relay.server.http_protocol import HttpProtocol, bounded
from relay.server.listening import CannotListen as CannotListen
from relay.server.listening import Listener as Listener
from relay.server.listening import inherited as inherited
from relay.server.listening import listen as listen
from relay.server.ws_protocol import DirectProtocol

MESSAGE_SLACK = 4  # a message so many times over the limit still gets an ERROR, not a close
MESSAGE_MIN = 64 * 1024
PATIENCE = 3.0  # seconds for connections to end, once the relay does; those left are cut
LAST_PATIENCE = 0.4  # seconds for the same, where all had been asked to end before
LAST_WORDS = 0.1  # seconds for those to say what they want who connected just before the end
COLLECT_AFTER = 20_000  # objects made, and not let go, between two looks of the collector
HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none
LOOK_SECONDS = 0.1  # between two looks for a signal, before anybody is served
GRACE = 5  # seconds after which nothing at all is waited for


class Server(uvicorn.Server):
    """uvicorn's, but a signal lets everybody go first, and ends `run` as if the work were done.

    SIGHUP is such a signal, too: a terminal that is closed sends it, but not to a relay under
    nohup. It sends several, so a further SIGHUP hurries nobody.

    Attributes:
        on_looping: called in the event loop, before anything is waited for.
        on_starting: called in the event loop, before anybody is served.
        on_serving: called once clients can connect, before any HELLO is looked at.
        on_started: called after that. What it raises ends the server, as a signal does.
        on_signal: awaited upon the first signal; when it returns, serving ends.
        on_left: called after that.
        on_impatience: called upon each further signal.
        around: entered before anybody is served, however long that takes, and left at the end.
        failure: what `around`, `on_started` or `on_signal` raised.
    """

    on_looping: Callable[[], None] | None = None
    on_starting: Callable[[], None] | None = None
    on_serving: Callable[[], None] | None = None
    on_started: Callable[[], None] | None = None
    on_signal: Callable[[], Awaitable[None]] | None = None
    on_left: Callable[[], None] | None = None
    on_impatience: Callable[[], None] | None = None
    around: contextlib.AbstractAsyncContextManager[None] | None = None
    failure: Exception | None = None

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.servers = []  # uvicorn has none before it serves
        self._have_left = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._stack = contextlib.AsyncExitStack()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        if self.should_exit:
            return
        self._loop = asyncio.get_running_loop()
        if self.on_looping is not None:
            self.on_looping()
        if self.around is not None and not await self._entered(self.around):
            return
        if self.on_starting is not None:
            self.on_starting()
        await super().startup(sockets)
        # No HELLO is looked at yet: to accept a connection, to answer its request and to hand its
        # messages to the app, each takes turns of the loop of its own.
        if self.on_serving is not None:
            self.on_serving()
        try:
            if self.on_started is not None:
                self.on_started()
        except Exception as error:
            self.failure = error
            self._leave_or_hurry()

    async def _entered(self, around: contextlib.AbstractAsyncContextManager[None]) -> bool:
        """Say whether it was entered: a signal ends the wait for it."""
        entering = asyncio.get_running_loop().create_task(self._stack.enter_async_context(around))
        while not entering.done() and not self.should_exit:
            await asyncio.wait([entering], timeout=LOOK_SECONDS)
        if not entering.done():
            entering.cancel()
            await asyncio.wait([entering])
        elif (error := entering.exception()) is None:
            return True
        elif isinstance(error, Exception):
            self.failure = error
        self.should_exit = True
        return False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all connections, those that do not end by themselves with a cut."""
        patience = LAST_PATIENCE if self._have_left else PATIENCE
        cutting = asyncio.get_running_loop().call_later(patience, self._cut)
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()
            await self._stack.aclose()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear signals meanwhile."""
        with super().capture_signals(), contextlib.ExitStack() as stack:
            is_main = threading.current_thread() is threading.main_thread()
            if is_main and HANGUP is not None and signal.getsignal(HANGUP) != signal.SIG_IGN:
                stack.callback(signal.signal, HANGUP, signal.signal(HANGUP, self.handle_exit))
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; a second signal does not wait for anyone."""
        if self._loop is None:
            self.should_exit = True
        elif sig != HANGUP or self._leaving is None:
            self._loop.call_soon_threadsafe(self._leave_or_hurry)

    def leave(self) -> None:
        """Begin to end, as upon the first signal, unless that has begun. Call it in the loop."""
        if self._leaving is None:
            self._leaving = asyncio.get_running_loop().create_task(self._leave())

    def _leave_or_hurry(self) -> None:
        if self._leaving is None:
            self.leave()
            return
        self.force_exit = True
        if self.on_impatience is not None:
            self.on_impatience()

    async def _leave(self) -> None:
        try:
            if self.on_signal is not None:
                await self.on_signal()
                self._have_left = True
            await self._hear_last_words()
        except Exception as error:
            self.failure = self.failure or error
        finally:
            if self.on_left is not None:
                self.on_left()
            self.should_exit = True

    async def _hear_last_words(self) -> None:
        """Take nobody more, but answer those who are there already.

        Where several processes share the port, another one takes whoever comes. A request that is
        on its way to this one would find its connection closed, and nobody could tell why.
        """
        for each in self.servers:
            each.close()
        await asyncio.sleep(LAST_WORDS)

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
    """Run a relay in this process until SIGINT, SIGTERM or SIGHUP.

    Args:
        on_join: decides who may enter, as for `create_app`.
        listener: where, if not as LISTEN_FDS or the settings say.
        on_listening: called once clients are served.

    Raises:
        CannotListen: the address is not to be had.
        CannotKeep: the rooms cannot be written where the settings say.
        CannotJoin: the settings name a NATS that cannot be used.
    """
    listener = listener or inherited() or listen(settings.host, settings.port)
    logs.set_up(settings.log_level, settings.log_format)
    with nats_running(settings) as settings:
        place = place_of(settings)
        broker = None if place is None else place.broker
        app = create_app(settings, on_join=on_join, spell=by_option, broker=broker, homes=ALONE)
        if place is not None:
            place.show_in(app.state.metrics)
        server = make_server(app, settings)
        server.on_started = functools.partial(on_listening, listener)
        with operators.known(settings.operator_token_file, app.state.token, listener.port):
            run(server, app.state.node, listener, place=place, meet=app.state.overviews.meet)


def run(
    server: Server,
    node: Node,
    listener: Listener,
    *,
    place: Place | None = None,
    meet: Callable[[Bus], None] = lambda bus: None,
    keeps: Callable[[], bool] = lambda: True,
) -> None:
    """Run a server until it is told to end.

    Args:
        place: in a cluster, whose broker the node has.
        meet: called with the bus to the other nodes of the cluster.
        keeps: says at the end whether the rooms are written to the state file, if there is one.

    Raises:
        CannotKeep: the rooms cannot be written there.
    """
    _calm_collector()
    with _rooms_kept(server, node, keeps):
        server.around = None if place is None else _in_cluster(place, server, node, meet)
        server.run(sockets=[*listener.sockets])
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


@contextlib.asynccontextmanager
async def _in_cluster(
    place: Place, server: Server, node: Node, meet: Callable[[Bus], None]
) -> AsyncIterator[None]:
    gate = cast(type[HttpProtocol], server.config.http).gate
    async with place.joined():
        meet(place.membership.bus)
        together = as_one(place.membership.bus, gate, node)
        together.start()
        try:
            yield
        finally:
            together.stop()


@contextlib.contextmanager
def _rooms_kept(server: Server, node: Node, keeps: Callable[[], bool]) -> Iterator[None]:
    """Let a server begin with the rooms of the state file, if there is one, and end with one."""
    settings = node.settings
    file = StateFile(settings.state) if settings.state is not None else None

    def begin() -> None:
        if file is not None:
            shares.gather(file)
            kept = file.take()
            node.restore(*kept)
            longest = max((room.max_frame for room in kept.rooms), default=0)
            if (fits := longest_message(longest)) > server.config.ws_max_size:
                server.config.ws_max_size = fits

    async def end() -> None:
        returning = await node.drain(settings.drain_seconds)
        if file is not None and len(node.registry) and keeps():
            file.write(list(node.registry), returning)

    server.on_starting, server.on_signal, server.on_impatience = begin, end, node.hurry
    if file is None:
        yield
        return
    server.on_serving = file.remove
    with file.held():
        yield
