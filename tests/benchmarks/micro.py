"""The cost of one frame inside the process, against a yardstick: the least that it could cost."""

from __future__ import annotations

import statistics
import time
import timeit
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgpack

from protocol import fast_path
from protocol.codec import Role, decode, encode
from protocol.frames import Deliver, RoomOptions, Send
from relay.delivery.outbox import Outbox
from relay.room.effects import Admit
from relay.room.entries import Join
from relay.room.room import Room
from tests.helpers.outboxes import by_hand, outlet

PAYLOAD = b"x" * 64
ROUNDS, MANY_ROUNDS = 5, 60


@dataclass(frozen=True, slots=True)
class Ratio:
    """One measurement: microseconds of ours and of the yardstick, in alternating rounds."""

    what: str
    against: str
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


def compare(
    what: str, ours: Callable[[], object], against: str, theirs: Callable[[], object], number: int
) -> Ratio:
    """Time both in turn, so that a slow machine slows both alike. What counts is the median."""
    return compared(what, ours, against, theirs, number, ROUNDS, statistics.median)


def compare_least(
    what: str, ours: Callable[[], object], against: str, theirs: Callable[[], object], number: int
) -> Ratio:
    """The same in CPU time, and the least counts: other programs only add to it."""
    return compared(what, ours, against, theirs, number, MANY_ROUNDS, min, time.process_time)


def compared(
    what: str,
    ours: Callable[[], object],
    against: str,
    theirs: Callable[[], object],
    number: int,
    rounds: int,
    choose: Callable[[Iterable[float]], float],
    timer: Callable[[], float] = time.perf_counter,
) -> Ratio:
    taken = [
        [timeit.timeit(each, timer=timer, number=number) / number * 1e6 for each in (ours, theirs)]
        for _ in range(rounds)
    ]
    ours_us, theirs_us = map(choose, zip(*taken, strict=True))
    return Ratio(what, against, ours_us, theirs_us)


def room_of(players: int) -> Room:
    """Make a room whose players are all connected."""
    room = Room("BENCH", b"benchbox", RoomOptions(capacity=players), fan_out=by_hand())
    for attachment in range(1, players + 1):
        for effect in room.apply(Join(attachment)):
            if isinstance(effect, Admit):
                outbox = Outbox(outlet())
                assert effect.stream is not None
                outbox.begin((), effect.stream)
                room.connect(effect.player, outbox)
    for outbox in room.audience.fan_out.values():
        while outbox.is_waiting:
            outbox.take()
        outbox.flow()
    return room


def fan_out(players: int) -> Ratio:
    """SEND to DELIVER through the room, against one encoding for every receiver."""
    room = room_of(players)
    entry = (1, None, fast_path.tail(PAYLOAD))
    queues: list[list[bytes]] = [[] for _ in range(players - 1)]

    def ours() -> None:
        room.apply(entry)
        room.audience.fan_out.flush()

    def theirs() -> None:
        for queue in queues:
            queue.append(msgpack.packb([0x11, 1000, 1, PAYLOAD]))
        for queue in queues:
            queue.clear()

    return compare(
        f"room of {players}: one SEND to all others",
        ours,
        "packb for each receiver",
        theirs,
        2_000,
    )


def codec() -> list[Ratio]:
    """The checked codec against bare msgpack, which checks nothing."""
    send, deliver = Send(None, PAYLOAD), Deliver(70_000, 1, PAYLOAD)
    sent, delivered = encode(send), encode(deliver)
    return [
        compare("encode SEND", lambda: encode(send), "packb",
                lambda: msgpack.packb([0x10, None, PAYLOAD]), 20_000),
        compare("decode DELIVER", lambda: decode(delivered, Role.RELAY), "unpackb",
                lambda: msgpack.unpackb(delivered), 20_000),
        compare("SEND to DELIVER, hot path", lambda: rehead(sent), "unpackb and packb",
                lambda: msgpack.packb([0x11, 70_000, 1, msgpack.unpackb(sent)[2]]), 20_000),
    ]  # fmt: skip


def rehead(message: bytes) -> bytes:
    assert fast_path.is_tail(message, 3)
    return fast_path.deliver(70_000, 1, message[3:])
