"""The commands `relay fuzz client` and `relay fuzz server`."""

from __future__ import annotations

import json as json_module
import shlex
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import CycloptsError, Parameter, validators

from clients.fuzz.out import check as check_out
from clients.fuzz.peers import report
from clients.fuzz.peers.program import NoProgram
from clients.fuzz.peers.running import Last, Run, Settings
from clients.fuzz.peers.sides import Client, Server

AtLeast0 = Annotated[int, Parameter(validator=validators.Number(gte=0))]
AtLeast1 = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Positive = Annotated[float, Parameter(validator=validators.Number(gt=0))]
NotNegative = Annotated[float, Parameter(validator=validators.Number(gte=0))]
Switch = Annotated[bool, Parameter(negative=())]

PATIENCE = 5.0
SHRINKING = 20.0

CLIENT_EXAMPLES = """Examples:
  relay fuzz client "python my_program.py"
  relay fuzz client "./my_program" --seconds 3600 --jobs 8 --out night
  relay fuzz client "node my_program.mjs" --replay findings

The command is the program that `relay conform client` starts, too: it is told in lines of JSON to \
connect and to send, and prints a line for every event. The guide on conformance lists all lines.
"""

SERVER_EXAMPLES = """Examples:
  relay fuzz server http://127.0.0.1:8000
  relay fuzz server http://127.0.0.1:8000 --seconds 3600 --jobs 4 --out night
  relay fuzz server http://127.0.0.1:8000 --replay findings

It sends at most 12 bad frames on a connection, which every relay bears. It makes rooms named \
FUZZ-SEED, and leaves them.
"""

EXIT = """
The exit status is 0 where all went well, 1 where something did not, 2 where the command line is \
wrong.
"""


def client(
    command: str,
    /,
    *,
    seconds: Positive | None = None,
    count: AtLeast1 | None = None,
    seed: AtLeast0 = 0,
    jobs: AtLeast1 = 1,
    patience: Positive = PATIENCE,
    memory: Positive = 64,
    first: Switch = False,
    shrink: NotNegative = SHRINKING,
    replay: Path | None = None,
    out: Path = Path("findings"),
    json: Switch = False,
    quiet: Switch = False,
) -> int:
    """Be a hostile relay for a client, and say what the client does wrong.

    Args:
        command: the client's program, as one would type it
        seconds: how long it goes on; 10 if no count is given either
        count: how many conversations
        seed: of the first conversation; the next one has the next seed
        jobs: conversations at a time, each with a process of the client
        patience: seconds for each of the client's answers
        memory: MiB by which its process may grow
        first: end with the first fault
        shrink: seconds for making each finding smaller; 0 leaves it as it is
        replay: play what was found again: a finding's folder, or one of several
        out: folder for what is found; it is made when there is something
        json: print the summary as JSON
        quiet: show no progress
    """
    settings = _settings(seed, seconds, count, jobs, memory, first)
    line = f"relay fuzz client {shlex.quote(command)}"
    run = Run(settings, lambda: Client(command, patience))
    return _run(run, shrink, replay, Shown(line, out, json, quiet))


def server(
    url: str,
    /,
    *,
    seconds: Positive | None = None,
    count: AtLeast1 | None = None,
    seed: AtLeast0 = 0,
    jobs: AtLeast1 = 1,
    patience: Positive = PATIENCE,
    pid: AtLeast1 | None = None,
    drain: Switch = False,
    memory: Positive = 64,
    first: Switch = False,
    shrink: NotNegative = SHRINKING,
    replay: Path | None = None,
    out: Path = Path("findings"),
    json: Switch = False,
    quiet: Switch = False,
) -> int:
    """Be a hostile client for a relay, and say what the relay does wrong.

    Two honest players are beside the hostile one in each room: they must miss nothing.

    Args:
        url: the relay's address, without TLS
        seconds: how long it goes on; 10 if no count is given either
        count: how many conversations
        seed: of the first conversation; the next one has the next seed
        jobs: conversations at a time
        patience: seconds for each of the relay's answers
        pid: the relay's process, to watch its memory; found by itself on this machine
        drain: tell the relay to end after that, and see how it does
        memory: MiB by which that may grow
        first: end with the first fault
        shrink: seconds for making each finding smaller; 0 leaves it as it is
        replay: play what was found again: a finding's folder, or one of several
        out: folder for what is found; it is made when there is something
        json: print the summary as JSON
        quiet: show no progress
    """
    if url.startswith(("https:", "wss:")):
        raise CycloptsError(msg=f"{url}: cuts within TLS say nothing; name the relay itself")
    settings = _settings(seed, seconds, count, jobs, memory, first)
    line = f"relay fuzz server {shlex.quote(url)}"
    try:
        relay = Server(url, patience, pid)
    except ValueError as error:
        raise CycloptsError(msg=f"{url}: {error}") from None
    run = Run(settings, lambda: relay)
    return _run(run, shrink, replay, Shown(line, out, json, quiet), relay.drain, drain)


def _settings(
    seed: int, seconds: float | None, count: int | None, jobs: int, memory: float, first: bool
) -> Settings:
    if seconds is None and count is None:
        seconds = 10
    return Settings(seed, seconds, count, jobs, memory, first)


class Shown(NamedTuple):
    """How a run is told."""

    line: str
    """What replays a finding, but for its folder."""
    out: Path
    as_json: bool
    is_quiet: bool


def _run(
    run: Run,
    shrink: float,
    replay: Path | None,
    shown: Shown,
    last: Last | None = None,
    is_drain: bool = False,
) -> int:
    progress = report.Progress(shown.is_quiet)
    try:
        if replay is None:
            check_out(shown.out)
            run.go(progress.show)
            run.shrink(shrink)
            if last is not None and is_drain:
                run.finish(last)
        else:
            run.replay(report.known(replay), last)
    except (NoProgram, OSError, ValueError) as error:
        raise CycloptsError(msg=str(error)) from error
    progress.end()
    findings = report.write(run.tally, shown.out, shown.line)
    done = report.Report(run.tally, run.seconds, run.settings.seed, findings)
    print(json_module.dumps(done.as_dict(), indent=2) if shown.as_json else done)
    if run.tally.trouble:
        return 2
    return 1 if findings else 0
