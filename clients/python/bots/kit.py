"""The bot kit: players that a program plays, hundreds of them in one process.

    from roomwire import Bot

    class Dizzy(Bot):
        async def on_tick(self, dt):
            self.room.volatile(0, [self.random.random(), self.random.random()])

or, for a bot that only ticks:

    @bot(hz=20)
    async def dizzy(self, dt):
        self.room.volatile(0, [self.random.random(), self.random.random()])

`relay bots --script dizzy.py --count 100` plays it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random

from clients.python.events import Event
from clients.python.room import Room

Tick = Callable[["Bot", float], Awaitable[None]]


class Bot:
    """One player. Override what you need. The bot has its `room` from `on_join` on.

    An exception ends this bot and is reported. The other bots play on.

    Attributes:
        number: from 1, within this process.
        name: as others see it. For another, override `__init__(self, number, seed=0)`, call that
            of `super()`, and set `self.name`.
        random: seeded by the run's seed and `number`, so that a run can be repeated.
        room: where it plays.
    """

    hz: float = 10.0
    """Ticks a second; 0 is no ticks."""

    room: Room

    def __init__(self, number: int, seed: int = 0) -> None:
        self.number = number
        self.random = Random(f"{seed}/{number}")
        self.name = f"bot {number}"

    async def on_join(self) -> None:
        """The bot has entered the room; its events follow."""

    async def on_event(self, event: Event) -> None:
        """Something happened."""

    async def on_tick(self, dt: float) -> None:
        """It is time to act. `dt` is the seconds since the last tick."""


def bot(*, hz: float = Bot.hz) -> Callable[[Tick], type[Bot]]:
    """Make a bot of one function: decorates `async def tick(self, dt)`."""

    def decorate(tick: Tick) -> type[Bot]:
        # Its own name and module, so that `--script file.py` finds it like a class.
        return type(
            tick.__name__,
            (Bot,),
            {"hz": hz, "on_tick": tick, "__doc__": tick.__doc__, "__module__": tick.__module__},
        )

    return decorate
