"""Sections 2 to 5, 9 and 11: entering, what every frame tells, and what its bytes may be."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from clients.conform.client.stage import EPOCH, Stage, as_it_stands, book, welcome
from clients.conform.talk import Ended
from protocol import SUBPROTOCOL, WIRE_VERSION
from protocol.codec import encode, pack
from protocol.frames import (
    Ack,
    Deliver,
    Frame,
    Hello,
    Host,
    Joined,
    Leave,
    Left,
    LeftReason,
    Limits,
    Live,
    Notice,
    NoticeDetail,
    NoticeKind,
    PlayerInfo,
    PresenceChanged,
    PresenceState,
    Property,
    RoomOptions,
    Send,
    Session,
    SnapshotWanted,
    Subscribe,
    Update,
    Welcome,
)

# Section 2: transport.


@book.case(2, keeps="2.1a; 22.1a; 2.4")
async def the_upgrade(stage: Stage) -> None:
    """The client asks for /r/ROOM, has no secret in the address, and does not compress."""
    relay = await stage.connect()
    assert relay.request is not None
    path, _, query = relay.request.path.partition("?")
    wanted = stage.url[stage.url.index("/r/") :]
    relay.check(path.lower() == wanted.lower(), f"it asked for {path}", "2.1a")
    seat = (await relay.hello("2.4")).options.seat
    is_told = seat is not None and seat.hex() in query.lower()
    relay.check(not is_told, "its secret is in the address", "22.1a")


@book.case(2, keeps="2.3a")
async def the_subprotocol(stage: Stage) -> None:
    """The client offers roomwire.1."""
    relay = await stage.connect()
    assert relay.request is not None
    offered = relay.request.headers.get("Sec-WebSocket-Protocol", "")
    relay.check(SUBPROTOCOL in offered, f"it offered {offered!r}", "2.3a")


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


@book.case(3, keeps="3.1.2a; 4 HELLO; 4.1")
async def hello_is_short(stage: Stage) -> None:
    """HELLO has the shortest heads, and a version that this relay speaks."""
    relay = await stage.connect()
    hello = await relay.hello("4 HELLO")
    lowest = hello.options.min or hello.version
    text = f"it speaks {lowest} to {hello.version}, not {WIRE_VERSION}"
    relay.check(lowest <= WIRE_VERSION <= hello.version, text, "4.1")


@book.case(3, keeps="3.1.2b; 3.1.2c")
async def hello_is_tidy(stage: Stage) -> None:
    """HELLO has no key at its default, and its keys in the order of section 5."""
    relay = await stage.connect()
    message = await relay.message()
    hello = relay.read(message)
    relay.check(len(encode(hello)) == len(message), f"{hello} has defaults", "3.1.2b")
    relay.check(encode(hello) == message, f"{hello} has its keys in another order", "3.1.2c")


@book.case(3, keeps="3.2.8")
async def keys_in_another_order(stage: Stage) -> None:
    """A WELCOME whose keys stand in another order is read alike."""
    relay = await stage.connect()
    await relay.hello()
    session = pack({"room": "ROOM", "epoch": EPOCH})
    await relay.say(b"\x95\x02\x01\x01\x00" + session, *as_it_stands(), Live(3))
    await relay.expect(Ack, "3.2.8", seq=3)


@book.case(3, keeps="3.1.3")
async def longer_heads_of_the_relay(stage: Stage) -> None:
    """Longer heads are read alike."""
    relay = await stage.connect()
    await relay.hello()
    await relay.say(
        "95 02 CC 01 CD 00 01 CE 00 00 00 00 DE 00 02 A5 65 70 6F 63 68 C5 00 08"
        + EPOCH.hex()
        + "D9 04 72 6F 6F 6D DA 00 04 52 4F 4F 4D",
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
    keeps="1.1.4; 1.1.5; 4 WELCOME; 4 JOINED; 4 HOST; 4 LIVE; "
    "5 info name; 5 info role; 5 info can_host; 5 session room; 5 session complete_from",
)
async def the_room_as_it_stands(stage: Stage) -> None:
    """The client knows players, host and itself at LIVE."""
    relay = await stage.connect()
    await relay.hello()
    info = PlayerInfo("Bob", role="spectator", can_host=False)
    await relay.welcomes(Joined(1, 1, PlayerInfo("Ann")), Host(2, 1, 1), Joined(3, 2, info))
    ann = await stage.told("joined", player=1, seq=1)
    stage.agree(ann, "5 info", name="Ann", role="player", can_host=True)
    await stage.told("host", player=1, term=1, seq=2)
    bob = await stage.told("joined", player=2, seq=3)
    stage.agree(bob, "5 info", name="Bob", role="spectator", can_host=False)
    live = await stage.told("live", player=1, seq=3)
    stage.agree(live, "5 session", room="ROOM", complete_from=3)


@book.case(4, keeps="4 DELIVER; 4.6; 12.1.1b", breaks="12.1.1a")
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
        rule = f"4 PRESENCE {PresenceState(state).name}"
        await stage.told("presence", rule, player=2, state=state, seq=seq)
    for player, reason in zip((2, 3, 4, 5), LeftReason, strict=True):
        await relay.say(Left(seq := seq + 1, player, reason))
        await stage.told("left", f"4 LEFT {reason.name}", player=player, reason=reason, seq=seq)
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
    "4 NOTICE MEMORY; 4 NOTICE STALLED; 4 NOTICE GOES_ON; 4 NOTICE OPERATOR; "
    "4 NOTICE SHAPED; "
    "5 notice limit; 5 notice after; 5 notice dropped; 5 notice seq; 5 notice said",
)
async def notices(stage: Stage) -> None:
    """Every NOTICE is told with its details."""
    relay = await stage.enters()
    details: dict[NoticeKind, dict[str, Any]] = {
        NoticeKind.THROTTLE: {"limit": 120, "after": 100},
        NoticeKind.LAG: {"dropped": 3},
        NoticeKind.TRIMMED: {"seq": 2},
        NoticeKind.MEMORY: {"seq": 1},
        NoticeKind.STALLED: {},
        NoticeKind.GOES_ON: {},
        NoticeKind.OPERATOR: {"said": "We restart at 8."},
        NoticeKind.SHAPED: {"said": "train-wifi, seed 42"},
        NoticeKind.DRAIN: {"after": 100},
    }
    for kind, detail in details.items():
        await relay.say(Notice(kind, NoticeDetail(**detail)))
        line = await stage.told("notice", f"4 NOTICE {kind.name}", kind=kind)
        stage.agree(line, "5 notice", **detail)


@book.case(4, keeps="4 SNAPSHOT_WANTED; 12.4 SNAPSHOT_WANTED R")
async def a_snapshot_is_wanted(stage: Stage) -> None:
    """SNAPSHOT_WANTED is told, and its seq is no position."""
    stage.needs("snapshot")
    relay = await stage.enters()
    await relay.say(SnapshotWanted(900))
    await stage.told("snapshot_wanted", seq=900)
    await relay.drop()
    _, hello = await stage.comes_back()
    position = hello.options.position
    relay.check(position == (EPOCH, 3), f"it is at {position}", "12.4 SNAPSHOT_WANTED R")


# Section 5: what HELLO may ask for.


@book.case(
    5,
    keeps="5 HELLO name; 5 HELLO role; 5 HELLO password; 5 HELLO app; 5 HELLO build; "
    "5 HELLO ticket; 5 HELLO max_frame; 5 HELLO can_host; 5 HELLO create; 5b",
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
    if isinstance(create, bool) or create.capacity != 3:
        raise relay.breach("5 HELLO create", f"create is {create}")
    tags = list(create.tags.items())
    relay.check(tags == [("z", "1"), ("a", "2")], f"the tags are {tags}", "5b")


@book.case(5, keeps="5 session options; 5")
async def a_welcome_with_everything(stage: Stage) -> None:
    """A WELCOME with all keys is taken, and one with none but the required."""
    relay = await stage.connect()
    await relay.hello()
    whole = Session(
        EPOCH,
        "ROOM",
        time=10**15,
        limits=Limits(window=3),
        options=RoomOptions(title="Chess", history="full"),
        ignored=("zoom",),
        complete_from=3,
    )
    await relay.say(Welcome(1, 1, 0, whole), *as_it_stands(), Live(3))
    await relay.expect(Ack, seq=3)
    await relay.drop()
    relay, _ = await stage.comes_back()
    await relay.say(Welcome(1, 1, 0, Session(EPOCH, "ROOM")), *as_it_stands(), Live(3))
    await relay.expect(Ack, "5", seq=3)


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


@book.case(9, keeps="9.1c; 9 CATCHING_UP; 9 LIVE; 9.3; 20.1a; 23.3; 3.3.5", breaks="20.3")
async def unknown_opcodes(stage: Stage) -> None:
    """Opcodes that nobody knows change nothing, before LIVE and after it; HELLO comes once."""
    relay = await stage.connect()
    await relay.hello()
    await relay.say(welcome(), "92 7F 05", *as_it_stands(), "93 6A 81 A1 61 C0 05", Live(3))
    await relay.expect(Ack, seq=3)
    await stage.told("live", seq=3)
    await relay.say("92 7E 09")
    told = await stage.until_mark(relay, 4)
    relay.check(not told, f"the program was told {told}", "9.1c")
    await stage.send(b"after all")
    await relay.expect(Send, payload=b"after all")
    hellos = sum(isinstance(each, Hello) for each in relay.heard)
    relay.check(hellos == 1, f"{hellos} HELLOs came", "9.3")


@book.case(9, keeps="9.5a; 4 LEAVE; 9 OVER; 8 1000")
async def after_leave(stage: Stage) -> None:
    """After LEAVE the client says nothing more, and does not come back after 1000."""
    relay = await stage.enters()
    await stage.do("leave")
    await relay.expect(Leave, "4 LEAVE")
    await relay.say(Deliver(4, 2, b"late"))
    with suppress(Ended):  # it may close as well, for it has nothing to wait for
        await relay.quiet(Frame, 0.5, "9.5a")
    await relay.close(1000)
    await stage.stays_away("8 1000", 0.5)


@book.case(9, keeps="4 SEND; 6 true; 6 nil or false; 6 0; 6 1..2^32-1; 6 players")
async def the_targets(stage: Stage) -> None:
    """SEND says its target as section 6 does."""
    relay = await stage.enters()
    rows = {"nil or false": None, "true": True, "0": 0, "1..2^32-1": 2, "players": [1, 2]}
    for row, to in rows.items():
        await stage.send(b"to", to)
        send = await relay.expect(Send, "4 SEND", payload=b"to")
        target = None if send.target is False else send.target
        wanted = tuple(to) if isinstance(to, list) else to
        relay.check(target == wanted, f"{send.target!r} is the target for {to!r}", f"6 {row}")


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
    await relay.expect(Send, "6 -1..-255", target=-255, payload=b"g")
