"""Sections 8, 10, 12.3 and 21: closes, refusals at the door, and coming back."""

from __future__ import annotations

from http import HTTPStatus
from itertools import pairwise

from clients.conform.client.stage import EPOCH, Stage, as_it_stands, book, welcome
from protocol.close_codes import CloseCode, may_return
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Desync,
    Error,
    ErrorDetail,
    Frame,
    Hello,
    Host,
    Joined,
    Leave,
    Left,
    Live,
    Notice,
    NoticeDetail,
    NoticeKind,
    PlayerInfo,
    Pong,
    PresenceChanged,
    Property,
    Send,
    Session,
    Start,
    Taken,
    Tick,
    Update,
    Welcome,
)

OUT = 0.5  # seconds in which a client that stays away must not come back
AT_ONCE = 0.25  # seconds that six waits together fall short of once in 100,000 times
LATE = 0.4  # seconds beside SPEC's own, as the program's machine may be busy


# Section 8: every code.


def _add_close(code: int, name: str, rules: str) -> None:
    async def play(stage: Stage) -> None:
        relay = await stage.enters()
        if code == 1006:
            await relay.drop()
        else:
            await relay.close(code, name)
        if may_return(code):
            _, hello = await stage.comes_back()
            relay.check(hello.options.position == (EPOCH, 3), "it did not resume", "21.7")
        else:
            await stage.told("closed", code=code)
            await stage.stays_away(stage.rule, OUT)

    what = "comes back" if may_return(code) else "stays away"
    play.__doc__ = f"After {code} {name} the client {what}."
    book.case(8, rules)(play)


for _listed in CloseCode:
    if _listed is not CloseCode.NORMAL:
        _rule = "8.1a" if may_return(_listed) else "8.1b"
        _more = "; 11.2b" if _listed is CloseCode.REPLACED else ""
        _add_close(int(_listed), _listed.reason, f"8 {int(_listed)}; {_rule}{_more}")
for _code, _name, _rules in (
    (1006, "no close", "8.1a"),
    (1002, "protocol error", "8.5"),
    (1007, "no UTF-8", "8.5"),
    (4042, "unlisted", "8.1a"),
    (4499, "unlisted", "8.1a"),
    (4777, "unlisted", "8.1b"),
    (4999, "unlisted", "8.1b"),
):
    _add_close(_code, _name, _rules)


# Section 10: refusals at the door.

DOOR = tuple(code for code in ErrorCode if 48 <= code < 64)


def _add_refusal(code: ErrorCode) -> None:
    close = CloseCode[code.name]

    async def play(stage: Stage) -> None:
        relay = await stage.connect()
        await relay.hello()
        await relay.say(Error(0, code, "The door is shut.", ErrorDetail()))
        await relay.close(close, close.reason)
        if may_return(close):
            await stage.comes_back()
        else:
            await stage.told("closed", code=int(close))
            await stage.stays_away(stage.rule, OUT)

    what = "comes back" if may_return(close) else "stays away, and says why"
    play.__doc__ = f"Refused with {code.name} and {int(close)}, the client {what}."
    book.case(10, f"7 {code.name}; 7.3")(play)


for _door in DOOR:
    _add_refusal(_door)


@book.case(7, keeps="7.4; 8.1b; 20.1b", breaks="20.3")
async def a_refusal_that_nobody_knows(stage: Stage) -> None:
    """An unknown refusal at the door, 61 and 4600, is taken as one to stay away."""
    relay = await stage.connect()
    await relay.hello()
    await relay.say(Error(0, 61, "Bring a cake.", ErrorDetail()))
    await relay.close(4600, "no_cake")
    await stage.told("closed", code=4600)
    await stage.stays_away("7.4", OUT)


# Section 12.3: positions and resumes.


