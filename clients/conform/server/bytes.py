"""Sections 3 and 4: what a relay says of bytes, with code and offset."""

from __future__ import annotations

from dataclasses import dataclass

from clients.conform.case import Breach
from clients.conform.server.scene import Player, Scene, book
from protocol.codec import encode, pack
from protocol.error_codes import ErrorCode
from protocol.frames import Deliver, Error, Joined, Ping, Pong, Send


@dataclass(frozen=True)
class Fault:
    """A broken message, and what is said of it."""

    message: str
    code: ErrorCode
    offset: int


REPORTS = ("3.3", "7 ")
"""Rules about what a reader reports: it keeps them when others are broken."""

SEND = "93 10 C0 "
"""The begin of a SEND to all others, before its payload."""

FAULTS: dict[str, tuple[str, tuple[Fault, ...]]] = {
    "3.3.2": (
        "7 TRUNCATED; 7 NOT_A_FRAME; 3.1.1",
        (
            Fault("92", ErrorCode.TRUNCATED, 1),
            Fault("80 10", ErrorCode.NOT_A_FRAME, 0),
            Fault("DC 00 01 08", ErrorCode.NOT_A_FRAME, 0),
            Fault("92 CC 05 00", ErrorCode.NOT_A_FRAME, 1),
        ),
    ),
    "3.3.3.1": (
        "7 TRUNCATED",
        (Fault(SEND, ErrorCode.TRUNCATED, 3), Fault("92 05", ErrorCode.TRUNCATED, 2)),
    ),
    "3.3.3.2": (
        "7 TOO_MANY; 3.2.6",
        (
            Fault(
                "95 05"
                + "DC 04 00"
                + "C0" * 1024
                + "DC 04 00"
                + "C0" * 1024
                + "DC 04 00"
                + "C0" * 1024
                + "DC 04 00"
                + "C0" * 1024,
                ErrorCode.TOO_MANY,
                2 + 3 * 1027 + 3 + 1018,
            ),
        ),
    ),
    "3.3.3.3": (
        "7 FORBIDDEN_TYPE; 7 WRONG_TYPE; 3.2.1; 3.2.4",
        (
            Fault("92 05 C1", ErrorCode.FORBIDDEN_TYPE, 2),
            Fault("92 05 D4 01 00", ErrorCode.FORBIDDEN_TYPE, 2),
            Fault("93 01 01 81 01 C0", ErrorCode.WRONG_TYPE, 4),
        ),
    ),
    "3.3.3.4": (
        "7 TRUNCATED",
        (
            Fault("92 05 CD 01", ErrorCode.TRUNCATED, 4),
            Fault(SEND + "C5 00", ErrorCode.TRUNCATED, 5),
        ),
    ),
    "3.3.3.5": (
        "7 OUT_OF_RANGE; 3.2.2",
        (
            Fault("92 05 CF 00 20 00 00 00 00 00 00", ErrorCode.OUT_OF_RANGE, 2),
            Fault("92 05 D3 FF E0 00 00 00 00 00 00", ErrorCode.OUT_OF_RANGE, 2),
        ),
    ),
    "3.3.3.6": (
        "7 TOO_MANY; 7 TOO_DEEP; 3.2.6",
        (
            Fault("92 05 DC 04 01 " + "C0" * 1025, ErrorCode.TOO_MANY, 2),
            Fault("92 05 " + "91" * 16 + "C0", ErrorCode.TOO_DEEP, 17),
        ),
    ),
    "3.3.3.7": (
        "7 TRUNCATED; 3.2.7",
        (
            Fault(SEND + "C4 02 68", ErrorCode.TRUNCATED, 6),
            Fault(SEND + "C6 FF FF FF FF 68", ErrorCode.TRUNCATED, 9),
            Fault("92 05 93 C0", ErrorCode.TRUNCATED, 4),
        ),
    ),
    "3.3.3.8": (
        "7 BAD_UTF8; 3.2.3",
        (
            Fault("93 24 02 A2 61 FF", ErrorCode.BAD_UTF8, 5),
            Fault("93 24 02 A3 ED A0 80", ErrorCode.BAD_UTF8, 4),
            Fault("93 24 02 A2 C0 80", ErrorCode.BAD_UTF8, 4),
            Fault("93 24 02 A4 F4 90 80 80", ErrorCode.BAD_UTF8, 4),
        ),
    ),
    "3.3.3.9": (
        "7 FORBIDDEN_TYPE; 7 DUPLICATE_KEY; 3.2.4",
        (
            Fault("93 01 01 82 A1 61 C0 A1 61 C0", ErrorCode.DUPLICATE_KEY, 7),
            Fault("93 01 01 82 A1 61 C0 D9 01 61 C0", ErrorCode.DUPLICATE_KEY, 7),
            Fault("93 01 01 81 A9 5F 5F 70 72 6F 74 6F 5F 5F C0", ErrorCode.FORBIDDEN_TYPE, 4),
        ),
    ),
    "3.3.4": ("7 TRAILING_BYTES; 3.2.5", (Fault("92 05 00 00", ErrorCode.TRAILING_BYTES, 3),)),
    "3.3.5": (
        "7 WRONG_DIRECTION; 7 UNKNOWN_OPCODE",
        (
            Fault("94 11 01 01 C4 00", ErrorCode.WRONG_DIRECTION, 1),
            Fault("91 7F", ErrorCode.UNKNOWN_OPCODE, 1),
            Fault("91 7E", ErrorCode.UNKNOWN_OPCODE, 1),
        ),
    ),
    "3.3.6": (
        "7 ARITY; 20.2",
        (Fault("91 05", ErrorCode.ARITY, 0), Fault("93 05 00 00", ErrorCode.ARITY, 0)),
    ),
    "3.3.7.1": (
        "7 WRONG_TYPE; 7 OUT_OF_RANGE; 4 target; 4 payload; 4 count",
        (
            Fault("92 05 A0", ErrorCode.WRONG_TYPE, 2),
            Fault("92 05 FF", ErrorCode.OUT_OF_RANGE, 2),
            Fault("93 10 A0 C4 00", ErrorCode.WRONG_TYPE, 2),
            Fault("93 10 C0 A0", ErrorCode.WRONG_TYPE, 3),
            Fault("93 10 D1 FF 00 C4 00", ErrorCode.OUT_OF_RANGE, 2),
        ),
    ),
    "3.3.7.2": (
        "7 WRONG_TYPE; 5 HELLO position",
        (
            Fault(
                "93 01 01 81 A8 70 6F 73 69 74 69 6F 6E 91 C4 08" + "00" * 8,
                ErrorCode.WRONG_TYPE,
                13,
            ),
        ),
    ),
    "4 groups": (
        "",
        (
            Fault("93 14 91 00 90", ErrorCode.OUT_OF_RANGE, 3),
            Fault("93 14 DC 01 00" + "01" * 256 + "90", ErrorCode.TOO_MANY, 2),
        ),
    ),
    "4 word": (
        "4 player or 0; 4 SET",
        (
            Fault("95 30 00 A0 C2 C2", ErrorCode.OUT_OF_RANGE, 3),
            Fault("95 30 00 D9 41" + "61" * 65 + "C2 C2", ErrorCode.OUT_OF_RANGE, 3),
            Fault("95 30 FF A1 61 C2 C2", ErrorCode.OUT_OF_RANGE, 2),
        ),
    ),
    "4 player": (
        "4 KICK; 4 TRANSFER",
        (
            Fault("92 25 00", ErrorCode.OUT_OF_RANGE, 2),
            Fault("92 25 CF 00 00 00 01 00 00 00 00", ErrorCode.OUT_OF_RANGE, 2),
            Fault("93 24 02 D9 7C" + "61" * 124, ErrorCode.OUT_OF_RANGE, 3),
        ),
    ),
    "4 players": (
        "6 players",
        (
            Fault("93 10 91 00 C4 00", ErrorCode.OUT_OF_RANGE, 3),
            Fault("93 10 91 C0 C4 00", ErrorCode.WRONG_TYPE, 3),
        ),
    ),
    "4 HELLO": (
        "",
        (Fault("92 01 01", ErrorCode.ARITY, 0), Fault("93 01 00 80", ErrorCode.OUT_OF_RANGE, 2)),
    ),
    "4 PING": ("", (Fault("92 05 C0", ErrorCode.WRONG_TYPE, 2),)),
    "4 ACK C": (
        "",
        (Fault("92 07 C3", ErrorCode.WRONG_TYPE, 2), Fault("93 07 00 00", ErrorCode.ARITY, 0)),
    ),
    "4 LEAVE": ("", (Fault("92 08 00", ErrorCode.ARITY, 0),)),
    "4 SEND": (
        "6 true; 6 nil or false",
        (
            Fault("92 10 C0", ErrorCode.ARITY, 0),
            Fault("93 10 CA 00 00 00 00 C4 00", ErrorCode.WRONG_TYPE, 2),
        ),
    ),
    "4 SUBSCRIBE": ("", (Fault("93 14 C0 90", ErrorCode.WRONG_TYPE, 2),)),
    "4 VOLATILE": ("", (Fault("94 12 CD 01 00 C0 C4 00", ErrorCode.OUT_OF_RANGE, 2),)),
    "4 PRESENCE C": ("", (Fault("92 22 02", ErrorCode.OUT_OF_RANGE, 2),)),
    "4 SNAPSHOT C": ("", (Fault("95 32 00 00 00 C4 00", ErrorCode.OUT_OF_RANGE, 4),)),
    "4 HASH": ("", (Fault("93 42 00 C4 00", ErrorCode.OUT_OF_RANGE, 3),)),
    "4 READY": ("", (Fault("92 44 01", ErrorCode.WRONG_TYPE, 2),)),
    "4 INPUT": ("", (Fault("93 40 00 C0", ErrorCode.WRONG_TYPE, 3),)),
}
"""By the rule that is broken: the rules that are shown with it, and messages that break it."""


