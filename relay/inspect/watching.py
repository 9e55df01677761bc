"""An operator watches a room: lines of JSON, until the room ends or nobody reads them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from relay.inspect.rates import Rates
from relay.inspect.standing import standing
from relay.inspect.watched_audience import WatchedAudience
from relay.inspect.watcher import Wanted, Watcher
from relay.node.node import Node
from relay.room.refusals import Refusal
from relay.room.room import Room

PAUSE: Final = 0.1
"""Seconds between two lines with frames."""
ROUND: Final = 1.0
"""Seconds between two lines with anything else."""

Shown = Mapping[str, Any]
Describe = Callable[[Room], Shown]
Ask = Callable[[Room], Awaitable[Sequence[Shown]]]

MOST_WATCHING: Final = 32
"""Watchers of one room at this node at a time. For each, all nodes are asked about players every
second."""

GONE: Final = "the room is gone"
GOING_DOWN: Final = "the relay is going down"
TOO_MANY: Final = f"{MOST_WATCHING} watch this room already, and more cannot"


class Watching:
    """One operator who watches a room."""

    def __init__(
        self,
        node: Node,
        room: Room,
        wanted: Wanted,
        describe: Describe,
        overviews: Ask,
        measured: Ask,
    ) -> None:
        """
        Args:
            describe: returns what everybody may know of a room.
            overviews: returns those of a room's players.
            measured: does the same after the answers to pings. It is called first, when nobody
                knows who is silent.
        """
        self._node = node
        self._room = room
        self._watcher = Watcher(wanted)
        self._has_frames = wanted.has_frames
        self._describe = describe
        self._overviews = overviews
        self._measured = measured
        self._told = ""
        self._round = 0.0
        self._audience: WatchedAudience
        self._rates: Rates

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield lines, some at a time. The room is watched from the first line to the last."""
        self._begin()
        try:
            if self._audience.watchers > MOST_WATCHING:
                yield line("end", why=TOO_MANY)
                return
            yield await self._next_round()
            while (why := await self._end()) is None:
                await asyncio.sleep(PAUSE)
                if lines := self._frames() + await self._next_round():
                    yield lines
            yield self._frames() + line("end", why=why)
        finally:
            self._stop()

    # The room.

    def _begin(self) -> None:
        room = self._room
        if not isinstance(room.audience, WatchedAudience):
            room.audience = WatchedAudience(room.audience, self._node.clock)
        self._audience = room.audience
        self._audience.watchers += 1
        if self._has_frames:
            self._audience.takers.append(self._watcher.take)
        self._rates = Rates(self._audience)

    def _stop(self) -> None:
        audience = self._audience
        audience.watchers -= 1
        if self._has_frames:
            audience.takers.remove(self._watcher.take)
        if not audience.watchers and self._room.audience is audience:
            self._room.audience = audience.audience

    async def _end(self) -> str | None:
        """Return why there is nothing more to watch; None if there is more. Another node's snapshot
        may have made the room anew."""
        node, room = self._node, self._room
        if node.draining is not None and not node.connections:
            return GOING_DOWN
        if node.registry.get(room.name) is room:
            return None
        if (found := await self._kept()) is None:
            return GONE
        self._audience.hand_out()
        self._stop()
        self._room, self._told, self._round = found, "", 0.0
        self._begin()
        return None

    async def _kept(self) -> Room | None:
        """Return the room of this name. It stays at this node for as long as somebody asks for
        it."""
        with contextlib.suppress(Refusal):  # the room cannot be loaded for the moment
            return await self._node.operating.find(self._room.name)
        return None

    # Lines.

    def _frames(self) -> bytes:
        watcher = self._watcher
        self._audience.hand_out()
        groups = self._room.groups.by_set()
        if not (frames := watcher.frames(groups)) and not watcher.skipped:
            return b""
        skipped, watcher.skipped = watcher.skipped, 0
        told = ",".join(frames)
        return f'{{"type":"frames","frames":[{told}],"skipped":{skipped}}}\n'.encode()

    async def _next_round(self) -> bytes:
        now = asyncio.get_running_loop().time()
        seconds, is_first = now - self._round, not self._round
        if not is_first and seconds < ROUND:
            return b""
        self._round = now
        await self._kept()
        self._audience.want_values()
        ask = self._measured if is_first else self._overviews
        players = line("players", players=await ask(self._room))
        if is_first:
            return self._standing() + players
        rates = line("rates", seconds=round(seconds, 3), frames=self._rates.since())
        return self._standing() + players + rates

    def _standing(self) -> bytes:
        """Return a line with the room's state, if that has changed."""
        told = json.dumps({"room": self._describe(self._room), **standing(self._room)})
        if told == self._told:
            return b""
        self._told = told
        return b'{"type":"room",' + told[1:].encode() + b"\n"


def line(kind: str, **told: object) -> bytes:
    """Make a line of a stream."""
    return json.dumps({"type": kind, **told}, separators=(",", ":")).encode() + b"\n"
