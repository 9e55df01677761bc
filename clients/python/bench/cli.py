"""The command `relay bench`. The relay finds it by the entry point; it imports no client itself."""

from __future__ import annotations

import json as json_module
import sys
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter, validators

from clients.python.address import parse
from clients.python.bench.dialect import Refused
from clients.python.bench.gauge import Gauge, listener
from clients.python.bench.load import crowd
from clients.python.bench.measure import measure
from clients.python.bench.roomwire import Reliable, Volatile
from clients.python.bench.row import Row, table
from clients.python.bench.shape import Shape

Positive = Annotated[float, Parameter(validator=validators.Number(gt=0))]
Switch = Annotated[bool, Parameter(negative=())]
KINDS = {"send": Reliable, "volatile": Volatile}

EXAMPLES = """Examples:
  relay serve --profile bench
  relay bench
  relay bench ws://127.0.0.1:8000 --rooms 50 --players 8 --hz 30
  relay bench --kind volatile --hz 60 --seconds 20 --json
"""

bench = App(name="bench", help_format="plaintext", help_epilogue=EXAMPLES)


@bench.default
def load(
    url: str = "ws://127.0.0.1:8000",
    *,
    rooms: int = 10,
    players: int = 8,
    hz: float = 10,
    bytes: int = 64,
    seconds: Positive = 5,
    kind: Literal["send", "volatile"] = "send",
    pid: int | None = None,
    json: Switch = False,
    quiet: Switch = False,
) -> int:
    """Put a load on a relay, and say what it bears and what it costs.

    Every player sends to all others of its room, on a schedule that waits for nobody: what a
    stalled relay holds up counts as late. Latency is from the scheduled time to the arrival.

    Args:
        url: address of the relay
        rooms: how many rooms
        players: how many players in each
        hz: messages a second of each player
        bytes: of each payload
        seconds: how long it is measured, after a warm-up
        kind: send is in order and exactly once, volatile is the newest value only
        pid: process of the relay, for its CPU; on this machine it is found by itself
        json: print the report as JSON
        quiet: show no progress
    """
    try:
        row = run(url, Shape(rooms, players, hz, bytes), seconds, kind, pid, quiet)
    except (Refused, ValueError) as error:
        raise CycloptsError(msg=str(error)) from error
    except OSError as error:
        raise CycloptsError(msg=f"nothing listens at {url}: {error.strerror or error}") from error
    print(json_module.dumps(row.as_dict(), indent=2) if json else table([row]))
    return 0


def run(url: str, shape: Shape, seconds: float, kind: str, pid: int | None, quiet: bool) -> Row:
    """Measure one row."""
    address = parse(url, "BENCH")
    base = address.url.removesuffix("/r/BENCH")
    if pid is None and address.is_loopback:
        pid = listener(int(base.rpartition(":")[2]))
    gauge = None if pid is None else Gauge(pid)
    with crowd(KINDS[kind](base, shape.players), shape.rooms, shape.players) as players:
        return measure(
            players,
            shape,
            seconds=seconds,
            kind=kind,
            gauge=gauge,
            say=lambda line: None if quiet else print(line, file=sys.stderr, flush=True),
        )
