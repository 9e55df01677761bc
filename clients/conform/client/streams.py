"""Sections 2 to 5, 9, 10 and 12: entering, what a stream tells, and what its bytes may be."""

from __future__ import annotations

from contextlib import suppress

from clients.conform.client.stage import EPOCH, SEAT, Stage, as_it_stands, book
from clients.conform.talk import Ended
from protocol.codec import encode, pack
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    ErrorDetail,
    Frame,
    Host,
    Joined,
    Leave,
    Left,
    LeftReason,
    Live,
    Notice,
    NoticeDetail,
    NoticeKind,
    PlayerInfo,
    PresenceChanged,
    PresenceState,
    Property,
    Send,
    Session,
    Snapshot,
    SnapshotWanted,
    Subscribe,
    Update,
    Welcome,
)

# Section 2: transport.


@book.case(2, keeps="2.1a; 2.3a; 22.1a; 2.4")
async def the_upgrade(stage: Stage) -> None:
    """The client asks for /r/ROOM, offers roomwire.1, and has no secret in the address."""
    relay = await stage.connect()
    assert relay.request is not None
    path, wanted = relay.request.path, stage.url[stage.url.index("/r/") :]
    relay.check(path.lower() == wanted.lower(), f"it asked for {path}", "2.1a")
    offered = relay.request.headers.get("Sec-WebSocket-Protocol", "")
    relay.check("roomwire.1" in offered, f"it offered {offered!r}", "2.3a")


@book.case(2, keeps="2.5a; 2.5b")
async def fragments_of_the_relay(stage: Stage) -> None:
    """The client sends binary messages, and takes those of the relay in fragments."""
    relay = await stage.connect()
    await relay.hello()
    await relay.socket.send([bytes([each]) for each in encode(welcome())])
    await relay.say(*as_it_stands(), Live(3))
    await relay.expect(Ack, "2.5b", seq=3)
    await stage.told("live", "2.5b")


# Section 3: bytes.


@book.case(3, keeps="3.1.2a; 3.1.2b; 3.1.2c; 4 HELLO; 4.1; 1.1.1; 5 HELLO name")
async def hello_is_short(stage: Stage) -> None:
    """HELLO has shortest heads, no defaults, and its keys in the order of section 5."""
    relay = await stage.connect()
    message = await relay.socket.recv()
    assert isinstance(message, bytes)
    frame = relay.read(message)
    relay.check(encode(frame) == message, f"{message.hex(' ')} could be shorter", "3.1.2b")
    relay.check(getattr(frame, "version", 0) >= 1, f"{frame} is no HELLO", "4.1")


@book.case(3, keeps="3.1.3; 3.2.8")
async def longer_heads_of_the_relay(stage: Stage) -> None:
    """Longer heads, and keys in another order, are read alike."""
    relay = await stage.connect()
    await relay.hello()
    await relay.say(
        "95 02 CC 01 CD 00 01 CE 00 00 00 00 DE 00 02 D9 04 72 6F 6F 6D DA 00 04 52 4F 4F 4D"
        " A5 65 70 6F 63 68 C5 00 08" + EPOCH.hex(),
        *as_it_stands(),
        "92 09 D3 00 00 00 00 00 00 00 03",
    )
    await relay.expect(Ack, seq=3)
    await stage.told("live", player=1)
    await relay.say("94 11 CF 00 00 00 00 00 00 00 04 D0 02 C6 00 00 00 02 68 69")
    await stage.payload(b"hi", seq=4, sender=2)


# Section 4: what every frame tells.


