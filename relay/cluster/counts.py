"""What a node counts of its rooms' log, for its operator. Every number only grows."""

from __future__ import annotations

from dataclasses import dataclass

from relay.cluster.log import Log
from relay.cluster.replicas.outgoing import Outgoing
from relay.cluster.replicas.parcels import Parcel
from relay.cluster.replicas.proposals import Proposals


@dataclass(slots=True)
class Counts:
    """What came out of the log.

    Attributes:
        parcels: how many the log has delivered.
        frames: frames of players and entries of nodes in these parcels.
        size: bytes of all parcels.
        filled: parcels that were missed, and read later, of rooms that this node has let go of.
        fenced: frames that are dropped, as their node was taken for dead.
        resent: how often a parcel of this node's own was sent again.
    """

    parcels: int = 0
    frames: int = 0
    size: int = 0
    filled: int = 0
    fenced: int = 0
    resent: int = 0

    def take(self, parcel: Parcel, data: bytes, *, is_fenced: bool) -> None:
        """Count a parcel. Args: data: the parcel as the log has it."""
        self.parcels += 1
        self.frames += len(parcel.entries)
        self.size += len(data)
        if is_fenced:
            self.fenced += len(parcel.entries)


class CountedProposals(Proposals):
    """Proposals that count how often something is sent again."""

    def __init__(self, log: Log, incarnation: int, counts: Counts) -> None:
        super().__init__(log, incarnation)
        self._counts = counts

    def _publish(self, rooms: dict[str, Outgoing]) -> None:
        before = _resent(rooms)
        super()._publish(rooms)
        self._counts.resent += _resent(rooms) - before


def _resent(rooms: dict[str, Outgoing]) -> int:
    return sum(each.resent for each in rooms.values())
