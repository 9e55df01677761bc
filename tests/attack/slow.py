"""Clients that do not read, or hardly: S1 to S5."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from multiprocessing import get_context

from protocol.codec import encode
from protocol.frames import Hello, HelloOptions, RoomOptions
from tests.attack import hostile, seat
from tests.attack.neighbours import Neighbours, gather
from tests.attack.seat import Seat
from tests.attack.stage import KIBIBYTE, MEBIBYTE, Stage, attackers, in_process, stage
from tests.attack.verdict import Check, Row, neighbours_p99
from tests.helpers.raw import PING, frame

CROWDED = encode(Hello(1, HelloOptions(create=RoomOptions(capacity=200))))
SMALL_WINDOW = 4096
HEALTHY = 20
HZ, SIZE = 50, 4096
BASE_SECONDS = 4.0
LEFT, PRESENCE = 0x21, 0x22


async def s1() -> Row:
    """100 stuck readers beside 20 healthy ones, 50 x 4 KiB a second to all"""
    with stage("--profile", "bench") as on:
        crowd = await broadcast(on)
        base = await crowd.listen(BASE_SECONDS)
        files, memory = on.files, on.memory
        stuck = [await sticks(on, "CROWD") for _ in range(100)]
        joined = time.monotonic()
        peaking = asyncio.ensure_future(on.peak(12))  # noqa: TID251 - awaited below
        hearing = await crowd.listen(8)
        # They join within a second or so, and the last of them has its ten too.
        gone = await on.takes(lambda: on.files <= files, 10) + time.monotonic() - joined - 0
        back = await on.takes(lambda: on.files <= files, 15)
        grown = await peaking - memory
        for one in stuck:
            one.abort()
    bound = 100 * (256 + 64) * KIBIBYTE
    return Row(
        "S1",
        s1.__doc__ or "",
        [
            neighbours_p99(hearing.p99, base.p99),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            Check("memory grown", grown / MEBIBYTE, bound / MEBIBYTE, "MiB"),
            Check("until all stuck are gone", gone, 10, "s"),
            Check("until descriptors are back", back, 15, "s"),
        ],
    )


async def s2() -> Row:
    """One that reads a byte a second, which looks alive to the kernel"""
    with stage("--profile", "bench") as on:
        crowd = await broadcast(on)
        base = await crowd.listen(BASE_SECONDS)
        files = on.files
        trickle = await sticks(on, "CROWD")
        end = trickle.transport.get_extra_info("socket")
        reading = asyncio.ensure_future(_trickles(end.fileno()))  # noqa: TID251 - cancelled below
        began = time.monotonic()
        hearing = await crowd.listen(8)
        await on.takes(lambda: on.files <= files, 10)
        gone = time.monotonic() - began
        reading.cancel()
        trickle.abort()
    return Row(
        "S2",
        s2.__doc__ or "",
        [
            Check("until it is gone", gone, 10, "s"),
            neighbours_p99(hearing.p99, base.p99),
        ],
    )


async def s3() -> Row:
    """A client that is stopped: its kernel answers, it does not (ping 2 s, timeout 2 s)"""
    with stage("--ping-seconds", "2", "--ping-timeout", "2", "--profile", "bench") as on:
        heard: list[int] = []
        watcher = await seat.enter(on.port, "R")
        watcher.on_message = lambda message: heard.append(message[1])
        process = get_context("spawn").Process(target=sits, args=(on.port, "R"))
        process.start()
        await on.takes(lambda: 0x20 in heard, 20)  # JOINED
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        gone = await on.takes(lambda: LEFT in heard or PRESENCE in heard, 10)
        await asyncio.sleep(1)
        told = heard.count(LEFT) + heard.count(PRESENCE)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        watcher.abort()
    return Row(
        "S3",
        s3.__doc__ or "",
        [
            Check("until others are told", gone, 6, "s"),
            Check("times that they are told too often", abs(told - 1), 0),
        ],
    )


async def s4() -> Row:
    """One that floods pings and never reads"""
    with stage() as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(BASE_SECONDS)
        memory = on.memory
        flooding = in_process(pool, flood_unread, on.port, 4.0)
        cut, hearing, peak = await asyncio.gather(flooding, neighbours.listen(4), on.peak(4))
        neighbours.end()
    return Row(
        "S4",
        s4.__doc__ or "",
        [
            Check("until it is cut", cut, 1, "s"),
            Check("memory grown", (peak - memory) / MEBIBYTE, 1, "MiB"),
            neighbours_p99(hearing.p99, base.p99),
        ],
    )


async def s5() -> Row:
    """SIGTERM while 50 are stuck; 2 s are theirs to leave in"""
    with stage("--profile", "bench", "--drain-seconds", "2") as on:
        crowd = await broadcast(on)
        stuck = [await sticks(on, "CROWD") for _ in range(50)]
        await crowd.listen(1)
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        code = await loop.run_in_executor(None, on.relay.end)
        took = time.monotonic() - began
        for one in stuck:
            one.abort()
        errors = on.relay.log.count("ERROR")
    return Row(
        "S5",
        s5.__doc__ or "",
        [
            Check("until the relay is gone", took, 5, "s"),
            Check("exit code", abs(code), 0),
            Check("errors in the log", errors, 0),
        ],
    )


async def broadcast(on: Stage) -> Neighbours:
    """Let the healthy enter one room, in which one speaks to all."""
    healthy = [await seat.enter(on.port, "CROWD", hello=CROWDED) for _ in range(HEALTHY)]
    return Neighbours([healthy], speakers=1, hz=HZ, size=SIZE)


async def sticks(on: Stage, room: str) -> Seat:
    """Let one enter that reads no more."""
    stuck = await seat.enter(on.port, room, hello=CROWDED, receive_buffer=SMALL_WINDOW)
    stuck.transport.pause_reading()
    return stuck


async def _trickles(file: int) -> None:
    while True:
        try:
            os.read(file, 1)
        except BlockingIOError:
            pass
        except OSError:
            return
        await asyncio.sleep(1)


# In processes of their own.


def sits(port: int, room: str) -> None:
    """Sit in a room until killed."""
    with hostile.inside(port, room):
        time.sleep(60)


def flood_unread(port: int, seconds: float) -> float:
    """Send pings and read nothing. Returns: seconds until cut; endless if never."""
    with hostile.inside(port, "STUCK", receive_buffer=SMALL_WINDOW) as end:
        began = time.monotonic()
        try:
            hostile.sends_until_cut(end, frame(PING, b"p" * 125) * 500, began + seconds)
        except TimeoutError:
            return float("inf")
        return time.monotonic() - began


ROWS = {"S1": s1, "S2": s2, "S3": s3, "S4": s4, "S5": s5}