@book.case(
    4,
    keeps="1.1.4; 1.1.5; 4 WELCOME; 4 JOINED; 4 HOST; 4 LIVE; 12.2.1; 5 session epoch; "
    "5 info name; 5 info role; 5 info can_host; 5 session room",
)
async def the_room_as_it_stands(stage: Stage) -> None:
    """The client knows players, host and itself at LIVE."""
    relay = await stage.connect()
    await relay.hello()
    info = PlayerInfo("Bob", role="spectator", can_host=False)
    await relay.welcomes(Joined(1, 1, PlayerInfo("Ann")), Host(2, 1, 1), Joined(3, 2, info))
    await stage.told("joined", player=1, name="Ann", role="player", can_host=True, seq=1)
    await stage.told("host", player=1, term=1, seq=2)
    await stage.told("joined", player=2, name="Bob", role="spectator", can_host=False, seq=3)
    await stage.told("live", player=1, seq=3, room="ROOM")


@book.case(4, keeps="4 DELIVER; 4.6; 12.1.1b; 12.1.3", breaks="12.1.1a")
async def gaps_are_no_loss(stage: Stage) -> None:
    """DELIVERs are told in order, with gaps of seq between them, and nothing is asked."""
    relay = await stage.enters()
    for seq in (4, 9, 70_000, 2**40):
        await relay.say(Deliver(seq, 2, b"%d" % seq))
    for seq in (4, 9, 70_000, 2**40):
        await stage.payload(b"%d" % seq, seq=seq, sender=2)


@book.case(4, keeps="4 UPDATE; 4.7; 12.2.5")
async def volatile_values(stage: Stage) -> None:
    """UPDATE is told with key and sender."""
    relay = await stage.enters()
    await relay.say(Update(7, 2, b"v"))
    await stage.told("update", key=7, sender=2, payload=b"v".hex())


@book.case(
    4,
    keeps="4 LEFT; 4 PRESENCE R; 4 HOST; 4 LEFT LEFT; 4 LEFT EXPIRED; 4 LEFT GONE; "
    "4 LEFT KICKED; 4 PRESENCE HERE; 4 PRESENCE AWAY; 4 PRESENCE LOST; 4 PRESENCE LAGGING",
)
async def presence_and_leaving(stage: Stage) -> None:
    """Every state of PRESENCE and every reason of LEFT is told, and a host who is nobody."""
    guests = [Joined(player + 1, player, PlayerInfo()) for player in range(3, 6)]
    relay = await stage.enters(*as_it_stands(), *guests, live=6)
    seq = 6
    for state in (*PresenceState, 0):
        await relay.say(PresenceChanged(seq := seq + 1, 2, state))
        await stage.told("presence", player=2, state=state, seq=seq)
    for player, reason in zip((2, 3, 4, 5), LeftReason, strict=True):
        await relay.say(Left(seq := seq + 1, player, reason))
        await stage.told("left", player=player, reason=reason, seq=seq)
    await relay.say(Host(seq + 1, 0, 2))
    await stage.told("host", player=0, term=2)


@book.case(4, keeps="4 PROPERTY; 4.9")
async def properties(stage: Stage) -> None:
    """PROPERTY is told with its version, and as deleted where its value is false."""
    relay = await stage.enters()
    await relay.say(Property(4, 0, "k", b"\x01", 4, 2), Property(5, 2, "k", False, 5, 1))
    await stage.told("property", scope=0, key="k", payload="01", version=4, by=2)
    await stage.told("property", scope=2, key="k", payload=None, by=1)


@book.case(
    4,
    keeps="4 NOTICE; 4 NOTICE THROTTLE; 4 NOTICE LAG; 4 NOTICE DRAIN; 4 NOTICE TRIMMED; "
    "4 NOTICE MEMORY; 5 notice limit; 5 notice after; 5 notice dropped; 5 notice seq",
)
async def notices(stage: Stage) -> None:
    """Every NOTICE is told with its details."""
    relay = await stage.enters()
    details = {
        NoticeKind.THROTTLE: {"limit": 120, "after": 100},
        NoticeKind.LAG: {"dropped": 3},
        NoticeKind.TRIMMED: {"seq": 2},
        NoticeKind.MEMORY: {"seq": 1},
        NoticeKind.DRAIN: {"after": 100},
    }
    for kind, detail in details.items():
        await relay.say(Notice(kind, NoticeDetail(**detail)))
        await stage.told("notice", f"4 NOTICE {kind.name}", kind=kind, **detail)


