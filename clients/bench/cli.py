"""The command `relay bench`. The relay finds it by the entry point; it imports no client itself."""

from __future__ import annotations

import contextlib
import json as json_module
import sys
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cyclopts import App, CycloptsError, Parameter, validators

from clients.bench.gauge import Gauge, listener
from clients.bench.measure import Say, silent
from clients.bench.shape import Shape
from clients.bench.sockets.dialect import Refused
from clients.bench.survey import Survey
from clients.python.core.address import parse

Positive = Annotated[float, Parameter(validator=validators.Number(gt=0))]
Switch = Annotated[bool, Parameter(negative=())]
ANY_ROOM = "ROOM"
"""A room for `parse`, which wants one in every address. The bench makes rooms of its own."""

EXAMPLES = """Examples:
  relay serve --profile bench
  relay bench
  relay bench ws://127.0.0.1:8000 --rooms 50 --players 8 --hz 30
  relay bench --kind volatile --hz 60 --seconds 20 --json
  relay bench --full
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
    full: Switch = False,
    pid: int | None = None,
    json: Switch = False,
    quiet: Switch = False,
) -> int:
    """Put a load on a relay, and print what it delivers, how fast, and at what cost.

    Every player sends to all others of its room, on a fixed schedule. The schedule does not wait
    for a slow relay. Latency is the time from the scheduled moment of a message to its arrival.

    Args:
        url: address of the relay
        rooms: how many rooms
        players: how many players in each
        hz: messages a second of each player
        bytes: of each payload
        seconds: how long the measurement takes, after a warm-up
        kind: send is in order and exactly once, volatile is the newest value only
        full: also measure stuck players, late joins, returns, joins a second and idle seats
        pid: the relay's process, to measure its CPU; if left out, found on this machine
        json: print the report as JSON
        quiet: show no progress
    """
    with _one_sentence(url):
        shape = Shape(rooms, players, hz, bytes)
        survey = make_survey(url, shape, seconds, kind, pid, silent if quiet else _progress)
        report = survey.full() if full else survey.brief()
    print(json_module.dumps(report.as_dict(), indent=2) if json else report)
    return 0


@contextlib.contextmanager
def _one_sentence(url: str) -> Iterator[None]:
    """Show errors that the user can mend as errors of the command line."""
    try:
        yield
    except (Refused, ValueError) as error:
        raise CycloptsError(msg=str(error)) from error
    except OSError as error:
        raise CycloptsError(msg=f"nothing listens at {url}: {error.strerror or error}") from error


def make_survey(
    url: str, shape: Shape, seconds: float, kind: str, pid: int | None, say: Say
) -> Survey:
    """Return the relay's address, and its process if it runs on this machine."""
    address = parse(url, ANY_ROOM)
    if not address.url.startswith("ws://"):
        raise ValueError(f"the bench speaks ws:// only, not {url}: measure behind the proxy")
    if pid is None and address.is_loopback:
        pid = listener(urlsplit(address.url).port or 80)
    gauge = None if pid is None else Gauge(pid)
    return Survey(address.url.removesuffix(f"/r/{ANY_ROOM}"), shape, kind, seconds, gauge, say)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
