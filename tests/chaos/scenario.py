"""One room's storm: players send to all kinds of targets while their connections are harmed.

Then the harm ends, everything must arrive, and the checker judges.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random

from clients.python.errors import RoomwireError
from protocol.frames import HelloOptions, RoomOptions
from tests.chaos.acts import act
from tests.chaos.checker import check
from tests.chaos.faults import storm
from tests.chaos.official import OfficialPlayer
from tests.chaos.plain import PlainPlayer
from tests.chaos.player import MakePlayer, Out, Player
from tests.chaos.proxy import Address, Harm, Proxy, Upstream
from tests.chaos.pulse import Pulse
from tests.chaos.report import Report
from tests.chaos.streams import RELOADED

MARKS_WITHIN = 5.0  # seconds until the marks are made again

CLIENTS: tuple[MakePlayer, ...] = (PlainPlayer, OfficialPlayer)

ENDED = (RoomwireError, Out)
"""Raised when a player says something in a room that is over for it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a seed's storm, at least."""

    seed: int
    room: str = "chaos"
    """The start of the room's name."""
    players: int = 4
    frames: int = 40
    """Turns of each player."""
    cuts: int = 30
    """Cuts of all players' connections together."""
    seconds: float = 20.0
    """Seconds after which the storm is over in any case."""
    pause: float = 0.04
    """Most seconds between two turns of a player."""
    patience: float = 60.0
    """Seconds within which everything must arrive after the last harm."""
    sizes: tuple[int, ...] = (0, 0, 0, 0, 0, 40, 300, 3000)
    """Bytes of filler in a frame, from least to most."""
    within: tuple[int, int] = (2, 30_000)
    """Bytes after which a connection is harmed, at the earliest and at the latest."""
    stalls: float = 0.2
    """The share of connections that stand still for a while."""
    history: str = "none"
    """The room's `history`."""
    prelude: int = 0
    """Frames that one player sends before the others join."""
    network: str = ""
    """The profile of everybody's network, at the relay."""
    hold: int = 120
    """The room's `hold`: so long that no seat expires because a machine is slow."""
    keep: int = 120


@dataclass(slots=True)
class Outcome:
    """The result of one seed."""

    plan: Plan
    report: Report
    harms: Counter[Harm] = field(default_factory=Counter)
    cuts: int = 0
    connections: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class _Storm:
    turns: int = 0
    ends_at: float = inf
    """When the storm ends. Infinite while the prelude runs, however long that takes."""
    is_over: bool = False
    present: list[Player] = field(default_factory=list)


