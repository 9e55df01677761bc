"""Clients before their WebSocket, and more of them than there are places: H1, H2, H4, H8."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time

from tests.attack import seat, strangers
from tests.attack.neighbours import gather
from tests.attack.stage import (
    KIBIBYTE,
    MEBIBYTE,
    PATIENCE,
    R,
    Scale,
    Stage,
    attackers,
    in_process,
    stage,
)
from tests.attack.verdict import Check, Row, Timing, neighbours_p99

HEAD_SECONDS = 5.5
HEADER_BYTES = 16 << 20
PLACES, PLACES_BESIDE = 100, 256 + 32
MANY_REFUSED = 30
FILES = 200


async def h1(scale: Scale) -> Row:
    with stage() as on, attackers() as pool:
        for _ in range(20):
            await handshake(on)
        files, memory = on.files, on.memory
        dawdling = in_process(pool, strangers.dawdle, on.port, scale.many)
        handshakes, peak = await asyncio.gather(handshakes_during(on, dawdling), on.peak(dawdling))
        longest = dawdling.result()
        free = await on.frees(files)
    p99 = sorted(handshakes)[int(len(handshakes) * 0.99)]
    grown = (peak - memory) / KIBIBYTE / (3 * scale.many)
    return Row(
        "H1",
        f"{scale.many} each who send nothing, half a head, or a line of a head a second",
        [
            Timing("until the last is closed", longest, HEAD_SECONDS, "s"),
            Check("memory grown for each", grown, 8, "KiB"),
            Timing("p99 of a good handshake meanwhile", p99 * 1000, 100, "ms"),
            free,
        ],
    )


async def h2(_: Scale) -> Row:
    with stage() as on, attackers() as pool:
        assert await probe(on) == 200
        files, memory = on.files, on.memory
        sending = in_process(pool, strangers.sends_endless_header, on.port, HEADER_BYTES)
        peak = await on.peak(sending)
        free = await on.frees(files)
    return Row(
        "H2",
        "16 MB in one header",
        [
            Check("bytes taken before it is cut", sending.result() / MEBIBYTE, 1, "MiB"),
            Check("memory grown", (peak - memory) / MEBIBYTE, 1, "MiB"),
            free,
        ],
    )


async def h4(scale: Scale) -> Row:
    with stage("--max-connections", str(PLACES)) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        rest = [await seat.enter(on.port, f"FULL{n % 10}") for n in range(PLACES - 10)]
        files = on.files
        refused = [await turned_away(on) for _ in range(MANY_REFUSED)]
        crowding = in_process(pool, strangers.crowd, on.port, scale.many, scale.seconds)
        hearing, health = await asyncio.gather(
            neighbours.listen(scale.seconds, crowding), probes_during(on, crowding)
        )
        alive = sum(not one.ended.done() for one in rest)
        free = await on.frees(files)
        for one in rest:
            one.abort()
        await neighbours.end()
    return Row(
        "H4",
        f"A full relay ({PLACES} places): {MANY_REFUSED} more players, "
        f"then {scale.many} connections that say nothing",
        [
            Check("refused players, not with 4004", sum(code != 4004 for _, code in refused), 0),
            Timing("until one is refused, at most", max(s for s, _ in refused), 0.5, "s"),
            Check("connections kept beyond those places", crowding.result(), PLACES_BESIDE),
            Check(f"/healthz not 200, of {len(health)}", sum(s != 200 for s in health), 0),
            Check("seats lost", len(rest) - alive, 0),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            neighbours_p99(hearing.p99, base.p99),
            free,
        ],
    )


async def h8(scale: Scale) -> Row:
    with stage() as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        files = on.files
        on.process.rlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
        taking = in_process(pool, strangers.take_places, on.port, scale.many, scale.seconds)
        hearing = await neighbours.listen(scale.seconds, taking)
        taking.result()
        back = await recovers(on)
        free = await on.frees(files)
        await neighbours.end()
        loops = [1 for each in on.process.memory_maps() if "uvloop" in each.path]
        lines = on.log_lines
    return Row(
        "H8",
        f"No descriptors left: {scale.many} connections where {FILES} files may be open",
        [
            neighbours_p99(hearing.p99, base.p99),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            Check("lines of log", lines, 100),
            Timing("until players are let in again", back, 2, "s"),
            Check("event loops that are not uvloop's", 1 - min(len(loops), 1), 0),
            free,
        ],
    )


async def handshakes_during(on: Stage, attack: asyncio.Future[R]) -> list[float]:
    took = []
    while not attack.done():
        took.append(await handshake(on))
        # The rate of the samples. What the room remembers of them would count as the attack's.
        await asyncio.sleep(0.02)
    return took


async def handshake(on: Stage) -> float:
    """Enter a room and leave. Returns: seconds to get in."""
    began = time.perf_counter()
    one = await seat.enter(on.port, "GOOD")
    took = time.perf_counter() - began
    one.abort()
    await asyncio.sleep(0.03)  # the rate of people who come one after another
    return took


async def turned_away(on: Stage) -> tuple[float, int]:
    """Try to enter a full relay. Returns: seconds until the end, and its close code."""
    began = time.monotonic()
    one = await seat.connect(on.port, "FULL0")
    async with asyncio.timeout(PATIENCE):
        code = await one.ended
    return time.monotonic() - began, code


async def probes_during(on: Stage, attack: asyncio.Future[R]) -> list[int]:
    answers = []
    while not attack.done():
        answers.append(await probe(on))
        await asyncio.sleep(0.02)  # the rate of an impatient supervisor
    return answers


async def probe(on: Stage) -> int:
    """Ask for the relay's health, as a supervisor does. Returns: the status, or 0."""
    return await asyncio.get_running_loop().run_in_executor(None, strangers.probe, on.port)


async def recovers(on: Stage) -> float:
    """Return the seconds until a player can enter."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        with contextlib.suppress(OSError, TimeoutError):
            (await seat.enter(on.port, "BACK")).abort()
            return time.monotonic() - began
        await asyncio.sleep(0.05)  # the rate of a player who tries again
    return float("inf")
