"""Sections 7, 13 to 18: errors, counting, what a program may do, time and heartbeat."""

from __future__ import annotations

import asyncio

from clients.conform.client.stage import EPOCH, Relay, Stage, book, taken
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Error,
    ErrorDetail,
    Hello,
    Kick,
    Limits,
    Ping,
    Presence,
    PresenceState,
    Send,
    Set,
    Snapshot,
    Transfer,
    Volatile,
)

OF_THE_ROOM = tuple(code for code in ErrorCode if code >= 64)
AHEAD = 7_000_000  # µs by which the relay's clock is ahead
SLACK = 0.1  # seconds by which a clock may be off on a busy machine


# Section 7: errors.


@book.case(
    7,
    keeps="; ".join(f"7 {code.name}" for code in OF_THE_ROOM) + "; 7.3; 4 ERROR; 5 error frame",
)
async def refusals_of_the_room(stage: Stage) -> None:
    """Every refusal of a counted frame is told with its frame, and the connection lives."""
    relay = await stage.enters()
    for count, code in enumerate(OF_THE_ROOM, 1):
        await stage.send(b"%d" % count)
        await relay.expect(Send)
        await relay.say(Error(3 + count, code, "no", ErrorDetail(frame=count)))
        line = await stage.told("refused", f"7 {code.name}", code=code, seq=3 + count)
        if "frame" in stage.program.can:
            stage.agree(line, "5 error", frame=count)
    await stage.until_mark(relay, 99)


@book.case(7, keeps="7.3; 4.3; 7 HELLO_EXPECTED; 7 UNEXPECTED", breaks="7")
async def errors_outside_the_order(stage: Stage) -> None:
    """ERRORs with seq 0 end nothing and are no position."""
    relay = await stage.enters()
    for code in (1, 7, 14, 32, 33, 64, 68):
        await relay.say(Error(0, code, "no", ErrorDetail(op=18)))
    await stage.until_mark(relay, 4)
    await relay.drop()
    _, hello = await stage.comes_back()
    position = hello.options.position
    relay.check(position == (EPOCH, 4), f"its position is {position}", "4.3")


@book.case(7, keeps="7.4; 20.1b", breaks="20.3")
async def errors_that_nobody_knows(stage: Stage) -> None:
    """Unknown codes are treated by their range: the connection lives."""
    relay = await stage.enters()
    for code in (31, 47, 95, 5000):
        await relay.say(Error(0, code, "no", ErrorDetail()))
    await stage.until_mark(relay, 4)


# Section 13: counting.


@book.case(
    13,
    keeps="13.4a; 5 session limits; 5 limits window; 19 counted frames without ACK; 12.1.3; "
    "4 ACK R; 4.5; 1.1.8",
)
async def the_window(stage: Stage) -> None:
    """No more than `limits.window` messages are unacknowledged."""
    relay = await stage.enters(limits=limits(window=3))
    for n in range(8):
        await stage.send(b"%d" % n)
    for count, until in ((0, 3), (2, 5), (5, 8)):
        await relay.say(taken(count))
        while len(relay.counted) < until:
            await relay.find(Send, "4 ACK R")
        await relay.quiet(Send, 0.3, "13.4a")
    came = [each.payload for each in relay.counted if isinstance(each, Send)]
    relay.check(came == [b"%d" % n for n in range(8)], f"{came} came", "12.1.3")


@book.case(13, keeps="13.4b; 13.5; 23.4")
async def what_was_not_taken_is_sent_again(stage: Stage) -> None:
    """After a resume just what was not taken is sent again, in order, before anything newer."""
    relay = await stage.enters()
    for n in range(5):
        await stage.send(b"%d" % n)
    await hears(relay, 0, 1, 2, 3, 4)
    await relay.say(taken(1))
    await relay.drop()
    relay, _ = await stage.comes_back()
    await stage.send(b"5")
    await relay.resumes(3, live=3, taken=3)
    await stage.send(b"6")
    while len(relay.counted) < 4:
        await relay.expect(Send, "13.4b")
    await relay.quiet(Send, 0.2, "13.5")
    came = [each.payload for each in relay.counted if isinstance(each, Send)]
    relay.check(came == [b"3", b"4", b"5", b"6"], f"{came} came after `taken` 3", "13.5")


@book.case(13, keeps="13.5; 1.1.6", breaks="13.3")
async def a_welcome_that_took_everything(stage: Stage) -> None:
    """Where WELCOME took everything, nothing is sent again, though no ACK ever came."""
    relay = await stage.enters()
    await stage.send(b"0")
    await hears(relay, 0)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.resumes(3, live=3, taken=1)
    await relay.quiet(Send, 0.3, "13.5")