@book.case(4, keeps="4 SNAPSHOT_WANTED; 12.4 SNAPSHOT_WANTED R")
async def a_snapshot_is_wanted(stage: Stage) -> None:
    """SNAPSHOT_WANTED is told, and its seq is no position."""
    stage.needs("snapshot")
    relay = await stage.enters()
    await relay.say(SnapshotWanted(900))
    await stage.told("snapshot_wanted", seq=900)
    await relay.drop()
    _, hello = await stage.comes_back()
    relay.check(hello.options.position == (EPOCH, 3), f"{hello.options.position} is its position")


# Section 5: what HELLO may ask for.


@book.case(
    5,
    keeps="5 HELLO name; 5 HELLO role; 5 HELLO password; 5 HELLO app; 5 HELLO build; "
    "5 HELLO ticket; 5 HELLO max_frame; 5 HELLO can_host; 5 HELLO create; 5; 5b",
)
async def the_options_of_hello(stage: Stage) -> None:
    """What the program asks for is in HELLO."""
    stage.needs("create", "spectator")
    asked = {"name": "Zoë", "role": "spectator", "password": "xyz", "app": "chess", "build": "12",
             "ticket": "t", "max_frame": 70_000, "can_host": False}  # fmt: skip
    relay = await stage.connect(**asked, create={"capacity": 3, "tags": {"z": "1", "a": "2"}})
    hello = await relay.hello()
    for name, value in asked.items():
        got = getattr(hello.options, name)
        relay.check(got == value, f"{name} is {got!r}, not {value!r}", f"5 HELLO {name}")
    create = hello.options.create
    assert not isinstance(create, bool)
    relay.check(create.capacity == 3, f"create is {create}", "5 HELLO create")
    tags = list(create.tags.items())
    relay.check(tags == [("z", "1"), ("a", "2")], f"the tags are {tags}", "5b")


@book.case(5, keeps="5 session options; 5 limits max_frame; 5 session limits; 5")
async def a_welcome_with_everything(stage: Stage) -> None:
    """A WELCOME with all keys is taken, and one with none but the required."""
    relay = await stage.connect()
    await relay.hello()
    whole = Session(EPOCH, "ROOM", taken=0, time=10**15, complete_from=3, ignored=("zoom",))
    await relay.say(Welcome(1, 1, 0, whole), *as_it_stands(), Live(3))
    await relay.expect(Ack, seq=3)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.say(Welcome(1, 1, 0, Session(EPOCH, "ROOM")), *as_it_stands(), Live(3))
    await relay.expect(Ack, seq=3)


# Section 9: the conversation.


@book.case(9, keeps="9.2a; 9 NEW; 9 GREETED", breaks="9.1c")
async def the_client_waits_for_welcome(stage: Stage) -> None:
    """HELLO is all that a client says until WELCOME, whatever opcodes it hears."""
    relay = await stage.connect()
    await relay.hello()
    await relay.say("92 7F 01", "91 6A", Notice(1, NoticeDetail()))
    await relay.quiet(Frame, 0.5, "9.2a")
    await relay.welcomes()
    await stage.told("live")


@book.case(9, keeps="9.1c; 9 CATCHING_UP; 9 LIVE; 20.1a; 3.3.5", breaks="20.3")
async def unknown_opcodes(stage: Stage) -> None:
    """Opcodes that nobody knows change nothing, before LIVE and after it."""
    relay = await stage.connect()
    await relay.hello()
    await relay.say(welcome(), "92 7F 05", *as_it_stands(), "93 6A 81 A1 61 C0 05", Live(3))
    await relay.expect(Ack, seq=3)
    await stage.told("live", seq=3)
    await relay.say("92 7E 09")
    told = await stage.until_mark(relay, 4)
    relay.check(not told, f"the program was told {told}", "9.1c")


