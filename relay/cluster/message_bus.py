"""A bus over anything that carries bytes to a node by its name."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Final

import msgpack

from relay.cluster.bus import Receive, Reply, Unheard

log = logging.getLogger("relay")


class Kind:
    """What a message is: the first of its fields. The others are the sender's name, the name of
    whom it is for, the subject, the question's number and the data."""

    TOLD: Final = 0
    ASKED: Final = 1
    ANSWERED: Final = 2
    UNHEARD: Final = 3


class MessageBus:
    """Asks, answers and tells by messages that `post` carries; `take` gets those of the others."""

    def __init__(self, name: str, post: Callable[[str, bytes], None]) -> None:
        """Args: post: carries a message to the node of this name, or loses it."""
        self.name = name
        self._post = post
        self._others: frozenset[str] = frozenset()
        self._receivers: defaultdict[str, list[Receive]] = defaultdict(list)
        self._answerers: dict[str, Reply] = {}
        self._questions: dict[int, tuple[str, asyncio.Future[bytes]]] = {}
        self._numbers = count(1)
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def others(self) -> frozenset[str]:
        return self._others

    def meet(self, living: Iterable[str]) -> None:
        """Take note of the nodes that live. A question to a node that is gone fails."""
        self._others = frozenset(living) - {self.name}
        for node, answer in self._questions.values():
            if node not in self._others and not answer.done():
                answer.set_exception(_gone(node))

    def publish(self, subject: str, data: bytes) -> None:
        for node in sorted(self._others):  # in one order: a simulation repeats by its seed alone
            self._send(Kind.TOLD, node, subject, 0, data)

    def subscribe(self, subject: str, receive: Receive) -> Callable[[], None]:
        self._receivers[subject].append(receive)
        return lambda: self._receivers[subject].remove(receive)

    def answer(self, subject: str, reply: Reply) -> None:
        self._answerers[subject] = reply

    async def ask(self, node: str, subject: str, data: bytes, seconds: float) -> bytes:
        if node not in self._others:
            raise _gone(node)
        number = next(self._numbers)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._questions[number] = (node, answer)
        try:
            self._send(Kind.ASKED, node, subject, number, data)
            async with asyncio.timeout(seconds):
                return await answer
        finally:
            del self._questions[number]

    async def ask_all(self, subject: str, data: bytes, seconds: float) -> Mapping[str, bytes]:
        nodes = sorted(self._others)
        asked = (self.ask(node, subject, data, seconds) for node in nodes)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        known = dict(zip(nodes, answers, strict=True))
        return {node: answer for node, answer in known.items() if isinstance(answer, bytes)}

    # Messages.

    def _send(self, kind: int, node: str, subject: str, number: int, data: bytes) -> None:
        self._post(node, msgpack.packb([kind, self.name, node, subject, number, data]))

    def take(self, message: bytes) -> None:
        """Take in a message of another node, made by its bus."""
        kind, sender, node, subject, number, data, *_ = msgpack.unpackb(message)
        if node != self.name:  # a former node had this name
            return
        match kind:
            case Kind.TOLD:
                for receive in tuple(self._receivers.get(subject, ())):
                    receive(sender, data)
            case Kind.ASKED:
                self._answer(sender, subject, number, data)
            case Kind.ANSWERED | Kind.UNHEARD:
                self._hear(kind, sender, number, data)
            case _:
                pass  # newer versions know it

    def _answer(self, sender: str, subject: str, number: int, data: bytes) -> None:
        reply = self._answerers.get(subject)
        if reply is None:
            self._send(Kind.UNHEARD, sender, subject, number, b"")
            return
        answering = self._reply(reply, sender, subject, number, data)
        task = asyncio.get_running_loop().create_task(answering)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _reply(
        self, reply: Reply, sender: str, subject: str, number: int, data: bytes
    ) -> None:
        try:
            answer = await reply(sender, data)
        except Exception:  # the asker runs out of time
            log.exception("node %s asked for %s, and that failed", sender, subject)
        else:
            self._send(Kind.ANSWERED, sender, subject, number, answer)

    def _hear(self, kind: int, sender: str, number: int, data: bytes) -> None:
        _, answer = self._questions.get(number, (sender, None))
        if answer is None or answer.done():
            return
        if kind == Kind.ANSWERED:
            answer.set_result(data)
        else:
            answer.set_exception(Unheard(f"node {sender} does not know what it was asked"))


def _gone(node: str) -> Unheard:
    return Unheard(f"there is no node {node}")
