"""When memory is short, rooms give up history and are told; what must stay is refused."""

from __future__ import annotations

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Error,
    Property,
    RoomOptions,
    Send,
    Set,
    Snapshot,
    Subscribe,
    Update,
    Volatile,
)
from tests.helpers.peers import Party, new_seat, party, until


def is_full(at: Party) -> None:
    """Let rooms have no more than they have, but for history."""
    at.node.memory.limit = at.node.memory.used + 1000


async def test_what_must_stay_is_refused_and_the_connection_goes_on() -> None:
    async with party() as at:
        ann = await at.enters("R", create=RoomOptions(history="full"))
        ann.says(Set(0, "there", b"value"))
        await ann.hears(Property)
        is_full(at)
        for number, frame in enumerate(
            [Set(0, "k", bytes(1000)), Snapshot(0, 0, 1, bytes(1000)), Subscribe((1, 2, 3, 4))]
        ):
            ann.says(frame)
            error = await ann.hears(Error)
            assert error.code == ErrorCode.NO_ROOM_LEFT
            assert (error.detail.frame, error.detail.op, error.detail.retry) == (
                number + 2,
                frame.opcode,
                True,
            )
            assert error.seq > 0
        ann.says(Set(0, "there", b"less"))
        assert (await ann.hears(Property)).value == b"less"
        ann.says(*[Set(0, "k", bytes(1000))] * 25)  # it is no fault of the client's
        await ann.catches_up()
        ann.says(Send(True, b"and on"))
        assert (await ann.hears(Deliver)).payload == b"and on"


async def test_nobody_new_enters_and_no_room_is_made_but_seats_are_taken_up() -> None:
    seat = new_seat()
    async with party() as at:
        ann = await at.enters("R", seat=seat)
        is_full(at)
        for room in ("R", "NEW"):
            late = await at.connects(room)
            late.greets()
            assert (await late.hears(Error)).code == ErrorCode.RELAY_FULL
            assert (await late.ends())[0] == CloseCode.RELAY_FULL
        ann.raw.abort()
        again = await at.enters("R", seat=seat)
        assert again.me == ann.me


async def test_values_are_passed_on_and_not_kept() -> None:
    async with party() as at:
        ann, bob = await at.enters("R"), await at.enters("R")
        is_full(at)
        ann.says(Volatile(1, None, bytes(2000)))
        assert (await bob.hears(Update)).payload == bytes(2000)
        room = at.node.registry.find("R")
        assert room is not None
        assert list(room.audience.retained.but_of(0)) == []


async def test_one_address_does_not_fill_what_others_need() -> None:
    """Loopback is as good as an address of each room's own, unless it is limited."""
    async with party(limit_loopback=True, rooms_burst=50, joins_burst=50) as at:
        ann, bob = await at.enters("R"), await at.enters("S")
        payers = at.node.memory._payers
        assert len(payers) == 1
        assert ann.me == bob.me == 1
    async with party() as at:
        await at.enters("R")
        await at.enters("S")
        assert len(at.node.memory._payers) == 2


async def test_all_that_a_room_held_is_given_back_with_it() -> None:
    async with party() as at:
        ann = await at.enters("R", create=RoomOptions(keep=0, history="full", delay=5))
        ann.says(
            Subscribe((1, 2)),
            Set(0, "k", bytes(100)),
            Set(1, "k", bytes(100)),
            Snapshot(0, 0, 2, bytes(1000)),
            Volatile(1, None, bytes(100)),
            *[Send(-1, b"x")] * 20,
        )
        await ann.catches_up()
        memory = at.node.memory
        assert all(memory.kinds[:7])
        assert memory.used == sum(memory.kinds)
        ann.raw.abort()
        await until(lambda: not len(at.node.registry))
        assert memory.kinds == [0] * len(memory.kinds)
        assert at.node._ticks._alarms == {}
