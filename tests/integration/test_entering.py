"""Who may enter a room: every refusal with its ERROR and its close, and the game's own say."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from itertools import count

import pytest

from protocol import limits
from protocol.close_codes import CloseCode
from protocol.codec import pack
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Error,
    Hello,
    HelloOptions,
    Host,
    Joined,
    Kick,
    Left,
    LeftReason,
    PlayerInfo,
    RoomOptions,
    Set,
    Welcome,
)
from relay.node.on_join import JoinRequest, Verdict
from tests.helpers.cluster.wire import parties
from tests.helpers.peers import Party, new_seat, party

names = (f"ROOM-{number}" for number in count())


@pytest.fixture(scope="module", params=["alone", "sharing"])
async def at(request: pytest.FixtureRequest) -> AsyncIterator[Party]:
    """A relay that has its rooms for itself, or shares them with another."""
    if request.param == "alone":
        async with party() as at:
            yield at
    else:
        async with parties(2) as ((at, _), _):
            yield at


@pytest.fixture
def room() -> str:
    """Name a room of this test's own."""
    return next(names)


async def turned_away(at: Party, room: str, **options: object) -> Error:
    """Say HELLO and be turned away: with an ERROR, and the close of the same name."""
    peer = await at.connects(room)
    peer.greets(**options)
    error, code = await peer.is_turned_away()
    assert ErrorCode(error.code).name == CloseCode(code).name
    assert error.seq == 0
    return error


