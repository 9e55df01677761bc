"""Answers that are on their way: each question has a subject of its own for them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nats.aio.msg import Msg

Handle = Callable[["Msg | None"], None]
"""Takes an answer, or None when there will be none: the connection is cut."""

STATUS = "Status"
"""Header of an answer that the server itself gives."""
NOBODY = "503"
"""That status, where nobody listens to the subject of the question."""


class Answers:
    """Leads answers to those who asked."""

    def __init__(self, name: str) -> None:
        """Args: name: of the node, with which the subjects begin."""
        self.prefix = f"_INBOX.{name}."
        self._numbers = count()
        self._handlers: dict[str, Handle] = {}
        self._for_good: dict[str, Callable[[Msg], None]] = {}

    def expect(self, handle: Handle) -> str:
        """Return a new subject. What comes to it goes to `handle`, until it is forgotten."""
        subject = f"{self.prefix}{next(self._numbers)}"
        self._handlers[subject] = handle
        return subject

    def lead(self, word: str, handle: Callable[[Msg], None]) -> str:
        """Return a subject that stays. All that comes to it goes to `handle`."""
        subject = f"{self.prefix}{word}"
        self._for_good[subject] = handle
        return subject

    def forget(self, subject: str) -> None:
        self._handlers.pop(subject, None)

    def receive(self, message: Msg) -> None:
        subject = message.subject
        handle = self._handlers.get(subject) or self._for_good.get(subject)
        if handle is not None:
            handle(message)

    def cut(self) -> None:
        """Tell all that there will be no answer."""
        handlers = list(self._handlers.values())
        self._handlers.clear()
        for handle in handlers:
            handle(None)


def is_nobody(message: Msg) -> bool:
    """Say whether the server answers that nobody listens to the question's subject."""
    return not message.data and status_of(message) == NOBODY


def status_of(message: Msg) -> str | None:
    return (message.headers or {}).get(STATUS)