@book.case(13, keeps="13.6a; 13.6b", breaks="13.2")
async def another_life_of_the_room(stage: Stage) -> None:
    """In another epoch what was not taken is lost: it is not sent again, and the game is told."""
    relay = await stage.enters()
    await stage.send(b"0")
    await hears(relay, 0)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.welcomes(epoch=b"epoch--2", taken=4)
    await relay.quiet(Send, 0.3, "13.6a")
    if "lost" in stage.program.can:
        await stage.told("lost", "13.6b", count=1)
    await stage.send(b"1")
    await hears(relay, 1)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.resumes(3, live=3, epoch=b"epoch--2", taken=5)
    await relay.quiet(Send, 0.3, "13.6a")


@book.case(13, keeps="13.6a", breaks="13.5")
async def another_client_has_used_the_seat(stage: Stage) -> None:
    """Where `taken` is beyond what was sent, nothing is sent again."""
    relay = await stage.enters()
    await stage.send(b"0")
    await hears(relay, 0)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.welcomes(taken=9)
    await relay.quiet(Send, 0.3, "13.6a")


@book.case(13, keeps="13.6a; 7.2; 7 SEAT_EXPIRED")
async def another_seat(stage: Stage) -> None:
    """As another player, after SEAT_EXPIRED, what was not taken is not sent again."""
    relay = await stage.enters()
    await stage.send(b"0")
    await hears(relay, 0)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.say(Error(0, ErrorCode.SEAT_EXPIRED, "", ErrorDetail()))
    await relay.quiet(Hello, 0.3, "7.2")
    await relay.welcomes(player=5)
    await relay.quiet(Send, 0.3, "13.6a")


@book.case(13, keeps="13.5; 14.1", breaks="13.1")
async def volatile_frames_do_not_count(stage: Stage) -> None:
    """VOLATILE is not counted: after one, `taken` 1 means the first SEND."""
    stage.needs("volatile")
    relay = await stage.enters()
    await stage.do("volatile", key=1, to=None, payload=b"v".hex())
    await relay.expect(Volatile)
    await stage.send(b"0")
    await stage.send(b"1")
    await hears(relay, 0, 1)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.resumes(3, live=3, taken=1)
    await hears(relay, 1, rule="13.5")
    await relay.quiet(Send, 0.2, "13.5")


# Section 14 to 16: what a program may do.


@book.case(14, keeps="4 VOLATILE; 4.7")
async def volatile_frames(stage: Stage) -> None:
    """VOLATILE has key, target and payload."""
    stage.needs("volatile")
    relay = await stage.enters()
    await stage.do("volatile", key=255, to=2, payload=b"v".hex())
    await relay.expect(Volatile, key=255, target=2, payload=b"v")


@book.case(14, keeps="14.3")
async def newest_values_are_said_again(stage: Stage) -> None:
    """The newest value of each key is said again after a WELCOME."""
    stage.needs("volatile")
    relay = await stage.enters()
    for value in (b"old", b"new"):
        await stage.do("volatile", key=9, to=None, payload=value.hex())
        await relay.expect(Volatile, "4 VOLATILE", key=9, target=None, payload=value)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.welcomes()
    await relay.expect(Volatile, "14.3", key=9, payload=b"new")


@book.case(15, keeps="4 PRESENCE C; 15.2a")
async def away_is_said_again(stage: Stage) -> None:
    """A client that is away says so again after every WELCOME."""
    stage.needs("presence")
    relay = await stage.enters()
    await stage.do("presence", state=PresenceState.AWAY)
    await relay.expect(Presence, "4 PRESENCE C", state=PresenceState.AWAY)
    for _ in range(2):
        await relay.drop()
        relay, _ = await stage.comes_back()
        await relay.resumes(3, live=3)
        await relay.expect(Presence, "15.2a", state=PresenceState.AWAY)


@book.case(15, keeps="4 KICK; 4 TRANSFER")
async def the_hosts_frames(stage: Stage) -> None:
    """KICK and TRANSFER name the player."""
    stage.needs("kick", "transfer")
    relay = await stage.enters()
    await stage.do("transfer", player=2)
    await relay.expect(Transfer, "4 TRANSFER", player=2)
    await stage.do("kick", player=2, reason="be kind")
    await relay.expect(Kick, "4 KICK", player=2, reason="be kind")


@book.case(16, keeps="4 SET; 4.9")
async def set_and_delete(stage: Stage) -> None:
    """SET has scope, key, packed value and expected version; deleting has false."""
    stage.needs("set")
    relay = await stage.enters()
    await stage.do("set", key="k", value=[1, "a"], scope=1, expected=7)
    value = b"\x92\x01\xa1a"
    await relay.expect(Set, "4 SET", scope=1, key="k", value=value, expected=7)
    await stage.do("delete", key="k")
    await relay.expect(Set, "4.9", scope=0, key="k", value=False, expected=False)


