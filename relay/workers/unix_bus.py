"""The bus between the workers of one relay, over `mail`."""

from __future__ import annotations

from collections.abc import Mapping

from relay.cluster.message_bus import MessageBus
from relay.workers.mail import Kind, Mail


class UnixBus(MessageBus):
    """A worker's bus. It knows the workers that the supervisor has named."""

    def __init__(self, mail: Mail, name: str) -> None:
        super().__init__(name, self._carry)
        self._mail = mail
        self._numbers_of: Mapping[str, int] = {}
        mail.on(Kind.BUS, lambda message, _: self.take(message))

    def know(self, numbers: Mapping[str, int]) -> None:
        """Take note of the workers that live, and of their numbers."""
        self._numbers_of = numbers
        self.meet(numbers)

    def _carry(self, node: str, message: bytes) -> None:
        if node in self._numbers_of:
            self._mail.send(self._numbers_of[node], Kind.BUS, message)
