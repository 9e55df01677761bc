"""Clients that send more than is allowed: F1 to F8."""

from __future__ import annotations

import asyncio
import math
import time
from typing import NamedTuple

from protocol import limits
from protocol.codec import encode
from protocol.frames import Send, Subscribe, Volatile
from tests.attack import hostile
from tests.attack.neighbours import gather
from tests.attack.stage import KIBIBYTE, MEBIBYTE, Scale, attackers, in_process, stage
from tests.attack.verdict import Check, Row, Timing, neighbours_p99
from tests.helpers.raw import BINARY, PING, frame

BURST = 5000  # frames in one burst
FLOOD_SLACK = 20.0  # milliseconds above the base, under a flood of tiny frames
CUT_SECONDS = 0.5
LINES_PER_SECOND = 10.0
UNFINISHED_BYTES = (64 + 21) * KIBIBYTE
GONE_BYTES = 4 * KIBIBYTE
"""What the relay may keep of a connection that is gone: a fraction of what that had sent."""
RATE, RATE_BURST = 120, 240  # frames, the relay's default

LISTS_HZ = 110.0
"""Messages a second: fewer than are allowed."""
CPU_FACTOR, CPU_SLACK = 2.0, 0.6
"""What a sender of long lists may cost beside one of ordinary messages. The slack is in % of a
core: the system counts by hundredths of a second."""

ME_ALONE = (1,) * limits.MAX_ELEMENTS
GROUPS = tuple(range(1, limits.MAX_GROUP + 1))
LONG_LISTS = {
    "SEND": (17, encode(Send(ME_ALONE, b""))),
    "VOLATILE": (17, encode(Volatile(1, ME_ALONE, b""))),
    "SUBSCRIBE": (8, encode(Subscribe(GROUPS, GROUPS))),
}
"""As how many messages each counts (SPEC 19), and its bytes."""


class Asked(NamedTuple):
    """What came of asking at a rate. `cpu` is what the relay took, in % of a core."""

    taken: int
    seconds: float
    cpu: float


async def f1(scale: Scale) -> Row:
    return Row("F1", f"Empty messages in bursts{WHO}", await floods(frame(BINARY, b""), scale))


async def f2(scale: Scale) -> Row:
    return Row("F2", f"Empty pings in bursts{WHO}", await floods(frame(PING, b""), scale))


WHO = ", from one and from several who come back whenever they are cut"


async def floods(tiny: bytes, scale: Scale) -> list[Check]:
    crowds = sorted({1, scale.many})
    return [check for many in crowds for check in await flood(tiny * BURST, many, scale)]


async def flood(burst: bytes, many: int, scale: Scale) -> list[Check]:
    """Let clients flood a room each, beside neighbours in other rooms."""
    seconds = scale.seconds
    with stage(*scale.options) as on, attackers(many) as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(seconds)
        files, lines, began = on.files, on.log_lines, time.monotonic()
        attacks = asyncio.gather(
            *(
                in_process(pool, hostile.floods, on.port, f"FLOOD{number}", burst, seconds)
                for number in range(many)
            )
        )
        hearing = await neighbours.listen(seconds, attacks)
        cuts = [cut for each in attacks.result() for cut in each]
        free = await on.frees(files)
        lines_a_second = (on.log_lines - lines) / math.ceil(time.monotonic() - began)
        await neighbours.end()
    who = f"{many}, {len(cuts)} times"
    return [
        neighbours_p99(hearing.p99, base.p99, slack=FLOOD_SLACK),
        Check(f"{who}: deliveries lost to neighbours", hearing.lost, 0),
        Timing(f"{who}: until one is cut, at most", max(cuts), CUT_SECONDS, "s"),
        Check(f"{who}: lines of log a second", lines_a_second, LINES_PER_SECOND),
        free,
    ]


async def f3(scale: Scale) -> Row:
    with stage() as on, attackers() as pool:
        files, memory = on.files, on.memory
        sending = in_process(pool, hostile.fragments, on.port, scale.many)
        peak = await on.peak(sending)
        answers, cut = sending.result()
        free = await on.frees(files)
    return Row(
        "F3",
        f"A message in 5,000 fragments of 0 bytes, and one of 1 byte each, {scale.many} at a time",
        [
            Check("connections that were not cut", 2 * scale.many - cut, 0),
            Check("fragments answered with a message", answers, 0),
            Check("memory grown", (peak - memory) / MEBIBYTE, 1, "MiB"),
            free,
        ],
    )


