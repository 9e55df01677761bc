"""Sections 17 to 20: time, heartbeat and limits."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from clients.conform.server.scene import Player, Scene, book
from clients.conform.talk import Ended
from protocol.codec import unpack
from protocol.error_codes import ErrorCode
from protocol.frames import Error, Notice, NoticeKind, Ping, Pong, RoomOptions, Send, Volatile


@book.case(17, keeps="4.4; 4 PING; 4 PONG; 5 session time")
async def the_relays_clock(scene: Scene) -> None:
    """PONG has `t` as it came, and a clock in µs that grows with ours."""
    ann = await scene.enter("Ann")
    assert ann.welcome is not None
    await ann.say(Ping(0))
    first = await ann.expect(Pong, t=0)
    begin = scene.now
    await scene.idle(0.5)
    await ann.say(Ping(1))
    second = await ann.expect(Pong, t=1)
    passed, told = scene.now - begin, (second.received - first.received) / 1e6
    ann.check(first.received <= first.sent <= second.received, "its clock went back")
    ann.check(abs(told - passed) < 0.4, f"{told} s on its clock were {passed} s", "4.4")
    begun = ann.welcome.session.time
    ann.check(0 < begun <= first.received, f"it was {begun} at first", "5 session time")


@book.case(18, keeps="18.1a; 8 4001", is_slow=True)
async def silence(scene: Scene) -> None:
    """A client that is silent for 20 s, and answers no ping, is closed with 4001."""
    ann = await scene.enter("Ann")
    answers_none(ann.socket)
    begin = scene.now
    await ann.ends(4001, within=20 + 4)
    ann.check(scene.now - begin > 15, "it was closed too soon", "18.1a")


@book.case(18, keeps="18.1a", is_slow=True)
async def a_pong_is_a_sign_of_life(scene: Scene) -> None:
    """A client that says nothing but answers WebSocket pings stays."""
    ann = await scene.enter("Ann")
    with suppress(TimeoutError):
        await ann.next(within=23)
    await ann.fence("18.1a")


@book.case(
    19,
    keeps="19 the highest that this can be set to; 5 limits max_frame; 5 limits window",
)
async def welcome_says_the_limits(scene: Scene) -> None:
    """WELCOME says limits that lie within their bounds."""
    ann = await scene.connect()
    await ann.hello()
    message = await ann.socket.recv()
    assert isinstance(message, bytes)
    *_, session = unpack(message)
    told = {"max_frame": 16_384, "window": 256, **session.get("limits", {})}
    most, window = told["max_frame"], told["window"]
    highest = "19 the highest that this can be set to"
    ann.check(most <= 1_048_576, f"max_frame is {most}", highest)
    ann.check(most >= 256, f"max_frame is {most}", "5 limits max_frame")
    ann.check(1 <= window <= 65_536, f"window is {window}", "5 limits window")
    ann.noticed(ann.read(message))


@book.case(
    19,
    keeps="19c; 4 NOTICE THROTTLE; 4 NOTICE; 5 notice limit; 5 notice after; 13.7; "
    "19 messages of a connection; 5 limits frames_per_second",
    breaks="5 limits frames_per_second",
)
async def too_many_messages(scene: Scene) -> None:
    """Over the rate the relay says THROTTLE and reads later, and takes every counted message."""
    ann = await scene.enter("Ann")
    assert ann.welcome is not None
    rate = ann.welcome.session.limits.frames_per_second
    if not rate or rate > 1000:
        scene.not_applicable("the relay has no such limit")
    await ann.say(*[Send(None, b"")] * (rate * 3))
    notice = await ann.expect(Notice, "19c", kind=NoticeKind.THROTTLE)
    told = notice.detail.limit
    ann.check(told == rate, f"the limit is told as {told}", "5 notice limit")
    ann.check(notice.detail.after is not None, "`after` is missing", "5 notice after")
    await ann.say(Ping(5))
    pong = await ann.expect(Pong, "13.7", within=8)
    ann.check(pong.taken == rate * 3, f"{pong.taken} of {rate * 3} are taken", "13.7")


@book.case(
    19,
    keeps="8 4003; 19c; 19 messages of a connection; 8.3",
    breaks="5 limits frames_per_second",
    is_slow=True,
)
async def far_too_many_messages(scene: Scene) -> None:
    """After 10 s over the rate the relay closes with 4003."""
    ann = await scene.enter("Ann")
    assert ann.welcome is not None
    rate = ann.welcome.session.limits.frames_per_second
    if not rate or rate > 1000:
        scene.not_applicable("the relay has no such limit")
    ended = await _flood(ann, rate // 5, scene.now + 25)
    ann.check(ended.code == 4003, f"the connection was {ended}")
    ann.check(ended.reason == "too_fast", f"the reason is {ended.reason!r}", "8.3")


@book.case(
    19,
    keeps="19 bytes of a connection; 19c; 4 NOTICE THROTTLE; 5 limits bytes_per_second",
    breaks="5 limits bytes_per_second",
)
async def too_many_bytes(scene: Scene) -> None:
    """More than 1 MiB at once is throttled, and every counted message is taken."""
    ann = await scene.enter("Ann")
    assert ann.welcome is not None
    limits = ann.welcome.session.limits
    if not limits.bytes_per_second or limits.bytes_per_second > 1 << 20:
        scene.not_applicable("the relay has no such limit")
    size = limits.max_frame - 64
    count = 5 * limits.bytes_per_second // size
    await ann.say(*[Send(ann.me, bytes(size))] * count, Ping(5))
    await ann.expect(Notice, "19c", within=5, kind=NoticeKind.THROTTLE)
    pong = await ann.expect(Pong, "13.7", within=12)
    ann.check(pong.taken == count, f"{pong.taken} of {count} are taken", "13.7")


@book.case(19, keeps="19 players in a room; 7 ROOM_FULL; 5 room capacity", is_slow=True)
async def sixty_five_players(scene: Scene) -> None:
    """A room takes 64 players, unless its `capacity` says otherwise."""
    await scene.enter("Ann", create=RoomOptions(history="none"))
    for number in range(2, 65):
        await scene.enter(f"P{number}")
    last = await scene.connect()
    await last.hello()
    await last.refused(ErrorCode.ROOM_FULL, "19 players in a room")


async def _flood(ann: Player, messages: int, until: float) -> Ended:
    """Say so much ten times a second, until the relay closes."""
    while time.monotonic() < until:
        await ann.say(*[Ping(0)] * messages)
        try:
            async with asyncio.timeout(0.1):
                while True:
                    await ann.next()
        except TimeoutError:
            pass
        except Ended as ended:
            return ended
    raise ann.breach("", "it may go on like this for 25 s")


@book.case(19, keeps="19 pings and pongs of a connection; 8 4003", breaks="18.1b")
async def too_many_pings(scene: Scene) -> None:
    """More WebSocket pings than 100 at once are closed with 4003."""
    ann = await scene.enter("Ann")
    with suppress(ConnectionClosed):
        for _ in range(200):  # so few that the relay reads on, and its close is not cut off
            await ann.socket.ping()  # type: ignore[attr-defined]
    await ann.ends(4003)


@book.case(19, keeps="19 messages before WELCOME, beside HELLO; 8 4500", breaks="9.2a")
async def too_much_before_hello(scene: Scene) -> None:
    """20 messages before HELLO are closed with 4500."""
    ann = await scene.connect()
    await ann.say(*[Volatile(1, None, b"")] * 20)
    await ann.ends(4500)
    errors = [each.code for each in ann.heard if isinstance(each, Error)]
    ann.check(set(errors) == {ErrorCode.HELLO_EXPECTED}, f"{set(errors)} were told", "9.1a")


@book.case(19, keeps="8 1009; 19 the same, for the transport", breaks="5 limits max_frame")
async def a_message_beyond_the_transport(scene: Scene) -> None:
    """A message beyond what the transport takes is closed with 1009."""
    ann = await scene.enter("Ann")
    with suppress(ConnectionClosed):
        await ann.socket.send(bytes(5 << 20))
    await ann.ends(1009)


@book.case(20, keeps="20.2", breaks="20.1a")
async def further_fields_of_a_client(scene: Scene) -> None:
    """A relay takes exactly the fields of its version: one more is ARITY."""
    ann = await scene.enter("Ann")
    await ann.say("92 08 00", "93 07 01 00", "94 10 C0 C4 00 00")
    for frame in (None, None, 1):
        await ann.refused(ErrorCode.ARITY, "20.2", detail__frame=frame)


@book.case(21, keeps="21.7; 12.3.3a")
async def back_again_and_again(scene: Scene) -> None:
    """Five returns in a row resume, and nothing is lost or told twice."""
    ann, bob = await scene.two()
    now = bob
    for n in range(5):
        position = (now.epoch, now.reached)
        await now.drop()
        await ann.say(Send(None, b"%d" % n))
        await ann.fence()
        now = await scene.again(bob, position=position)
        now.seat = bob.seat
        await now.welcomed()
        await now.live()
        told = [each.payload for each in now.stream if hasattr(each, "payload")]
        now.check(told == [b"%d" % n], f"{told} were told")


def answers_none(socket: Any) -> None:
    """Let a socket of ours answer no WebSocket ping."""
    send_frame = socket.protocol.send_frame

    def send(frame: Frame) -> None:
        if frame.opcode is not Opcode.PONG:
            send_frame(frame)

    socket.protocol.send_frame = send
