"""One WebSocket's life, on real sockets: before WELCOME, bad frames, rates, acknowledgements."""

from __future__ import annotations

import asyncio
import time

import pytest

from protocol import limits
from protocol.close_codes import CloseCode
from protocol.codec import encode, pack
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    Hello,
    HelloOptions,
    Kick,
    Leave,
    Left,
    LeftReason,
    Live,
    Notice,
    NoticeKind,
    Ping,
    Pong,
    PresenceChanged,
    Send,
    Taken,
    Update,
    Volatile,
    Welcome,
)
from relay.policy import conduct
from tests.helpers.peers import Party, Peer, new_seat, party
from tests.helpers.raw import CLOSE, frame

BAD = bytes.fromhex("92 10 C0")  # SEND without its payload: counted
BAD_UNCOUNTED = bytes.fromhex("92 05 C0")  # PING of nil
A_MINUTE = 60.0


@pytest.fixture
async def ann(at: Party, room: str) -> Peer:
    return await at.enters(room)


@pytest.fixture
async def bob(ann: Peer, at: Party, room: str) -> Peer:
    return await at.enters(room)


def numbered(many: int) -> list[bytes]:
    return [b"%d" % number for number in range(many)]


class TestBeforeWelcome:
    async def test_what_comes_before_hello_is_refused_and_not_counted(
        self, at: Party, room: str
    ) -> None:
        early = await at.connects(room)
        early.says(Send(None, b"too early"), Ping(1), Leave())
        for op in (Send.opcode, Ping.opcode, Leave.opcode):
            error = await early.hears(Error)
            assert (error.seq, error.code) == (0, ErrorCode.HELLO_EXPECTED)
            assert (error.detail.op, error.detail.expected) == (op, "HELLO")
        early.greets()
        assert (await early.hears(Welcome)).session.taken == 0

    async def test_a_hello_with_a_slip_may_be_said_again(self, at: Party, room: str) -> None:
        early = await at.connects(room)
        early.says(bytes.fromhex("93 01 01 81 A4 6E 61 6D 65 07"))  # name: 7
        error = await early.hears(Error)
        assert (error.code, error.detail.offset) == (ErrorCode.WRONG_TYPE, 9)
        early.greets()
        await early.hears(Live)

    async def test_too_many_bad_frames_end_it_before_anything_is_made(
        self, at: Party, room: str
    ) -> None:
        early = await at.connects(room)
        early.says(*[BAD] * conduct.MAX_BAD_FRAMES)
        early.greets()
        assert await early.ends() == (CloseCode.BAD_FRAMES, "bad_frames")
        assert len(early.all(Error)) == conduct.MAX_BAD_FRAMES
        assert at.node.registry.find(room) is None

    async def test_a_second_hello_cannot_come(self, ann: Peer) -> None:
        ann.greets()
        error = await ann.hears(Error)
        assert (error.code, error.detail.op) == (ErrorCode.UNEXPECTED, Hello.opcode)

    async def test_the_highest_common_version_is_spoken(self, at: Party, room: str) -> None:
        newer = await at.connects(room)
        newer.says(Hello(7, HelloOptions(min=1)))
        assert (await newer.hears(Welcome)).version == 1

    async def test_unknown_options_are_named(self, at: Party, room: str) -> None:
        newer = await at.connects(room)
        options = {"name": "Ann", "colour": 7, "create": {"weather": "rain"}}
        newer.says(b"\x93\x01\x01" + pack(options))
        assert (await newer.hears(Welcome)).session.ignored == ("colour", "create.weather")

    async def test_any_number_of_unknown_options_of_any_length_is_ignored(
        self, at: Party, room: str
    ) -> None:
        newer = await at.connects(room)
        newer.says(b"\x93\x01\x01" + pack({f"{number}ä" * 30: number for number in range(40)}))
        ignored = (await newer.hears(Welcome)).session.ignored
        assert len(ignored) == limits.MAX_IGNORED
        assert all(len(name.encode()) <= limits.MAX_WORD for name in ignored)


