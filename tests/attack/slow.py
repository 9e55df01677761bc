"""Clients that read very slowly, or not at all: S1 to S5."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from protocol.codec import encode
from protocol.frames import Hello, HelloOptions, RoomOptions
from tests.attack import hostile, seat
from tests.attack.neighbours import Neighbours, gather
from tests.attack.seat import JOINED, LEFT, PRESENCE, Seat
from tests.attack.stage import (
    KIBIBYTE,
    MEBIBYTE,
    Scale,
    Stage,
    attackers,
    in_process,
    stage,
)
from tests.attack.verdict import Check, Row, Timing, neighbours_p99
from tests.helpers.forked import FORKING

CROWDED = encode(Hello(1, HelloOptions(create=RoomOptions(capacity=200))))
HEALTHY = 20
HZ, SIZE = 50, 4096
STUCK_BYTES = (256 + 64) * KIBIBYTE


async def s1(scale: Scale) -> Row:
    with stage("--profile", "bench", *scale.options) as on:
        crowd = await broadcast(on)
        base = await crowd.listen(scale.seconds)
        files, memory = on.files, on.memory
        stuck = [await sticks(on) for _ in range(scale.many)]
        async with asyncio.TaskGroup() as tasks:
            leaving = tasks.create_task(on.takes(lambda: on.files <= files))
            peaking = tasks.create_task(on.peak(leaving))
            hearing = await crowd.listen(scale.seconds, leaving)
        for one in stuck:
            one.abort()
        await crowd.end()
    grown = (peaking.result() - memory) / MEBIBYTE
    return Row(
        "S1",
        f"{scale.many} stuck readers beside {HEALTHY} healthy ones, 50 x 4 KiB a second to all",
        [
            neighbours_p99(hearing.p99, base.p99),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            Check("memory grown", grown, scale.many * STUCK_BYTES / MEBIBYTE, "MiB"),
            Timing("until all stuck and their descriptors are gone", leaving.result(), 10, "s"),
        ],
    )


async def s2(scale: Scale) -> Row:
    with stage("--profile", "bench", *scale.options) as on:
        crowd = await broadcast(on)
        base = await crowd.listen(scale.seconds)
        files = on.files
        trickle = await sticks(on)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(_trickles(trickle))
            leaving = tasks.create_task(on.takes(lambda: on.files <= files))
            hearing = await crowd.listen(scale.seconds, leaving)
            reading.cancel()
        trickle.abort()
        await crowd.end()
    return Row(
        "S2",
        "One that reads a byte a second",
        [
            Timing("until it is gone", leaving.result(), 10, "s"),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            neighbours_p99(hearing.p99, base.p99),
        ],
    )


async def s3(scale: Scale) -> Row:
    with stage("--profile", "bench", *scale.options) as on:
        heard: list[int] = []
        watcher = await seat.enter(on.port, "R")
        watcher.on_message = lambda message: heard.append(message[1])
        process = FORKING.Process(target=hostile.sits, args=(on.port, "R"))
        process.start()
        await on.takes(lambda: JOINED in heard)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        gone = await on.takes(lambda: LEFT in heard or PRESENCE in heard)
        await asyncio.sleep(1)  # seconds in which nobody may be told again
        told = heard.count(LEFT) + heard.count(PRESENCE)
        process.kill()
        process.join()
        watcher.abort()
    return Row(
        "S3",
        f"A client that is stopped: its kernel answers, it does not ({' '.join(scale.options)})",
        [
            Timing("until others are told", gone, 6, "s"),
            Check("times that others are told more than once", abs(told - 1), 0),
        ],
    )


async def s4(scale: Scale) -> Row:
    with stage(*scale.options) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        files, memory = on.files, on.memory
        flooding = in_process(pool, hostile.floods_unread, on.port)
        hearing, peak = await asyncio.gather(
            neighbours.listen(scale.seconds, flooding), on.peak(flooding)
        )
        free = await on.frees(files)
        await neighbours.end()
    return Row(
        "S4",
        "One that floods pings and never reads",
        [
            Timing("until it is cut", flooding.result(), 1, "s"),
            Check("memory grown", (peak - memory) / MEBIBYTE, 1, "MiB"),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            neighbours_p99(hearing.p99, base.p99),
            free,
        ],
    )


async def s5(scale: Scale) -> Row:
    with stage("--profile", "bench", *scale.options) as on:
        crowd = await broadcast(on)
        stuck = [await sticks(on) for _ in range(scale.many)]
        await crowd.listen(scale.seconds)
        began = time.monotonic()
        code = await asyncio.get_running_loop().run_in_executor(None, on.relay.end)
        took = time.monotonic() - began
        for one in stuck:
            one.abort()
        await crowd.end()
        errors = on.relay.log.count("ERROR")
    return Row(
        "S5",
        f"SIGTERM while {scale.many} are stuck ({' '.join(scale.options)})",
        [
            Timing("until the relay is gone", took, 5, "s"),
            Check("exit code", abs(code), 0),
            Check("errors in the log", errors, 0),
        ],
    )


async def broadcast(on: Stage) -> Neighbours:
    """Let the healthy players enter one room, where one speaks to all."""
    healthy = [await seat.enter(on.port, "CROWD", hello=CROWDED) for _ in range(HEALTHY)]
    return Neighbours([healthy], speakers=1, hz=HZ, size=SIZE)


async def sticks(on: Stage) -> Seat:
    """Let a player enter the same room, and read nothing more."""
    stuck = await seat.enter(on.port, "CROWD", hello=CROWDED, receive_buffer=hostile.SMALL_WINDOW)
    stuck.transport.pause_reading()
    return stuck


async def _trickles(trickle: Seat) -> None:
    file = trickle.transport.get_extra_info("socket").fileno()
    while True:
        try:
            os.read(file, 1)
        except BlockingIOError:
            pass
        except OSError:
            return
        await asyncio.sleep(1)
