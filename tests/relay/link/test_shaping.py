"""A player's network under conditions, over either link: what they notice, and what is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import pytest

from protocol.close_codes import CloseCode
from protocol.codec import encode
from protocol.frames import (
    Deliver,
    Kick,
    Leave,
    Left,
    LeftReason,
    Live,
    Notice,
    NoticeKind,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Send,
    Update,
    Volatile,
)
from relay.conditions.conditions import Conditions
from relay.conditions.dice import Dice, Direction
from relay.conditions.line import Line
from relay.conditions.profiles import profile
from relay.conditions.shape import Shape
from relay.link.shaping import Current
from relay.room.room import Room
from tests.helpers.peers import Party, Peer, new_seat, party, until
from tests.helpers.raw import BINARY, CLOSE, frame

Gather = Callable[..., AbstractAsyncContextManager[Party]]

FROZEN = Conditions(freeze=True)
LAGGED = Conditions(lag_ms=120)


@pytest.fixture(params=["direct", "portable"])
def gather(request: pytest.FixtureRequest) -> Gather:
    """Run a relay over the link under test, as `party` does."""
    return partial(party, is_portable=request.param == "portable")


def room_of(at: Party) -> Room:
    (room,) = at.node.registry
    return room


def put(at: Party, player: int, down: Any = None, up: Any = None, seed: int = 1) -> None:
    at.node.shapes.put(room_of(at), player, Shape(down, up, seed))


async def told(peer: Peer) -> str | None:
    """Return the conditions that a player hears of."""
    notice = await peer.hears(Notice, lambda notice: notice.kind == NoticeKind.SHAPED)
    return notice.detail.said


async def test_a_player_hears_of_conditions_and_of_their_end(gather: Gather) -> None:
    async with gather() as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        put(at, ann.me, down=profile("hotel"), seed=3)
        assert await told(ann) == "down hotel; seed 3"
        at.node.shapes.clear(room_of(at))
        assert await told(ann) is None
        assert not [heard for heard in await bob.catches_up() if isinstance(heard, Notice)]


async def test_frames_are_late_in_each_direction_and_keep_their_order(gather: Gather) -> None:
    async with gather() as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        for down, up in ((LAGGED, None), (None, LAGGED), (LAGGED, LAGGED)):
            put(at, ann.me, down, up)
            await told(ann)
            began = time.monotonic()
            await ann.catches_up()
            least = 0.12 * ((down is not None) + (up is not None))
            assert time.monotonic() - began >= least - 0.02
        for number in range(100):
            ann.says(Send(True, b"%d" % number))
        for peer in (ann, bob):
            while len(peer.payloads) < 100:
                await peer.hears(Deliver)
            assert peer.payloads == [b"%d" % number for number in range(100)]


async def test_the_others_notice_nothing(gather: Gather) -> None:
    async with gather() as at:
        ann, bob, cyd = [await at.enters("R") for _ in range(3)]
        put(at, ann.me, FROZEN, FROZEN)
        await until(lambda: ann.me in at.node.shapes.of(room_of(at)))
        bob.says(Send(None, b"hi"))
        assert (await cyd.hears(Deliver)).payload == b"hi"
        at.node.shapes.clear(room_of(at))
        assert (await ann.hears(Deliver)).payload == b"hi"


async def test_everybody_has_what_is_put_for_all_unless_they_have_their_own(
    gather: Gather,
) -> None:
    async with gather() as at:
        ann = await at.enters("R")
        put(at, 0, profile("wifi"))
        put(at, ann.me, profile("lan"))
        assert [await told(ann), await told(ann)] == ["down wifi; seed 1", "down lan; seed 1"]
        bob = await at.connects("R")
        bob.greets()
        assert await told(bob) == "down wifi; seed 1"
        await bob.hears(Live)
        at.node.shapes.put(room_of(at), ann.me, None)
        assert await told(ann) == "down wifi; seed 1"


async def test_what_waits_arrives_when_the_conditions_end(gather: Gather) -> None:
    async with gather() as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        put(at, ann.me, FROZEN, FROZEN)
        assert await told(ann) == "freeze on, seed 1"
        for number in range(20):
            ann.says(Send(None, b"up %d" % number))
            bob.says(Send(None, b"down %d" % number))
        await bob.catches_up()
        assert (ann.payloads, bob.payloads) == ([], [])
        at.node.shapes.clear(room_of(at))
        for peer, way in ((ann, b"down"), (bob, b"up")):
            while len(peer.payloads) < 20:
                await peer.hears(Deliver)
            assert peer.payloads == [way + b" %d" % number for number in range(20)]


async def test_a_client_that_leaves_is_heard_to_the_end(gather: Gather) -> None:
    async with gather() as at:
        ann, bob = await at.enters("R", seat=new_seat()), await at.enters("R")
        put(at, ann.me, up=FROZEN)
        await told(ann)
        ann.says(Send(None, b"last words"), Leave())
        await ann.raw.close(1000)
        left = await bob.hears(Left)
        assert (left.player, left.reason) == (ann.me, LeftReason.LEFT)
        assert bob.payloads == [b"last words"]


async def test_a_close_that_is_read_with_more_than_may_wait_comes_behind_it() -> None:
    async with party(is_portable=False, profile="bench", outbox_frames=16) as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        put(at, ann.me, up=FROZEN)
        await told(ann)
        said = [b"%d" % number for number in range(50)]
        frames = [frame(BINARY, encode(Send(None, payload))) for payload in said]
        ann.raw.write(b"".join(frames) + frame(CLOSE, (1000).to_bytes(2)))
        await bob.hears(Left)
        assert bob.payloads == said
        assert await ann.ends() == (1000, "")


async def test_a_close_comes_behind_what_waits(gather: Gather) -> None:
    async with gather() as at:
        host, ann = await at.enters("R"), await at.enters("R")
        put(at, ann.me, down=FROZEN)
        await told(ann)
        host.says(Send(None, b"before"), Kick(ann.me, "enough"))
        assert await ann.ends() == (CloseCode.KICKED, "enough")
        assert ann.payloads == [b"before"]


@pytest.mark.parametrize("way", ["down", "up"])
async def test_a_cut_loses_the_connection_and_nothing_else(gather: Gather, way: str) -> None:
    async with gather() as at:
        seat = new_seat()
        ann, bob = await at.enters("R", seat=seat), await at.enters("R")
        cut = Conditions(lag_ms=5, cut_every_frames=30)
        put(at, ann.me, *((cut, None) if way == "down" else (None, cut)))
        await told(ann)
        talker = bob if way == "down" else ann
        for number in range(60):
            talker.says(Send(None, b"%d" % number))
        await bob.hears(PresenceChanged, lambda heard: heard.state == PresenceState.LOST)
        code, _ = await ann.ends()
        assert code in (CloseCode.SILENT, 1006)
        at.node.shapes.clear(room_of(at))

        again = await at.connects("R")
        again.greets(seat=seat, position=ann.position)
        await again.hears(Live)
        assert again.welcome.session.resumed
        taken = again.welcome.session.taken
        if way == "up":
            assert 0 < taken < 60
            again.says(*(Send(None, b"%d" % number) for number in range(taken, 60)))
        hearer = bob if way == "up" else again
        known = [] if way == "up" else ann.payloads
        while len(known + hearer.payloads) < 60:
            await hearer.hears(Deliver)
        assert known + hearer.payloads == [b"%d" % number for number in range(60)]


async def test_who_leaves_is_not_cut_off_while_the_rest_is_read(gather: Gather) -> None:
    often = Conditions(cut_every_s=0.3)
    async with gather() as at:
        host, ann = await at.enters("R"), await at.enters_and_sticks("R")
        put(at, ann.me, up=often)
        host.says(*(Send(None, bytes(8192)) for _ in range(20)))
        await host.catches_up()
        ann.says(Leave())
        await host.hears(Left)
        later = await at.enters("R")
        put(at, later.me, up=often)
        await host.hears(Left)  # who came later is cut off, so that the time has come
        ann.raw.read_on()
        assert await ann.ends() == (CloseCode.NORMAL, "normal")
        assert len(ann.payloads) == 20


async def test_a_frame_that_ends_a_connection_is_the_last() -> None:
    """Nothing wakes up later, for somebody who is gone."""
    often, clock = Conditions(cut_every_s=0.2), asyncio.get_running_loop().time
    ended, cut = asyncio.Event(), asyncio.Event()

    def out(frame: bytes, now: float) -> float:
        current.flush()
        ended.set()
        return 0.0

    def begin(cuts: Callable[[], object]) -> Current:
        line = Line(often, Dice(1, 1, Direction.UP), clock(), max_bytes=1000, max_frames=10)
        return Current(line, clock, out, lambda: None, cuts)

    wrong: list[str] = []
    current = begin(lambda: wrong.append("cut"))
    current.push(b"the last", is_volatile=False)
    await ended.wait()
    begin(cut.set)
    await cut.wait()
    assert wrong == []


async def test_conditions_outlast_the_connection(gather: Gather) -> None:
    async with gather() as at:
        seat = new_seat()
        ann = await at.enters("R", seat=seat)
        put(at, ann.me, LAGGED)
        await told(ann)
        ann.raw.reset()
        again = await at.connects("R")
        again.greets(seat=seat)
        assert await told(again) == "down lag_ms 120; seed 1"


async def test_the_same_talk_meets_the_same_fate_twice(gather: Gather) -> None:
    heard = []
    for _ in range(2):
        async with gather() as at:
            ann, bob = await at.enters("R"), await at.enters("R")
            put(at, ann.me, up=Conditions(loss=0.5), seed=7)
            await told(ann)
            for number in range(60):
                ann.says(Volatile(number, None, b"%d" % number))
            ann.says(Send(None, b"end"))
            await bob.hears(Deliver)
            heard.append([update.key for update in bob.all(Update)])
    assert heard[0] == heard[1]
    assert 15 < len(heard[0]) < 45


async def test_bytes_that_wait_are_bounded_in_both_directions(gather: Gather) -> None:
    burden = bytes(8000)
    async with gather(profile="bench", outbox_bytes=65_536, outbox_frames=64) as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        put(at, ann.me, Conditions(bytes_per_second=400_000), Conditions(bytes_per_second=400_000))
        await told(ann)
        for number in range(60):
            ann.says(Send(None, b"%02d" % number + burden))
            bob.says(Send(None, b"%02d" % number + burden))
        for peer in (bob, ann):
            while len(peer.payloads) < 60:
                await peer.hears(Deliver)
            assert [payload[:2] for payload in peer.payloads] == [b"%02d" % n for n in range(60)]


async def test_a_slow_network_counts_as_a_slow_reader(gather: Gather) -> None:
    async with gather(
        profile="bench", outbox_bytes=65_536, outbox_frames=16, slow_seconds=0.2
    ) as at:
        ann, bob = await at.enters("R", seat=new_seat()), await at.enters("R")
        put(at, ann.me, down=FROZEN)
        await told(ann)
        bob.says(*(Send(None, bytes(4000)) for _ in range(60)))
        assert (await ann.ends())[0] == CloseCode.TOO_SLOW


async def test_a_url_asks_for_conditions_where_the_room_allows_it(gather: Gather) -> None:
    async with gather() as at:
        ann = await at.connects("R?chaos=train-wifi&seed=42")
        ann.greets(create=RoomOptions(chaos=True))
        assert await told(ann) == "train-wifi, seed 42"
        await ann.hears(Live)
        put(at, 0, profile("lan"))
        assert await told(ann) == "down lan; seed 1"

        bob = await at.connects("S?chaos=train-wifi&seed=42")
        bob.greets()
        await bob.hears(Live)
        assert not [heard for heard in await bob.catches_up() if isinstance(heard, Notice)]
        assert not bob.all(Notice)
