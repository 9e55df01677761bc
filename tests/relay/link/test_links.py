"""What every link does, whichever carries a connection: one suite over all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial

import psutil
import pytest

from protocol.close_codes import CloseCode, may_return
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Kick,
    Leave,
    Left,
    LeftReason,
    Live,
    PresenceChanged,
    PresenceState,
    Send,
    Volatile,
)
from relay.link import channel, portable
from relay.server import listening, process
from tests.helpers.peers import PATIENCE, Party, new_seat, party, party_at, until
from tests.helpers.raw import BINARY, frame

Gather = Callable[..., AbstractAsyncContextManager[Party]]

NEVER = 60  # seconds that no test waits for

LOAD = 150
"""Messages of 8 KiB that no buffer between relay and peer has room for."""


@pytest.fixture(params=["direct", "portable"])
def gather(request: pytest.FixtureRequest) -> Gather:
    """Run a relay over the link under test, as `party` does."""
    return partial(party, is_portable=request.param == "portable")


def burden(number: int) -> bytes:
    return number.to_bytes(4) * 2048


# Closing.


async def test_text_is_refused(gather: Gather) -> None:
    async with gather() as at:
        early, late = await at.connects("R"), await at.enters("R")
        for peer in (early, late):
            await peer.raw.send_text("hello")
            assert await peer.ends() == (CloseCode.TEXT_REFUSED, "text_refused")


async def test_codes_and_reasons_arrive(gather: Gather) -> None:
    async with gather() as at:
        host, ann, bob, cyd = [await at.enters("R") for _ in range(4)]
        host.says(Kick(ann.me, "größenwahn"), Kick(bob.me))
        cyd.says(Leave())
        assert await ann.ends() == (CloseCode.KICKED, "größenwahn")
        assert await bob.ends() == (CloseCode.KICKED, "kicked")
        assert await cyd.ends() == (CloseCode.NORMAL, "normal")


async def test_an_error_comes_before_the_close_that_it_explains(gather: Gather) -> None:
    async with gather() as at:
        peer = await at.connects("R")
        peer.greets(create=False)
        error, code = await peer.is_turned_away()
        assert (error.code, code) == (ErrorCode.NO_SUCH_ROOM, CloseCode.NO_SUCH_ROOM)


async def test_who_says_nothing_is_let_go(gather: Gather) -> None:
    async with gather(hello_seconds=0.05) as at:
        silent = await at.connects("R")
        assert await silent.ends() == (CloseCode.NO_HELLO, "no_hello")
        await until(lambda: not at.node.connections)


async def test_who_answers_no_ping_is_let_go(gather: Gather) -> None:
    async with gather(ping_seconds=0.05, ping_timeout=0.1) as at:
        dead, alive = await at.enters("R"), await at.enters("R")
        dead.raw.answers_pings = False
        await alive.hears(Left, lambda left: left.player == dead.me)
        code, _ = await dead.ends()
        assert may_return(code)


async def test_a_message_beyond_the_transports_cap_ends_the_connection(gather: Gather) -> None:
    async with gather(profile="bench", max_frame=256) as at:
        talker, big = await at.enters("R"), await at.enters("R")
        big.says(bytes(process.MESSAGE_MIN + 1))
        for number in range(200):  # what is on its way while the server gives up
            talker.says(Send(None, b"%d" % number), Volatile(1, None, b"%d" % number))
        code, _ = await big.ends()
        assert code == CloseCode.TOO_BIG
        left = await talker.hears(Left)
        assert (left.player, left.reason) == (big.me, LeftReason.GONE)


# The end of the line.


@pytest.mark.parametrize("how", ["reset", "half_close", "abort", "close"])
async def test_however_a_connection_is_lost_the_seat_is_held(gather: Gather, how: str) -> None:
    async with gather() as at:
        ann, bob = await at.enters("R"), await at.enters("R", seat=new_seat())
        bob.says(Send(None, b"last words"))
        if how == "close":
            await bob.raw.close(1000)
        else:
            await bob.raw.send_raw(b"")
            getattr(bob.raw, how)()
        presence = await ann.hears(PresenceChanged)
        assert (presence.player, presence.state) == (bob.me, PresenceState.LOST)
        if how != "reset":  # which may overtake what is on its way
            assert ann.payloads == [b"last words"]
        await until(lambda: len(at.node.connections) == 1)


async def test_half_a_message_is_none(gather: Gather) -> None:
    async with gather() as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        await bob.raw.send_raw(frame(BINARY, bytes.fromhex("93 10 C0 C4 02 68 69"))[:-1])
        bob.raw.reset()
        await ann.hears(Left)
        assert ann.payloads == []


# Who does not read.


async def test_who_reads_too_slowly_is_let_go_and_resumes_with_nothing_lost(
    gather: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It hears of its close only when it reads on, and is not to be cut off before.
    monkeypatch.setattr(portable, "CLOSE_PATIENCE", NEVER)
    monkeypatch.setattr(channel, "BLOCKED_PATIENCE", NEVER)
    seat = new_seat()
    async with gather(
        profile="bench", outbox_frames=16, outbox_bytes=64 * 1024, slow_seconds=0.2
    ) as at:
        ann, slow = await at.enters("R"), await at.enters_and_sticks("R", seat=seat)
        for number in range(LOAD):
            ann.says(Send(None, burden(number)))
        for state in (PresenceState.LAGGING, PresenceState.LOST):
            presence = await ann.hears(PresenceChanged)
            assert (presence.player, presence.state) == (slow.me, state)
        slow.raw.read_on()
        assert await slow.ends() == (CloseCode.TOO_SLOW, "too_slow")
        assert len(slow.payloads) < LOAD

        again = await at.connects("R")
        again.greets(seat=seat, position=slow.position)
        await again.hears(Live)
        assert again.welcome.session.resumed
        assert slow.payloads + again.payloads == [burden(number) for number in range(LOAD)]


async def test_who_never_reads_costs_the_others_nothing(
    gather: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portable, "CLOSE_PATIENCE", 0.1)
    monkeypatch.setattr(channel, "BLOCKED_PATIENCE", 0.1)
    monkeypatch.setattr(listening, "USER_TIMEOUT", 500)
    async with gather(profile="bench", slow_seconds=0.2) as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        open_files = psutil.Process().num_fds()
        stuck = [await at.enters_and_sticks("R", seat=new_seat()) for _ in range(3)]
        for number in range(LOAD):
            ann.says(Send(None, burden(number)))
            deliver = await bob.hears(Deliver)
            assert deliver.payload == burden(number)
        while sum(p.state == PresenceState.LOST for p in bob.all(PresenceChanged)) < len(stuck):
            await bob.next()
        await until(lambda: len(at.node.connections) == 2)
        # The sockets are closed too, though their peers never took what was sent to them.
        await until(lambda: psutil.Process().num_fds() == open_files + len(stuck))


async def test_who_never_reads_what_it_sent_is_let_go(
    gather: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "USER_TIMEOUT", 500)
    async with gather(profile="bench", slow_seconds=0.2) as at:
        ann, stuck = await at.enters("R"), await at.enters_and_sticks("R")
        for number in range(LOAD):
            stuck.says(Send(True, burden(number)))
        await ann.hears(Left, lambda left: left.player == stuck.me)


# Places.


async def test_a_full_relay_says_so_until_there_is_a_place(gather: Gather) -> None:
    async with gather(max_connections=1) as at:
        first, second = await at.enters("R"), await at.connects("R")
        error, code = await second.is_turned_away()
        assert (error.code, error.detail.retry) == (ErrorCode.RELAY_FULL, True)
        assert code == CloseCode.RELAY_FULL
        first.raw.reset()
        await until(lambda: not at.node.connections)
        await at.enters("R")


async def test_an_address_has_so_many_connections_and_no_more(gather: Gather) -> None:
    async with gather(connections_per_address=2, limit_loopback=True) as at:
        first, _, third = await at.enters("R"), await at.connects("R"), await at.connects("S")
        error, code = await third.is_turned_away()
        assert (error.code, code) == (ErrorCode.RELAY_FULL, CloseCode.RELAY_FULL)
        first.says(Leave())
        await first.ends()
        await until(lambda: len(at.node.connections) == 1)
        await at.enters("R")


# The end of the relay.


async def test_a_relay_that_ends_says_so(gather: Gather, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PATIENCE", NEVER)
    monkeypatch.setattr(process, "GRACE", NEVER)
    async with AsyncExitStack() as relay:
        at = await relay.enter_async_context(gather())
        async with party_at(at.url) as outlasting:
            ann, early = await outlasting.enters("R"), await outlasting.connects("R")
            async with asyncio.timeout(PATIENCE):
                await relay.aclose()
            for peer in (ann, early):
                code, _ = await peer.ends()
                assert code == CloseCode.DRAIN
            assert not at.node.connections


async def test_a_relay_that_ends_does_not_wait_for_who_never_reads(
    gather: Gather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PATIENCE", 0.2)
    monkeypatch.setattr(process, "GRACE", NEVER)
    async with AsyncExitStack() as relay:
        at = await relay.enter_async_context(gather(profile="bench"))
        async with party_at(at.url) as outlasting:
            ann, _ = await outlasting.enters("R"), await outlasting.enters_and_sticks("R")
            for number in range(30):
                ann.says(Send(None, burden(number)))
            await ann.catches_up()
            async with asyncio.timeout(PATIENCE):
                await relay.aclose()
            assert not at.node.connections
