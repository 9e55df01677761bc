"""Small messages between the nodes that make up one relay: the seam, and what every bus shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

Receive = Callable[[str, bytes], None]
"""Takes a message: its sender's name, and its data."""

Reply = Callable[[str, bytes], Awaitable[bytes]]
"""Answers a question: takes the asker's name, and its data."""


class Unheard(Exception):
    """Nobody can answer: there is no such node, it is gone, or it does not know the subject."""


class Bus(Protocol):
    """Carries messages at most once, and those of one sender in order.

    Attributes:
        name: this node's. It is unique and safe in a URL. A node that starts again has another.
    """

    name: str

    def publish(self, subject: str, data: bytes) -> None:
        """Tell all other nodes."""

    def subscribe(self, subject: str, receive: Receive) -> Callable[[], None]:
        """Hear what others publish. Returns: a function that ends this."""

    def answer(self, subject: str, reply: Reply) -> None:
        """Answer questions about a subject. Each subject has one answerer."""

    async def ask(self, node: str, subject: str, data: bytes, seconds: float) -> bytes:
        """Ask one node.

        Raises:
            TimeoutError: it has not answered in time.
            Unheard: it is not there, or does not know the subject.
        """

    async def ask_all(self, subject: str, data: bytes, seconds: float) -> Mapping[str, bytes]:
        """Ask all other nodes. Returns: the answers that came in time, by the node's name."""

    @property
    def others(self) -> frozenset[str]:
        """The other nodes that live, as far as known."""