def _add_position(rule: str, frames: tuple[Frame, ...], seq: int) -> None:
    async def play(stage: Stage) -> None:
        relay = await stage.enters()
        await relay.say(*frames)
        await stage.settle(relay)
        await relay.drop()
        _, hello = await stage.comes_back()
        position = hello.options.position
        # What must not move it was said as well: an UPDATE, so as to know that all was heard.
        blamed = "12.3.1c" if position and position[1] > seq else ""
        relay.check(position is not None, "it has no position", "5 HELLO position")
        relay.check(position == (EPOCH, seq), f"its position is {position}, not {seq}", blamed)

    name = type(frames[-1]).__name__
    play.__doc__ = f"{name}: the position that a client comes back with is {seq}."
    extra = "; 12.3.1a" if seq > 3 else ""
    book.case(12, f"{rule}{extra}; 5 HELLO position; 21.7")(play)


for _rule, _frames, _seq in (
    ("12.4 DELIVER R", (Deliver(50, 2, b"x"),), 50),
    ("12.4 DELIVER R; 4 JOINED", (Joined(50, 9, PlayerInfo()),), 50),
    ("12.4 DELIVER R; 4 LEFT", (Left(50, 2, 1),), 50),
    ("12.4 DELIVER R; 4 PRESENCE R", (PresenceChanged(50, 2, 1),), 50),
    ("12.4 DELIVER R; 4 HOST", (Host(50, 2, 2),), 50),
    ("12.4 DELIVER R; 4 PROPERTY", (Property(50, 0, "k", b"\x01", 50, 2),), 50),
    ("4 TICK; 4 inputs", (Tick(50, 1, ((2, b"x"),)),), 50),
    ("4 DESYNC", (Desync(50, 1, b"x", (2,)),), 50),
    ("4 START", (Start(50, 10**9),), 50),
    ("12.4 ERROR R", (Error(50, 64, "", ErrorDetail()),), 50),
    ("12.4 ACK R", (Taken(0, 50),), 50),
    ("12.4 PONG R", (Pong(0, 1, 1, 0, 50),), 50),
    ("12.3.1c; 4 UPDATE", (Update(1, 2, b"x"),), 3),
    ("12.3.1c", (Notice(NoticeKind.MEMORY, NoticeDetail(seq=900)),), 3),
    ("12.1.1b", (Deliver(50, 2, b"x"), Update(1, 2, b"x")), 50),
):
    _add_position(_rule, _frames, _seq)


@book.case(12, keeps="12.3.1b", breaks="12.2.4")
async def no_position_before_live(stage: Stage) -> None:
    """A stream that was cut before LIVE leaves no position."""
    relay = await stage.connect()
    await relay.hello()
    await relay.say(welcome(), *as_it_stands())
    await relay.drop()
    relay, hello = await stage.comes_back()
    relay.check(hello.options.position is None, f"it has one: {hello.options.position}")
    await relay.welcomes()
    await stage.told("live")


@book.case(12, keeps="12.3.1b; 12.2.1; 7.2; 7 HISTORY_TRIMMED", breaks="12.2.4")
async def a_fresh_stream_ends_the_position(stage: Stage) -> None:
    """A WELCOME with `resumed` false ends the position, even in the same epoch, until LIVE."""
    relay = await stage.enters()
    await relay.drop()
    relay, hello = await stage.comes_back()
    relay.check(hello.options.position == (EPOCH, 3), "it did not ask for a resume")
    await relay.say(Error(0, ErrorCode.HISTORY_TRIMMED, "", ErrorDetail()))
    await relay.quiet(Hello, 0.3, "7.2")
    await relay.say(welcome(), *as_it_stands())
    await relay.drop()
    relay, hello = await stage.comes_back()
    relay.check(hello.options.position is None, f"it has one: {hello.options.position}")


@book.case(12, keeps="12.3.3b; 12.3.3a; 5 session resumed")
async def a_resume_is_told_once(stage: Stage) -> None:
    """What a resume tells is told once, and the room is not told anew."""
    relay = await stage.enters()
    await relay.say(Deliver(4, 2, b"before"))
    await stage.payload(b"before")
    await relay.drop()
    relay, hello = await stage.comes_back()
    relay.check(hello.options.position == (EPOCH, 4), "its position is another", "12.3.1a")
    await relay.resumes(4, Deliver(5, 2, b"missed"), live=6)
    await stage.told("resumed", "5 session resumed", resumed=True)
    told = await stage.until_mark(relay, 7)
    messages = [line["payload"] for line in told if line["event"] == "message"]
    relay.check(messages == [b"missed".hex()], f"messages were told: {messages}")
    relay.check(not [line for line in told if line["event"] == "joined"], "the room, told anew")


