"""What the log says of rooms and players, on real sockets."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Callable

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Kick,
    Leave,
    Left,
    Notice,
    NoticeKind,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Send,
    Welcome,
)
from relay.node.journal import LINES_BURST
from relay.node.on_join import JoinRequest
from relay.policy.conduct import MAX_BAD_FRAMES
from tests.helpers.peers import Party, new_seat, party, party_at, until
from tests.helpers.relay import relay_process

SECRET = "CANARY"
BAD = bytes.fromhex("92 10 C0")
TEXT_MEANT_TO_FORGE = "Eve\n2026-01-01 ERROR room R is gone\u202e\x1b[2J"


@pytest.fixture(autouse=True)
def _debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="relay")


@pytest.fixture
async def at() -> AsyncIterator[Party]:
    async with party() as at:
        yield at


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[..., list[str]]:
    """Return what looks for lines of a level."""

    def said(pattern: str, level: int = logging.INFO) -> list[str]:
        found = [each for each in caplog.records if each.levelno == level]
        return [line for each in found if re.search(pattern, line := each.getMessage())]

    return said


Said = Callable[..., list[str]]


async def test_rooms_and_players_come_and_go(at: Party, said: Said) -> None:
    ann = await at.enters("r", name="Ann", create=RoomOptions(keep=0))
    bob = await at.enters("R", role="spectator")
    bob.says(Leave())
    assert (await bob.ends())[0] == CloseCode.NORMAL
    ann.raw.reset()
    await until(lambda: said("room R is gone"))
    assert said("") == [
        "room R is open",
        "room R: player 1 joined as a player over connection 1, named Ann",
        "room R: player 2 joined as a spectator over connection 2",
        "room R: player 2 is gone: they left, or their connection was closed for good",
        "room R: player 1 is gone: their connection is lost, and their seat had no secret",
        "room R is gone",
    ]


async def test_one_who_loses_the_way_is_followed_at_debug(at: Party, said: Said) -> None:
    ann, seat = await at.enters("R"), new_seat()
    bob = await at.enters("R", seat=seat)
    bob.raw.reset()
    await ann.hears(PresenceChanged, lambda p: p.state == PresenceState.LOST)
    back = await at.connects("R")
    back.greets(seat=seat, position=bob.position)
    await back.hears(Welcome)
    assert said("connection (2|3)", logging.DEBUG) == [
        "connection 2 from 127.0.0.1 asks for room R",
        "room R: player 2 is told the room as it stands, over connection 2",
        "room R: player 2: connection 2 is lost",
        "connection 3 from 127.0.0.1 asks for room R",
        f"room R: player 2 resumed over connection 3, after seq {bob.position[1]}",
    ]
    assert len(said("joined")) == 2


async def test_a_kick_names_both(at: Party, said: Said) -> None:
    host, rude = await at.enters("R"), await at.enters("R")
    host.says(Kick(rude.me, "go\naway"))
    await rude.ends()
    assert said("kick") == ["room R: player 2 was kicked by player 1"]
    assert said("closed", logging.DEBUG) == [
        "room R: player 2: connection 2 is closed: KICKED 4503: go away"
    ]


async def test_a_refused_entry_says_who_and_why(at: Party, said: Said) -> None:
    await at.enters("R", create=RoomOptions(password=f"{SECRET}1"))
    other = await at.connects("R")
    other.greets(password=f"{SECRET}2", ticket=f"{SECRET}3", seat=SECRET.encode().ljust(16))
    await other.is_turned_away()
    assert said("refused") == [
        "room R: connection 2 from 127.0.0.1 is refused: WRONG_PASSWORD 52: the password is wrong"
    ]


async def test_a_refused_frame_has_a_line_and_a_flood_of_them_few(at: Party, said: Said) -> None:
    ann, bob = await at.enters("R"), await at.enters("R")
    bob.says(Kick(ann.me), BAD, Send((77,), b"x"))
    await bob.catches_up()
    assert said("refused") == [
        "room R: player 2 is refused KICK: NOT_HOST 66: only the host may kick",
        "room R: player 2 is refused SEND: ARITY 6 at byte 0: SEND has the wrong number of fields",
        "room R: player 2 is refused SEND: NO_SUCH_PLAYER 64: "
        "no player ever had number 77 in this room",
    ]
    assert said("refused", logging.DEBUG) == []
    bob.says(*[Kick(ann.me)] * 50)
    await bob.catches_up()
    assert len(said("refused")) <= LINES_BURST + 1
    assert len(said("refused") + said("refused", logging.DEBUG)) == 53


async def test_bad_frames_end_with_a_line_for_the_operator(at: Party, said: Said) -> None:
    ann, bob = await at.enters("R"), await at.enters("R")
    bob.says(*[BAD] * MAX_BAD_FRAMES)
    await ann.hears(Left)
    assert said("is closed") == ["room R: player 2: connection 2 is closed: BAD_FRAMES 4500"]


async def test_throttles_are_detail(said: Said) -> None:
    async with party(frames_per_second=1000, frames_burst=2) as at:
        ann = await at.enters("R")
        ann.says(*[Send(None, b"x")] * 10)
        await ann.hears(Notice, lambda notice: notice.kind == NoticeKind.THROTTLE)
    (line,) = said("too fast", logging.DEBUG)
    assert re.fullmatch(
        r"room R: player 1: connection 1 is too fast, and not read for \d+ ms", line
    )


async def test_names_are_one_line_and_no_other_line(at: Party, said: Said) -> None:
    await at.enters("R", name=TEXT_MEANT_TO_FORGE)
    (line,) = said("joined")
    assert line.endswith(", named Eve 2026-01-01 ERROR room R is gone[2J")


async def test_a_flood_of_refusals_is_a_few_lines_that_count(said: Said) -> None:
    async with party() as at:
        for _ in range(40):
            stranger = await at.connects("R")
            stranger.greets(create=False)
            await stranger.is_turned_away()
        await at.enters("S", create=RoomOptions(password="x"))
        other = await at.connects("S")
        other.greets()
        await other.is_turned_away()
    assert LINES_BURST <= len(said("NO_SUCH_ROOM")) < 2 * LINES_BURST
    assert len(said("WRONG_PASSWORD")) == 1  # is not lost among the others


async def test_a_hook_that_fails_is_shown_once_at_each_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def on_join(request: JoinRequest) -> None:
        if request.name == "Ann":
            raise LookupError("no such table")
        raise ZeroDivisionError

    async with party(on_join) as at:
        for name in ("Ann", "Bob", "Ann", "Bob"):
            peer = await at.connects("R")
            peer.greets(name=name, ticket=SECRET)
            error, code = await peer.is_turned_away()
            assert (error.code, code) == (ErrorCode.NOT_ADMITTED, CloseCode.NOT_ADMITTED)
            assert error.detail.retry
    faults = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert [each.getMessage() for each in faults] == [
        "room R: on_join failed, and connection 1 is refused",
        "room R: on_join failed, and connection 2 is refused",
    ]
    assert [each.exc_info[0] for each in faults if each.exc_info] == [
        LookupError,
        ZeroDivisionError,
    ]
    assert SECRET not in caplog.text


async def test_debug_follows_a_player_and_tells_no_secret() -> None:
    secret = SECRET.encode().ljust(16)
    with relay_process("--log-level", "debug") as relay:
        async with party_at(relay.url) as at:
            ann = await at.enters("R", name="Ann", ticket=SECRET, seat=secret)
            ann.says(Kick(9))
            await ann.catches_up()
        assert relay.end() == 0
        log = relay.log
    assert "INFO    room R: player 1 joined as a player over connection 1, named Ann\n" in log
    assert "DEBUG   connection 1 from 127.0.0.1 asks for room R\n" in log
    assert "INFO    room R: player 1 is refused KICK: NO_SUCH_PLAYER 64: player 9 is not" in log
    assert SECRET not in log


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_objects_follow_a_player_and_tell_no_secret(workers: str) -> None:
    options = ("--log-level", "debug", "--log-format", "json", "--workers", workers)
    with relay_process(*options) as relay:
        async with party_at(relay.url) as at:
            ann = await at.enters("R", name="Ann", ticket=SECRET, seat=SECRET.encode().ljust(16))
            ann.says(Kick(9))
            await ann.catches_up()
        assert relay.end() == 0
        log = relay.log
    about = [
        (found["room"], found["player"])
        for found in map(json.loads, log.splitlines())
        if "NO_SUCH_PLAYER" in found["event"] or "joined as a player" in found["event"]
    ]
    assert about == [("R", 1)] * 2
    assert SECRET not in log
