"""Who may enter, before any room is asked."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from protocol import WIRE_VERSION
from protocol.close_codes import CloseCode
from protocol.codec import Role, decode, encode, pack
from protocol.error_codes import ErrorCode
from protocol.frames import Error, Frame, Hello, HelloOptions, Kick, RoomOptions, Set
from protocol.limits import FRAME_IN, FRAME_OUT, HEAD_ROOM
from relay.conditions.shape import Shape
from relay.delivery.outbox import Outbox
from relay.history.ws_frame import unwrap
from relay.node.admission import (
    check_app,
    check_creation,
    check_frame_size,
    check_version,
    wrong_password,
)
from relay.node.link import Look
from relay.node.node import Node
from relay.policy.config import Settings
from relay.room.entries import Ask
from relay.room.refusals import Refusal
from tests.helpers.outboxes import outlet
from tests.helpers.playbook import a_room

# Versions.


@pytest.mark.parametrize(("lowest", "highest"), [(None, 1), (1, 1), (1, 9), (1, 2**53 - 1)])
def test_a_version_that_both_speak_is_enough(lowest: int | None, highest: int) -> None:
    check_version(Hello(highest, HelloOptions(min=lowest)))


@pytest.mark.parametrize(("lowest", "highest"), [(None, 2), (2, 9), (5, 1)])
def test_no_common_version_is_refused_and_both_ranges_named(
    lowest: int | None, highest: int
) -> None:
    with pytest.raises(Refusal) as refusal:
        check_version(Hello(highest, HelloOptions(min=lowest)))
    assert refusal.value.code == ErrorCode.VERSION
    assert refusal.value.close == CloseCode.VERSION
    detail = refusal.value.error().detail
    assert (detail.expected, detail.got) == ("1..1", f"{lowest or highest}..{highest}")
    assert f"you speak {lowest or highest} to {highest}" in refusal.value.text
    assert WIRE_VERSION == 1


# Frame sizes.


def test_a_client_that_takes_the_longest_frame_here_is_welcome() -> None:
    check_frame_size(HelloOptions(), FRAME_IN)
    check_frame_size(HelloOptions(max_frame=FRAME_IN + HEAD_ROOM), FRAME_IN)


def test_a_client_that_takes_less_is_told_both_numbers() -> None:
    with pytest.raises(Refusal) as refusal:
        check_frame_size(HelloOptions(), FRAME_OUT)
    assert (refusal.value.code, refusal.value.close) == (
        ErrorCode.FRAME_SIZE,
        CloseCode.FRAME_SIZE,
    )
    detail = refusal.value.error().detail
    assert (detail.limit, detail.got) == (FRAME_OUT + HEAD_ROOM, str(FRAME_OUT))


# Apps and builds.


@pytest.mark.parametrize(
    ("room", "client"),
    [
        ({}, {}),
        ({}, {"app": "pong", "build": "7"}),
        ({"app": "pong"}, {"app": "pong", "build": "7"}),
    ],
)
def test_a_room_takes_its_own_app_and_one_that_names_none_takes_all(
    room: dict[str, str], client: dict[str, Any]
) -> None:
    check_app(a_room(**room), HelloOptions(**client))


@pytest.mark.parametrize(
    ("room", "client", "expected", "got"),
    [
        ({"app": "pong"}, {"app": "chess"}, "pong", "chess"),
        ({"app": "pong"}, {}, "pong", ""),
        ({"app": "pong", "build": "7"}, {"app": "pong", "build": "8"}, "7", "8"),
    ],
)
def test_another_app_or_build_is_refused(
    room: dict[str, str], client: dict[str, Any], expected: str, got: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        check_app(a_room(**room), HelloOptions(**client))
    assert (refusal.value.code, refusal.value.close) == (ErrorCode.OTHER_APP, CloseCode.OTHER_APP)
    detail = refusal.value.error().detail
    assert (detail.expected, detail.got) == (expected, got)


# Rooms that are not there.


def test_a_missing_room_is_made_as_hello_says() -> None:
    assert check_creation(Hello(1), "LOBBY") == RoomOptions()
    wanted = RoomOptions(capacity=4, app="pong")
    options = HelloOptions(create=wanted, app="other", build="7")
    assert check_creation(Hello(1, options), "LOBBY") == replace(wanted, build="7")


def test_a_missing_room_is_not_made_for_a_slip_of_the_finger() -> None:
    with pytest.raises(Refusal) as refusal:
        check_creation(Hello(1, HelloOptions(create=False)), "LOBY")
    assert refusal.value.code == ErrorCode.NO_SUCH_ROOM
    assert refusal.value.close == CloseCode.NO_SUCH_ROOM


@pytest.mark.parametrize("create", [True, False, RoomOptions()])
def test_who_comes_back_to_a_room_that_is_gone_creates_nothing(
    create: bool | RoomOptions,
) -> None:
    options = HelloOptions(position=(b"an epoch", 7), create=create)
    with pytest.raises(Refusal) as refusal:
        check_creation(Hello(1, options), "LOBBY")
    assert (refusal.value.code, refusal.value.close) == (ErrorCode.ROOM_GONE, None)


# Secrets.


@pytest.mark.parametrize("got", ["", "guess"])
def test_a_wrong_password_is_refused_and_not_repeated(got: str) -> None:
    refusal = wrong_password(got)
    assert (refusal.code, refusal.close) == (ErrorCode.WRONG_PASSWORD, CloseCode.WRONG_PASSWORD)
    assert "guess" not in str(refusal.error())


# The order of SPEC 10. Each HELLO breaks all rules from one on; each step mends the first of them.

HELD, SECRET, OTHER_SECRET = bytes(15) + b"h", bytes(15) + b"s", bytes(15) + b"o"
BUSY, BARRED, FREE, OF_HOST = (f"192.0.2.{number}" for number in range(1, 5))
INVITED: dict[str, Any] = {"app": "pong", "password": "sesame", "ticket": "invited"}
MADE = RoomOptions(app="pong", password="sesame", bar="address")
WRONG: dict[str, Any] = {
    "version": WIRE_VERSION + 1,
    "min": WIRE_VERSION + 1,
    "room": "no room",
    "address": BUSY,
    "max_frame": FRAME_IN,
    "app": "chess",
    "password": "wrong",
    "ticket": "",
}
Mend = dict[str, Any] | Callable[[], object]
"""What another HELLO says instead, or what happens before it."""

EARLY: list[tuple[ErrorCode, Mend]] = [
    (ErrorCode.VERSION, {"version": WIRE_VERSION, "min": None}),
    (ErrorCode.NO_SUCH_ROOM, {"room": "R"}),
    (ErrorCode.TOO_FAST, {"address": BARRED}),
    (ErrorCode.FRAME_SIZE, {"max_frame": FRAME_OUT}),
]
"""What is refused first, and what mends it: SPEC 10.1 to 10.3."""


class Way:
    """The way to a client that only listens."""

    def __init__(self) -> None:
        self.outbox = Outbox(outlet())
        self.wished: Shape | None = None
        self.shaped: Shape | None = None

    def close(self, code: CloseCode, reason: str) -> None:
        """What was said before is enough to know."""

    def look(self) -> Look:
        return Look("direct")

    def silent(self, *, lately: bool = False) -> float:
        return 0.0

    def shape(self, shape: Shape | None, player: int) -> None:
        """Nobody asks for conditions here."""


class Door:
    """A node with a game's word on who may enter, and strangers who say HELLO."""

    def __init__(self) -> None:
        settings = Settings(joins_per_second=0.01)  # so that who is too fast stays so
        self.node = Node(settings, on_join=lambda request: request.ticket == "invited")
        self.promised: tuple[str, ...] = ()
        """Addresses that have the last places, again at each HELLO, as entering takes one."""
        while not self.node.limits.join(BUSY, time.monotonic()):
            pass
        self.fill()

    def fill(self) -> None:
        """Leave no memory for one more seat."""
        self.enough, self.node.memory.limit = self.node.memory.limit, 0

    def empty(self) -> None:
        self.node.memory.limit = self.enough

    async def judges(
        self, *, version: int = WIRE_VERSION, room: str = "R", address: str = FREE, **options: Any
    ) -> ErrorCode | None:
        """Return why a HELLO is refused, if it is."""
        for each in self.promised:
            self.node.reservations.reserve("R", each, time.monotonic())
        hello, way = Hello(version, HelloOptions(**options)), Way()
        self.connection = self.node.connect(way, room, address)
        try:
            await self.node.admit(self.connection, hello, encode(hello))
        except Refusal as refusal:
            return refusal.code
        first = decode(unwrap(way.outbox.take()[0]), Role.RELAY)
        return ErrorCode(first.code) if isinstance(first, Error) else None

    def asks(self, attachment: int, frame: Frame) -> None:
        """Let a player of the room do something."""
        self.node.append("R", Ask(attachment, frame))

    async def makes_a_room(self) -> int:
        """Let a host make a room that is full, locked, and has barred a player.

        Returns: the host's attachment.
        """
        self.empty()
        assert await self.judges(address=OF_HOST, seat=HELD, create=MADE, **INVITED) is None
        host = self.connection.attachment
        assert await self.judges(address=BARRED, seat=SECRET, **INVITED) is None
        self.asks(host, Kick(2))
        self.asks(host, Set(0, "@locked", pack(True)))
        self.asks(host, Set(0, "@capacity", pack(1)))
        self.promised = (OF_HOST,)
        self.fill()
        return host


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    yield door
    door.node.close()


