"""What a node counts of its rooms' log."""

from __future__ import annotations

import asyncio

from protocol.limits import EPOCH_BYTES
from relay.cluster.counts import CountedProposals, Counts
from relay.cluster.local_log import LocalLog
from relay.cluster.log import Deliver, Logged, Unfollow
from relay.cluster.replicas import parcels
from relay.cluster.replicas.parcels import Parcel
from relay.room.entries import Acknowledge
from tests.helpers.cluster.wire import parties
from tests.helpers.peers import until

ROOM, EPOCH = "ROOM", bytes(EPOCH_BYTES)


class DeafLog(LocalLog):
    """Stores everything, and delivers nothing until it is told to."""

    is_deaf = True

    def follow(self, room: str, deliver: Deliver) -> Unfollow:
        def hear(logged: Logged) -> None:
            if not self.is_deaf:
                deliver(logged)

        return super().follow(room, hear)


def parcel_of(incarnation: int, frames: int) -> tuple[Parcel, bytes]:
    entries = tuple(Acknowledge(number) for number in range(frames))
    packed = [parcels.pack_entry(entry) for entry in entries]
    data = parcels.pack_parcel(EPOCH, incarnation, 1, packed)
    return Parcel(EPOCH, incarnation, 1, entries), data


def test_parcels_and_what_is_in_them_are_counted() -> None:
    counts = Counts()
    (first, data), (late, more) = parcel_of(1, 3), parcel_of(2, 4)
    counts.take(first, data, is_fenced=False)
    counts.take(late, more, is_fenced=True)
    assert (counts.parcels, counts.frames, counts.fenced) == (2, 7, 4)
    assert counts.size == len(data) + len(more)


async def test_what_is_sent_again_is_counted_also_after_the_room_has_gone() -> None:
    counts, log = Counts(), DeafLog()
    proposals = CountedProposals(log, 7, counts)
    proposals.open(ROOM, EPOCH)
    proposals.add(ROOM, Acknowledge(1))
    await asyncio.sleep(0)
    assert counts.resent == 0
    await until(lambda: counts.resent == 1)
    proposals.close(ROOM)
    assert counts.resent == 1
    proposals.stop()


async def test_gaps_stay_counted_when_a_room_is_let_go_of() -> None:
    async with parties(1) as ((at, broker),):
        await at.enters("R")
        broker.replicas["R"].filled = 3
        broker.restart(lambda name: True)
        assert broker.counts.filled == 3


async def test_what_a_dead_node_says_is_counted_as_fenced() -> None:
    async with parties(1) as ((at, broker),):
        await at.enters("R")
        replica = broker.replicas["R"]
        replica.sequencer.fence(99)
        broker.seen(replica, *parcel_of(98, 3))
        assert broker.counts.fenced == 0
        broker.seen(replica, *parcel_of(99, 3))
        assert broker.counts.fenced == 3
