"""Players who fill the relay's memory (C2, C3, C7), and players who read all of it (C4)."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import urllib.request
from collections.abc import Callable, Coroutine
from contextlib import suppress

from protocol.codec import encode
from protocol.frames import (
    Frame,
    Hello,
    HelloOptions,
    Ping,
    RoomOptions,
    Send,
    Set,
    Snapshot,
    Subscribe,
    Volatile,
)
from protocol.limits import SEAT_BYTES, SNAPSHOT_PARTS
from protocol.opcodes import Opcode
from tests.attack import seat
from tests.attack.neighbours import gather
from tests.attack.rest import meanwhile
from tests.attack.seat import Seat
from tests.attack.stage import MEBIBYTE, Scale, Stage, attackers, in_process, stage
from tests.attack.verdict import Check, Row

MEMORY = 112 * MEBIBYTE
"""The relay's memory limit: below the default, so that it is full within seconds."""
SHARED = 400 * MEBIBYTE
"""The memory limit for ten thousand rooms, which use nearly all of it."""
OVERHEAD = 1.5
CALM = 12 * MEBIBYTE
"""Bytes of the attackers' and neighbours' connections. They are no part of the rooms' memory."""
AT_ONCE = 50
"""Messages between two waits for the relay to keep up."""
SIZE = 15_000
KEY, VALUES = 64, 256
HELD = RoomOptions(capacity=1024, spectators=1024, hold=600, keep=3600)

Filler = Callable[["Stranger"], Coroutine[object, object, None]]


class Stranger:
    """An attacker, with as many connections as they need."""

    def __init__(self, port: int, many: int) -> None:
        self.port = port
        self.many = many
        self._number = 0

    async def enters(self, room: str, options: RoomOptions = HELD) -> Talker:
        hello = HelloOptions(seat=secrets.token_bytes(SEAT_BYTES), create=options, name="x" * 64)
        return Talker(await seat.enter(self.port, room, hello=encode(Hello(1, hello))))


class Talker:
    """A connection that sends much, but waits for the relay to take it."""

    def __init__(self, link: Seat) -> None:
        self._link = link
        self._unheard = 0
        self._heard = asyncio.Event()
        link.on_message = self._hear
        end = link.transport.get_extra_info("socket")
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def says(self, *frames: Frame | bytes) -> None:
        for each in frames:
            self._link.say(each if isinstance(each, bytes) else encode(each))
            self._unheard += 1
            if self._unheard == AT_ONCE:
                await self.is_heard()

    async def is_heard(self) -> None:
        """Wait until the relay has taken all."""
        self._unheard = 0
        self._heard.clear()
        self._link.say(encode(Ping(1)))
        async with asyncio.timeout(seat.PATIENCE):
            await self._heard.wait()

    def goes(self) -> None:
        """Drop the connection, so that the seat is held."""
        self._link.abort()

    def _hear(self, message: bytes) -> None:
        if message[1] == Opcode.PONG:
            self._heard.set()


# Ways to fill.


async def groups(stranger: Stranger) -> None:
    """Send to a group of held seats. The group has other members each time."""
    talker = await stranger.enters("GROUPS")
    for _ in range(stranger.many):
        member = await stranger.enters("GROUPS")
        await member.says(Subscribe((1,)))
        await member.is_heard()
        member.goes()
    for number in range(4 * stranger.many):
        change = ((1,), ()) if number % 2 else ((), (1,))
        await talker.says(Subscribe(*change), Send(-1, b""))
    for _ in range(40 * stranger.many):
        await talker.says(Send(-1, b""))


async def history(stranger: Stranger) -> None:
    """Send tiny frames again and again, in many rooms."""
    for number in range(stranger.many):
        with suppress(ConnectionError):
            talker = await stranger.enters(f"PAST{number}", RoomOptions(keep=3600, history="full"))
            for _ in range(20_000):
                await talker.says(b"\x93\x10\xc0\xc4\x00")


async def snapshots(stranger: Stranger) -> None:
    """Give a snapshot of the largest size, and all parts but one of another."""
    parts = [Snapshot(0, part, SNAPSHOT_PARTS, bytes(SIZE)) for part in range(SNAPSHOT_PARTS)]
    for number in range(stranger.many):
        with suppress(ConnectionError):
            talker = await stranger.enters(f"STATE{number}", RoomOptions(keep=3600, history="full"))
            await talker.says(*parts, *parts[:-1])
            talker.goes()


async def properties(stranger: Stranger) -> None:
    """Set as many properties as a scope holds, small ones and large ones, for many players."""
    for number in range(stranger.many):
        with suppress(ConnectionError):
            talker = await stranger.enters(f"FACTS{number // 500}")
            size = 0 if number % 2 else 180
            await talker.says(
                *(Set(number % 500 + 1, f"{key:0{KEY}}", bytes(size)) for key in range(VALUES))
            )
            await talker.is_heard()
            talker.goes()


async def values(stranger: Stranger) -> None:
    """Send volatile values of every key, and drop the connection: a held seat keeps them."""
    for number in range(stranger.many):
        with suppress(ConnectionError):
            talker = await stranger.enters(f"VALUES{number // 500}")
            await talker.says(Subscribe())  # so that the seat is held for long
            await talker.says(*(Volatile(key, None, bytes(240)) for key in range(VALUES)))
            await talker.is_heard()
            talker.goes()


