"""What becomes of a room's proposals when a node lets go of it and takes it up again."""

from __future__ import annotations

from protocol.limits import EPOCH_BYTES
from relay.cluster.local_log import LocalLog
from relay.cluster.replicas import parcels
from relay.cluster.replicas.parcels import Parcel
from relay.cluster.replicas.proposals import Proposals
from relay.room.entries import Acknowledge
from tests.helpers.peers import until

ROOM, EPOCH = "ROOM", bytes(EPOCH_BYTES)


async def test_a_number_never_comes_twice() -> None:
    """A replica takes the second parcel of a number for the first one that comes again."""
    log, heard = LocalLog(), list[Parcel]()

    def hear(data: bytes) -> None:
        parcel = parcels.read(data)
        assert isinstance(parcel, Parcel)
        heard.append(parcel)
        proposals.seen(ROOM, parcel, data)

    log.follow(ROOM, lambda logged: hear(logged.data))
    proposals = Proposals(log, 7)
    for number in (1, 2, 3):
        proposals.open(ROOM, EPOCH)
        proposals.add(ROOM, Acknowledge(number))
        await until(lambda: not proposals.is_waiting(ROOM))
        proposals.close(ROOM)
    assert [parcel.number for parcel in heard] == [1, 2, 3]
    proposals.stop()