async def f4(scale: Scale) -> Row:
    with stage() as on, attackers() as pool:
        code_large, code_claimed = await in_process(pool, hostile.too_large, on.port)
        files, memory = on.files, on.memory
        holding = in_process(pool, hostile.unfinished, on.port, scale.many, scale.seconds)
        peak = await on.peak(holding)
        free = await on.frees(files)
    grown = (peak - memory) / MEBIBYTE
    return Row(
        "F4",
        "Messages that are too large, heads that claim 2^63 - 1 bytes, "
        f"and {scale.many} messages that never end",
        [
            Check("close code for one byte too many, minus 1009", abs(code_large - 1009), 0),
            Check("close code for 2^63 - 1, minus 1009", abs(code_claimed - 1009), 0),
            Check("memory grown", grown, scale.many * UNFINISHED_BYTES / MEBIBYTE, "MiB"),
            free,
        ],
    )


async def f5(scale: Scale) -> Row:
    with stage() as on, attackers() as pool:
        neighbours = await gather(on.port, rooms=1, players=8)
        base = await neighbours.listen(scale.seconds)
        files = on.files
        racing = in_process(pool, hostile.races, on.port, "QUIET0", 10.0 * RATE, scale.seconds)
        hearing = await neighbours.listen(scale.seconds, racing)
        answered, seconds = racing.result()
        free = await on.frees(files)
        await neighbours.end()
    beyond = answered - RATE_BURST - RATE * seconds
    return Row(
        "F5",
        "Valid frames at ten times the allowed rate, into a room of others",
        [
            Check(f"frames taken beyond {RATE_BURST} and {RATE} a second", beyond, RATE / 2),
            neighbours_p99(hearing.p99, base.p99),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            free,
        ],
    )


async def f6(scale: Scale) -> Row:
    with stage(*scale.options) as on, attackers() as pool:

        async def ask(room: str, message: bytes, seconds: float = scale.seconds) -> Asked:
            """Let one send a message again and again, in a room of its own."""
            busy, asks = on.cpu, (on.port, room, message, LISTS_HZ, seconds)
            taken, took = await in_process(pool, hostile.asks, *asks)
            return Asked(taken, took, 100 * (on.cpu - busy) / took)

        plain = encode(Send(None, bytes(64)))
        await ask("WARM-UP", plain, 0.0)
        ordinary = await ask("ORDINARY", plain)
        checks: list[Check] = []
        for kind, (cost, message) in LONG_LISTS.items():
            asked = await ask(kind, message)
            allowed = 1 + (RATE_BURST + RATE * asked.seconds) / cost
            bound = CPU_FACTOR * ordinary.cpu + CPU_SLACK
            what = f"{kind}: CPU (an ordinary SEND: {ordinary.cpu:.1f})"
            checks += [
                Check(f"{kind}: taken, at {cost} messages each", asked.taken, allowed),
                Timing(what, asked.cpu, bound, "%"),
            ]
    return Row("F6", "The longest lists of players and groups, at the rate of messages", checks)


async def f7(scale: Scale) -> Row:
    with stage() as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        files, connections = on.files, 3 * scale.many
        talking = in_process(pool, hostile.talks_nonsense, on.port, scale.many)
        hearing = await neighbours.listen(scale.seconds, talking)
        wrong, seconds = talking.result()
        free = await on.frees(files)
        await neighbours.end()
        lines = on.log_lines
    return Row(
        "F7",
        f"Text messages, invalid UTF-8, and garbage after a close, {scale.many} of each",
        [
            Check("connections that ended with another code", wrong, 0),
            Check(f"lines of log for {connections} connections", lines, connections),
            Check("lines of log a second", lines / math.ceil(seconds), LINES_PER_SECOND),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            neighbours_p99(hearing.p99, base.p99),
            free,
        ],
    )


async def f8(scale: Scale) -> Row:
    with stage() as on, attackers() as pool:
        await in_process(pool, hostile.goes, on.port, 10)
        files, memory = on.files, on.memory
        peak = await on.peak(in_process(pool, hostile.goes, on.port, scale.many))
        free = await on.frees(files)
    most = 1 + scale.many * GONE_BYTES / MEBIBYTE
    return Row(
        "F8",
        f"{scale.many} who come one after another, and go in the middle of a message",
        [Check("memory grown", (peak - memory) / MEBIBYTE, most, "MiB"), free],
    )
