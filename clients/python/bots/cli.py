"""The command `relay bots`. The relay finds it by the entry point; it imports no client itself."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter, validators

from clients.python.bots.creation import read_options
from clients.python.bots.loader import NoScript, load
from clients.python.bots.report import Report, Spread
from clients.python.bots.swarm import JOINS_AT_HOME, JOINS_PER_SECOND, Plan, Swarm
from clients.python.core.address import parse_all
from clients.python.options import Options
from protocol.legible import isolated

AtLeast1 = Annotated[int, Parameter(validator=validators.Number(gte=1))]
NotNegative = Annotated[float | None, Parameter(validator=validators.Number(gte=0))]
Switch = Annotated[bool, Parameter(negative=())]
Words = Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)]


EXAMPLES = """Examples:
  relay bots --room K7QF --count 20
  relay bots --url https://play.example.com/r/K7QF --script echo
  relay bots --room K7QF --script my_bot.py --hz 20 --seconds 60 --json
  relay bots --room CROWD --count 200 --create capacity=500 --create history=full
"""

bots = App(name="bots", help_format="plaintext", help_epilogue=EXAMPLES)


@bots.default
def play(
    *,
    room: str | None = None,
    count: AtLeast1 = 10,
    script: str = "wander",
    url: tuple[str, ...] = ("ws://127.0.0.1:8000",),
    hz: NotNegative = None,
    seconds: NotNegative = None,
    seed: int = 0,
    password: str = "",
    create: Words = (),
    json: Switch = False,
    quiet: Switch = False,
) -> int:
    """Let bots play in a room, and print a summary.

    Args:
        room: the room's code, unless the url ends in it
        count: how many bots
        script: wander (plays the page's game), echo, idle, a file.py of yours, or module:Class
        url: address of the relay, or of the room; may be given several times, for relays that
            share their rooms
        hz: how many times a second a bot acts, instead of the script's own rate
        seconds: how long they play; until Ctrl+C if left out
        seed: of the bots' random choices: the same seed gives the same choices
        password: of the room
        create: how to make the room if there is none, as capacity=200 or history=full; may be
            given several times
        json: print the summary as JSON
        quiet: print nothing
    """
    try:
        joins = JOINS_AT_HOME if parse_all(url, room)[0].is_loopback else JOINS_PER_SECOND
        options = _options(room, password, create)
        plan = Plan(load(script), count, url, options, hz, seconds, seed, joins)
    except (NoScript, ValueError) as error:
        raise CycloptsError(msg=str(error)) from error
    report = run(plan, on_progress=_progress if sys.stderr.isatty() and not quiet else None)
    if not quiet:
        print(report.as_json() if json else report, flush=True)
    return 0 if report.is_good else 1


def _options(room: str | None, password: str, create: tuple[str, ...]) -> Options:
    if not create:
        return Options(room=room, password=password)
    made = read_options(create)
    # A room of an app, or of a build of it, refuses players of others: bots are of its own.
    return Options(room=room, password=password, create=made, app=made.app, build=made.build)


def run(plan: Plan, *, on_progress: Callable[[Swarm], None] | None = None) -> Report:
    """Play until the time is up, or a signal comes."""
    with (
        warnings.catch_warnings(action="default"),
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        warnings.showwarning = _warn
        return runner.run(_play(plan, on_progress))


def _warn(message: Warning | str, *about: object, **more: object) -> None:
    """Show what a bot is warned of. Python shows the same sentence only once."""
    print(isolated(str(message)), file=sys.stderr)


async def _play(plan: Plan, on_progress: Callable[[Swarm], None] | None) -> Report:
    swarm = Swarm(plan, on_progress=on_progress)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, swarm.stop)
        except NotImplementedError:  # Windows: Ctrl+C ends the bots without a summary
            break
    try:
        return await swarm.play()
    finally:
        if on_progress is not None:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _progress(swarm: Swarm) -> None:
    tally = swarm.tally
    line = (
        f"{len(swarm.rooms)}/{swarm.plan.count} bots in {isolated(swarm.code)}  "
        f"{tally.events:,} events  round trip {Spread.of(tally.trips)}"
    )
    print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
