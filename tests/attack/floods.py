"""Clients that send more than they may: F1 to F5, and F7."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

from tests.attack import hostile
from tests.attack.neighbours import gather
from tests.attack.seat import frame_at
from tests.attack.stage import KIBIBYTE, MEBIBYTE, attackers, in_process, stage
from tests.attack.verdict import Check, Row, neighbours_p99
from tests.helpers.raw import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame

SECONDS = 5.0
BASE_SECONDS = 4.0
BURST = 5000  # frames in one piece
FLOOD_SLACK = 20.0  # milliseconds above the base, under a flood of tiny frames
CUT_SECONDS = 0.5
FRAME_CAP = 64 * 1024
LINES_PER_SECOND = 10.0


async def f1() -> Row:
    """Empty messages in bursts, from one and from five who come back whenever they are cut"""
    burst = frame(BINARY, b"") * BURST
    return Row("F1", f1.__doc__ or "", await flood(burst, 1) + await flood(burst, 5))


async def f2() -> Row:
    """Empty pings in bursts, likewise"""
    burst = frame(PING, b"") * BURST
    return Row("F2", f2.__doc__ or "", await flood(burst, 1) + await flood(burst, 5))


async def flood(burst: bytes, many: int) -> list[Check]:
    """Let some flood a room each, beside neighbours in other rooms."""
    with stage() as on, attackers(many) as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(BASE_SECONDS)
        before = on.log_lines
        attacks = [
            in_process(pool, hostile.floods, on.port, f"FLOOD{number}", burst, SECONDS)
            for number in range(many)
        ]
        # Listening goes on until the last is done: processes take a while to begin.
        attacking = asyncio.gather(*attacks)
        hearing = await neighbours.listen(SECONDS + 1)
        cuts = [seconds for each in await attacking for seconds in each]
        neighbours.end()
        lines = on.log_lines - before
    who = f"{many}, {len(cuts)} times"
    return [
        neighbours_p99(hearing.p99, base.p99, slack=FLOOD_SLACK),
        Check(f"{who}: deliveries lost to neighbours", hearing.lost, 0),
        Check(f"{who}: until one is cut, at most", max(cuts), CUT_SECONDS, "s"),
        Check(f"{who}: lines of log a second", lines / SECONDS, LINES_PER_SECOND),
    ]


async def f3() -> Row:
    """A message in 5,000 fragments, empty ones and of a byte each, by 20 at a time"""
    with stage() as on, attackers() as pool:
        memory = on.memory
        peaking = in_process(pool, fragments, on.port, 20)
        (taken, cut), peak = await asyncio.gather(peaking, on.peak(4))
    return Row(
        "F3",
        f3.__doc__ or "",
        [
            Check("connections that were not cut", 40 - cut, 0),
            Check("fragments answered with a message", taken, 0),
            Check("memory grown", (peak - memory) / MEBIBYTE, 1, "MiB"),
        ],
    )


async def f4() -> Row:
    """Messages too large, heads that claim 2^63 - 1 bytes, and 100 messages that never end"""
    with stage() as on, attackers() as pool:
        code_large, code_claimed = await in_process(pool, too_large, on.port)
        memory = on.memory
        _, peak = await asyncio.gather(in_process(pool, unfinished, on.port, 100), on.peak(3))
    bound = 100 * (64 + 21) * KIBIBYTE
    return Row(
        "F4",
        f4.__doc__ or "",
        [
            Check("close code of one byte too many, less 1009", abs(code_large - 1009), 0),
            Check("close code of 2^63 - 1, less 1009", abs(code_claimed - 1009), 0),
            Check("memory grown", (peak - memory) / MEBIBYTE, bound / MEBIBYTE, "MiB"),
        ],
    )


async def f5() -> Row:
    """Frames as they should be, at ten times the rate that is allowed, into a room of others"""
    with stage() as on, attackers() as pool:
        neighbours = await gather(on.port, rooms=1, players=8)
        base = await neighbours.listen(BASE_SECONDS)
        racing = in_process(pool, races, on.port, "QUIET0", 1200.0, SECONDS)
        hearing, (answered, seconds) = await asyncio.gather(neighbours.listen(SECONDS + 1), racing)
        neighbours.end()
    return Row(
        "F5",
        f5.__doc__ or "",
        [
            Check("frames taken beyond 240 and 120 a second", answered - 240 - 120 * seconds, 60),
            neighbours_p99(hearing.p99, base.p99),
            Check("deliveries lost to neighbours", hearing.lost, 0),
        ],
    )


async def f7() -> Row:
    """Texts, texts that are none, and garbage after a close, 300 of each"""
    with stage() as on, attackers() as pool:
        neighbours = await gather(on.port)
        base = await neighbours.listen(BASE_SECONDS)
        talking = in_process(pool, talks_nonsense, on.port, 300)
        hearing = await neighbours.listen(SECONDS)
        wrong, seconds = await talking
        neighbours.end()
        lines = on.log_lines
    return Row(
        "F7",
        f7.__doc__ or "",
        [
            Check("connections that ended with another code", wrong, 0),
            Check("lines of log for 900 connections", lines, 900),
            Check("lines of log a second", lines / seconds, LINES_PER_SECOND),
            neighbours_p99(hearing.p99, base.p99),
        ],
    )


# In processes of their own.


def fragments(port: int, many: int) -> tuple[int, int]:
    """Send a message without end. Returns: answers to it, and connections that were cut."""
    answers = cut = 0
    for payload in (b"", b"x"):
        burst = frame(BINARY, payload, is_last=False)
        burst += frame(CONTINUATION, payload, is_last=False) * BURST
        with contextlib.ExitStack() as stack:
            ends = [stack.enter_context(hostile.inside(port, "PIECES")) for _ in range(many)]
            for end in ends:
                with contextlib.suppress(OSError):
                    end.sendall(burst)
            for end in ends:
                heard = closes(end)
                cut += heard in (1002, 1008, 1009, 1006)
                answers += heard == 0
    return answers, cut


def too_large(port: int) -> tuple[int, int]:
    """Send a message too large, and the head of one. Returns: the close codes."""
    codes = []
    head = b"\x82\xff\x7f" + b"\xff" * 7 + bytes(4)
    for data in (frame(BINARY, bytes(FRAME_CAP + 1)), head):
        with hostile.inside(port, "LARGE") as end:
            with contextlib.suppress(OSError):
                end.sendall(data)
            codes.append(closes(end))
    return codes[0], codes[1]


def unfinished(port: int, many: int) -> None:
    """Hold so many messages that lack their last byte."""
    with contextlib.ExitStack() as stack:
        for number in range(many):
            end = stack.enter_context(hostile.inside(port, f"ENDLESS{number % 10}"))
            end.sendall(frame(BINARY, bytes(FRAME_CAP))[:-1])
        time.sleep(2)


def races(port: int, room: str, hz: float, seconds: float) -> tuple[int, float]:
    """Send frames at a rate. Returns: how many came back to it, and after how long it ended."""
    message = frame(BINARY, b"\x93\x10\xc3\xc4\x10" + bytes(16))  # to all, the sender too
    heard = b""
    with hostile.inside(port, room) as end:
        end.setblocking(False)
        began = time.monotonic()
        sent = 0
        while (elapsed := time.monotonic() - began) < seconds:
            due = int(elapsed * hz) - sent
            with contextlib.suppress(BlockingIOError):
                sent += end.send(message * due) // len(message) if due > 0 else 0
            with contextlib.suppress(BlockingIOError):
                heard += end.recv(1 << 20)
            time.sleep(0.002)
    return heard.count(b"\xc4\x10" + bytes(16)), elapsed


def talks_nonsense(port: int, many: int) -> tuple[int, float]:
    """Returns: connections that ended with another code than they should, and the seconds."""
    began = time.monotonic()
    wrong = 0
    goodbye = frame(CLOSE, (1000).to_bytes(2))
    kinds = (
        (frame(TEXT, b"hello"), 1003),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (goodbye + b"\xff" * 500, 1000),
    )
    for _ in range(many):
        for data, code in kinds:
            with hostile.inside(port, "NONSENSE") as end:
                with contextlib.suppress(OSError):
                    end.sendall(data)
                wrong += closes(end) != code
    return wrong, time.monotonic() - began


def closes(end: socket.socket) -> int:
    """Read to the close. Returns: its code; 1006 if there was none, 0 if there was no end."""
    heard, at = b"", 0
    end.settimeout(3)
    try:
        while data := end.recv(65536):
            heard += data
            while (found := frame_at(heard, at)) is not None:
                opcode, start, at = found
                if opcode == CLOSE:
                    return int.from_bytes(heard[start : start + 2])
    except TimeoutError:
        return 0
    except OSError:
        pass
    return 1006


ROWS = {"F1": f1, "F2": f2, "F3": f3, "F4": f4, "F5": f5, "F7": f7}