class TestBadFrames:
    async def test_an_error_says_where_and_why_and_the_connection_lives(self, ann: Peer) -> None:
        ann.says(Send(None, b"counts"), BAD)
        error = await ann.hears(Error)
        assert (error.seq, error.code) == (4, ErrorCode.ARITY)
        detail = error.detail
        assert (detail.op, detail.offset, detail.frame) == (Send.opcode, 0, 2)
        assert (detail.expected, detail.got, detail.retry) == ("2 fields", "1 fields", False)
        assert ann.all(Error) == [error]
        await ann.catches_up()
        assert ann.all(Pong)[-1].taken == 2

    async def test_what_is_not_counted_is_refused_outside_the_order(self, ann: Peer) -> None:
        ann.says(BAD_UNCOUNTED)
        error = await ann.hears(Error)
        assert (error.seq, error.code, error.detail.offset) == (0, ErrorCode.WRONG_TYPE, 2)
        assert error.detail.frame is None

    async def test_twenty_within_ten_seconds_give_the_seat_up(
        self, at: Party, room: str, bob: Peer
    ) -> None:
        hostile = await at.enters(room, seat=new_seat())
        hostile.says(*[BAD] * 19)
        await hostile.catches_up()
        hostile.says(BAD_UNCOUNTED, Send(None, b"too late"))
        assert await hostile.ends() == (CloseCode.BAD_FRAMES, "bad_frames")
        assert len(hostile.all(Error)) == 20
        left = await bob.hears(Left)
        assert (left.player, left.reason) == (hostile.me, LeftReason.LEFT)
        assert bob.payloads == []

    async def test_an_operator_may_let_fewer_pass(self) -> None:
        async with party(bad_frames=3) as at:
            ann = await at.enters("R")
            ann.says(*[BAD] * 30)
            assert await ann.ends() == (CloseCode.BAD_FRAMES, "bad_frames")
            assert len(ann.all(Error)) == 3

    async def test_an_operator_may_let_all_of_them_pass(self) -> None:
        async with party(bad_frames="unlimited") as at:
            early = await at.connects("R")
            early.says(*[BAD] * 30)
            early.greets()
            await early.hears(Live)
            early.says(*[BAD, BAD_UNCOUNTED] * 30, Send(None, b"good"))
            await early.catches_up()
            assert len(early.all(Error)) == 90
            assert early.all(Pong)[-1].taken == 31

    async def test_older_ones_are_forgotten(
        self, ann: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(conduct, "BAD_FRAMES_SECONDS", 0.0)
        ann.says(*[BAD] * 30)
        await ann.catches_up()
        assert len(ann.all(Error)) == 30

    async def test_refused_volatile_frames_are_bad_ones_too(self, at: Party, room: str) -> None:
        await at.enters(room)
        spectator = await at.enters(room, role="spectator")
        spectator.says(*[Volatile(1, None, b"x")] * 20)
        assert await spectator.ends() == (CloseCode.BAD_FRAMES, "bad_frames")
        assert {error.code for error in spectator.all(Error)} == {ErrorCode.READ_ONLY}

    async def test_what_the_room_refuses_is_no_bad_frame(self, ann: Peer, bob: Peer) -> None:
        bob.says(*[Kick(ann.me)] * 30)
        await bob.catches_up()
        assert [error.code for error in bob.all(Error)] == [ErrorCode.NOT_HOST] * 30

    @pytest.mark.parametrize(("op", "counts"), [(0x10, True), (0x12, False), (0x01, False)])
    async def test_a_message_that_is_too_big_is_refused(
        self, ann: Peer, op: int, counts: bool
    ) -> None:
        ann.says(bytes([0x93, op]) + bytes(limits.FRAME_IN - 1))
        error = await ann.hears(Error)
        assert (error.code, error.detail.limit) == (ErrorCode.TOO_BIG, limits.FRAME_IN)
        assert (error.detail.frame, error.detail.op) == (1 if counts else None, op)
        await ann.catches_up()
        assert ann.all(Pong)[-1].taken == counts

    async def test_the_longest_message_arrives(self, ann: Peer, bob: Peer) -> None:
        payload = bytes(limits.FRAME_IN - 6)
        message = encode(Send(None, payload))
        assert len(message) == limits.FRAME_IN
        ann.says(message)
        assert (await bob.hears(Deliver)).payload == payload


class TestPassingOn:
    @pytest.mark.parametrize(
        "message",
        ["93 10 C0 C5 00 02 68 69", "93 10 D1 FF 01 C4 02 68 69", "93 10 91 02 C4 02 68 69"],
    )
    async def test_long_winded_heads_are_encoded_anew(
        self, ann: Peer, bob: Peer, message: str
    ) -> None:
        bob.says(bytes.fromhex("93 14 DC 00 01 CC FF 90"))
        await bob.catches_up()
        ann.says(bytes.fromhex(message))
        while (heard := await bob.raw.receive())[1] != Deliver.opcode:
            pass
        assert heard[3:] == bytes.fromhex("01 C4 02 68 69")

    async def test_leaving_ends_it_and_what_follows_is_ignored(self, ann: Peer, bob: Peer) -> None:
        bob.says(Send(None, b"first"), Leave(), Send(None, b"second"), Leave())
        assert await bob.ends() == (CloseCode.NORMAL, "normal")
        left = await ann.hears(Left)
        assert (left.player, left.reason) == (bob.me, LeftReason.LEFT)
        await ann.catches_up()
        assert ann.payloads == [b"first"]


class TestTaken:
    async def test_after_32_frames_they_are_acknowledged_at_once(
        self, ann: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "ACK_SECONDS", A_MINUTE)
        ann.says(*[Send(None, b"x")] * 70)
        assert await ann.hears(Taken) == Taken(32, 34)
        assert await ann.hears(Taken) == Taken(64, 66)

    async def test_fewer_are_acknowledged_after_a_while_and_once(
        self, ann: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "ACK_SECONDS", 0.05)
        began = time.monotonic()
        ann.says(Send(None, b"x"), BAD, Send(None, b"y"))
        assert await ann.hears(Taken) == Taken(3, 5)
        assert time.monotonic() - began >= 0.05
        ann.says(Volatile(1, None, b"not counted"), Ack(5))
        ann.says(Send(None, b"z"))
        assert await ann.hears(Taken) == Taken(4, 6)
        assert ann.all(Taken) == [Taken(3, 5), Taken(4, 6)]

    async def test_a_pong_says_it_too(self, ann: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "ACK_SECONDS", 0.05)
        ann.says(Send(None, b"x"), Ping(7))
        pong = await ann.hears(Pong)
        assert (pong.t, pong.taken, pong.seq) == (7, 1, 3)
        ann.says(Send(None, b"x"))
        assert await ann.hears(Taken) == Taken(2, 4)  # not 1, which was said

    async def test_a_pong_has_the_relays_clock(self, ann: Peer) -> None:
        before = time.time_ns() // 1000
        ann.says(Ping(1), Ping(2))
        first, second = await ann.hears(Pong), await ann.hears(Pong)
        stamps = [first.received, first.sent, second.received, second.sent]
        assert stamps == sorted(stamps)
        assert abs(first.received - before) < 5_000_000
        assert ann.welcome.session.time <= first.received


class TestTooFast:
    async def test_too_fast_is_slowed_down_and_loses_nothing(self) -> None:
        async with party(frames_per_second=100, frames_burst=10) as at:
            ann, bob = await at.enters("R"), await at.enters("R")
            began = time.monotonic()
            ann.says(*[Send(None, payload) for payload in numbered(40)])
            await bob.hears(Deliver, lambda deliver: deliver.payload == b"39")
            assert time.monotonic() - began >= 0.25
            assert bob.payloads == numbered(40)
            await ann.catches_up()
            (notice,) = ann.all(Notice)
            assert (notice.kind, notice.detail.limit) == (NoticeKind.THROTTLE, 100)
            assert notice.detail.after in range(1, 100)
            assert ann.all(Pong)[-1].taken == 40

    async def test_who_closes_at_once_loses_nothing(self) -> None:
        async with party(frames_per_second=100, frames_burst=10) as at:
            ann, bob = await at.enters("R"), await at.enters("R")
            ann.says(*[Send(None, payload) for payload in numbered(40)])
            ann.raw.write(frame(CLOSE, (1000).to_bytes(2)))
            await bob.hears(Left)
            assert bob.payloads == numbered(40)
            assert await ann.ends() == (1000, "")

    async def test_nothing_more_is_read_meanwhile(self) -> None:
        async with party(frames_per_second=1, frames_burst=1) as at:
            ann = await at.enters("R")
            ann.says(*[Send(None, bytes(16_000))] * 1000)
            await ann.hears(Notice)
            waiting = ann.raw.unsent
            await asyncio.sleep(0.2)
            assert ann.raw.unsent == waiting > 8_000_000

    async def test_bytes_have_a_rate_of_their_own(self) -> None:
        async with party(bytes_per_second=100_000, bytes_burst=10_000) as at:
            ann, bob = await at.enters("R"), await at.enters("R")
            began = time.monotonic()
            ann.says(*[Send(None, bytes(10_000))] * 4)
            for _ in range(4):
                await bob.hears(Deliver)
            assert time.monotonic() - began >= 0.2
            await ann.hears(Notice)

    @pytest.mark.parametrize("frame", [Send((1,) * 640, b"x"), Volatile(1, (1,) * 640, b"x")])
    async def test_a_long_list_costs_several_frames(self, frame: Send | Volatile) -> None:
        async with party(frames_per_second=100, frames_burst=10) as at:
            ann = await at.enters("R")
            ann.says(frame)
            await ann.hears(Deliver if isinstance(frame, Send) else Update)
            notice = await ann.hears(Notice)
            assert notice.kind == NoticeKind.THROTTLE
            assert notice.detail.after in range(1, 40)

    async def test_a_short_list_costs_nothing(self) -> None:
        async with party(frames_per_second=0.1, frames_burst=12) as at:
            ann = await at.enters("R")
            ann.says(*[Send((1,) * 63, b"x")] * 8)
            await ann.catches_up()
            assert ann.all(Notice) == []
            assert len(ann.payloads) == 8

    async def test_volatile_frames_are_dropped_first(self) -> None:
        async with party(frames_per_second=100, frames_burst=10) as at:
            ann, bob = await at.enters("R"), await at.enters("R")
            ann.says(*[Volatile(key, None, b"x") for key in range(30)], Send(None, b"end"))
            await bob.hears(Deliver)
            keys = [update.key for update in bob.all(Update)]
            assert keys == sorted(keys)
            assert keys[:9] == list(range(9))
            assert len(keys) < 30

    async def test_who_slows_down_is_told_anew_the_next_time(self) -> None:
        async with party(frames_per_second=1000, frames_burst=2) as at:
            ann = await at.enters("R")
            for calm in (0, 1.5 * conduct.CALM_SECONDS):
                await asyncio.sleep(calm)
                ann.says(*[Send(None, b"x")] * 10)
                await ann.hears(Notice)
                await ann.catches_up()
            assert len(ann.all(Notice)) == 2

    async def test_who_never_slows_down_is_let_go_and_may_come_back(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(conduct, "THROTTLED_SECONDS", 0.2)
        seat = new_seat()
        async with party(frames_per_second=100, frames_burst=10) as at:
            ann, bob = await at.enters("R"), await at.enters("R", seat=seat)
            bob.says(*[Send(None, payload) for payload in numbered(100)])
            assert await bob.ends() == (CloseCode.TOO_FAST, "too_fast")
            again = await at.connects("R")
            again.greets(seat=seat, position=bob.position)
            taken = (await again.hears(Welcome)).session.taken
            assert 10 < taken < 100
            again.says(*[Send(None, payload) for payload in numbered(100)[taken:][:10]])
            await ann.hears(Deliver, lambda deliver: deliver.payload == b"%d" % (taken + 9))
            assert ann.payloads == numbered(taken + 10)


class TestReplaced:
    async def test_the_newest_connection_has_the_seat(self, at: Party, room: str) -> None:
        seat = new_seat()
        older = await at.enters(room, seat=seat)
        newer = await at.enters(room, seat=seat)
        assert await older.ends() == (CloseCode.REPLACED, "replaced")
        assert (newer.me, newer.all(PresenceChanged)) == (older.me, [])
        await newer.catches_up()

    async def test_what_waits_in_the_older_one_is_left_to_the_newer(self) -> None:
        seat = new_seat()
        async with party(frames_per_second=1, frames_burst=5) as at:
            ann, older = await at.enters("R"), await at.enters("R", seat=seat)
            older.says(*[Send(None, payload) for payload in numbered(20)])
            await older.hears(Notice)  # what is left of these waits
            newer = await at.connects("R")
            newer.greets(seat=seat, position=older.position)
            taken = (await newer.hears(Welcome)).session.taken
            assert await older.ends() == (CloseCode.REPLACED, "replaced")
            assert 0 < taken < 10
            newer.says(*[Send(None, payload) for payload in numbered(taken + 3)[taken:]])
            await ann.hears(Deliver, lambda deliver: deliver.payload == b"%d" % (taken + 2))
            assert ann.payloads == numbered(taken + 3)