class Scenario:
    """Runs one seed's room, behind a proxy of its own."""

    def __init__(
        self, plan: Plan, upstream: Upstream, clients: Sequence[MakePlayer] = CLIENTS
    ) -> None:
        """Args: clients: the players take one each, in turn."""
        self.plan = plan
        self._clients = clients
        self.proxy = Proxy(upstream, storm(plan.seed, plan.within, plan.stalls))
        self.players: list[Player] = []
        self._random = Random(f"scenario {plan.seed}")
        self._pulse = Pulse()
        self._may_act = asyncio.Event()
        self._may_act.set()
        self._storm = _Storm()
        self._tasks = asyncio.TaskGroup()
        self._running: dict[Player, asyncio.Task[None]] = {}

    async def run(self, resets: Iterable[str] = ()) -> Outcome:
        """Run the storm and return the checker's report.

        Args: resets: reasons for which streams may begin anew in this run.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with self.proxy, self._tasks:
            await self._play_prelude()
            self._storm.ends_at = loop.time() + self.plan.seconds
            async with asyncio.TaskGroup() as slots:
                weather = slots.create_task(self._weather())
                playing = [slots.create_task(self._fill_slot()) for _ in range(self.plan.players)]
                await asyncio.wait(playing)
                weather.cancel()
            self.proxy.heal()
            await self.proxy.accept()
            await self._settle()
            await self._disband()
        report = self._judge(resets)
        harms, cuts = self.proxy.counts, self.proxy.cuts
        seconds = loop.time() - began
        return Outcome(self.plan, report, harms, cuts, self.proxy.connections, seconds)

    async def until_cut(self, cuts: int) -> None:
        """Wait until this many connections were cut, or the storm is over."""
        await self._pulse.until(lambda: self.proxy.cuts >= cuts or self._is_calm)

    def calm(self) -> None:
        """End the storm."""
        self._storm.ends_at = 0.0

    def pause(self) -> None:
        """Pause the players. Without a relay they would do all their turns, and leave for good."""
        self._may_act.clear()

    def go_on(self, upstream: Address, paused: float) -> None:
        """Let the players go on at another relay. Their pause makes the storm longer."""
        self.proxy.upstream = upstream
        self._storm.ends_at += paused
        self._may_act.set()

    def _judge(self, resets: Iterable[str]) -> Report:
        report = check(
            [player.journal for player in self.players],
            {*resets, RELOADED},
            has_history=self.plan.history == "full",
        )
        for player in self.players:
            if player.trouble:
                report.violate("unexplained", f"{player.journal.label}: {player.trouble}")
        return report

    # The storm.

    @property
    def _is_calm(self) -> bool:
        plan, storm = self.plan, self._storm
        is_late = asyncio.get_running_loop().time() > storm.ends_at
        is_done = storm.turns >= plan.frames * plan.players and self.proxy.cuts >= plan.cuts
        return is_done or is_late

    async def _weather(self) -> None:
        """Harm all connections at once, now and then."""
        while True:
            await asyncio.sleep(self._random.uniform(0.2, 1.0))
            match self._random.choice(("cut", "refuse", "go on", "go on")):
                case "cut":
                    self.proxy.cut_all(self._random.choice((Harm.RESET, Harm.CLOSE)))
                case "refuse":
                    self.proxy.refuse()
                    self.proxy.cut_all()
                    await asyncio.sleep(self._random.uniform(0.05, 0.3))
                    await self.proxy.accept()
                case _:
                    self.proxy.go_on()

    async def _play_prelude(self) -> None:
        """Give the room a past: one player sends all of it, and leaves."""
        if not self.plan.prelude:
            return
        player = self._seat_player()
        await self._pulse.until(lambda: player.was_live or player.is_out)
        for _ in range(self.plan.prelude):
            await player.send(None, self._random.choice(self.plan.sizes))
        await self._pulse.until(lambda: player.is_settled or player.is_out)
        self._storm.present.remove(player)
        await player.leave()

    async def _fill_slot(self) -> None:
        """Let one player after another play until the storm is over. The last one stays."""
        while True:
            player = self._seat_player()
            await self._pulse.until(lambda: player.was_live or player.is_out)  # noqa: B023
            turns = self._random.randint(self.plan.frames // 4, self.plan.frames * 4)
            while not self._is_calm and not player.is_out and turns:
                await self._turn(player)
                turns -= 1
            if self._is_calm or player.trouble:
                return
            self._storm.present.remove(player)
            if not player.is_kicked:
                await player.leave()

    def _seat_player(self) -> Player:
        number = len(self.players) + 1
        label, make = f"s{self.plan.seed}p{number}", self._clients[number % len(self._clients)]
        url = f"ws://127.0.0.1:{self.proxy.port}/r/{self.plan.room}-{self.plan.seed}"
        if self.plan.network:
            url += f"?chaos={self.plan.network}&seed={self.plan.seed}"
        random = Random(label)
        room = RoomOptions(
            hold=self.plan.hold,
            keep=self.plan.keep,
            history=self.plan.history,
            chaos=bool(self.plan.network),
        )
        options = HelloOptions(seat=random.randbytes(16), name=label, create=room)
        player = make(label, self._pulse, url, options, random)
        self.players.append(player)
        self._storm.present.append(player)
        self._running[player] = self._tasks.create_task(player.run())
        return player

    async def _turn(self, player: Player) -> None:
        await self._may_act.wait()
        self._storm.turns += 1
        try:
            await act(player, self._random, self.plan.sizes)
        except ENDED:
            return  # its `trouble` is judged
        await asyncio.sleep(self._random.random() * self.plan.pause)

    # After it.

    async def _settle(self) -> None:
        """Wait until everything has arrived."""
        with contextlib.suppress(TimeoutError):  # the checker counts what is missing then as lost
            async with asyncio.timeout(self.plan.patience):
                while not await self._all_arrives():
                    pass
        present = self._present
        for player in self.players:
            player.finish(player in present)

    async def _all_arrives(self) -> bool:
        """Let every player send a last frame, its mark; say whether all players hear all marks.

        If they do not, a player may have lost its seat, and its mark with it.
        """
        await self._pulse.until(lambda: all(player.is_settled for player in self._present))
        if gone := [task for player, task in self._running.items() if player not in self._present]:
            await asyncio.wait(gone)
        marks = {player: await self._mark(player) for player in self._present}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MARKS_WITHIN):
                await self._pulse.until(lambda: self._is_settled(marks))
                return True
        return False

    @property
    def _present(self) -> list[Player]:
        return [player for player in self._storm.present if not player.is_out]

    async def _mark(self, player: Player) -> tuple[str, int]:
        """Let a player send its mark to all."""
        with contextlib.suppress(*ENDED):
            return player.journal.label, await player.send(True)
        return player.journal.label, 0

    def _is_settled(self, marks: Mapping[Player, tuple[str, int]]) -> bool:
        present = self._present
        expected = {marks[player] for player in present}
        return all(player.is_settled and expected <= player.delivered for player in present)

    async def _disband(self) -> None:
        for player in self._storm.present:
            await player.leave()
        _, stuck = await asyncio.wait(self._running.values(), timeout=5.0)
        for task in stuck:
            task.cancel()