@book.case(12, keeps="4 SNAPSHOT C; 4.10; 12.5.2; 12.4 SNAPSHOT C; 5 limits max_frame")
async def giving_a_snapshot(stage: Stage) -> None:
    """A snapshot is cut into parts with one seq, none longer than `max_frame`."""
    stage.needs("snapshot")
    relay = await stage.enters(limits=limits(max_frame=4096))
    state = bytes(range(256)) * 40
    await stage.do("snapshot", payload=state.hex(), seq=2)
    first = await relay.find(Snapshot, "4 SNAPSHOT C")
    relay.check(first.seq == 2, f"its seq is {first.seq}, not 2", "12.4 SNAPSHOT C")
    relay.check(first.part == 0, f"its first part is {first.part}", "4.10")
    parts = [first]
    while len(parts) < first.parts:
        parts.append(await relay.expect(Snapshot, "12.5.2", seq=2, part=len(parts)))
    whole = b"".join(each.payload for each in parts)
    relay.check(whole == state, "the parts do not make the whole", "12.5.2")
    longest = max(len(each.payload) for each in parts)
    why = f"a part has {longest} bytes, beyond max_frame 4096"
    relay.check(longest < 4096, why, "5 limits max_frame")


# Section 17 and 18: time and heartbeat.


@book.case(17, keeps="17.1a; 4 PING; 4 PONG; 17")
async def three_quick_pings(stage: Stage) -> None:
    """Three PINGs come 100 ms apart right after LIVE; PONGs give the relay's time."""
    relay = await stage.connect()
    await relay.hello()
    relay.ahead = AHEAD
    await relay.welcomes()
    while sum(isinstance(each, Ping) for each in relay.heard) < 3:
        await relay.expect(Ping, "17.1a", within=1)
    if "clock" in stage.program.can:
        await stage.until_mark(relay, 4)
        off = await stage.clock_error(relay, "17")
        relay.check(off < SLACK, f"relay time is {off:.2f} s off", "17")


@book.case(17, keeps="17.1a; 17.2", is_slow=True)
async def a_ping_every_five_seconds(stage: Stage) -> None:
    """A PING comes every 5 s; one whose answer contradicts the others wins."""
    relay = await stage.enters()
    while sum(isinstance(each, Ping) for each in relay.heard) < 3:
        await relay.expect(Ping, "17.1a", within=1)
    begin = stage.now
    relay.ahead = 100 * AHEAD
    await relay.expect(Ping, "17.1a", within=6)
    passed = stage.now - begin
    relay.check(passed > 4, f"the next PING came after {passed:.1f} s", "17.1a")
    if "clock" in stage.program.can:
        await stage.until_mark(relay, 4)
        off = await stage.clock_error(relay, "17.2")
        relay.check(off < SLACK, f"relay time is {off:.2f} s off", "17.2")


@book.case(17, keeps="17.1b; 17", breaks="17.1a")
async def a_slow_pong(stage: Stage) -> None:
    """Of several samples the one with the least rtt gives the offset."""
    stage.needs("clock")
    relay = await stage.connect()
    await relay.hello()
    relay.ahead = AHEAD
    relay.answers = False
    await relay.welcomes()
    while len(pings := [each for each in relay.heard if isinstance(each, Ping)]) < 3:
        await relay.expect(Ping, "17.1a", within=1)
    await relay.pong(pings[2])
    await asyncio.sleep(0.4)
    # An honest answer to a PING of long ago: its rtt is long, and its offset is off by half of it.
    await relay.pong(pings[0])
    await stage.until_mark(relay, 4)
    off = await stage.clock_error(relay, "17.1b")
    relay.check(off < 0.2, f"relay time is {off:.2f} s off")


@book.case(18, keeps="18.1b")
async def websocket_pings(stage: Stage) -> None:
    """WebSocket pings are answered."""
    relay = await stage.enters()
    waiter = await relay.socket.ping()  # type: ignore[attr-defined] # both kinds have it
    try:
        async with asyncio.timeout(stage.patience):
            await waiter
    except TimeoutError:
        relay.check(False, "no pong came", "18.1b")


@book.case(18, keeps="18.2", breaks="4.4", is_slow=True)
async def a_relay_that_is_silent(stage: Stage) -> None:
    """A client whose PINGs stay unanswered for 15 s closes, and comes back."""
    relay = await stage.enters()
    relay.answers = False
    await relay.ends(None, within=26)
    await stage.comes_back()


def limits(**values: int) -> Limits:
    """Return what WELCOME asks a client to keep to."""
    return Limits(**values)


async def hears(relay: Relay, *numbers: int, rule: str = "") -> None:
    """Expect SENDs with these payloads, in this order."""
    for number in numbers:
        await relay.expect(Send, rule, payload=b"%d" % number)
