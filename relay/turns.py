"""The end of a turn of the event loop: all rooms that told something in it are flushed then.

Reading comes before that, so whatever many clients sent meanwhile goes out in one write a player.
"""

from __future__ import annotations

import os
from asyncio import get_running_loop

from relay.outboxes import Outboxes
from relay.rounds import Rounds


class Turns:
    """Flushes the outboxes it watches.

    Args:
        rounds: what only rides with something else waits for it until the end of a round.
    """

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._told: list[Outboxes] = []

    def watch(self, outboxes: Outboxes) -> None:
        """Flush these whenever they ask for it."""
        outboxes.write = os.write
        outboxes.on_told = self._flush_soon
        outboxes.on_riding = self._flush_later

    def _flush_soon(self, outboxes: Outboxes) -> None:
        if not self._told:
            get_running_loop().call_soon(self._flush)
        self._told.append(outboxes)

    def _flush_later(self, outboxes: Outboxes) -> None:
        self._rounds.next(outboxes.flush)

    def _flush(self) -> None:
        told, self._told = self._told, []
        for outboxes in told:
            outboxes.flush()
