"""The commands of `relay cluster`: how NATS is, and what to do about it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from json import dumps
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from relay.cli.printing import say
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import CannotJoin, Servers
from relay.policy.values import EMBEDDED, nats_url

try:
    from relay.cluster.nats.examining import Examiner, examiner
    from relay.cluster.nats.report import Report
    from relay.cluster.nats.streams import Stream
except ImportError as error:
    why = "relay cluster needs more than a relay does: pip install 'roomwire[cluster]'"
    raise ImportError(why) from error

CLEAR = "\x1b[H\x1b[2J"
WATCH_SECONDS = 1.0

Nats = Annotated[tuple[str, ...], Parameter(env_var="RELAY_NATS", negative_iterable=())]
Credentials = Annotated[Path | None, Parameter(env_var="RELAY_NATS_CREDENTIALS")]
Authority = Annotated[Path | None, Parameter(env_var="RELAY_NATS_CA")]
Count = Annotated[int, Parameter(env_var="RELAY_NATS_STREAMS")]
Flag = Annotated[bool, Parameter(negative=())]

app = App(name="cluster", help="Check NATS, over which relays share their rooms.")


@app.command
def doctor(
    *,
    nats: Nats = ("nats://127.0.0.1:4222",),
    nats_credentials: Credentials = None,
    nats_ca: Authority = None,
    nats_streams: Count = 8,
    json: Flag = False,
) -> None:
    """Say what is wrong, and what to do about each. The exit code is 1 if an error is found.

    Args:
        nats: server of NATS; several may be given
        nats_credentials: file of NATS (.creds) that says who asks
        nats_ca: file with certificates that sign those of the servers
        nats_streams: streams over which rooms are spread
        json: print all that was seen as JSON
    """
    servers = _servers(nats, nats_credentials, nats_ca)
    report = asyncio.run(_look(servers, Layout(streams=nats_streams)))
    table = "\n".join([*_table(report), "", *_findings(report)])
    say(dumps(report.as_json()) if json else table)
    if any(finding.level == "error" for finding in report.findings()):
        sys.exit(1)


@app.command
def status(
    *,
    nats: Nats = ("nats://127.0.0.1:4222",),
    nats_credentials: Credentials = None,
    nats_ca: Authority = None,
    nats_streams: Count = 8,
    watch: Flag = False,
    json: Flag = False,
) -> None:
    """Show the servers, the streams and the relays.

    Args:
        nats: server of NATS; several may be given
        nats_credentials: file of NATS (.creds) that says who asks
        nats_ca: file with certificates that sign those of the servers
        nats_streams: streams over which rooms are spread
        watch: show it again every second, until Ctrl+C
        json: print it as JSON, on one line each time
    """
    servers = _servers(nats, nats_credentials, nats_ca)
    asyncio.run(_show(servers, Layout(streams=nats_streams), watches=watch, as_json=json))


def _servers(urls: Iterable[str], credentials: Path | None, authority: Path | None) -> Servers:
    split = tuple(url for each in urls for url in each.replace(",", " ").split())
    if EMBEDDED in split:
        why = f"--nats {EMBEDDED} is a relay's own server, which nobody else can ask: see its log"
        raise CycloptsError(msg=why)
    try:
        return Servers(tuple(map(nats_url, split)), credentials, authority)
    except ValueError as error:
        raise CycloptsError(msg=f"--nats: {error}") from None


async def _look(servers: Servers, layout: Layout) -> Report:
    async with _examiner(servers, layout) as examining:
        return await examining.report()


async def _show(servers: Servers, layout: Layout, *, watches: bool, as_json: bool) -> None:
    before: Report | None = None
    async with _examiner(servers, layout) as examining:
        while True:
            report = await examining.report()
            table = "\n".join(_table(report, before))
            say(dumps(report.as_json()) if as_json else (CLEAR if watches else "") + table)
            if not watches:
                return
            before = report
            await asyncio.sleep(WATCH_SECONDS)


@contextlib.asynccontextmanager
async def _examiner(servers: Servers, layout: Layout) -> AsyncIterator[Examiner]:
    logging.getLogger("relay").addHandler(logging.NullHandler())  # the report says it
    try:
        async with examiner(servers, layout) as examining:
            yield examining
    except CannotJoin as error:
        raise CycloptsError(msg=str(error)) from None


def _table(report: Report, before: Report | None = None) -> list[str]:
    """Show servers, streams and relays. With an earlier report, entries a second, too."""
    earlier = {stream.name: stream for stream in before.streams} if before else {}
    rows = [
        ("server", "name", "version", "cluster", ""),
        *(
            (each.url, each.name or "", each.version or "", each.cluster or "", each.failure or "")
            for each in report.servers
        ),
    ]
    streams = [
        ("stream", "leader", "others (entries behind)", "entries", "bytes", "entries/s"),
        *(_row(stream, earlier.get(stream.name)) for stream in report.streams),
    ]
    relays = ", ".join(sorted(report.nodes)) or "none"
    return [*_aligned(rows), "", *_aligned(streams), "", f"relays: {relays}"]


def _row(stream: Stream, before: Stream | None) -> tuple[str, ...]:
    others = (
        f"{name} ({'away' if name in stream.offline else lag})"
        for name, lag in sorted(stream.followers.items())
    )
    leader = stream.leader or ("none" if stream.followers else "alone")
    pace = "" if before is None else f"{(stream.last_seq - before.last_seq) / WATCH_SECONDS:.0f}"
    bytes_held = f"{stream.bytes:,} of {stream.max_bytes:,}"
    return stream.name, leader, ", ".join(others), f"{stream.entries:,}", bytes_held, pace


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _findings(report: Report) -> list[str]:
    found = report.findings()
    if not found:
        return ["All is well."]
    return [f"{each.level}: {each.what}\n    {each.do}" for each in found]
