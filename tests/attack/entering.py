"""Clients that a game never admits (C5), and kicked players who come back (C7K)."""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import Any

from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.frames import Hello, HelloOptions, Kick, RoomOptions, Send
from protocol.limits import SEAT_BYTES
from tests.attack import seat
from tests.attack.askers import STRANGER
from tests.attack.neighbours import gather
from tests.attack.rest import JOINS, LIMITED, meanwhile
from tests.attack.seat import PATIENCE, Seat
from tests.attack.stage import MEBIBYTE, Scale, attackers, in_process, stage
from tests.attack.verdict import Check, Row, Timing
from tests.helpers import undecided

ADMIT_SECONDS = 10.0  # by default
ROOM = "QUIET0"
"""The room to enter. Its neighbours have made it, as making a room has a lower rate limit."""
WAITS = encode(Hello(1, HelloOptions(ticket=undecided.TICKET)))
TALK = encode(Send(None, bytes(1_000)))
TALKS = 40
TRIES = 5
"""Least returns of one who was kicked, however long they take."""


async def c5(scale: Scale) -> Row:
    with (
        stage(*LIMITED, *scale.options, module=undecided.MODULE) as on,
        attackers() as pool,
    ):
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        files, memory = on.files, on.memory
        waiting = in_process(pool, waits, on.port, scale.many)
        hearing, peak = await asyncio.gather(
            neighbours.listen(scale.seconds, waiting), on.peak(waiting)
        )
        longest, codes = waiting.result()
        free = await on.frees(files)
        lines = on.log_lines
        await neighbours.end()
    talkers = codes.count(CloseCode.BAD_FRAMES)
    stayers = codes.count(CloseCode.RELAY_FULL)
    return Row(
        "C5",
        f"{scale.many} each who leave, stay, or send frames while the game never decides",
        [
            Timing("until one who stays is cut off, at most", longest, ADMIT_SECONDS + 1, "s"),
            Check("those who stay and are not told to come back", scale.many - stayers, 0),
            Check("those who send frames and are not cut", scale.many - talkers, 0),
            free,
            Check("memory grown", (peak - memory) / MEBIBYTE, 8, "MiB"),
            Check("lines of log", lines, 100),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
        ],
    )


def waits(port: int, many: int) -> tuple[float, list[int]]:
    """Let this many clients of each kind ask to enter, as fast as one address may.

    Returns: the longest wait, and the close codes of clients that did not leave.
    """
    return asyncio.run(_waits(port, many))


async def _waits(port: int, many: int) -> tuple[float, list[int]]:
    ends: list[asyncio.Task[tuple[float, int]]] = []
    async with asyncio.timeout(3 * many / JOINS + PATIENCE), asyncio.TaskGroup() as tasks:
        for number in range(3 * many):
            one = await seat.connect(port, ROOM, hello=WAITS, source=STRANGER)
            await asyncio.sleep(1 / JOINS)  # the rate that the relay allows; HELLO is sent by then
            if number % 3 == 0:
                one.transport.write_eof()
            else:
                ends.append(tasks.create_task(_outlasts(one, talks=number % 3 == 2)))
    results = [each.result() for each in ends]
    return max(seconds for seconds, _ in results), [code for _, code in results]


async def _outlasts(one: Seat, *, talks: bool) -> tuple[float, int]:
    began = time.monotonic()
    for _ in range(TALKS if talks else 0):
        if not one.transport.is_closing():
            one.say(TALK)
    code = await one.ended
    return time.monotonic() - began, code


async def c7_kicks(scale: Scale) -> Row:
    with stage(*LIMITED, *scale.options) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        memory = on.memory
        made = HelloOptions(create=RoomOptions(bar="address"))
        host = await seat.enter(on.port, "KICKS", hello=encode(Hello(1, made)))
        rude = await seat.connect(on.port, "KICKS", source=STRANGER)
        async with asyncio.timeout(PATIENCE):
            await rude.is_live
            host.say(encode(Kick(2)))
            first = await rude.ended
        returning = in_process(pool, comes_back, on.port, "KICKS", scale.seconds)
        hearing, peak = await asyncio.gather(
            neighbours.listen(scale.seconds, returning), on.peak(returning)
        )
        codes = returning.result()
        alive = not host.ended.done()
        host.abort()
        await neighbours.end()
    return Row(
        "C7K",
        "One who was kicked comes back, with another secret each time",
        [
            Check("tries, fewer than", TRIES - min(len(codes), TRIES), 0),
            Check(
                "closes that are not 4503", sum(c != CloseCode.KICKED for c in (first, *codes)), 0
            ),
            Check("hosts lost", not alive, 0),
            Check("memory grown", (peak - memory) / MEBIBYTE, 4, "MiB"),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
        ],
    )


def comes_back(port: int, room: str, seconds: float) -> list[int]:
    """Enter with a new secret each time, as fast as one address may. Returns: the close codes."""
    return asyncio.run(_comes_back(port, room, seconds))


async def _comes_back(port: int, room: str, seconds: float) -> list[int]:
    codes: list[int] = []
    until = time.monotonic() + seconds
    for number in count():
        if time.monotonic() > until and number >= TRIES:
            break
        secret = number.to_bytes(SEAT_BYTES) if number % 2 else None
        hello = encode(Hello(1, HelloOptions(seat=secret)))
        one = await seat.connect(port, room, hello=hello, source=STRANGER)
        async with asyncio.timeout(PATIENCE):
            either: list[asyncio.Future[Any]] = [one.ended, one.is_live]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        codes.append(one.code if one.ended.done() else 0)
        one.abort()
        await asyncio.sleep(1 / JOINS)  # the rate that the relay allows
    return codes
