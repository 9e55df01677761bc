"""Requests of one address, besides playing: bombs (C1), lists, places, hashes and rooms (C4L to
C4R), and secrets that it must not learn (C7R)."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from protocol.codec import encode
from protocol.frames import Hello, HelloOptions, RoomOptions
from tests.attack import askers, seat
from tests.attack.askers import STRANGER, asking
from tests.attack.neighbours import gather
from tests.attack.stage import MEBIBYTE, Scale, Stage, attackers, in_process, stage
from tests.attack.verdict import Check, Row, Timing

REQUESTS, JOINS, JOINS_BURST = 100, 20, 60  # the relay's default for one address
ROOMS = 200  # by default, of one address at a time
ROOMY = ("--rooms-per-address", "100000", "--rooms-per-second", "1e6", "--rooms-burst", "1e6")
LIMITED = ("--limit-loopback",)
CAPACITY, PROMISED = 64, 30
JOIN_SECONDS = 1.0


def meanwhile(p99: float, base: float) -> Timing:
    """Judge the p99 of neighbours during an attack by that before it, both in milliseconds."""
    return Timing(f"neighbours' p99 (without: {base:.1f})", p99, max(20.0, 3 * base), "ms")


async def c1(scale: Scale) -> Row:
    with stage(*scale.options) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        memory = on.memory
        throwing = in_process(pool, askers.throws_bombs, on.port, REQUESTS, scale.seconds)
        hearing, peak = await asyncio.gather(
            neighbours.listen(scale.seconds, throwing), on.peak(throwing)
        )
        statuses = throwing.result()
        await neighbours.end()
    return Row(
        "C1",
        f"Bodies that keep parsers busy, {REQUESTS} a second",
        [
            Check("bombs sent, of 7 kinds, fewer than", 7 - min(len(statuses), 7), 0),
            Check("bombs not refused", sum(each not in (400, 413, 415) for each in statuses), 0),
            Check("memory grown", (peak - memory) / MEBIBYTE, 8, "MiB"),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
        ],
    )


async def c4_lists(scale: Scale) -> Row:
    with stage(*ROOMY, *scale.options) as on, attackers() as pool:
        await in_process(pool, askers.makes_rooms, on.port, scale.many - 10)
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        listing = in_process(pool, askers.lists, on.port, REQUESTS, scale.seconds)
        hearing = await neighbours.listen(scale.seconds, listing)
        statuses = listing.result()
        await neighbours.end()
    return Row(
        "C4L",
        f"Lists of {scale.many:,} rooms, {REQUESTS} asked for a second",
        [
            Check("lists not answered", sum(each != 200 for each in statuses), 0),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
        ],
    )


async def c4_matches(scale: Scale) -> Row:
    with stage(*ROOMY, *scale.options) as on, attackers() as pool:
        await in_process(pool, askers.makes_rooms, on.port, scale.many - 10)
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        hello = encode(Hello(1, HelloOptions(app="flood", build="1")))
        create = RoomOptions(app="flood", build="1", capacity=CAPACITY)
        first = encode(Hello(1, HelloOptions(app="flood", build="1", create=create)))
        players = [await seat.enter(on.port, "GOOD", hello=first)]
        asking_ = in_process(pool, _matches, on.port, scale.seconds)
        hearing = await neighbours.listen(scale.seconds, asking_)
        answered = asking_.result()
        refused = 0
        for _ in range(CAPACITY - PROMISED - 1):
            players.append(one := await seat.connect(on.port, "GOOD", hello=hello))
            done, _ = await asyncio.wait((one.is_live, one.ended), return_when="FIRST_COMPLETED")
            refused += one.is_live not in done
        for one in players:
            one.abort()
        await neighbours.end()
    return Row(
        "C4M",
        f"Quick matches at the rate of joins that takes no place, beside {scale.many:,} rooms",
        [
            Check("matches without an answer", sum(each != 200 for each in answered), 0),
            Check(f"of {CAPACITY - PROMISED} other players, kept out", refused, 0),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
        ],
    )


def _matches(port: int, seconds: float) -> list[int]:
    return askers.matches(port, JOINS_BURST, JOINS, seconds, app="flood", build="1")


async def c4_passwords(scale: Scale) -> Row:
    with stage(*LIMITED, *scale.options) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        for name in ("GOOD", "BETTER"):
            create = RoomOptions(password="sesame")
            hello = encode(Hello(1, HelloOptions(password="sesame", create=create)))
            await seat.enter(on.port, name, hello=hello)
        wrong = encode(Hello(1, HelloOptions(password="wrong")))
        tries = [await seat.connect(on.port, "BETTER", hello=wrong) for _ in range(6)]
        await asyncio.wait([one.ended for one in tries])
        hashing = in_process(
            pool, askers.asks_for_hashes, on.port, JOINS_BURST, JOINS, scale.seconds
        )
        hearing, joins = await asyncio.gather(
            neighbours.listen(scale.seconds, hashing), _joins_during(on, hashing)
        )
        hashing.result()
        await neighbours.end()
    return Row(
        "C4P",
        f"Passwords to be hashed, {JOINS_BURST} at once and {JOINS} a second, and wrong ones",
        [
            Check(f"of {len(joins)} other players, kept out", joins.count(float("inf")), 0),
            Timing("until one with the right password is in", max(joins), JOIN_SECONDS, "s"),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
        ],
    )


async def _joins_during(on: Stage, attack: asyncio.Future[None]) -> list[float]:
    """Let players with the right password enter, one every half second."""
    hello = encode(Hello(1, HelloOptions(password="sesame")))
    took: list[float] = []
    while not attack.done() or not took:
        began = time.monotonic()
        try:
            (await seat.enter(on.port, "GOOD", hello=hello)).abort()
            took.append(time.monotonic() - began)
        except (ConnectionError, TimeoutError):
            took.append(float("inf"))
        await asyncio.sleep(0.5)  # the rate of people who come one after another
    return took


async def c4_rooms(scale: Scale) -> Row:
    sources = [f"127.0.0.{9 + number}" for number in range(scale.many)]
    with stage(*LIMITED, *scale.options) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        flooding = in_process(pool, askers.floods_rooms, on.port, sources, scale.seconds)
        hearing, made = await asyncio.gather(
            neighbours.listen(scale.seconds, flooding), _rooms_during(on, flooding)
        )
        statuses, seconds = flooding.result()
        kept = await asyncio.to_thread(askers.count_rooms, on.port, "flood")
        await neighbours.end()
    most = 20 + 5 * seconds + 10  # the rates of one address allow this many in that time
    quota = int(scale.option("--rooms-per-address", ROOMS))
    return Row(
        "C4R",
        f"Rooms that nobody enters, from {scale.many} addresses, at the highest rate",
        [
            Check("rooms made", statuses.count(201), scale.many * most),
            Check("rooms kept", kept, scale.many * min(most, quota)),
            Check(f"of {len(made)} others, without a room", made.count(False), 0),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
        ],
    )


async def _rooms_during(on: Stage, attack: asyncio.Future[Any]) -> list[bool]:
    """Let players make rooms, one a second, and enter them."""
    made: list[bool] = []
    while not attack.done() or not made:
        try:
            one = await seat.enter(on.port, f"GOOD{len(made)}")
            made.append(True)
            one.abort()
        except (ConnectionError, TimeoutError):
            made.append(False)
        await asyncio.sleep(0.5)  # the rate of people who come one after another
    return made


async def c7_rest(scale: Scale) -> Row:
    with stage(*scale.options) as on, attackers() as pool:
        told = await in_process(pool, _curious, on.port)
    return Row(
        "C7R",
        "A stranger asks about private rooms, and for the relay's metrics through a proxy",
        [Check("answers that tell something", sum(told), 0)],
    )


def _curious(port: int) -> list[bool]:
    """Ask for secrets. Returns: for each answer, whether it told something."""
    marks = {
        "x_forwarded_for": STRANGER,
        "forwarded": f"for={STRANGER}",
        "via": "1.1 proxy",
        "origin": "http://localhost:5173",
        "host": "192.0.2.1",
        "authorization": "Bearer guess",
    }
    with asking(port) as asker:
        asker.makes(name="DEN", title="SECRET", public=False)
        rooms = [asker.asks("GET", f"/api/rooms/{name}") for name in ("DEN", "den", "DUN")]
        listed = asker.asks("GET", "/api/rooms?limit=200")
        metrics = [
            asker.asks("GET", "/metrics", x_real_ip=STRANGER, **{name: value})[0]
            for name, value in marks.items()
        ]
    return [
        *(status != 404 or "SECRET" in str(answer) for status, answer in rooms),
        "DEN" in str(listed),
        *(status == 200 for status in metrics),
    ]
