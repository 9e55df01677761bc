"""Small messages between the nodes that make up one relay: the seam to what carries them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

Receive = Callable[[str, bytes], None]
"""Takes the sender's name and what they said, in the event loop."""

Reply = Callable[[str, bytes], Awaitable[bytes]]
"""Takes the asker's name and what they ask; returns the answer."""


class Unheard(Exception):
    """There is no such node, as far as is known."""


class Bus(Protocol):
    """Carries messages to other nodes at most once; those of one sender and subject in order."""

    name: str
    """This node's: unique, and safe in a URL."""

    def publish(self, subject: str, data: bytes) -> None:
        """Tell all other nodes."""

    def subscribe(self, subject: str, receive: Receive) -> Callable[[], None]:
        """Hear what other nodes publish. Returns: what ends it."""

    def answer(self, subject: str, reply: Reply) -> None:
        """Answer what other nodes ask."""

    async def ask(self, node: str, subject: str, data: bytes, seconds: float) -> bytes:
        """Return what one node answers.

        Raises:
            Unheard: there is no such node.
            TimeoutError: it does not answer in time.
        """

    async def ask_all(self, subject: str, data: bytes, seconds: float) -> Mapping[str, bytes]:
        """Return what the other nodes answer in time, by their names."""

    @property
    def others(self) -> frozenset[str]:
        """The other nodes that live, as far as is known."""