def _add(rule: str, others: str, faults: tuple[Fault, ...]) -> None:
    async def play(scene: Scene) -> None:
        ann = await scene.enter("Ann")
        for fault in faults:
            await ann.say(fault.message)
            await _is_told(ann, fault, rule)
        await ann.fence("7.3")

    said = ", ".join(dict.fromkeys(fault.code.name for fault in faults))
    play.__doc__ = f"Messages that break {rule} are {said}, at the byte that is to blame."
    several = [rule, *filter(None, others.split("; "))]
    kept = [each for each in several if each.startswith(REPORTS)]
    broken = [each for each in several if not each.startswith(REPORTS)]
    book.case(3, "; ".join([*kept, "5 error offset", "7.3"]), "; ".join(broken))(play)


async def _is_told(ann: Player, fault: Fault, rule: str) -> None:
    begin = fault.message[:30]
    error = await ann.find(Error, rule)
    told = error.code, error.detail.offset
    if told == (fault.code, None):
        raise Breach("5 error offset", f"{begin}… was answered with no offset")
    if told != (fault.code, fault.offset):
        raise Breach(
            rule, f"{begin}… was answered with {told}, not {fault.code.name} at {fault.offset}"
        )


for _rule, (_others, _faults) in FAULTS.items():
    _add(_rule, _others, _faults)