class TestRefusals:
    async def test_another_version_names_both_sides(self, at: Party, room: str) -> None:
        newer = await at.connects(room)
        newer.says(Hello(9, HelloOptions(min=2)))
        error, code = await newer.is_turned_away()
        assert (error.code, code) == (ErrorCode.VERSION, CloseCode.VERSION)
        assert (error.detail.expected, error.detail.got) == ("1..1", "2..9")
        assert "1 to 1" in error.text
        assert "2 to 9" in error.text

    @pytest.mark.parametrize("name", ["A" * 33, "a.b", "a%20b", "%C3%A4"])
    async def test_an_impossible_name(self, at: Party, name: str) -> None:
        assert (await turned_away(at, name)).code == ErrorCode.NO_SUCH_ROOM

    async def test_no_such_room(self, at: Party, room: str) -> None:
        error = await turned_away(at, room, create=False)
        assert (error.code, error.detail.retry) == (ErrorCode.NO_SUCH_ROOM, True)
        assert at.node.registry.find(room) is None

    @pytest.mark.parametrize("role", ["player", "spectator"])
    async def test_a_full_room(self, at: Party, room: str, role: str) -> None:
        await at.enters(room, create=RoomOptions(capacity=1, spectators=1))
        await at.enters(room, role="spectator")
        error = await turned_away(at, room, role=role)
        assert (error.code, error.detail.limit) == (ErrorCode.ROOM_FULL, 1)
        assert error.detail.retry

    async def test_a_locked_room(self, at: Party, room: str) -> None:
        await at.enters(room, create=RoomOptions(locked=True))
        assert (await turned_away(at, room)).code == ErrorCode.LOCKED

    async def test_a_password(self, at: Party, room: str) -> None:
        first = await at.enters(room, create=RoomOptions(password="sesame"), seat=b"s" * 16)
        assert first.welcome.session.options.password == ""
        missing = await turned_away(at, room)
        wrong = await turned_away(at, room, password="simsalabim")
        assert (missing.code, wrong.code) == (ErrorCode.WRONG_PASSWORD,) * 2
        assert missing.text != wrong.text
        assert (await at.enters(room, password="sesame")).me == 2
        assert (await at.enters(room, seat=b"s" * 16)).me == first.me  # who has a seat has been in

    @pytest.mark.parametrize("what", ["app", "build"])
    async def test_another_game_or_build(self, at: Party, room: str, what: str) -> None:
        await at.enters(room, **{what: "tanks"})
        error = await turned_away(at, room, **{what: "ships"})
        assert error.code == ErrorCode.OTHER_APP
        assert (error.detail.expected, error.detail.got) == ("tanks", "ships")
        await at.enters(room, **{what: "tanks"})

    async def test_frames_that_are_too_long_for_a_client(self, at: Party, room: str) -> None:
        error = await turned_away(at, room, max_frame=4096)
        assert (error.code, error.detail.limit) == (ErrorCode.FRAME_SIZE, limits.FRAME_IN + 16)
        assert (error.detail.expected, error.detail.got) == ("max_frame of at least 16400", "4096")
        await at.enters(room, max_frame=16400)

    async def test_the_kicked(self, at: Party, room: str) -> None:
        host, seat = await at.enters(room), new_seat()
        kicked = await at.enters(room, seat=seat)
        host.says(Kick(kicked.me))
        assert await kicked.ends() == (CloseCode.KICKED, "kicked")
        left = await host.hears(Left)
        assert (left.player, left.reason) == (kicked.me, LeftReason.KICKED)
        assert (await turned_away(at, room, seat=seat)).code == ErrorCode.KICKED

    @pytest.mark.parametrize("is_portable", [False, True], ids=["direct", "portable"])
    async def test_the_kicked_and_their_address(self, is_portable: bool) -> None:
        async with party(limit_loopback=True, is_portable=is_portable) as at:
            host = await at.enters("R", create=RoomOptions(bar="address"))
            seat = new_seat()
            neighbour = await at.enters("R", seat=seat, source="127.0.0.2")
            kicked = await at.enters("R", source="127.0.0.2")
            host.says(Kick(kicked.me, "rude"))
            assert await kicked.ends() == (CloseCode.KICKED, "rude")
            for options in ({}, {"seat": new_seat()}, {"role": "spectator"}):
                again = await at.connects("R", source="127.0.0.2")
                again.greets(**options)
                error, code = await again.is_turned_away()
                assert (error.code, code) == (ErrorCode.KICKED, CloseCode.KICKED)
            await at.enters("R", source="127.0.0.3")
            neighbour.raw.reset()
            back = await at.connects("R", source="127.0.0.2")
            back.greets(seat=seat, position=neighbour.position)
            assert (await back.hears(Welcome)).session.resumed
            await at.enters("S", source="127.0.0.2")  # another room is another matter

    async def test_a_host_may_bar_addresses_later(self) -> None:
        async with party(limit_loopback=True) as at:
            host = await at.enters("R")
            kicked = await at.enters("R", source="127.0.0.2")
            host.says(Set(0, "@bar", pack("address")), Kick(kicked.me))
            assert (await kicked.ends())[0] == CloseCode.KICKED
            again = await at.connects("R", source="127.0.0.2")
            again.greets()
            assert (await again.is_turned_away())[0].code == ErrorCode.KICKED

    async def test_a_developers_bots_are_not_barred_together(self, at: Party, room: str) -> None:
        host = await at.enters(room, create=RoomOptions(bar="address"))
        kicked = await at.enters(room)
        host.says(Kick(kicked.me))
        assert (await kicked.ends())[0] == CloseCode.KICKED
        await at.enters(room)

    async def test_joins_that_come_too_fast_are_told_when_to_return(self) -> None:
        async with party(joins_per_second=0.5, joins_burst=1, limit_loopback=True) as at:
            first, second = await at.connects("R"), await at.connects("R")
            for peer in (first, second):  # at one moment, however slow the machine is
                peer.greets()
            error, code = await second.is_turned_away()
            assert (error.code, code) == (ErrorCode.TOO_FAST, CloseCode.TOO_FAST)
            assert error.detail.retry
            assert error.detail.after in range(1, 2002)
            await asyncio.sleep((error.detail.after or 0) / 1000)
            await at.enters("R")

    async def test_rooms_that_are_made_too_fast(self) -> None:
        async with party(rooms_per_second=0.1, rooms_burst=1, limit_loopback=True) as at:
            await at.enters("R")
            error = await turned_away(at, "S")
            assert error.code == ErrorCode.TOO_FAST
            assert 0 < (error.detail.after or 0) <= 10_001
            await at.enters("R")

    async def test_a_relay_that_is_full_of_rooms(self) -> None:
        async with party(max_rooms=1) as at:
            await at.enters("R")
            error = await turned_away(at, "S")
            assert (error.code, error.detail.limit) == (ErrorCode.RELAY_FULL, 1)
            await at.enters("R")


