"""Clients before their WebSocket, and more of them than there are places: H1, H2, H4, H8."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import resource
import select
import socket
import time

from tests.attack import hostile, seat
from tests.attack.neighbours import gather
from tests.attack.stage import KIBIBYTE, MEBIBYTE, Stage, attackers, in_process, stage
from tests.attack.verdict import Check, Row, neighbours_p99

BASE_SECONDS = 4.0
HEAD_SECONDS = 5.5
CAP = 100
FILES = 200
HALF_HEAD = b"GET /r/SLOW HTTP/1.1\r\nHost: 127.0.0.1\r\nUpg"
LINE = b"x: y\r\n"


async def h1() -> Row:
    """1,000 each who say nothing, half a head, or a line of it a second"""
    with stage("--profile", "bench") as on, attackers() as pool:
        memory = on.memory
        peaking = asyncio.ensure_future(on.peak(8))  # noqa: TID251 - awaited below
        dawdling = in_process(pool, dawdles, on.port, 1000)
        handshakes = [await handshake(on) for _ in range(150)]
        (longest, count) = await dawdling
        grown = (await peaking - memory) / count
    p99 = sorted(handshakes)[int(len(handshakes) * 0.99)]
    return Row(
        "H1",
        h1.__doc__ or "",
        [
            Check("until the last is closed", longest, HEAD_SECONDS, "s"),
            Check("memory grown for each", grown / KIBIBYTE, 8, "KiB"),
            Check("p99 of a good handshake meanwhile", p99 * 1000, 100, "ms"),
        ],
    )


async def h2() -> Row:
    """16 MB in one header"""
    with stage() as on, attackers() as pool:
        assert await probe(on) == 200
        memory = on.memory
        sending = in_process(pool, endless_header, on.port, 16 << 20)
        taken, peak = await asyncio.gather(sending, on.peak(2))
    return Row(
        "H2",
        h2.__doc__ or "",
        [
            Check("bytes taken before it is cut", taken / MEBIBYTE, 1, "MiB"),
            Check("memory grown", (peak - memory) / MEBIBYTE, 1, "MiB"),
        ],
    )


async def h4() -> Row:
    """A full relay (100 places): 30 more players, then 1,000 connections that say nothing"""
    with stage("--max-connections", str(CAP)) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(BASE_SECONDS)
        rest = [await seat.enter(on.port, f"FULL{n % 10}") for n in range(CAP - 10)]
        refused = [await turned_away(on) for _ in range(30)]
        health = [await probe(on) for _ in range(5)]
        crowding = in_process(pool, crowds, on.port, 1000, 3.0)
        hearing = await neighbours.listen(2)
        health += [await probe(on) for _ in range(20)]
        kept = await crowding
        alive = sum(not one.ended.done() for one in rest)
        neighbours.end()
        for one in rest:
            one.abort()
    return Row(
        "H4",
        h4.__doc__ or "",
        [
            Check("refused players, not with 4004", sum(code != 4004 for _, code in refused), 0),
            Check("until one is refused, at most", max(s for s, _ in refused), 0.5, "s"),
            Check("connections kept beyond those places", kept, 256 + 32),
            Check("/healthz not 200, of 25", sum(status != 200 for status in health), 0),
            Check("seats lost", CAP - 10 - alive, 0),
            neighbours_p99(hearing.p99, base.p99),
        ],
    )


async def h8() -> Row:
    """No descriptors left: 500 connections where 200 files may be open"""
    with stage() as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(BASE_SECONDS)
        on.process.rlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
        crowding = in_process(pool, crowds, on.port, 500, 4.0)
        hearing = await neighbours.listen(5)
        await crowding
        back = await on.takes(lambda: False, 0)
        back = await recovers(on)
        neighbours.end()
        loops = [1 for each in on.process.memory_maps() if "uvloop" in each.path]
        lines = on.log_lines
    return Row(
        "H8",
        h8.__doc__ or "",
        [
            neighbours_p99(hearing.p99, base.p99),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            Check("lines of log", lines, 100),
            Check("until players are let in again", back, 2, "s"),
            Check("event loops that are not uvloop's", 1 - min(len(loops), 1), 0),
        ],
    )


async def handshake(on: Stage) -> float:
    """Enter a room and leave. Returns: seconds to get in."""
    began = time.perf_counter()
    one = await seat.enter(on.port, "GOOD")
    took = time.perf_counter() - began
    one.abort()
    await asyncio.sleep(0.03)
    return took


async def turned_away(on: Stage) -> tuple[float, int]:
    """Ask for a place that is not there. Returns: seconds until the end, and its close code."""
    began = time.monotonic()
    one = await seat.connect(on.port, "FULL0")
    async with asyncio.timeout(5):
        code = await one.ended
    return time.monotonic() - began, code


async def probe(on: Stage) -> int:
    """Ask for the relay's health, as a supervisor does. Returns: the status; 0 if there is none."""
    return await asyncio.get_running_loop().run_in_executor(None, _probe, on.port)


def _probe(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0


async def recovers(on: Stage) -> float:
    """Return the seconds until somebody can enter."""
    began = time.monotonic()
    while time.monotonic() - began < 10:
        with contextlib.suppress(OSError, TimeoutError):
            (await seat.enter(on.port, "BACK")).abort()
            return time.monotonic() - began
        await asyncio.sleep(0.05)
    return float("inf")


# In processes of their own.


def dawdles(port: int, many: int) -> tuple[float, int]:
    """Connect many of each kind. Returns: seconds until the last is closed, and their number."""
    longest = 0.0
    begun: dict[socket.socket, float] = {}
    trickling = []
    for number in range(3 * many):
        end = socket.create_connection(("127.0.0.1", port))
        begun[end] = time.monotonic()
        if number % 3 == 1:
            end.sendall(HALF_HEAD)
        elif number % 3 == 2:
            end.sendall(HALF_HEAD[:40])
            trickling.append(end)
    watch = select.poll()
    by_file = {end.fileno(): end for end in begun}
    for file in by_file:
        watch.register(file, select.POLLIN)
    until, line = time.monotonic() + 15, time.monotonic()
    while begun and time.monotonic() < until:
        for file, _ in watch.poll(100):
            end = by_file[file]
            longest = max(longest, time.monotonic() - begun.pop(end))
            watch.unregister(file)
            end.close()
        if time.monotonic() - line > 1:
            line = time.monotonic()
            for end in trickling:
                with contextlib.suppress(OSError):
                    end.send(LINE)
    return (float("inf") if begun else longest), 3 * many


def endless_header(port: int, size: int) -> int:
    """Send one header. Returns: bytes that were taken."""
    taken = 0
    with hostile.connected(port) as end, contextlib.suppress(OSError):
        end.sendall(b"GET / HTTP/1.1\r\nx: ")
        while taken < size:
            taken += end.send(b"y" * 65536)
    return taken


def crowds(port: int, many: int, seconds: float) -> int:
    """Hold as many connections as are let in. Returns: how many were kept at once."""
    ends = []
    with contextlib.ExitStack() as stack:
        for _ in range(many):
            with contextlib.suppress(OSError):
                end = stack.enter_context(socket.create_connection(("127.0.0.1", port), 1))
                end.setblocking(False)
                ends.append(end)
        time.sleep(0.2)
        kept = sum(is_open(end) for end in ends)
        time.sleep(seconds)
    return kept


def is_open(end: socket.socket) -> bool:
    try:
        return end.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


ROWS = {"H1": h1, "H2": h2, "H4": h4, "H8": h8}
