"""Whatever happens in a room: a replica that began with a snapshot, is short of memory and forgets
what is old is the same room.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

from relay.cluster.replicas import snapshots
from relay.cluster.replicas.sequencer import Sequencer
from relay.history.history import History
from relay.room.effects import Admit, Answered, Effect, TurnedAway
from relay.room.entries import Create
from relay.room.room import Room
from tests.helpers.playbook import EPOCH
from tests.helpers.room_machine import HISTORY, RoomMachine

EVERY = 7  # entries between two loads


def state(room: Room) -> dict[str, Any]:
    """Return all that must be the same: how far back a history goes is each node's own."""
    summary = room.summary()
    del summary["history"]
    return summary


def plain(effect: Effect) -> object:
    """Leave out what only the player's own node is to know, as it depends on its history."""
    match effect:
        case Admit(attachment, player):
            return (attachment, player)
        case TurnedAway(attachment, refusal):
            return (attachment, refusal.code, refusal.close)
        case Answered(errand, refusal):
            return (errand, refusal and refusal.code)
        case _:
            return effect


class Replicated(RoomMachine):
    """Plays a room, and at the end plays it again on three replicas, each treated otherwise."""

    def teardown(self) -> None:
        super().teardown()
        options = self.witness._options
        create = Create("ROOM", EPOCH, options, "", 4096, HISTORY, 2**24)
        rooms = [
            Room("ROOM", EPOCH, options, history=History(max_frames=HISTORY)) for _ in range(3)
        ]
        for number, entry in enumerate(self.witness.entries):
            effects = [[plain(effect) for effect in room.apply(entry)] for room in rooms]
            assert effects[0] == effects[1] == effects[2]
            if number % EVERY == 0:
                rooms[1] = loaded(rooms[1], create)
                rooms[2].history.give(10**6)
                rooms[2].history.age(number, 3.0, rooms[2].needed_from)
            assert state(rooms[0]) == state(rooms[1]) == state(rooms[2])
        assert state(rooms[0]) == state(self.room)
        for room in rooms:
            suffix = list(room.history)
            assert suffix == list(self.room.history.since(room.seq - len(suffix)))


def loaded(room: Room, create: Create) -> Room:
    """Return the room as it comes out of a snapshot of it."""
    saved = snapshots.read(snapshots.write(1, bytes(16), create, room, Sequencer()))
    assert saved.room is not None
    saved.room.history.bound(create.history_frames, create.history_bytes)
    return saved.room


TestReplicated = pytest.mark.fuzz(Replicated.TestCase)
TestReplicated.settings = settings(
    max_examples=max(20, settings().max_examples // 500), stateful_step_count=50
)
