"""While it is being decided who may enter: the end of the connection is seen, and so is the time.

On both links: each has its own way to hear of an end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Error, Hello, Live, Ping, Send, Welcome
from relay.node.on_join import JoinRequest
from relay.policy.conduct import MAX_BAD_FRAMES
from tests.helpers.peers import PATIENCE, Party, Peer, party, until
from tests.helpers.raw import CLOSE, frame
from tests.helpers.rest import make

LINKS = pytest.mark.parametrize("is_portable", [False, True], ids=["direct", "portable"])
ENDS = ["closes", "resets", "says nothing more"]


class Undecided:
    """A game's own code that decides nothing until it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.cancelled = 0
        self.decides = asyncio.Event()

    async def __call__(self, request: JoinRequest) -> None:
        self.asked += 1
        try:
            await self.decides.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


class Stubborn(Undecided):
    """One that lets nobody end it, either."""

    answered = 0

    async def __call__(self, request: JoinRequest) -> None:
        while not self.decides.is_set():
            with suppress(asyncio.CancelledError):
                await super().__call__(request)
        self.answered += 1


@asynccontextmanager
async def undecided(
    is_portable: bool, hook: Undecided | None = None, **settings: Any
) -> AsyncIterator[tuple[Party, Undecided, Peer]]:
    """Run a relay where one waits to be let in."""
    hook = hook or Undecided()
    async with party(hook, is_portable=is_portable, **settings) as at:
        waiting = await at.connects("R")
        waiting.greets()
        await until(lambda: hook.asked)
        try:
            yield at, hook, waiting
        finally:
            hook.decides.set()


def end(peer: Peer, how: str) -> None:
    match how:
        case "closes":  # and waits for the answer, as a browser does
            peer.raw.write(frame(CLOSE, (1000).to_bytes(2)))
        case "resets":
            peer.raw.reset()
        case _:
            peer.raw.half_close()


@LINKS
@pytest.mark.parametrize("how", ENDS)
async def test_who_leaves_meanwhile_is_forgotten_at_once(is_portable: bool, how: str) -> None:
    async with undecided(is_portable) as (at, hook, waiting):
        end(waiting, how)
        await until(lambda: not at.node.connections)
        await until(lambda: hook.cancelled)
        assert at.node.registry.find("R") is None


@LINKS
async def test_places_of_those_who_left_are_free(is_portable: bool) -> None:
    settings: dict[str, Any] = {"connections_per_address": 3, "limit_loopback": True}
    async with undecided(is_portable, **settings) as (at, hook, first):
        others = [await at.connects("R") for _ in range(2)]
        for other in others:
            other.greets()
        await until(lambda: hook.asked == 3)
        for left in (first, *others):
            left.raw.reset()
        await until(lambda: not at.node.connections)
        hook.decides.set()
        for _ in range(3):
            await at.enters("R")


@LINKS
async def test_what_is_not_decided_in_time_is_told(
    is_portable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with undecided(is_portable, admit_seconds=0.2) as (at, hook, waiting):
        error, code = await waiting.is_turned_away()
        assert (error.seq, error.code) == (0, ErrorCode.RELAY_FULL)
        assert (code, error.detail.retry) == (CloseCode.RELAY_FULL, True)
        assert "in time" in error.text
        await until(lambda: hook.cancelled)
        await until(lambda: not at.node.connections)
        assert at.node.registry.find("R") is None
    (record,) = (each for each in caplog.records if each.levelno == logging.WARNING)
    assert "did not decide within 0.2 s" in record.getMessage()


@LINKS
async def test_one_that_lets_nobody_end_it_keeps_no_place(is_portable: bool) -> None:
    async with undecided(is_portable, Stubborn(), admit_seconds=0.2) as (at, hook, waiting):
        _, code = await waiting.is_turned_away()
        assert code == CloseCode.RELAY_FULL
        await until(lambda: not at.node.connections)
        hook.decides.set()
        peer = await at.enters("R")
        assert peer.me == 1


@LINKS
async def test_one_that_lets_nobody_end_it_opens_no_room_for_who_has_left(
    is_portable: bool,
) -> None:
    hook = Stubborn()
    async with undecided(is_portable, hook) as (at, _, waiting):
        waiting.raw.reset()
        await until(lambda: not at.node.connections)
        hook.decides.set()
        await until(lambda: hook.answered)
        assert at.node.registry.find("R") is None


async def test_passwords_have_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> bool:
        await asyncio.Event().wait()
        return True

    async with party(admit_seconds=0.2) as at, httpx.AsyncClient(base_url=at.url) as http:
        # By REST, as there nobody hurries who makes the password's hash.
        await make(http, name="R", password="sesame")
        monkeypatch.setattr(at.node.passwords, "verify", never)
        late = await at.connects("R")
        late.greets(password="sesame")
        _, code = await late.is_turned_away()
        assert code == CloseCode.RELAY_FULL


async def test_many_are_told_in_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    async with undecided(is_portable=False, admit_seconds=0.2) as (at, _, first):
        others = [await at.connects("R") for _ in range(30)]
        for other in others:
            other.greets()
        for each in (first, *others):
            assert (await each.is_turned_away())[1] == CloseCode.RELAY_FULL
    assert len([each for each in caplog.records if each.levelno == logging.WARNING]) <= 12


async def test_there_may_be_no_time_limit() -> None:
    async with undecided(is_portable=False, admit_seconds="never") as (_, hook, waiting):
        hook.decides.set()
        await waiting.hears(Live)


@LINKS
async def test_what_was_said_too_early_is_refused_and_not_counted(is_portable: bool) -> None:
    async with undecided(is_portable) as (_, hook, waiting):
        waiting.says(Send(None, b"early"), Ping(1))
        waiting.greets()
        for op in (Send.opcode, Ping.opcode, Hello.opcode):
            error = await waiting.hears(Error)
            assert (error.seq, error.code) == (0, ErrorCode.UNEXPECTED)
            assert error.detail.op == op
        hook.decides.set()
        assert (await waiting.hears(Welcome)).session.taken == 0
        assert hook.asked == 1


@LINKS
async def test_what_is_said_too_early_is_bounded(is_portable: bool) -> None:
    async with undecided(is_portable) as (at, hook, waiting):
        waiting.says(*[Send(None, bytes(16_000))] * 1000)
        assert await waiting.ends() == (CloseCode.BAD_FRAMES, "bad_frames")
        assert len(waiting.all(Error)) == MAX_BAD_FRAMES
        await until(lambda: not at.node.connections)
        assert hook.cancelled == 1


@LINKS
async def test_a_relay_that_goes_down_waits_for_no_decision(is_portable: bool) -> None:
    async with undecided(is_portable) as (at, hook, waiting):
        async with asyncio.timeout(PATIENCE):
            await at.node.drain(0)
        assert (await waiting.ends())[0] == CloseCode.DRAIN
        await until(lambda: hook.cancelled)
