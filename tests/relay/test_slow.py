"""Players who read slowly, come back after long, or join late, on real sockets.

What there is to read is more than any buffer between relay and peer has room for; nothing here
depends on how long something takes.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Error,
    Joined,
    Kick,
    Live,
    Notice,
    NoticeKind,
    Ping,
    Pong,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Send,
    Snapshot,
    Update,
    Volatile,
    Welcome,
)
from relay.delivery.outbox import Outbox
from relay.node import lagging
from relay.server import listening, ws_protocol
from tests.helpers.cluster.wire import MEETINGS, Meet
from tests.helpers.outboxes import held
from tests.helpers.peers import Party, Peer, new_seat, until
from tests.helpers.raw import Closed

HERE, LAGGING, LOST = PresenceState.HERE, PresenceState.LAGGING, PresenceState.LOST

LOAD = 200
"""Messages of 8 KiB that no buffer between relay and peer has room for."""

SLOW_SECONDS = 2.0
"""After which one is let go. The others are to hear before, maybe over NATS, that it lags."""
NEVER: dict[str, Any] = {"profile": "bench", "slow_seconds": None, "ping_seconds": None}
SMALL: dict[str, Any] = {"outbox_frames": 16, "outbox_bytes": 64 * 1024}


@pytest.fixture(params=MEETINGS)
def meet(request: pytest.FixtureRequest) -> Meet:
    """Run a relay, or two that share the room: who is slow is at another than who sends."""
    return MEETINGS[request.param]


def burden(number: int) -> bytes:
    return number.to_bytes(4) * 2048


def burdens(start: int, stop: int) -> list[bytes]:
    return [burden(number) for number in range(start, stop)]


def outbox_of(at: Party, peer: Peer, room: str = "R") -> Outbox:
    found = at.node.registry.find(room)
    assert found is not None
    return found.audience.fan_out[peer.me]


async def is_burdened(slow: Peer, by: Peer, *others: PresenceState) -> None:
    """Let one send so much that the other, who does not read, is marked.

    Args: others: states in which it may be found then, beside lagging.
    """
    by.says(*[Send(None, burden(number)) for number in range(LOAD)])
    await by.hears(PresenceChanged, lambda p: p.player == slow.me and p.state in (LAGGING, *others))


# Lagging.


async def test_both_sides_are_told_of_one_who_is_slow_and_when_it_keeps_up_again(
    meet: Meet,
) -> None:
    async with meet(profile="bench", slow_seconds=60, **SMALL) as at:
        ann, slow = await at.enters("R"), await at.enters_and_sticks("R")
        bob = await at.connects("R")
        bob.greets()
        await is_burdened(slow, ann)
        for number in range(5):  # each in a turn of its own, or relays pass the newest on alone
            ann.says(Volatile(1, None, b"%d" % number))
            await bob.hears(Update, lambda u, n=number: u.payload == b"%d" % n)  # type: ignore[misc]
        slow.raw.read_on()
        first = await slow.hears(Notice)
        assert (first.kind, first.detail.dropped) == (NoticeKind.LAG, None)
        assert first.detail.after in range(50_000, 60_001)
        second = await slow.hears(Notice)
        assert (second.kind, second.detail.dropped, second.detail.after) == (
            NoticeKind.LAG,
            4,
            None,
        )
        await ann.hears(PresenceChanged, lambda p: (p.player, p.state) == (slow.me, HERE))
        await slow.catches_up()
        assert slow.payloads == burdens(0, LOAD)
        assert [update.payload for update in slow.all(Update)] == [b"4"]
        told = [p.state for p in slow.all(PresenceChanged) if p.player == slow.me]
        assert told == [LAGGING, HERE]


async def test_nobody_is_told_of_one_who_is_behind_for_a_moment(
    meet: Meet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lagging, "LAG_SECONDS", 60.0)
    async with meet(profile="bench", slow_seconds=120, **SMALL) as at:
        ann, slow = await at.enters("R"), await at.enters_and_sticks("R")
        ann.says(*[Send(None, burden(number)) for number in range(LOAD)])
        await until(lambda: outbox_of(at, slow).is_following)
        slow.raw.read_on()
        await slow.hears(Deliver, lambda deliver: deliver.payload == burden(LOAD - 1))
        await slow.catches_up()
        assert slow.payloads == burdens(0, LOAD)
        assert not outbox_of(at, slow).is_following
        for peer in (ann, slow):
            await peer.catches_up()
            assert peer.all(PresenceChanged) == []
            assert peer.all(Notice) == []


async def test_a_trickle_is_not_enough(meet: Meet) -> None:
    """One who reads a little all the time, and falls behind all the same, is let go."""
    seat = new_seat()
    enough = {"history_bytes": 256 * 1024 * 1024}  # for all that a quick machine sends meanwhile
    async with meet(profile="bench", slow_seconds=SLOW_SECONDS, **SMALL, **enough) as at:
        ann, slow = await at.enters("R"), await at.enters_and_sticks("R", seat=seat)
        await is_burdened(slow, ann)
        slow.raw.read_on()
        number, room = LOAD, at.room("R")
        with suppress(Closed):  # it may hear of its end while it reads
            while slow.me in room.audience.fan_out:
                ann.says(*[Send(None, burden(number + more)) for more in range(2)])
                number += 2
                await slow.next()
                await ann.catches_up()
        assert await slow.ends() == (CloseCode.TOO_SLOW, "too_slow")
        again = await at.connects("R")
        again.greets(seat=seat, position=slow.position)
        await again.hears(Live)
        assert again.welcome.session.resumed
        assert slow.payloads + again.payloads == burdens(0, number)


async def test_who_falls_out_of_history_is_let_go_and_begins_anew(meet: Meet) -> None:
    seat = new_seat()
    async with meet(**NEVER, **SMALL, history_frames=20) as at:
        ann, slow = await at.enters("R"), await at.enters_and_sticks("R", seat=seat)
        await is_burdened(slow, ann, LOST)  # at once, if all comes in one turn of a node
        slow.raw.read_on()
        assert await slow.ends() == (CloseCode.TOO_SLOW, "too_slow")
        again = await at.connects("R")
        again.greets(seat=seat, position=slow.position)
        await again.hears(Live)
        assert (again.me, again.welcome.session.resumed) == (slow.me, False)


async def test_who_is_kicked_hears_nothing_of_what_follows(meet: Meet) -> None:
    async with meet(**NEVER, **SMALL) as at:
        ann, slow = await at.enters("R"), await at.enters_and_sticks("R")
        await is_burdened(slow, ann)
        ann.says(Kick(slow.me, "too slow"), Send(None, b"secret"))
        await ann.catches_up()
        slow.raw.read_on()
        assert await slow.ends() == (CloseCode.KICKED, "too slow")
        heard = slow.payloads
        assert heard == burdens(0, len(heard))
        assert len(heard) < LOAD


async def test_a_pong_never_speaks_of_what_was_not_sent(meet: Meet) -> None:
    """A resume from what it says would miss all before it."""
    async with meet(**NEVER) as at:
        ann, slow = await at.enters("R"), await at.enters_and_sticks("R")
        for start in range(0, 2 * LOAD, 10):
            ann.says(*[Send(None, burden(number)) for number in range(start, start + 10)])
            await ann.catches_up()
            slow.says(Ping(start))
        await until(lambda: outbox_of(at, slow).is_following)
        slow.raw.read_on()
        reached = 0
        while slow.payloads[-1:] != [burden(2 * LOAD - 1)]:
            match await slow.next():
                case Pong(seq=seq):
                    reached = max(reached, seq)
                case Deliver(seq=seq) | PresenceChanged(seq=seq):
                    assert seq > reached
                    reached = seq
        assert slow.payloads == burdens(0, 2 * LOAD)


async def test_who_asks_and_asks_but_never_reads_is_let_go(meet: Meet) -> None:
    async with meet(**SMALL, profile="bench", slow_seconds=SLOW_SECONDS) as at:
        ann, stuck = await at.enters("R"), await at.enters_and_sticks("R", seat=new_seat())
        await is_burdened(stuck, ann)
        stuck.says(*[Ping(number) for number in range(5000)])
        await ann.hears(PresenceChanged, lambda p: p.state == LOST)


async def test_what_stuck_readers_cost_does_not_depend_on_what_is_sent(
    meet: Meet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Stuck they stay, however long it takes.
    monkeypatch.setattr(listening, "USER_TIMEOUT", 600_000)
    monkeypatch.setattr(ws_protocol, "MAX_BLOCKED", 600.0)
    async with meet(**NEVER) as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        stuck = [await at.enters_and_sticks("R") for _ in range(20)]
        outboxes = [outbox_of(at, peer) for peer in stuck]
        settings = at.node.settings
        most = len(stuck) * (settings.outbox_bytes + settings.max_frame)
        for number in range(3000):
            ann.says(Send(None, burden(number)), Volatile(number % 128, None, bytes(100)))
            if number % 10 == 9:
                await bob.hears(Deliver, lambda d, n=number: d.payload == burden(n))  # type: ignore[misc]
                assert sum(map(held, outboxes)) <= most
        assert all(outbox.is_following for outbox in outboxes)
        assert sum(map(held, outboxes)) <= len(stuck) * 128 * 120
        assert bob.payloads == burdens(0, 3000)


# Coming back after long.


async def is_lost_while(at: Party, seat: bytes, sent: int) -> Peer:
    """Let one who sent a frame miss so many. Returns: its connection, which is over."""
    ann, bob = await at.enters("R"), await at.enters("R", seat=seat)
    bob.says(Send(None, b"mine"))
    await bob.catches_up()
    bob.raw.reset()
    await ann.hears(PresenceChanged)
    ann.says(*[Send(None, b"%d" % number) for number in range(sent)])
    await ann.catches_up()
    return bob


async def test_a_gap_of_a_thousand_frames_is_filled(meet: Meet) -> None:
    seat = new_seat()
    async with meet(profile="bench", **SMALL) as at:
        bob = await is_lost_while(at, seat, 1000)
        again = await at.connects("R")
        again.greets(seat=seat, position=bob.position)
        await again.hears(Live)
        assert again.welcome.session.resumed
        assert again.payloads == [b"%d" % number for number in range(1000)]
        assert again.all(Notice) == []
        await again.catches_up()
        assert again.all(Live)[0].seq == again.all(Pong)[0].seq


async def test_a_gap_beyond_history_is_refused_and_the_room_as_it_stands_follows(
    meet: Meet,
) -> None:
    seat = new_seat()
    async with meet(profile="bench", history_frames=500) as at:
        bob = await is_lost_while(at, seat, 1000)
        again = await at.connects("R")
        again.greets(seat=seat, position=bob.position)
        await again.hears(Live)
        assert [type(frame) for frame in again.heard[:2]] == [Error, Welcome]
        error, session = again.all(Error)[0], again.welcome.session
        assert (error.seq, error.code) == (0, ErrorCode.HISTORY_TRIMMED)
        assert (again.me, session.taken, session.resumed) == (bob.me, 1, False)
        assert [joined.player for joined in again.all(Joined)] == [1, bob.me]
        assert again.payloads == []


# Joining late.

PAST = 4000


def past(start: int, stop: int) -> list[bytes]:
    return [number.to_bytes(4) * 128 for number in range(start, stop)]


async def make_history(at: Party, **options: Any) -> Peer:
    ann = await at.enters("R", create=RoomOptions(history="full"), **options)
    ann.says(*[Send(None, payload) for payload in past(0, PAST)])
    await ann.catches_up()
    return ann


async def test_a_late_joiner_hears_all_of_history_and_nobody_waits_for_it(meet: Meet) -> None:
    async with meet(profile="bench", slow_seconds=60) as at:
        ann = await make_history(at)
        bob = await at.enters("R")
        joiner = await at.connects("R", receive_buffer=4096)
        joiner.greets()
        await joiner.hears(Welcome)
        joiner.raw.stop_reading()
        for payload in past(PAST, PAST + 50):
            ann.says(Send(None, payload))
            assert (await bob.hears(Deliver)).payload == payload
        assert outbox_of(at, joiner).is_following
        joiner.raw.read_on()
        live = await joiner.hears(Live)
        assert joiner.payloads == past(0, PAST + 50)
        assert live.seq >= max(deliver.seq for deliver in joiner.all(Deliver))
        assert joiner.all(Notice) == []
        ann.says(Send(None, b"and on"))
        assert (await joiner.hears(Deliver)).payload == b"and on"


async def test_a_snapshot_spares_a_late_joiner_most_of_history(meet: Meet) -> None:
    async with meet(profile="bench") as at:
        ann = await make_history(at)
        parts = [Snapshot(ann.position[1], part, 3, bytes((part,)) * 10_000) for part in range(3)]
        ann.says(*parts, Send(None, b"since"))
        await ann.catches_up()
        joiner = await at.enters("R")
        assert joiner.all(Snapshot) == parts
        assert joiner.payloads == [b"since"]