async def delays(stranger: Stranger) -> None:
    """Send volatile values for spectators ten minutes behind. Most of the rooms stay empty."""
    options = RoomOptions(delay=600, keep=3600)
    for number in range(10 * stranger.many):
        with suppress(ConnectionError):
            talker = await stranger.enters(f"LATE{number}", options)
            for turn in range(0 if number % 10 else 40):
                await talker.says(*(Volatile(key, None, bytes(SIZE)) for key in range(20)))
                await talker.is_heard()
                await asyncio.sleep(0.1 if turn < 10 else 0)  # so that the node ticks the line
            talker.goes()


FILLERS: dict[str, Filler] = {
    filler.__name__: filler for filler in (groups, history, snapshots, properties, values, delays)
}


def fills(port: int, how: str, many: int) -> None:
    asyncio.run(FILLERS[how](Stranger(port, many)))


SHARES = {"values": 10.0, "properties": 5.0, "delays": 0.2, "snapshots": 0.6, "history": 1.0}
"""How often each way is repeated at a scale of 1."""

# Rows.


async def c2(scale: Scale) -> Row:
    return await attack("C2", ["groups"], scale)


async def c3(scale: Scale) -> Row:
    return await attack("C3", list(SHARES), scale)


async def attack(name: str, ways: list[str], scale: Scale) -> Row:
    """Fill a relay beside honest players. Each way has an empty relay of its own."""
    checks: list[Check] = []
    for how in ways:
        many = max(int(scale.many * SHARES.get(how, 1)), 1)
        checks += await fill(how, many, scale)
    return Row(name, f"The relay's memory is filled with {', '.join(ways)}", checks)


async def fill(how: str, many: int, scale: Scale) -> list[Check]:
    options = ("--profile", "bench", "--memory", str(MEMORY), *scale.options)
    with stage(*options, is_forked=False) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        idle = on.memory
        filling = in_process(pool, fills, on.port, how, many)
        hearing, peak = await asyncio.gather(
            neighbours.listen(scale.seconds, filling), on.peak(filling)
        )
        filling.result()
        counted, grown, mapped = counted_by(on), on.memory - idle, on.mapped
        await neighbours.end()
    bound = (OVERHEAD * counted + CALM) / MEBIBYTE
    what = f"{how}: grown ({counted / MEBIBYTE:.1f} counted)"
    return [
        Check(f"{how}: memory at most", (peak + mapped) / MEBIBYTE, MEMORY / MEBIBYTE, "MiB"),
        Check(what, grown / MEBIBYTE, bound, "MiB"),
        Check(f"{how}: deliveries lost to neighbours", hearing.lost, 0),
        meanwhile(hearing.p99, base.p99),
    ]


def counted_by(on: Stage) -> float:
    """Return the bytes that rooms hold, from the relay's metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{on.port}/metrics") as answer:
        text = answer.read().decode()
    return sum(map(float, re.findall(r"^roomwire_memory_bytes\{.*\} (\S+)$", text, re.M)))


async def c4_joins(scale: Scale) -> Row:
    with stage("--profile", "bench", *scale.options) as on, attackers() as pool:
        neighbours = await gather(on.port)
        await in_process(pool, makes_history, on.port)
        base = await neighbours.listen(scale.seconds)
        began = on.cpu
        joining = in_process(pool, joins, on.port, scale.many, scale.seconds)
        hearing = await neighbours.listen(scale.seconds, joining)
        many = joining.result()
        took = on.cpu - began
        await neighbours.end()
    return Row(
        "C4J",
        f"{scale.many} at a time who join a room of {PAST:,} messages, {many} times in all",
        [
            Check("CPU for each join", 1000 * took / many, 45, "ms"),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
        ],
    )


PAST = 60_000


def makes_history(port: int) -> None:
    async def make() -> None:
        options = RoomOptions(capacity=1024, hold=0, keep=3600, history="full")
        talker = await Stranger(port, 1).enters("PAST", options)
        for _ in range(PAST):
            await talker.says(b"\x93\x10\xc0\xc4\x40" + bytes(64))
        await talker.is_heard()

    asyncio.run(make())


def joins(port: int, many: int, seconds: float) -> int:
    """Join, hear all, leave, and join again. Returns: how many times."""
    return asyncio.run(_joins(port, many, seconds))


async def _joins(port: int, many: int, seconds: float) -> int:
    until = asyncio.get_running_loop().time() + seconds
    joined = 0

    async def again_and_again() -> None:
        nonlocal joined
        while True:
            link = await seat.enter(port, "PAST")
            joined += 1
            link.abort()
            if asyncio.get_running_loop().time() >= until:
                return

    async with asyncio.TaskGroup() as tasks:
        for _ in range(many):
            tasks.create_task(again_and_again())
    return joined


async def c7_logs(scale: Scale) -> Row:
    options = ("--profile", "bench", "--memory", str(SHARED), *scale.options)
    with stage(*options) as on, attackers() as pool:
        neighbours = await gather(on.port)
        await in_process(pool, shares, on.port, scale.many)
        base = await neighbours.listen(scale.seconds)
        talking = in_process(pool, fills, on.port, "history", 4)
        hearing = await neighbours.listen(scale.seconds, talking)
        talking.result()
        await neighbours.end()
    return Row(
        "C7L",
        f"One who sends much while {scale.many:,} rooms share the memory",
        [
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
        ],
    )


def shares(port: int, many: int) -> None:
    """Make many rooms, each with some past."""
    past = encode(Send(None, bytes(400)))

    async def make() -> None:
        stranger = Stranger(port, many)
        for number in range(many):
            with suppress(ConnectionError):
                talker = await stranger.enters(
                    f"SHARE{number}", RoomOptions(keep=3600, hold=600, history="full")
                )
                await talker.says(*[past] * 30)
                await talker.is_heard()
                talker.goes()

    asyncio.run(make())