@book.case(12, keeps="12.4 WELCOME R; 5 session epoch", breaks="12.3.3a")
async def a_resume_that_is_cut_at_once(stage: Stage) -> None:
    """A resume that is cut right after its WELCOME leaves the position where it was."""
    relay = await stage.enters()
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.say(Welcome(1, 1, 3, Session(EPOCH, "ROOM", resumed=True)))
    await stage.told("resumed", resumed=True)
    await relay.drop()
    relay, hello = await stage.comes_back()
    epoch, seq = hello.options.position or (b"", 0)
    relay.check(epoch == EPOCH, f"its epoch is {epoch.hex()}", "5 session epoch")
    relay.check(seq == 3, f"its position is {seq}, not 3")


@book.case(12, keeps="12.3.5", breaks="12.3.3a")
async def a_resume_that_is_cut(stage: Stage) -> None:
    """The position grows during a resume: one that is cut goes on from there."""
    relay = await stage.enters()
    await relay.drop()
    relay, _ = await stage.comes_back()
    session = Session(EPOCH, "ROOM", resumed=True)
    await relay.say(Welcome(1, 1, 3, session), Deliver(8, 2, b"half"))
    await stage.payload(b"half")
    await relay.drop()
    relay, hello = await stage.comes_back()
    position = hello.options.position
    relay.check(position == (EPOCH, 8), f"its position is {position}, not 8")
    await relay.resumes(8, Deliver(9, 2, b"rest"), live=9)
    await stage.payload(b"rest", "12.3.3b")


def _add_reset(code: ErrorCode) -> None:
    async def play(stage: Stage) -> None:
        relay = await stage.enters()
        await relay.drop()
        relay, first = await stage.comes_back()
        await relay.say(Error(0, code, "", ErrorDetail()))
        second = await relay.expect(Hello, "9.4", within=5)
        relay.check(second.options.position is None, "the position is not dropped", "7.1")
        relay.check(second.options.seat == first.options.seat, "another seat", "21.7")
        await relay.welcomes(epoch=b"epoch--2")
        await stage.told("resumed", "12.3.4", resumed=False)

    play.__doc__ = f"After {code.name} the client says HELLO without position on this connection."
    book.case(7, f"7 {code.name}; 7.1; 9.4; 12.3.4; 9 GREETED")(play)


for _reset in (ErrorCode.EPOCH_CHANGED, ErrorCode.ROOM_GONE):
    _add_reset(_reset)


# Section 21: coming back.


@book.case(21, keeps="21.7; 11.1a; 5 HELLO seat")
async def the_same_seat_each_time(stage: Stage) -> None:
    """Every HELLO of a return has the same seat, also where WELCOME never came."""
    stage.needs("seat")
    relay = await stage.connect()
    seats = {(await relay.hello()).options.seat}
    for _ in range(3):
        await relay.drop()
        relay, hello = await stage.comes_back("11.1a")
        seats.add(hello.options.seat)
    relay.check(len(seats) == 1, "the secret changed")


@book.case(21, keeps="21.1a", is_slow=True)
async def the_waits_grow(stage: Stage) -> None:
    """Attempt n comes within 100 ms · 2^n, and not all come at once."""
    relay = await stage.enters()
    stage.refusals = [HTTPStatus.SERVICE_UNAVAILABLE] * 5
    del stage.arrived[:]
    lost = [stage.now]
    await relay.drop()
    await stage.comes_back()
    lost += stage.arrived
    for n, (before, came) in enumerate(pairwise(lost)):
        bound = min(5.0, 0.1 * 2**n) + LATE
        relay.check(came - before <= bound, f"attempt {n} came after {came - before:.2f} s")
    whole = lost[-1] - lost[0]
    relay.check(whole > AT_ONCE, f"six attempts within {whole:.2f} s")


