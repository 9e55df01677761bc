"""Plays many bots in one event loop, and counts."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clients.python.bots.kit import Bot
from clients.python.bots.report import Report, Tally, make_report
from clients.python.connect import connect
from clients.python.core.address import Urls
from clients.python.errors import RoomClosed, RoomwireError
from clients.python.events import Closed, Event, Reconnecting, Refused
from clients.python.options import Options
from clients.python.room import Room
from protocol.legible import legible_lines

JOINS_PER_SECOND = 20.0  # the rate that a relay allows one address
JOINS_AT_HOME = 100.0  # a relay on this machine sets no limit; above this, bots slow each other
ENTRY_TIMEOUT = 60.0  # seconds: long, as a busy relay may ask a bot to come back later
NEWS = (Reconnecting, Refused, Closed)
TURN = 256  # events that a bot handles before other bots have their turn of the loop
LOOK = 1.0  # seconds between two samples of the round trips, and between two lines of progress


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play."""

    script: type[Bot]
    count: int
    url: Urls
    options: Options = field(default_factory=Options)
    hz: float | None = None
    """Ticks a second instead of the script's own."""
    seconds: float | None = None
    """How long; None: until it is stopped."""
    seed: int = 0
    joins_per_second: float = JOINS_PER_SECOND


class Swarm:
    """Bots in a room."""

    def __init__(self, plan: Plan, *, on_progress: Callable[[Swarm], None] | None = None) -> None:
        """Args: on_progress: called every second while the bots play."""
        self.plan = plan
        self.tally = Tally()
        self.rooms: dict[int, Room] = {}
        """The room of each bot that has entered, by the bot's number."""
        self.code = ""
        self._on_progress = on_progress
        self._stop = asyncio.Event()
        self._trips: dict[int, int] = {}

    def stop(self) -> None:
        """Let all bots leave."""
        self._stop.set()

    async def play(self) -> Report:
        """Play until the time is up, `stop` is called, or no bot is left."""
        plan, began = self.plan, time.monotonic()
        bots = [plan.script(number, plan.seed) for number in range(1, plan.count + 1)]
        tasks = [asyncio.create_task(self._live(bot)) for bot in bots]
        watching = asyncio.create_task(self._watch())
        stopping = asyncio.create_task(self._stop.wait())
        playing = asyncio.create_task(asyncio.wait(tasks))
        await asyncio.wait(
            [playing, stopping], timeout=plan.seconds, return_when=asyncio.FIRST_COMPLETED
        )
        seconds = time.monotonic() - began
        everything: list[asyncio.Task[Any]] = [*tasks, playing, watching, stopping]
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)
        script = plan.script.__name__
        return make_report(
            self.tally, script=script, room=self.code, count=plan.count, seconds=seconds
        )

    async def _live(self, bot: Bot) -> None:
        """Run one bot from its entry to its end."""
        await asyncio.sleep((bot.number - 1) / self.plan.joins_per_second)
        options: Options = {**self.plan.options, "name": bot.name}
        try:
            async with connect(self.plan.url, timeout=ENTRY_TIMEOUT, **options) as room:
                self._enters(bot, room)
                try:
                    await self._play(bot)
                finally:
                    self._leaves(bot)
        except RoomwireError as error:
            self.tally.complaints.append(str(error))

    def _enters(self, bot: Bot, room: Room) -> None:
        bot.room = self.rooms[bot.number] = room
        self.tally.joined += 1
        self.code = room.code

    def _leaves(self, bot: Bot) -> None:
        traffic = self.rooms.pop(bot.number).traffic
        self.tally.sent += traffic.sent
        self.tally.received += traffic.received

    async def _play(self, bot: Bot) -> None:
        try:
            await bot.on_join()
            async with asyncio.TaskGroup() as tasks:
                ticking = tasks.create_task(self._tick(bot))
                await self._listen(bot)
                ticking.cancel()
        except* RoomClosed:
            pass  # `Closed` said so, and was counted
        except* Exception as broken:
            self._broke(bot, broken.exceptions[0])

    async def _listen(self, bot: Bot) -> None:
        while events := await bot.room.batch():
            self.tally.events += len(events)
            for count, event in enumerate(events, start=1):
                if type(event) in NEWS:
                    self._note(event)
                await bot.on_event(event)
                if count % TURN == 0:
                    await asyncio.sleep(0)  # a long past must not keep the other bots from reading

    async def _tick(self, bot: Bot) -> None:
        hz = bot.hz if self.plan.hz is None else self.plan.hz
        if not hz:
            return
        # A random start within the first period, so that bots do not all act at once.
        due = last = time.monotonic() + bot.random.random() / hz
        while True:
            await asyncio.sleep(due - time.monotonic())
            now = time.monotonic()
            self.tally.lateness.append((now - due) * 1000)
            await bot.on_tick(now - last)
            last = now
            # Missed ticks are dropped: to catch up would only make the next ones late.
            due = max(due + 1 / hz, time.monotonic())

    def _note(self, event: Event) -> None:
        match event:
            case Reconnecting():
                self.tally.reconnects += 1
            case Refused():
                self.tally.refused += 1
            case Closed() if not self._stop.is_set():
                self.tally.complaints.append(event.text)

    def _broke(self, bot: Bot, error: BaseException) -> None:
        kind = type(error).__name__
        if not any(f" {kind}: " in complaint for complaint in self.tally.complaints):
            # One trace for each kind: the same bug breaks every bot. Made legible, as it may quote
            # what other players said.
            print(legible_lines("".join(traceback.format_exception(error))), file=sys.stderr)
        self.tally.complaints.append(f"{type(bot).__name__} broke with {kind}: {error}")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            for number, room in self.rooms.items():
                if room.clock.count > self._trips.get(number, 0):
                    self.tally.trips.append(room.clock.latest / 1000)
                self._trips[number] = room.clock.count
            if self._on_progress is not None:
                self._on_progress(self)