BAD_OPTIONS: dict[str, tuple[object, ErrorCode]] = {
    "seat": (bytes(15), ErrorCode.OUT_OF_RANGE),
    "name": ("n" * 65, ErrorCode.OUT_OF_RANGE),
    "role": (1, ErrorCode.WRONG_TYPE),
    "min": (0, ErrorCode.OUT_OF_RANGE),
    "app": ("a" * 65, ErrorCode.OUT_OF_RANGE),
    "build": ("b" * 65, ErrorCode.OUT_OF_RANGE),
    "ticket": ("t" * 1025, ErrorCode.OUT_OF_RANGE),
    "password": ("p" * 129, ErrorCode.OUT_OF_RANGE),
    "create": (None, ErrorCode.WRONG_TYPE),
    "max_frame": (255, ErrorCode.OUT_OF_RANGE),
    "can_host": (1, ErrorCode.WRONG_TYPE),
}
"""Options of HELLO with a value just beyond what section 5 allows, and what is said of it."""

BAD_ROOMS: dict[str, tuple[object, ErrorCode]] = {
    "title": ("t" * 65, ErrorCode.OUT_OF_RANGE),
    "capacity": (1025, ErrorCode.OUT_OF_RANGE),
    "spectators": (1025, ErrorCode.OUT_OF_RANGE),
    "public": (1, ErrorCode.WRONG_TYPE),
    "locked": (0, ErrorCode.WRONG_TYPE),
    "password": ("p" * 129, ErrorCode.OUT_OF_RANGE),
    "hold": (601, ErrorCode.OUT_OF_RANGE),
    "keep": (3601, ErrorCode.OUT_OF_RANGE),
    "history": (1, ErrorCode.WRONG_TYPE),
    "write": (1, ErrorCode.WRONG_TYPE),
    "host_keys": (["k"] * 17, ErrorCode.TOO_MANY),
    "delay": (601, ErrorCode.OUT_OF_RANGE),
    "host_away": (601, ErrorCode.OUT_OF_RANGE),
    "bar": (1, ErrorCode.WRONG_TYPE),
    "chaos": (1, ErrorCode.WRONG_TYPE),
    "app": ("a" * 65, ErrorCode.OUT_OF_RANGE),
    "build": ("b" * 65, ErrorCode.OUT_OF_RANGE),
    "tags": ({f"t{n}": "" for n in range(17)}, ErrorCode.TOO_MANY),
}
"""Likewise, options of the room."""