@book.case(9, keeps="9.5a; 4 LEAVE; 9 OVER; 8 1000")
async def after_leave(stage: Stage) -> None:
    """After LEAVE the client says nothing more, and does not come back after 1000."""
    relay = await stage.enters()
    await stage.do("leave")
    await relay.expect(Leave)
    await relay.say(Deliver(4, 2, b"late"))
    with suppress(Ended):  # it may close as well, for it has nothing to wait for
        await relay.quiet(Frame, 0.5, "9.5a")
    await relay.close(1000)
    await stage.stays_away("8 1000", 0.5)


@book.case(9, keeps="9.3; 4 SEND; 1.1.6; 6 true; 6 nil or false; 6 0; 6 1..2^32-1; 6 players")
async def the_targets(stage: Stage) -> None:
    """SEND says its target as section 6 does."""
    relay = await stage.enters()
    for to, wanted in ((None, None), (True, True), (0, 0), (2, 2), ([1, 2], (1, 2))):
        await stage.send(b"to", to)
        send = await relay.expect(Send, payload=b"to")
        target = None if send.target is False else send.target
        relay.check(target == wanted, f"{send.target!r} is the target for {to!r}", "9.3")


@book.case(9, keeps="6 -1..-255; 4 SUBSCRIBE")
async def a_group_as_target(stage: Stage) -> None:
    """A group is a negative number, and SUBSCRIBE names it."""
    stage.needs("subscribe")
    relay = await stage.enters()
    await stage.do("subscribe", groups=[3, 255])
    await relay.expect(Subscribe, "4 SUBSCRIBE", add=(3, 255), remove=())
    await stage.do("unsubscribe", groups=[3])
    await relay.expect(Subscribe, "4 SUBSCRIBE", add=(), remove=(3,))
    await stage.send(b"g", -255)
    await relay.expect(Send, target=-255, payload=b"g")


# Section 12: streams.


@book.case(12, keeps="12.4.2a; 1.1.5; 4 ACK C; 12.4 ACK C; 12.4 LIVE R")
async def live_is_acknowledged(stage: Stage) -> None:
    """ACK follows LIVE with the position's seq, neither more nor less."""
    relay = await stage.connect()
    await relay.hello()
    ack = await relay.welcomes(live=3)
    relay.check(ack.seq == 3, f"ACK {ack.seq} after LIVE 3", "12.4.2a")


@book.case(12, keeps="12.4.2b; 12.1.2", is_slow=True)
async def acks_are_rare(stage: Stage) -> None:
    """While the position grows, ACK comes at most once a second, and never beyond it."""
    relay = await stage.enters()
    begin, seq, acks = stage.now, 3, 0
    while (passed := stage.now - begin) < 2.5:
        await relay.say(Deliver(seq := seq + 1, 2, b""))
        try:
            ack = await relay.next(0.1)
        except TimeoutError:
            continue
        if isinstance(ack, Ack):
            acks += 1
            relay.check(ack.seq <= seq, f"ACK {ack.seq} where {seq} is the last", "12.4 ACK C")
    relay.check(acks <= passed + 2, f"{acks} ACKs in {passed:.1f} s", "12.4.2b")
    relay.check(acks > 0, "no ACK while the position grew", "12.4.2b")