@book.case(21, keeps="21.1b; 4 NOTICE DRAIN; 5 notice after; 8 1012", is_slow=True)
async def a_drain_says_when(stage: Stage) -> None:
    """After DRAIN a client comes back no sooner than `after`."""
    relay = await stage.enters()
    begin = stage.now
    await relay.say(Notice(NoticeKind.DRAIN, NoticeDetail(after=1500)))
    await relay.close(1012, "drain")
    await stage.comes_back()
    passed = stage.now - begin
    relay.check(passed >= 1.4, f"it came back after {passed:.2f} s")


@book.case(21, keeps="21.1b; 5 error after; 7 RELAY_FULL; 8 4004", is_slow=True)
async def an_error_says_when(stage: Stage) -> None:
    """After an ERROR with `after` before the close a client comes back no sooner."""
    relay = await stage.enters()
    await relay.drop()
    relay, _ = await stage.comes_back()
    begin = stage.now
    await relay.say(Error(0, ErrorCode.RELAY_FULL, "Full.", ErrorDetail(after=1500, retry=True)))
    await relay.close(4004, "relay_full")
    await stage.comes_back()
    passed = stage.now - begin
    relay.check(passed >= 1.4, f"it came back after {passed:.2f} s")


@book.case(21, keeps="21.2a; 8.1a")
async def an_upgrade_that_fails(stage: Stage) -> None:
    """A client that has been in the room comes back after upgrades that failed."""
    relay = await stage.enters()
    stage.refusals = [HTTPStatus.BAD_GATEWAY, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND]
    await relay.drop()
    _, hello = await stage.comes_back()
    relay.check(hello.options.position == (EPOCH, 3), "it did not resume", "21.7")


@book.case(21, keeps="21.5; 13.5; 4 LEAVE")
async def leaving_with_frames_left(stage: Stage) -> None:
    """A client that leaves while frames are not taken sends them before LEAVE."""
    relay = await stage.enters()
    await stage.send(b"last words")
    await relay.expect(Send)
    await relay.drop()
    await stage.told("reconnecting", "21.7")
    await stage.do("leave")
    relay, _ = await stage.comes_back("21.5")
    session = Session(EPOCH, "ROOM", resumed=True)
    await relay.say(Welcome(1, 1, 3, session), Live(3))
    await relay.expect(Leave, "21.5")
    before = [type(each) for each in relay.heard]
    relay.check(Send in before, "LEAVE came first", "21.5")


@book.case(21, keeps="21.5", breaks="9.5b")
async def a_leave_that_nobody_answered(stage: Stage) -> None:
    """A client whose LEAVE got no answer, with frames not taken, comes back and says both again."""
    relay = await stage.enters()
    await stage.send(b"last words")
    await relay.expect(Send)
    await stage.do("leave")
    await relay.expect(Leave)
    await relay.drop()
    relay, _ = await stage.comes_back("21.5")
    session = Session(EPOCH, "ROOM", resumed=True)
    await relay.say(Welcome(1, 1, 3, session), Live(3))
    await relay.expect(Send, "21.5", payload=b"last words")
    await relay.expect(Leave, "21.5")


@book.case(21, keeps="21.8", breaks="2.5a; 3.1.1")
async def a_relay_that_breaks_the_protocol(stage: Stage) -> None:
    """After text, or bytes that are no frame, the client comes back without a position."""
    relay = await stage.enters()
    for broken in ("text", b"\xc1\x11"):
        await relay.socket.send(broken)
        relay, hello = await stage.comes_back()
        relay.check(hello.options.position is None, "it resumed")
        await relay.welcomes()
        await stage.told("live")


@book.case(21, keeps="12.3.3b", is_slow=True)
async def ten_cuts(stage: Stage) -> None:
    """Ten cuts in a row lose nothing and tell nothing twice."""
    relay = await stage.enters()
    for n in range(10):
        await relay.drop()
        relay, hello = await stage.comes_back()
        seq = 3 + n
        relay.check(hello.options.position == (EPOCH, seq), f"{hello.options.position}, not {seq}")
        await relay.resumes(seq, Deliver(seq + 1, 2, b"%d" % n), live=seq + 1)
        await stage.payload(b"%d" % n)
