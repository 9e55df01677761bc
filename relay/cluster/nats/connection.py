"""One connection to NATS, made anew whenever it ends.

nats-py can connect again by itself. Here each connection is a client of its own all the same: its
own way waits for a frozen server to read what is left, keeps messages whose time is over, and takes
the next server only when a connection has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

import nats.errors
from nats.aio.client import Client
from nats.aio.subscription import Subscription

from relay.cluster.nats.answers import Answers, is_nobody
from relay.cluster.nats.client import SafeClient, close, forgive, reason
from relay.cluster.nats.options import Servers, login_of, shown, wants_tls

if TYPE_CHECKING:
    from nats.aio.msg import Msg

log = logging.getLogger("relay")

CONNECT_SECONDS = 2
PING_SECONDS = 1  # a server that misses three pings is given up
AGAIN_SECONDS = 0.25  # between two rounds through all servers
SAY_SECONDS = 5.0  # between two lines of the log about what is waited for
LOOK_SECONDS = 0.25  # between two looks whether a client has ended without a word
MOST_WAITING = 64 * 1024 * 1024  # bytes that wait to be written; more are dropped
QUESTION_SECONDS = 2.0
MOST_BYTES = 1024 * 1024  # of a message, if a server does not say otherwise

Receive = Callable[["Msg"], None]


class Unanswered(ConnectionError):
    """Nobody listens to the subject of a question, or the connection was cut before the answer."""


class _Taker(asyncio.Future["Msg"]):
    """Takes every message of a subscription in the turn of the loop in which it is read.

    nats-py hands messages to a future at once. To a callback it leads them over a queue and a task.
    """

    def __init__(self, receive: Receive) -> None:
        super().__init__()
        self._receive = receive

    def set_result(self, message: Msg) -> None:
        try:
            self._receive(message)
        except Exception:
            log.exception("a message from NATS was not taken")


class Reminder:
    """Says when the log is to tell what is waited for: at first, and then every few seconds."""

    def __init__(self) -> None:
        self._said_at = float("-inf")

    def is_due(self) -> bool:
        """Say whether it is to be told now. The next time is a while after that."""
        is_due = time.monotonic() - self._said_at >= SAY_SECONDS
        if is_due:
            self.put_off()
        return is_due

    def put_off(self) -> None:
        """Wait a while from now."""
        self._said_at = time.monotonic()


class Connection:
    """A connection to one of several servers, with subscriptions that outlive it.

    Attributes:
        name: the node's.
        answers: questions whose answers are on their way.
        on_connected, on_cut: called in the event loop.
        on_connected_again: called when messages may have been missed.
        times_cut: how many connections have ended.
        failure: why nobody was reached last.
        tried: set once a server was reached, or was not.
    """

    def __init__(self, servers: Servers, name: str) -> None:
        """Args: name: of the node, unique and safe in a subject.

        Raises:
            CannotJoin: a file that is named cannot be used.
        """
        self.name = name
        self.answers = Answers(name)
        self.on_connected: Callable[[], None] = _nothing
        self.on_cut: Callable[[], None] = _nothing
        self.on_connected_again: Callable[[], None] = _nothing
        self.times_cut = 0
        self.failure = ""
        self.tried = asyncio.Event()
        self._signer = servers.signer()
        # A server may want TLS though its URL does not say so.
        is_wanted = servers.authority is not None or any(map(wants_tls, servers.urls))
        self._trust = servers.trust() if is_wanted else None
        # Chance spreads the nodes over the servers.
        self._urls = deque(random.sample(servers.urls, len(servers.urls)))
        self._client: SafeClient | None = None
        self._listeners: dict[int, tuple[str, Receive]] = {}
        self._listener_numbers = count()
        self._subscriptions: dict[int, Subscription] = {}
        self._ended = asyncio.Event()
        self._reminder = Reminder()
        self.subscribe(self.answers.prefix + "*", self.answers.receive)

    @property
    def is_up(self) -> bool:
        return self._client is not None

    @property
    def server(self) -> Mapping[str, Any]:
        """What the server says of itself; empty without a connection."""
        # nats-py shows no more of it than the version.
        return self._client._server_info if self._client else {}

    @property
    def most_bytes(self) -> int:
        """Bytes that a message may have, headers and all."""
        return int(self.server.get("max_payload", MOST_BYTES))

    @property
    def unsent(self) -> int:
        """Bytes that wait for the kernel to take them."""
        return self._client.unsent if self._client else 0

    @property
    def denied(self) -> list[str]:
        """What the server did not allow since the connection began, or this was cleared."""
        return self._client.denied if self._client else []

    @property
    def url(self) -> str:
        """The server's, without a password."""
        return shown(self._urls[0])

    # What the log and the bus do with it.

    def publish(
        self, subject: str, data: bytes, reply: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Send a message, or drop it: without a connection, or when too much waits already."""
        client = self._client
        if client is not None and not client.is_closed and client.unsent <= MOST_WAITING:
            client.do(client.publish(subject, data, reply, headers))

    def subscribe(self, subject: str, receive: Receive) -> Callable[[], None]:
        """Hear what is published to a subject, over all connections to come. Returns: its end."""
        number = next(self._listener_numbers)
        self._listeners[number] = (subject, receive)
        self._listen(number)

        def end() -> None:
            if self._listeners.pop(number, None) is not None:
                self._stop_listening(number)

        return end

    async def ask(self, subject: str, data: bytes, seconds: float = QUESTION_SECONDS) -> Msg:
        """Return the first answer.

        Raises:
            TimeoutError: there is none in time.
            Unanswered: there will be none.
        """
        answers: list[Msg] = []

        def take(message: Msg) -> bool:
            answers.append(message)
            return True

        await self.gather(subject, data, take, seconds)
        return answers[0]

    async def gather(
        self,
        subject: str,
        data: bytes,
        take: Callable[[Msg], bool],
        seconds: float,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Ask, and hand over each answer until `take` says that it was the last.

        Raises:
            TimeoutError: the last one does not come in time.
            Unanswered: nobody listens to the subject, or the connection is cut.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def handle(message: Msg | None) -> None:
            if done.done():
                return
            if message is None or is_nobody(message):
                done.set_result(False)
            elif take(message):
                done.set_result(True)

        reply = self.answers.expect(handle)
        if self._client is None:
            handle(None)
        self.publish(subject, data, reply, headers)
        try:
            async with asyncio.timeout(seconds):
                was_answered = await done
        finally:
            self.answers.forget(reply)
        if not was_answered:
            raise Unanswered(f"nobody answers {subject}")

    async def settled(self) -> None:
        """Return when the server has taken all that was sent before, or has refused it.

        Raises:
            OSError: it does not say so in time, or there is no connection.
        """
        if self._client is None:
            raise Unanswered("NATS is not reached")
        try:
            await self._client.flush(CONNECT_SECONDS)
        except nats.errors.Error as error:
            raise Unanswered(reason(error)) from None

    def move(self) -> None:
        """Give the connection up, and take another server."""
        self._ended.set()

    # How it stays.

    async def run(self) -> None:
        """Connect, and connect again whenever the connection ends, until cancelled."""
        while True:
            client = await self._connect()
            self._begin(client)
            try:
                await self._end_of(client)
            finally:
                self._cut()
                await close(client)
            self._urls.rotate(-1)

    def _begin(self, client: SafeClient) -> None:
        self._ended.clear()
        self._client = client
        for number in self._listeners:
            self._listen(number)
        self.tried.set()
        log.info("NATS is at %s", self.url)
        self.on_connected()
        if self.times_cut:
            self.on_connected_again()

    def _cut(self) -> None:
        self._client = None
        self._subscriptions.clear()
        self.times_cut += 1
        self._reminder.put_off()
        self.answers.cut()
        self.on_cut()

    async def _end_of(self, client: Client) -> None:
        """Return when the connection has ended, or is given up."""
        while not client.is_closed:
            with contextlib.suppress(TimeoutError):
                # nats-py calls `closed_cb` late or never where a server is frozen.
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._ended.wait()
                return

    async def _connect(self) -> SafeClient:
        while True:
            for _ in range(len(self._urls)):
                client = SafeClient()
                try:
                    async with asyncio.timeout(2 * CONNECT_SECONDS):
                        await self._connect_to(self._urls[0], client)
                    if client._reading_task is not None:
                        client._reading_task.add_done_callback(forgive)
                    return client
                except (OSError, nats.errors.Error, ValueError) as error:
                    await close(client)
                    self._say(client.cause(error))
                    self._urls.rotate(-1)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _connect_to(self, url: str, client: SafeClient) -> None:
        signer, login = self._signer, login_of(url)
        await client.connect(
            [shown(url)],
            user=login.user,
            password=login.password,
            token=login.token,
            name=self.name,
            error_cb=client.note,
            closed_cb=self._closed,
            allow_reconnect=False,
            connect_timeout=CONNECT_SECONDS,
            reconnect_time_wait=0,
            max_reconnect_attempts=1,
            ping_interval=PING_SECONDS,
            tls=self._trust,
            user_jwt_cb=None if signer is None else lambda: bytearray(signer.jwt),
            signature_cb=None if signer is None else signer.sign,
        )

    async def _closed(self) -> None:
        self._ended.set()

    def _say(self, error: Exception) -> None:
        """Say every few seconds that nobody is reached, and why."""
        self.failure = reason(error)
        self.tried.set()
        if self._reminder.is_due():
            log.warning("waiting for NATS at %s: %s", self.url, self.failure)

    # What is heard.

    def _listen(self, number: int) -> None:
        client = self._client
        if client is not None and not client.is_closed:
            subject, receive = self._listeners[number]
            subscription = client.do(client.subscribe(subject, future=_Taker(receive)))
            if subscription is not None:
                self._subscriptions[number] = subscription

    def _stop_listening(self, number: int) -> None:
        subscription = self._subscriptions.pop(number, None)
        client = self._client
        if subscription is not None and client is not None and not client.is_closed:
            client.do(subscription.unsubscribe())


def _nothing() -> None:
    pass
