"""Which other nodes have a room, and how far they are in its log.

A node asks only if the log itself cannot say whether it has all that a replica needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgpack

from relay.cluster.bus import Bus
from relay.cluster.replicas.replica import Replica

SUBJECT: Final = "whereabouts"
ANSWER_SECONDS: Final = 1.0


class Whereabouts:
    """Asks the other nodes, and answers them."""

    def __init__(self, bus: Bus | None, replicas: Mapping[str, Replica]) -> None:
        """Args: replicas: those of this node, by their names."""
        self._bus = bus
        self._replicas = replicas
        if bus is not None:
            bus.answer(SUBJECT, self._answer)

    async def furthest(self, name: str) -> int | None:
        """Return how far others are in a room's log: 0 where no other has the room.

        Returns: None if a node that lives, as far as known, does not say.
        """
        if self._bus is None:
            return 0
        expected = self._bus.others
        answers = await self._bus.ask_all(SUBJECT, msgpack.packb([name]), ANSWER_SECONDS)
        if (expected | self._bus.others) - answers.keys():
            return None
        return max(map(_read, answers.values()), default=0)

    async def _answer(self, asker: str, data: bytes) -> bytes:
        name, *_ = msgpack.unpackb(data)
        replica = self._replicas.get(name)
        has_it = replica is not None and replica.ready.is_set() and replica.create is not None
        answer: bytes = msgpack.packb([replica.chain.applied if replica and has_it else 0])
        return answer


def _read(answer: bytes) -> int:
    try:
        applied, *_ = msgpack.unpackb(answer)
        return int(applied)
    except (ValueError, TypeError, msgpack.UnpackException):
        return 0
