"""Sections 3, 4, 5, 10 and 19: what lies on a bound is taken, and a room stays as it was made."""

from __future__ import annotations

from typing import Any

from clients.conform.server.scene import Scene, a_seat, book, payloads
from protocol.codec import encode, pack
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    Frame,
    Hash,
    Input,
    Joined,
    Kick,
    Ping,
    Pong,
    RoomOptions,
    Send,
    Set,
    Snapshot,
    Subscribe,
    Transfer,
    Volatile,
)

HIGHEST = 2**32 - 1
"""The highest number of a player."""
MOST = 2**53 - 1

VALUES: dict[str, object] = {
    "3.2.1": [None, True, False, 0, -1, MOST, -MOST, 1.5, float("inf"), "é", b"b", [], {}],
    "3.2.4": {"": 0, "a": 1, "A": 2, "__proto": 3, "\0": 4, "é": 5, "e\u0301": 6},
    "3.2.5": bytes([255]) * 300,
    "3.2.7": {"last": bytes([255]) * 300},
}
"""By the rule that it keeps: what an option of HELLO may hold that the relay does not know."""


@book.case(3, keeps="; ".join(VALUES))
async def what_the_profile_allows(scene: Scene) -> None:
    """Every type and every key that the profile allows is taken, to the last byte of a message."""
    for rule, value in VALUES.items():
        ann = await scene.connect()
        await ann.say(b"\x93\x01\x01\x81" + pack("zoom") + pack(value))
        await ann.welcomed(rule)


@book.case(3, keeps="3.1.1; 4 LEAVE")
async def a_frame_of_one_element(scene: Scene) -> None:
    """A frame may be an opcode alone: 91 08 is LEAVE."""
    ann = await scene.enter("Ann")
    await ann.say("91 08")
    await ann.ends(1000)


@book.case(3, keeps="3.2.8")
async def keys_in_any_order(scene: Scene) -> None:
    """The keys of a HELLO may come in another order than that of section 5."""
    ann = await scene.connect()
    await ann.say("93 01 01 82 A8 63 61 6E 5F 68 6F 73 74 C2 A4 6E 61 6D 65 A3 41 64 61")
    await ann.welcomed()
    await ann.expect(Joined, info__name="Ada", info__can_host=False)


BOUNDS: dict[str, tuple[tuple[Frame, ErrorCode | None], ...]] = {
    "4 count": (
        (Ack(MOST), None),
        (Input(MOST, b""), ErrorCode.NOT_AVAILABLE),
        (Snapshot(MOST, MOST, MOST, b""), ErrorCode.NOT_AVAILABLE),
    ),
    "4 player": (
        (Transfer(HIGHEST), ErrorCode.NO_SUCH_PLAYER),
        (Kick(HIGHEST, "r" * 123), ErrorCode.NO_SUCH_PLAYER),
    ),
    "4 player or 0": (
        (Set(HIGHEST, "k", b""), ErrorCode.NO_SUCH_PLAYER),
        (Set(0, "k", b""), None),
    ),
    "4 players": (
        (Send((), b"x"), None),
        (Send((HIGHEST,) * 1024, b"x"), ErrorCode.NO_SUCH_PLAYER),
    ),
    "4 word": ((Set(0, "w", False), None), (Set(0, "k" * 64, False), None)),
    "4 payload": ((Send(None, b""), None), (Volatile(255, None, b""), None)),
    "4 groups": ((Subscribe((1, 255), (255, 1)), None), (Subscribe((7,) * 255, ()), None)),
    "4 HASH": (
        (Hash(0, bytes(1)), ErrorCode.NOT_AVAILABLE),
        (Hash(MOST, bytes(64)), ErrorCode.NOT_AVAILABLE),
    ),
}
"""By the type: frames with a value on its bounds, and the ERROR that is right; None is none."""


@book.case(4, keeps="; ".join(BOUNDS))
async def fields_on_their_bounds(scene: Scene) -> None:
    """The shortest and the longest, the lowest and the highest of every type are taken."""
    ann = await scene.enter("Ann")
    for rule, several in BOUNDS.items():
        for frame, right in several:
            await ann.say(frame)
            told = [each.code for each in await ann.fence() if isinstance(each, Error)]
            wanted = [] if right is None else [right]
            ann.check(told == wanted, f"{frame!r:.60} is answered with {told}", rule)


