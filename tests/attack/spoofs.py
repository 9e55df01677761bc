"""Strangers with many addresses, real or forged: forged proxies (B1), a whole IPv6 site (C7I). And
bodies with invalid chunks (C7C)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import Counter
from itertools import count

from tests.attack.askers import STRANGER, Asker
from tests.attack.hostile import PATIENCE
from tests.attack.neighbours import gather
from tests.attack.rest import LIMITED, meanwhile
from tests.attack.stage import MEBIBYTE, Scale, attackers, in_process, stage
from tests.attack.verdict import Check, Row

ROOMS_PER_SECOND, ROOMS_BURST = 5, 20  # the relay's default for one address
SITE_FACTOR = 16  # the relay's default for a /48
POST = (
    b"POST /api/rooms HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
MALFORMED = (b"x\r\n", b"-1\r\n", b"2\r\n{}x", b"2\r\n{}\r\nzz\r\n", b"fffffffffffffffff\r\n")

Made = tuple[Counter[int], float]
"""Statuses of the answers to requests for rooms, and the seconds that these took."""


async def b1(scale: Scale) -> Row:
    made, checks = await _make_rooms(scale, "forged", *LIMITED, "--trusted-proxy", "192.0.2.1")
    statuses, seconds = made
    allowed = ROOMS_BURST + ROOMS_PER_SECOND * seconds + 1
    return Row(
        "B1",
        "Rooms made by one stranger who claims in each request to be a proxy for somebody else",
        [Check("rooms made", statuses[201], allowed), *checks],
    )


async def c7_site(scale: Scale) -> Row:
    made, checks = await _make_rooms(scale, "site", "--trusted-proxy", STRANGER)
    statuses, seconds = made
    burst = int(scale.option("--rooms-burst", ROOMS_BURST))
    rate = scale.option("--rooms-per-second", ROOMS_PER_SECOND)
    allowed = SITE_FACTOR * (burst + rate * seconds) + 1
    return Row(
        "C7I",
        "Rooms made from all networks of one IPv6 /48 in turn",
        [Check("rooms made", statuses[201], allowed), *checks],
    )


async def _make_rooms(scale: Scale, kind: str, *options: str) -> tuple[Made, list[Check]]:
    with stage(*options, *scale.options) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        memory = on.memory
        making = in_process(pool, makes_rooms, on.port, kind, scale.seconds)
        hearing, peak = await asyncio.gather(
            neighbours.listen(scale.seconds, making), on.peak(making)
        )
        another = await in_process(pool, makes_one, on.port)
        await neighbours.end()
        statuses, _ = making.result()
    return making.result(), [
        Check("requests not refused for their number, nor answered", _odd(statuses), 0),
        Check("rooms refused to another who asks for one", another != 201, 0),
        Check("memory grown", (peak - memory) / MEBIBYTE, 16, "MiB"),
        Check("deliveries lost to neighbours", hearing.lost, 0),
        meanwhile(hearing.p99, base.p99),
    ]


def _odd(statuses: Counter[int]) -> int:
    return sum(many for status, many in statuses.items() if status not in (201, 429))


def makes_rooms(port: int, kind: str, seconds: float) -> Made:
    """Make rooms as fast as the answers come, each time as somebody else."""
    statuses: Counter[int] = Counter()
    began = time.monotonic()
    asker = Asker(port)
    for number in count():
        if (passed := time.monotonic() - began) >= seconds:
            return statuses, passed
        if kind == "site":
            said = {"X_Forwarded_For": f"2001:db8:0:{number & 0xFFFF:x}::1"}
        else:
            address = f"9.9.{number >> 8 & 255}.{number & 255}"
            said = {"X_Forwarded_For": address, "Forwarded": f"for={address}"}
        status, _ = asker.asks("POST", "/api/rooms", {}, **said)
        statuses[status] += 1
    raise AssertionError("unreachable")


def makes_one(port: int) -> int:
    """Make a room from another address of another site. Returns: the status."""
    return Asker(port, "127.0.0.8").asks("POST", "/api/rooms", {})[0]


async def c7_chunks(scale: Scale) -> Row:
    with stage(*scale.options) as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(scale.seconds)
        files, memory = on.files, on.memory
        posting = in_process(pool, posts_no_chunks, on.port, scale.many)
        hearing, peak = await asyncio.gather(
            neighbours.listen(scale.seconds, posting), on.peak(posting)
        )
        free = await on.frees(files)
        await neighbours.end()
        lines = on.log_lines
    return Row(
        "C7C",
        f"{scale.many} bodies with invalid chunks",
        [
            Check("not answered by 400", scale.many - posting.result(), 0),
            Check("memory grown", (peak - memory) / MEBIBYTE, 8, "MiB"),
            Check("lines of log", lines, 100),
            Check("deliveries lost to neighbours", hearing.lost, 0),
            meanwhile(hearing.p99, base.p99),
            free,
        ],
    )


def posts_no_chunks(port: int, many: int) -> int:
    """Returns: how many were answered by 400."""
    answered = 0
    for number in range(many):
        address = ("127.0.0.1", port)
        with socket.create_connection(address, PATIENCE, (STRANGER, 0)) as end:
            end.sendall(POST + MALFORMED[number % len(MALFORMED)])
            with contextlib.suppress(OSError):
                answered += end.recv(64).startswith(b"HTTP/1.1 400 ")
    return answered
