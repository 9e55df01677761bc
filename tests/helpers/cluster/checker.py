"""Watches replicas of rooms: they must be one, and lose, double and reorder nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from protocol.codec import Role, decode
from protocol.frames import Deliver, Host
from relay.cluster.replicas.replica import Replica
from relay.room.effects import Answered, Effect
from relay.room.entries import Act, Ask, Entry, Join, NodeGone, incarnation_of
from relay.room.room import Room

Key = tuple[bytes, bytes]
Place = tuple[bytes, int]
SAMPLED = 8  # every so many entries, whole rooms are compared


class Checker:
    """What all replicas of all rooms have told, by epoch and seq.

    Attributes:
        faults: in sentences; none if all is well.
        told: each message. heard: the head of each room of each node.
        answered: what operators did, by its errand.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.told: dict[bytes, dict[int, bytes]] = defaultdict(dict)
        self.answered: dict[int, Act] = {}
        self._digests: dict[Place, bytes] = {}
        self._states: dict[Place, dict[str, Any]] = {}
        self._dead: dict[tuple[str, bytes], set[int]] = defaultdict(set)
        self._heads: dict[tuple[str, bytes], int] = {}

    def watch(self, node: str, room: Room) -> None:
        """Compare what a node's room has told since the last call."""
        told, place = self.told[room.epoch], (node, room.epoch)
        for seq, _, message in room.history.since(self._heads.get(place, 0)):
            if told.setdefault(seq, message) != message:
                self.faults.append(f"{node} tells something else as seq {seq}")
        self._heads[place] = max(self._heads.get(place, 0), room.seq)

    def hear(self, node: str, room: Room, entry: Entry) -> None:
        """Take note of an entry that a node applies: it is of no node that was taken for dead."""
        dead = self._dead[node, room.epoch]
        if isinstance(entry, NodeGone):
            dead.add(entry.incarnation)
        attachment = entry[0] if isinstance(entry, tuple) else None
        if isinstance(entry, Join | Ask):
            attachment = entry.attachment
        if isinstance(entry, Act):
            attachment = entry.errand
        if attachment is not None and incarnation_of(attachment) in dead:
            self.faults.append(f"{node} hears a node that is dead")

    def answer(self, node: str, act: Act, effects: Sequence[Effect]) -> None:
        """Take note that an act came to the node that asked for it: once, and with an answer."""
        if act.errand in self.answered:
            self.faults.append(f"{node} did {act} twice")
        answers = [effect.errand for effect in effects if isinstance(effect, Answered)]
        if answers != [act.errand]:
            self.faults.append(f"{node} hears {answers} of {act}")
        self.answered[act.errand] = act

    def compare(self, node: str, replica: Replica, room: Room) -> None:
        """Compare a replica with others that are in the same place of the log."""
        place = (room.epoch, replica.chain.applied)
        if self._digests.setdefault(place, replica.digest) != replica.digest:
            self.faults.append(f"{node} has another digest at {place[1]}")
        if not place[1] % SAMPLED:
            self.compare_states(node, replica, room)

    def compare_states(self, node: str, replica: Replica, room: Room) -> None:
        state = room.summary()
        del state["history"]  # how much of it there is depends on when a replica began
        state["sequencer"] = replica.sequencer.summary()
        other = self._states.setdefault((room.epoch, replica.chain.applied), state)
        if other != state:
            names = [name for name in state if state[name] != other[name]]
            self.faults.append(f"{node} has other {names} at {replica.chain.applied}")

    # In the end.

    def check_told(self, acknowledged: Mapping[Key, set[int]]) -> None:
        """Check each order: it is whole, each payload is in it once, each sender's in order.

        Args: acknowledged: numbers of payloads, by epoch and sender.
        """
        for epoch, told in self.told.items():
            if sorted(told) != list(range(1, len(told) + 1)):
                self.faults.append("there are gaps in an order")
            frames = [decode(told[seq], Role.RELAY) for seq in sorted(told)]
            self._check_hosts([frame for frame in frames if isinstance(frame, Host)])
            payloads = [frame.payload for frame in frames if isinstance(frame, Deliver)]
            self._check_payloads(epoch, payloads, acknowledged)

    def _check_hosts(self, frames: list[Host]) -> None:
        if [frame.term for frame in frames] != list(range(1, len(frames) + 1)):
            self.faults.append("a term has two hosts, or none")

    def _check_payloads(
        self, epoch: bytes, payloads: list[bytes], acknowledged: Mapping[Key, set[int]]
    ) -> None:
        doubled = [payload for payload, times in Counter(payloads).items() if times > 1]
        if doubled:
            self.faults.append(f"told twice: {doubled[:3]}")
        numbers: dict[bytes, list[int]] = defaultdict(list)
        for payload in payloads:
            sender, _, number = payload.partition(b":")
            numbers[sender].append(int(number))
        for sender, order in numbers.items():
            if order != sorted(order):
                self.faults.append(f"{sender!r} is not told in their order")
        for (of, sender), known in acknowledged.items():
            if of == epoch and (lost := known - set(numbers[sender])):
                self.faults.append(f"acknowledged and lost: {sender!r} {sorted(lost)[:3]}")
