"""What a connection and a room held is free as soon as they are gone.

Python's collector looks for what holds itself, and a relay lets it look rarely: what only the
collector could free would stay for thousands of connections, on nobody's account.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest

from protocol import limits
from protocol.close_codes import CloseCode
from protocol.frames import Kick, Leave, RoomOptions, Send
from relay.cluster.log_broker import LogBroker
from relay.conditions.conditions import Conditions
from relay.conditions.shape import Shape
from tests.helpers.cluster.wire import MEETINGS, Meet
from tests.helpers.peers import Party, new_seat, party, until
from tests.helpers.raw import BINARY, frame

LARGE = (
    *("Replica", "Room", "History", "DelayLine", "Connection", "Outbox", "DirectLink"),
    *("ServerProtocol", "Current"),
)
"""Classes whose objects are large, or hold such."""
DATA = bytes(8192)
BAD = Conditions(lag_ms=20)


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


GATHERINGS: dict[str, Meet] = {
    "direct": partial(party, is_portable=False),
    "portable": partial(party, is_portable=True),
    "over NATS": MEETINGS["over NATS"],
}


def large_ones() -> Counter[str]:
    """Count those in memory."""
    names = (type(each).__name__ for each in gc.get_objects())
    return Counter(name for name in names if name in LARGE)


async def leaves(at: Party) -> None:
    ann = await at.enters("R")
    ann.says(*(Send(None, DATA) for _ in range(20)), Leave())
    assert await ann.ends() == (1000, "normal")


async def comes_back_and_leaves(at: Party) -> None:
    """The time that a seat is held for does not end with its room."""
    seat, kept = new_seat(), RoomOptions(keep=0, hold=limits.MAX_HOLD)
    ann = await at.enters("R", seat=seat, create=kept)
    ann.says(*(Send(None, DATA) for _ in range(20)))
    await ann.catches_up()
    ann.raw.reset()
    again = await at.enters("R", seat=seat, position=ann.position)
    again.says(Leave())
    await again.ends()


async def is_watched_late(at: Party) -> None:
    late = RoomOptions(keep=0, delay=limits.MAX_HOLD)
    ann = await at.enters("R", create=late)
    eve = await at.enters("R", role="spectator")
    ann.says(*(Send(None, DATA) for _ in range(20)), Leave())
    await ann.ends()
    eve.says(Leave())
    await eve.ends()


async def has_a_bad_network(at: Party) -> None:
    ann = await at.enters("R")
    at.node.shapes.put(at.room("R"), ann.me, Shape(BAD, BAD, seed=1))
    ann.says(*(Send(None, DATA) for _ in range(20)), Leave())
    await ann.ends()


async def is_kicked(at: Party) -> None:
    ann, bob = await at.enters("R"), await at.enters("R", seat=new_seat())
    ann.says(Kick(bob.me))
    await bob.ends()
    ann.raw.reset()


async def is_gone_in_the_middle_of_a_message(at: Party) -> None:
    ann = await at.enters("R")
    ann.raw.write(frame(BINARY, DATA, is_last=False) + frame(BINARY, DATA)[:-1])
    ann.raw.reset()


async def sends_what_is_no_frame(at: Party) -> None:
    ann = await at.enters("R")
    ann.raw.write(b"\xff" + DATA)
    await ann.ends()


async def reads_nothing_and_is_gone(at: Party) -> None:
    ann, bob = await at.enters("R"), await at.enters_and_sticks("R")
    ann.says(*(Send(None, DATA) for _ in range(200)))
    await ann.catches_up()
    bob.raw.reset()
    ann.raw.reset()


async def is_refused(at: Party) -> None:
    ann = await at.connects("R")
    ann.greets(seat=new_seat(), create=False)
    ann.raw.reset()


async def says_no_hello(at: Party) -> None:
    ann = await at.connects("R")
    assert (await ann.ends())[0] == CloseCode.NO_HELLO


COMINGS: list[Callable[[Party], Awaitable[None]]] = [
    leaves,
    comes_back_and_leaves,
    is_watched_late,
    has_a_bad_network,
    is_kicked,
    is_gone_in_the_middle_of_a_message,
    sends_what_is_no_frame,
    reads_nothing_and_is_gone,
    is_refused,
    says_no_hello,
]
OVER_NATS = (leaves, is_refused)
"""Over NATS a room is kept for seconds after its end."""


@pytest.mark.parametrize(
    ("where", "comes"),
    [
        *((where, comes) for where in ("direct", "portable") for comes in COMINGS),
        *(("over NATS", comes) for comes in OVER_NATS),
    ],
)
async def test_nothing_large_is_left(where: str, comes: Callable[[Party], Awaitable[None]]) -> None:
    async with GATHERINGS[where](room_keep=0, room_hold=0, hello_seconds=1) as at:
        before = large_ones()
        brokers = [each for each in gc.get_objects() if isinstance(each, LogBroker)]
        await comes(at)
        await until(lambda: not at.node.connections and not at.node.registry.by_name)
        await until(lambda: not any(broker.replicas for broker in brokers))
        with suppress(TimeoutError):
            await until(lambda: not large_ones() - before)
        assert not large_ones() - before
