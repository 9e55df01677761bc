"""How a relay goes down: everybody is told, then one connection after another is closed.

The games go on meanwhile, but nobody enters. The connections of one room are closed one after
another, and its host's last. So a game is interrupted as shortly as possible, and keeps its host.
No seat expires meanwhile: a player who cannot come back yet keeps it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from relay.node.connection import Connection
from relay.room.entries import Entry, Relieve, Succeed
from relay.room.refusals import Refusal
from relay.room.room import Room

RESTART_SECONDS = 1.0  # until a relay that is started again at once serves
RETURNS_PER_SECOND = 500.0  # a relay takes in some 1,900 connections a second, and has more to do
ENDS_WITHIN = (
    2.5  # seconds for closed connections to end; after 2 s links cut clients that do not read
)


@dataclass(frozen=True, slots=True)
class Departure:
    """When a connection is closed, and when it should be back: seconds after the beginning."""

    connection: Connection
    closes: float
    returns: float


def plan(
    connections: Iterable[Connection], seconds: float, *, comes_back: bool = True
) -> list[Departure]:
    """Spread closes over so many seconds, and returns over the time after them.

    Args: comes_back: players wait for this relay. If not, another takes each of them at once.
    """
    order = sorted(connections, key=_turn)
    share = seconds / (len(order) + 1)

    def returns(turn: int) -> float:
        if not comes_back:
            return share * turn
        return seconds + RESTART_SECONDS + turn / RETURNS_PER_SECOND

    return [
        Departure(each, share * turn, returns(turn)) for turn, each in enumerate(order, start=1)
    ]


def _turn(connection: Connection) -> tuple[str, bool, int]:
    room, seat = connection.room, connection.seat
    if room is None or seat is None:
        return "", False, connection.attachment
    return room.name, seat.player == room.host, connection.attachment


class Drain:
    """The end of one relay. Make it in the event loop, and `run` it once."""

    def __init__(
        self, connections: Mapping[int, Connection], seconds: float, *, comes_back: bool = True
    ) -> None:
        """
        Args:
            connections: all there are, as they come and go.
            seconds: for closing them.
            comes_back: whether it is this relay to which players return.
        """
        self._connections = connections
        self._departures = plan(connections.values(), seconds, comes_back=comes_back)
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._returns = max((each.returns for each in self._departures), default=RESTART_SECONDS)
        self._over = asyncio.Event()
        """Set when there is nobody to wait for, or no time."""
        self.note_departure()

    @property
    def returning(self) -> float:
        """Seconds until the last client is due back, as it was told."""
        return max(0.0, self._began + self._returns - self._loop.time())

    def refusal(self) -> Refusal:
        """Tell a newcomer when to come again."""
        return Refusal(
            ErrorCode.RELAY_FULL,
            "this relay is going down: come back when it may be there again",
            close=CloseCode.RELAY_FULL,
            retry=True,
            after=math.ceil(self.returning * 1000),
        )

    def is_due(self, room: Room, entry: Entry) -> bool:
        """Say whether an entry whose time has come is to be proposed."""
        # SPEC 21.3: no seat and no room expires while nobody can come back.
        return isinstance(entry, Succeed | Relieve) and bool(room.seats.attached)

    def note_departure(self) -> None:
        """Take notice that a connection is gone."""
        if not self._connections:
            self._over.set()

    def hurry(self) -> None:
        """Close the connections that are left at once, and wait for nobody."""
        self._over.set()

    async def run(self) -> None:
        """Tell everybody, close everybody, and wait until they are gone."""
        for each in self._departures:
            each.connection.drain(math.ceil(each.returns * 1000))
        for each in self._departures:
            if each.connection.seat is not None:
                await self._wait_until(self._began + each.closes)
            each.connection.close(CloseCode.DRAIN)
        await self._wait_until(self._loop.time() + ENDS_WITHIN)

    async def _wait_until(self, moment: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(moment):
                await self._over.wait()