OPTIONS: dict[str, Any] = {
    "seat": bytes(16),
    "name": "n" * 64,
    "role": "spectator",
    "min": 1,
    "app": "a" * 64,
    "build": "b" * 64,
    "ticket": "t" * 1024,
    "password": "p" * 128,
    "create": True,
    "max_frame": MOST,
    "can_host": False,
}
"""Options of HELLO, on their bounds."""


@book.case(5, keeps="; ".join(f"5 HELLO {key}" for key in OPTIONS))
async def options_on_their_bounds(scene: Scene) -> None:
    """Each option of HELLO is taken where it lies on its bound."""
    for key, value in OPTIONS.items():
        ann = await scene.connect()
        await ann.hello(**{"seat": a_seat(), key: value})
        await ann.welcomed(f"5 HELLO {key}")


ROOM = RoomOptions(
    title="t" * 64, capacity=1024, spectators=1024, public=False, hold=600, keep=0,
    history="snapshot", write="host", host_keys=tuple(f"{n:064}" for n in range(16)), delay=600,
    host_away=600, bar="address", chaos=True, app="a" * 64, build="b" * 64,
    tags={f"{n:064}": "v" * 64 for n in range(16)},
)  # fmt: skip
"""Options of a room, on their bounds."""
NAMES = ("title", "capacity", "spectators", "public", "hold", "keep", "history", "write",
         "host_keys", "delay", "host_away", "bar", "chaos", "app", "build", "tags")  # fmt: skip


@book.case(5, keeps="; ".join(f"5 room {name}" for name in NAMES))
async def room_options_on_their_bounds(scene: Scene) -> None:
    """Each option of a room is taken, and told, where it lies on its bound."""
    ann = await scene.connect()
    await ann.hello(create=ROOM, app=ROOM.app, build=ROOM.build)
    told = (await ann.welcomed("10.4c")).session.options
    for name in NAMES:
        got, wanted = getattr(told, name), getattr(ROOM, name)
        ann.check(got == wanted, f"{name} is {got!r:.60}", f"5 room {name}")


@book.case(10, keeps="10b", breaks="10.4c")
async def a_room_stays_as_it_was_made(scene: Scene) -> None:
    """A latecomer who asks for other options is told those with which the room was made."""
    await scene.enter("Ann", create=RoomOptions(title="Chess", hold=7))
    bob = await scene.enter("Bob", create=RoomOptions(title="Go", hold=9, capacity=1))
    assert bob.welcome is not None
    told = bob.welcome.session.options
    bob.check((told.title, told.hold, told.capacity) == ("Chess", 7, 64), f"they are {told}")


# Section 19: limits that WELCOME says.


@book.case(19, keeps="5 limits history_frames; 5 limits history_bytes")
async def a_past_within_its_limits(scene: Scene) -> None:
    """A joiner hears no more of the past than WELCOME says that it may be."""
    ann, _ = await scene.two(history="full")
    await ann.say(*(Send(None, b"%d" % n) for n in range(3)))
    await ann.fence()
    cid = await scene.enter("Cid")
    assert cid.welcome is not None
    limits, past = cid.welcome.session.limits, payloads(cid.stream)
    cid.check(len(past) == 3, f"{past} were told", "12.5.1")
    most = limits.history_frames
    cid.check(len(past) <= most, f"{len(past)} came, not {most}", "5 limits history_frames")
    size = sum(len(encode(each)) for each in cid.stream if isinstance(each, Deliver))
    most = limits.history_bytes
    cid.check(size <= most, f"{size} bytes came, not {most}", "5 limits history_bytes")


@book.case(19, keeps="5 limits window; 13.2")
async def a_whole_window(scene: Scene) -> None:
    """As many counted frames as `window` says are taken, with no ACK before the last."""
    ann = await scene.enter("Ann")
    assert ann.welcome is not None
    window = ann.welcome.session.limits.window
    if window > 1000:
        scene.not_applicable("the relay has no such limit")
    await ann.say(*[Send(ann.me, b"")] * window, Ping(1))
    pong = await ann.expect(Pong, within=8, t=1)
    ann.check(pong.taken == window, f"{pong.taken} of {window} are taken")