@book.case(
    12,
    keeps="12.2.3; 12.5.2; 12.5.7; 4 SNAPSHOT R; 4.10; 12.4 SNAPSHOT R; 12.5.6; "
    "5 session complete_from",
)
async def a_snapshot_and_history(stage: Stage) -> None:
    """A snapshot is handed on once its parts are there, then the history behind it."""
    stage.needs("snapshot")
    relay = await stage.connect()
    await relay.hello()
    past = (Snapshot(40, 0, 2, b"sta"), Snapshot(40, 1, 2, b"te"), Deliver(41, 2, b"then"))
    await relay.welcomes(*as_it_stands(), *past, live=42, complete_from=0)
    await stage.told("snapshot", "12.5.7", seq=40, payload=b"state".hex())
    await stage.payload(b"then", "12.2.3", seq=41)
    await stage.told("live", "12.5.6", seq=42, complete_from=0)


@book.case(12, keeps="12.5.7", breaks="12.5.2")
async def half_a_snapshot(stage: Stage) -> None:
    """A snapshot whose stream was cut is of no use; the next stream tells a whole one."""
    stage.needs("snapshot")
    relay = await stage.connect()
    await relay.hello()
    await relay.say(welcome(), *as_it_stands(), Snapshot(40, 0, 2, b"lost"))
    await relay.drop()
    relay, hello = await stage.comes_back()
    relay.check(hello.options.position is None, "a position before LIVE", "12.3.1b")
    await relay.welcomes(*as_it_stands(), Snapshot(50, 0, 1, b"whole"), live=50)
    await stage.told("snapshot", seq=50, payload=b"whole".hex())


@book.case(12, keeps="12.5.6; 4 NOTICE TRIMMED")
async def history_is_trimmed(stage: Stage) -> None:
    """TRIMMED raises what the past is complete from."""
    relay = await stage.connect()
    await relay.hello()
    trimmed = Notice(NoticeKind.TRIMMED, NoticeDetail(seq=30))
    await relay.welcomes(*as_it_stands(), trimmed, Deliver(31, 2, b""), live=31, complete_from=10)
    await stage.told("live", complete_from=30)


# Section 20 and 23: what a client does not know.


HEADS = {
    "0x00..0x7F, 0xE0..0xFF, 0xC0, 0xC2, 0xC3": ("05", "FF", "C0", "C2", "C3"),
    "0x80..0x8F": ("82 A1 61 01 A1 62 02",),
    "0x90..0x9F": ("92 01 93 02 03 04",),
    "0xA0..0xBF": ("A3 61 62 63",),
    "0xC4, 0xD9": ("C4 02 00 01", "D9 02 61 62"),
    "0xC5, 0xDA": ("C5 00 02 00 01", "DA 00 02 61 62"),
    "0xC6, 0xDB": ("C6 00 00 00 02 00 01", "DB 00 00 00 02 61 62"),
    "0xCC, 0xD0": ("CC 80", "D0 80"),
    "0xCD, 0xD1": ("CD 01 00", "D1 80 00"),
    "0xCA, 0xCE, 0xD2": ("CA 3F 80 00 00", "CE 00 01 00 00", "D2 80 00 00 00"),
    "0xCB, 0xCF, 0xD3": (
        "CB 3F F0 00 00 00 00 00 00", "CF 00 00 00 01 00 00 00 00", "D3 FF FF FF FE 00 00 00 00"
    ),
    "0xDC, 0xDD": ("DC 00 02 01 02", "DD 00 00 00 02 01 02"),
    "0xDE, 0xDF": ("DE 00 01 A1 61 01", "DF 00 00 00 01 A1 61 01"),
}  # fmt: skip
"""Values of each row of the table in section 23.2."""


@book.case(23, keeps="; ".join(f"23.2 {row}" for row in HEADS) + "; 23.2; 23.3; 20.1a; 20.1b")
async def every_head_is_skipped(stage: Stage) -> None:
    """Further fields and unknown keys are skipped, whatever their heads."""
    relay = await stage.enters()
    seq = 3
    for row, values in HEADS.items():
        for value in values:
            seq += 1
            # DELIVER with one more field; then JOINED with {"zoom": value, "name": "Cid"}.
            await relay.say(f"95 11 {seq:02X} 02 C4 01 {seq:02X}" + value)
            await stage.payload(bytes([seq]), f"23.2 {row}", seq=seq, sender=2)
            seq += 1
            await relay.say(
                f"94 20 {seq:02X} 07 82 A4 7A 6F 6F 6D {value} A4 6E 61 6D 65 A3 43 69 64",
                Left(seq := seq + 1, 7, 1),
            )
            await stage.told("joined", f"23.2 {row}", name="Cid", player=7)


