"""What becomes of a room's proposals when a node lets go of it and takes it up again."""

from __future__ import annotations

from protocol import fast_path
from protocol.limits import EPOCH_BYTES
from relay.cluster.local_log import LocalLog
from relay.cluster.replicas import parcels
from relay.cluster.replicas.parcels import Parcel
from relay.cluster.replicas.proposals import MOST_HELD, MOST_WAITING, Proposals
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


class Deaf(LocalLog):
    """Stores nothing. Notes how long each entry is."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    @property
    def most_bytes(self) -> int:
        return 16 * 1024

    def publish(self, room: str, id: str, data: bytes) -> None:
        self.sizes.append(len(id) + len(data))


async def test_all_rooms_together_hold_no_more_than_one_node_can() -> None:
    proposals = Proposals(Deaf(), 7)
    entry, rooms = (1, None, bytes(60_000)), 0
    while proposals.held <= MOST_HELD:
        rooms += 1
        proposals.open(f"ROOM-{rooms}", EPOCH)
        assert proposals.add(f"ROOM-{rooms}", entry)
        while proposals.held <= MOST_HELD and proposals.add(f"ROOM-{rooms}", entry):
            pass
    assert rooms > 10
    proposals.open(ROOM, EPOCH)
    assert not proposals.add(ROOM, entry)
    assert proposals.add(ROOM, Acknowledge(1))  # what is no player's is taken
    proposals.close(ROOM)
    assert proposals.held < MOST_HELD + MOST_WAITING / 2
    for number in range(rooms):
        proposals.close(f"ROOM-{number + 1}")
    assert proposals.held == 0
    proposals.stop()


async def test_what_is_held_is_counted_until_it_is_seen() -> None:
    log = LocalLog()
    proposals = Proposals(log, 7)

    def hear(data: bytes) -> None:
        parcel = parcels.read(data)
        assert isinstance(parcel, Parcel)
        proposals.seen(ROOM, parcel, data)

    log.follow(ROOM, lambda logged: hear(logged.data))
    proposals.open(ROOM, EPOCH)
    for _ in range(50):
        proposals.add(ROOM, (1, None, fast_path.tail(bytes(10_000))))
    assert proposals.held > 500_000
    await until(lambda: not proposals.is_waiting(ROOM))
    assert proposals.held == 0
    proposals.stop()


async def test_a_parcel_is_split_where_the_log_takes_no_longer_one() -> None:
    log = Deaf()
    proposals = Proposals(log, 7)
    proposals.open(ROOM, EPOCH)
    for _ in range(10):
        proposals.add(ROOM, (1, None, bytes(4000)))
    await until(lambda: len(log.sizes) >= 4)
    assert max(log.sizes) <= log.most_bytes
    proposals.stop()