async def _judge_options(
    scene: Scene, head: bytes, record: str, values: dict[str, tuple[object, ErrorCode]]
) -> None:
    """Say HELLOs with one bad option each; `head` is all that comes before its key."""
    ann = await scene.connect()
    for key, (value, code) in values.items():
        begin = head + pack(key)
        await ann.say(begin + pack(value))
        rule = f"5 {record} {key}"
        error = await ann.find(Error, rule)
        told = error.code, error.detail.offset
        ann.check(told == (code, len(begin)), f"{key} {value!r:.20} is {told}", rule)
    await ann.enter(name="Ann")


@book.case(
    5,
    keeps="3.3.7.1; 5 error offset; 7.3",
    breaks="; ".join(f"5 HELLO {key}" for key in BAD_OPTIONS),
)
async def options_beyond_their_bounds(scene: Scene) -> None:
    """Each option of HELLO is refused at its value where that is beyond its bounds."""
    await _judge_options(scene, b"\x93\x01\x01\x81", "HELLO", BAD_OPTIONS)


@book.case(
    5, keeps="3.3.7.1; 5 error offset; 7.3", breaks="; ".join(f"5 room {key}" for key in BAD_ROOMS)
)
async def room_options_beyond_their_bounds(scene: Scene) -> None:
    """Each room option is refused at its value where that is beyond its bounds."""
    head = b"\x93\x01\x01\x81" + pack("create") + b"\x81"
    await _judge_options(scene, head, "room", BAD_ROOMS)


@book.case(3, keeps="3.1.3; 3.2.8")
async def longer_heads(scene: Scene) -> None:
    """Longer heads than needed are taken, and keys in any order."""
    ann = await scene.connect()
    await ann.say(
        "93 01 CD 00 01 DE 00 02 DA 00 08 63 61 6E 5F 68 6F 73 74 C2"
        " D9 04 6E 61 6D 65 D9 03 41 64 61"
    )
    await ann.welcomed()
    joined = await ann.expect(Joined, info__name="Ada", info__can_host=False)
    ann.check(joined.player == ann.me, "JOINED of somebody else")
    await ann.live()
    await ann.say("93 10 C3 C5 00 02 68 69", "92 05 D3 00 00 00 00 00 00 00 07")
    await ann.expect(Deliver, payload=b"hi")
    await ann.expect(Pong, t=7)


