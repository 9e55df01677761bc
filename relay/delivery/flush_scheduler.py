"""The end of a turn of the event loop: then all rooms with messages from that turn are flushed.

Reading comes before that, so what many clients sent meanwhile goes out in one write a player.
While each turn brings more messages, rooms wait a little before they write. Writes cost most: if
clients send in step, and a flush came between, each player would be written to twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from relay.delivery.deferred import Deferred
from relay.delivery.fan_out import FanOut
from relay.delivery.tally import Tally

LONGEST: Final = 0.002
"""Seconds that a room waits at most while more messages come, in any room."""


class FlushScheduler:
    """Flushes the fan-outs that it makes.

    Args:
        rounds: an ACK that waits for other messages waits until the end of a round.
        soon: has something called when the loop has read what there is to be read.
        clock: in seconds, from any moment on.
        tally: of the node.
    """

    def __init__(
        self,
        rounds: Deferred,
        soon: Callable[[Callable[[], None]], object],
        clock: Callable[[], float],
        tally: Tally,
    ) -> None:
        self._rounds = rounds
        self._soon = soon
        self._clock = clock
        self._tally = tally
        self._told: list[FanOut] = []
        self._gathered = 1
        """Messages that waited when the last turn ended; one alone never waits."""
        self._ends = 0.0

    def fan_out(self) -> FanOut:
        """Make a room's fan-out, which is flushed whenever it asks for that."""
        return FanOut(self._flush_soon, self._flush_later, self._tally)

    def _flush_soon(self, fan_out: FanOut) -> None:
        if not self._told:
            self._soon(self._end_turn)
        self._told.append(fan_out)

    def _flush_later(self, fan_out: FanOut) -> None:
        self._rounds.next(fan_out.flush)

    def _end_turn(self) -> None:
        gathered, has_much = 0, False
        for fan_out in self._told:
            gathered += fan_out.gathered
            has_much = has_much or fan_out.has_much
        if gathered > self._gathered and not has_much and self._may_wait():
            self._gathered = gathered
            self._soon(self._end_turn)
        else:
            self._flush()

    def _may_wait(self) -> bool:
        now = self._clock()
        if self._gathered == 1:
            self._ends = now + LONGEST
        return now < self._ends

    def _flush(self) -> None:
        told, self._told, self._gathered = self._told, [], 1
        for fan_out in told:
            fan_out.flush()