async def judged_in_order(
    door: Door, said: dict[str, Any], mends: list[tuple[ErrorCode, Mend]]
) -> None:
    """Expect each refusal and mend its reason; then expect to be let in."""
    for code, mend in mends:
        assert await door.judges(**said) == code
        if callable(mend):
            mend()
        else:
            said |= mend
    assert await door.judges(**said) is None


async def test_a_stranger_is_judged_in_the_order_of_the_spec(door: Door) -> None:
    host = await door.makes_a_room()
    mends: list[tuple[ErrorCode, Mend]] = [
        *EARLY,
        (ErrorCode.OTHER_APP, {"app": "pong"}),
        (ErrorCode.WRONG_PASSWORD, {"password": "sesame"}),
        (ErrorCode.NOT_ADMITTED, {"ticket": "invited"}),
        (ErrorCode.RELAY_FULL, door.empty),
        (ErrorCode.ROOM_FULL, lambda: setattr(door, "promised", (BARRED, FREE))),
        (ErrorCode.EPOCH_CHANGED, {"position": None}),
        (ErrorCode.KICKED, {"seat": OTHER_SECRET}),
        (ErrorCode.KICKED, {"address": FREE}),
        (ErrorCode.LOCKED, lambda: door.asks(host, Set(0, "@locked", pack(False)))),
        (ErrorCode.ROOM_FULL, lambda: door.asks(host, Set(0, "@capacity", pack(2)))),
    ]
    said = {**WRONG, "seat": SECRET, "position": (b"an epoch", 7)}
    await judged_in_order(door, said, mends)


async def test_a_room_that_is_not_there_is_made_in_the_order_of_the_spec(door: Door) -> None:
    mends: list[tuple[ErrorCode, Mend]] = [
        *EARLY,
        (ErrorCode.ROOM_GONE, {"position": None}),
        (ErrorCode.NO_SUCH_ROOM, {"create": True}),
        (ErrorCode.RELAY_FULL, door.empty),
        (ErrorCode.NOT_ADMITTED, {"ticket": "invited"}),
    ]
    said = {**WRONG, "position": (b"an epoch", 7), "create": False}
    await judged_in_order(door, said, mends)
    assert door.node.registry.find("R") is not None


async def test_nothing_but_the_first_checks_and_its_position_keeps_a_seat_from_its_holder(
    door: Door,
) -> None:
    """No app, password, game's word, memory, promise, bar on an address, lock or capacity."""
    await door.makes_a_room()
    said = {**WRONG, "seat": HELD, "position": (b"an epoch", 7)}
    await judged_in_order(door, said, [*EARLY, (ErrorCode.EPOCH_CHANGED, {"position": None})])