@book.case(3, keeps="3.2.3; 5 info name; 5 HELLO name")
async def a_byte_order_mark(scene: Scene) -> None:
    """U+FEFF at the begin of a name is kept, and so is what shows nothing."""
    name = "\ufeffA\u200b\u202e"
    ann = await scene.connect()
    await ann.hello(name=name)
    await ann.welcomed()
    await ann.expect(Joined, info__name=name)


@book.case(3, keeps="3.2.6; 3.2.2; 4 PING; 4 PONG; 4.4")
async def the_bounds_themselves(scene: Scene) -> None:
    """What lies on a bound is taken: 2^53 - 1, 1,024 targets, 15 elements."""
    ann = await scene.enter("Ann")
    await ann.say(Ping(2**53 - 1))
    await ann.expect(Pong, "3.2.2", t=2**53 - 1)
    await ann.say(Send((ann.me,) * 1024, b"once"))
    await ann.expect(Deliver, "3.2.6", payload=b"once")


@book.case(
    3,
    keeps="3.3.1; 7 TOO_BIG; 19 message from a client; 19b; 5 error limit; 19; 5 session limits; "
    "5 limits max_frame",
    breaks="5 limits max_frame",
)
async def a_message_that_is_too_big(scene: Scene) -> None:
    """One byte over `max_frame` is TOO_BIG without offset, and counts; `max_frame` is taken."""
    ann = await scene.enter("Ann")
    assert ann.welcome is not None
    most = ann.welcome.session.limits.max_frame
    head = len(encode(Send(True, bytes(most - 16)))) - (most - 16)
    await ann.say(Send(True, bytes(most - head + 1)))
    error = await ann.refused(ErrorCode.TOO_BIG, "3.3.1", detail__offset=None)
    ann.check(
        error.detail.limit == most, f"the limit is told as {error.detail.limit}", "5 error limit"
    )
    ann.check(error.detail.frame == 1, "the message did not count", "19b")
    await ann.say(Send(True, bytes(most - head)))
    await ann.expect(Deliver, "19 message from a client")


@book.case(3, keeps="3.1.2a; 3.1.2b; 3.1.2c")
async def the_relay_writes_short(scene: Scene) -> None:
    """WELCOME and JOINED leave defaults out, and have their keys in the order of section 5."""
    ann = await scene.connect()
    await ann.hello(name="Ann", seat=bytes(16))
    message = await ann.socket.recv()
    assert isinstance(message, bytes)
    frame = ann.read(message)
    best = encode(frame)
    ann.check(len(best) == len(message), f"{message.hex(' ')} has a default", "3.1.2b")
    ann.check(best == message, f"{message.hex(' ')} has its keys in another order", "3.1.2c")
    ann.noticed(frame)


@book.case(
    4, keeps="4.11; 7 NOT_AVAILABLE; 4 INPUT; 4 HASH; 4 READY; 13.1; 5 error frame; 5 error op"
)
async def lockstep_is_not_offered(scene: Scene) -> None:
    """INPUT, HASH and READY count, and are NOT_AVAILABLE where they are not offered."""
    ann = await scene.enter("Ann")
    for count, message in enumerate(("93 40 00 C4 00", "93 42 00 C4 01 00", "92 44 C3"), 1):
        await ann.say(message)
        error = await ann.refused(ErrorCode.NOT_AVAILABLE, "4.11", detail__frame=count)
        ann.check(error.seq > 0, "the refusal has no place in the order", "7")
        ann.check(error.detail.op == int(message[3:5], 16), "`op` names another", "5 error op")