@book.case(20, keeps="20.1b", breaks="20.3")
async def numbers_that_nobody_knows(stage: Stage) -> None:
    """Unknown reasons, states and kinds are news and not errors."""
    relay = await stage.enters()
    await relay.say(
        PresenceChanged(4, 2, 99),
        Notice(99, NoticeDetail()),
        Left(5, 2, 99),
        Error(6, 99, "", ErrorDetail()),
    )
    await stage.until_mark(relay, 7)


@book.case(20, keeps="20.1a; 5 HELLO min", breaks="20.3")
async def a_welcome_of_a_later_relay(stage: Stage) -> None:
    """A WELCOME with further fields, keys and options is taken."""
    relay = await stage.connect()
    await relay.hello()
    later = {
        "epoch": EPOCH, "room": "ROOM", "weather": [1, {"a": 2}],
        "limits": {"window": 256, "moons": 2}, "options": {"capacity": 4, "fog": True},
    }  # fmt: skip
    await relay.say(b"\x96\x02\x01\x01\x00" + pack(later) + b"\xc0", *as_it_stands(), Live(3))
    await relay.expect(Ack, "20.1a", seq=3)
    await stage.told("live", "20.1a")


@book.case(22, keeps="22.5", breaks="3.2.1; 3.2.5")
async def a_payload_beyond_the_profile(stage: Stage) -> None:
    """A payload that is no value of the profile is an error of that message only."""
    relay = await stage.enters()
    await relay.say(Deliver(4, 2, b"\xc1"), Deliver(5, 2, b"\xd4\x01\x00"), Update(1, 2, b"\x93"))
    await relay.say(Deliver(6, 2, b"\x01"))
    await stage.payload(b"\xc1", seq=4)
    await stage.payload(b"\xd4\x01\x00", seq=5)
    await stage.payload(b"\x01", seq=6)


@book.case(22, keeps="22.1b; 11.1a; 5 HELLO seat")
async def every_seat_has_its_secret(stage: Stage) -> None:
    """A seat is 16 bytes, and another one each time that a program connects anew."""
    stage.needs("seat")
    relay = await stage.connect()
    first = await relay.hello()
    relay.check(len(first.options.seat or b"") == 16, "HELLO has no secret", "11.1a")
    await relay.close(4508)
    relay = await stage.connect()
    second = await relay.hello()
    relay.check(first.options.seat != second.options.seat, "the secret is the same")


@book.case(11, keeps="11.7; 5 session taken; 5 HELLO seat; 1.1.1")
async def a_seat_that_counts_on(stage: Stage) -> None:
    """A program that brings its secret counts on from `taken`."""
    stage.needs("seat")
    relay = await stage.connect(seat=SEAT.hex())
    hello = await relay.hello()
    relay.check(hello.options.seat == SEAT, f"the secret is {hello.options.seat!r}")
    await relay.welcomes(taken=7)
    await stage.told("live")
    await stage.send(b"eighth")
    await relay.expect(Send, payload=b"eighth")
    await relay.say(Error(4, ErrorCode.NO_SUCH_PLAYER, "", ErrorDetail(frame=8)))
    await stage.told("refused", "11.7", code=ErrorCode.NO_SUCH_PLAYER)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.resumes(4, live=4, taken=8)
    await relay.quiet(Send, 0.3, "11.7")


def welcome() -> Welcome:
    """Return the WELCOME of a fresh stream."""
    return Welcome(1, 1, 0, Session(EPOCH, "ROOM"))