class TestOnJoin:
    async def test_the_hook_gets_what_hello_said(self) -> None:
        requests: list[JoinRequest] = []
        async with party(requests.append) as at:
            await at.enters("r", name="Ann", ticket="t", app="tanks", build="7", role="spectator")
        assert requests == [
            JoinRequest("R", "Ann", "spectator", "t", "tanks", "7", address="127.0.0.1")
        ]

    @pytest.mark.parametrize(
        ("verdict", "text"),
        [
            (False, "this game did not admit you: check your name and ticket"),
            ("not on a Sunday", "not on a Sunday"),
        ],
    )
    async def test_a_no_is_an_error_with_the_games_words(self, verdict: Verdict, text: str) -> None:
        async with party(lambda request: verdict) as at:
            error = await turned_away(at, "R")
            assert (error.code, error.text) == (ErrorCode.NOT_ADMITTED, text)
            assert at.node.registry.find("R") is None

    async def test_words_that_are_too_long_are_cut(self) -> None:
        async with party(lambda request: "ä" * 1000) as at:
            assert (await turned_away(at, "R")).text == "ä" * 512

    async def test_the_hook_may_wait_longer_than_a_hello_may(self) -> None:
        async def on_join(request: JoinRequest) -> Verdict:
            await asyncio.sleep(1.2)  # the game's own code takes its time
            return request.name == "Ann" or "only Ann"

        async with party(on_join, hello_seconds=1.0) as at:
            await at.enters("R", name="Ann")
            assert (await turned_away(at, "R", name="Bob")).text == "only Ann"

    async def test_the_hook_may_rename(self) -> None:
        def on_join(request: JoinRequest) -> Verdict:
            return dataclasses.replace(request, name=f"Sir {request.name}", role="spectator")

        async with party(on_join) as at:
            bob = await at.enters("R", name="Bob")
            assert bob.all(Joined)[0].info == PlayerInfo("Sir Bob", "spectator")

    async def test_the_hook_may_say_who_can_be_host(self) -> None:
        def on_join(request: JoinRequest) -> Verdict:
            return dataclasses.replace(request, can_host=request.ticket == "trusted")

        async with party(on_join) as at:
            ann, bob = await at.enters("R"), await at.enters("R", ticket="trusted")
            assert not ann.all(Joined)[0].info.can_host
            assert (await ann.hears(Host)).player == bob.me

    async def test_a_seat_is_asked_about_once(self) -> None:
        requests: list[JoinRequest] = []
        async with party(requests.append) as at:
            for _ in range(3):
                await at.enters("R", seat=b"s" * 16)
        assert len(requests) == 1

    @pytest.mark.parametrize("name", [None, "x" * 65])
    async def test_a_fault_of_the_hook_is_told_to_nobody_but_the_log(
        self, name: str | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        def on_join(request: JoinRequest) -> Verdict:
            if request.name == "Ann":
                return True
            if name is None:
                raise ZeroDivisionError
            return dataclasses.replace(request, name=name)

        async with party(on_join) as at:
            ann = await at.enters("R", name="Ann")
            for _ in range(2):
                error = await turned_away(at, "R", name="Bob")
                assert (error.code, error.detail.retry) == (ErrorCode.NOT_ADMITTED, True)
                assert error.text.startswith("this game could not decide")
            assert await ann.catches_up() == []
        (record,) = (record for record in caplog.records if record.levelname == "ERROR")
        assert record.exc_info is not None
