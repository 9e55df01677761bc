"""The bus over core NATS: nothing is stored, so no election of leaders stops it.

What is for all goes to `bus.all.SUBJECT`; a question to one goes to `bus.to.NODE.SUBJECT`, and one
to all to `bus.ask.SUBJECT`. The subject for answers says who speaks: `bus.from.NODE`, or that of
the asker's answers. A node beats on `bus.beat.NODE`, and says there too that it leaves.

NATS keeps the order of one connection alone. A server that stood still passes on what a node gave
it, when the node has long since given newer messages to another server. So what is for all has a
number, `bus.from.NUMBER.NODE`, and a message that comes after a newer one of its node is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from relay.cluster.bus import Receive, Reply, Unheard
from relay.cluster.nats.connection import Connection, Unanswered

if TYPE_CHECKING:
    from nats.aio.msg import Msg

log = logging.getLogger("relay")

BEAT_SECONDS = 0.3
LIVE_SECONDS = 1.5
"""After the last beat of a node, for which it counts as living."""

HERE, LEAVING = b"+", b"-"

MOST_NODES = 1000
"""Nodes whose newest number is remembered. Most are gone: a new start has another name."""


class NatsBus:
    """Carries messages between the nodes of a deployment."""

    def __init__(self, connection: Connection) -> None:
        self.name = connection.name
        self._connection = connection
        self._sender = f"bus.from.{self.name}"
        self._count = 0
        """Messages to all so far."""
        self._newest: dict[str, int] = {}
        """The number of the newest message to all, by its node."""
        self._beats: dict[str, float] = {}
        self._replies: set[asyncio.Task[None]] = set()
        self._now = time.monotonic
        connection.subscribe("bus.beat.*", self._hear_beat)

    @property
    def others(self) -> frozenset[str]:
        return frozenset(self._beats)

    def publish(self, subject: str, data: bytes) -> None:
        self._count += 1
        sender = f"bus.from.{self._count}.{self.name}"
        self._connection.publish(f"bus.all.{_token(subject)}", data, sender)

    def subscribe(self, subject: str, receive: Receive) -> Callable[[], None]:
        def take(message: Msg) -> None:
            before, _, sender = message.reply.rpartition(".")
            if sender != self.name and self._is_in_order(sender, _last(before)):
                receive(sender, message.data)

        return self._connection.subscribe(f"bus.all.{_token(subject)}", take)

    def _is_in_order(self, sender: str, text: str) -> bool:
        if not text.isdecimal():
            return True  # an older node numbers nothing
        number, newest = int(text), self._newest.pop(sender, 0)
        self._newest[sender] = max(number, newest)
        if len(self._newest) > MOST_NODES:
            del self._newest[next(iter(self._newest))]
        return number >= newest

    def answer(self, subject: str, reply: Reply) -> None:
        def take(message: Msg) -> None:
            asker = message.reply.split(".")[1]  # of _INBOX.NAME.NUMBER
            if asker != self.name:
                self._do(self._answer(subject, reply, asker, message))

        self._connection.subscribe(f"bus.to.{self.name}.{_token(subject)}", take)
        self._connection.subscribe(f"bus.ask.{_token(subject)}", take)

    async def _answer(self, subject: str, reply: Reply, asker: str, message: Msg) -> None:
        try:
            data = await reply(asker, message.data)
        except Exception:
            log.exception("node %s asks %s, and gets no answer", asker, subject)
        else:
            self._connection.publish(message.reply, data, self._sender)

    async def ask(self, node: str, subject: str, data: bytes, seconds: float) -> bytes:
        to = f"bus.to.{node}.{_token(subject)}"
        try:
            return bytes((await self._connection.ask(to, data, seconds)).data)
        except Unanswered as error:
            raise Unheard(f"node {node} does not answer {subject}") from error

    async def ask_all(self, subject: str, data: bytes, seconds: float) -> Mapping[str, bytes]:
        expected = set(self.others)
        heard: dict[str, bytes] = {}

        def take(message: Msg) -> bool:
            heard[_last(message.reply)] = message.data
            return heard.keys() >= expected

        if expected:
            try:
                to = f"bus.ask.{_token(subject)}"
                await self._connection.gather(to, data, take, seconds)
            except (TimeoutError, Unanswered):
                pass  # those who have answered have
        return heard

    def probe(self) -> None:
        """Publish to a subject of each kind, for nobody."""
        for kind in ("all", f"to.{self.name}", "ask"):
            self._connection.publish(f"bus.{kind}.probe", b"", self._sender)
        self._connection.publish(f"{self._connection.answers.prefix}probe", b"", self._sender)
        self._beat(LEAVING)  # nobody knows of this node yet

    # Who lives.

    async def run(self) -> None:
        """Beat until cancelled, and then say that this node leaves."""
        try:
            await self._tend(lambda: self._beat(HERE))
        finally:
            self._beat(LEAVING)

    async def look_on(self) -> None:
        """See who lives until cancelled, as somebody who is no node."""
        await self._tend(lambda: None)

    async def _tend(self, beat: Callable[[], None]) -> None:
        last = self._now()
        while True:
            beat()
            now = self._now()
            if now - last > LIVE_SECONDS / 2 or not self._connection.is_up:
                # This node was frozen or cut off: what it has not heard says nothing.
                self._beats = dict.fromkeys(self._beats, now)
            last = now
            for node in [name for name, at in self._beats.items() if now - at > LIVE_SECONDS]:
                del self._beats[node]
            await asyncio.sleep(BEAT_SECONDS)

    def _beat(self, says: bytes) -> None:
        self._connection.publish(f"bus.beat.{self.name}", says)

    def _hear_beat(self, message: Msg) -> None:
        node = _last(message.subject)
        if node == self.name:
            return
        if message.data[:1] == LEAVING:
            self._beats.pop(node, None)
        else:
            self._beats[node] = self._now()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._replies.add(task)
        task.add_done_callback(self._replies.discard)


def _token(subject: str) -> str:
    """Spell a subject so that only its dots mean something to NATS."""
    return quote(subject, safe="")


def _last(subject: str) -> str:
    return subject.rpartition(".")[2]
