"""A room beside its model: the same happens to both, and both must say the same.

An input is a list of happenings: which one, and two bytes of what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from protocol.fields.field_types import Target
from protocol.frames import PlayerInfo
from tests.helpers.playbook import AWAY, CANNOT_HOST, EPOCH, HERE, SPECTATOR
from tests.helpers.room_machine import NETWORKS, SETTINGS, RoomMachine

STEP: Final = 3
MOST: Final = 200
"""Happenings of an input at most."""

HISTORIES: Final = ("none", "snapshot", "full")
INFOS: Final = (PlayerInfo(), PlayerInfo(), SPECTATOR, CANNOT_HOST)
TARGETS: Final[tuple[Target, ...]] = (
    *(None, True, False, -2, -1, 0, 1, 2, 7),
    *((), (1,), (1, 2), (2, 7), (3, 3)),
)


def check(data: bytes) -> None:
    """The room and its model agree after each happening, and so do replays at the end."""
    if not data:
        return
    machine = RoomMachine()
    machine.begin(HISTORIES[data[0] % len(HISTORIES)])
    steps = data[1 : 1 + MOST * STEP]
    for at in range(0, len(steps) - STEP + 1, STEP):
        which, a, b = steps[at : at + STEP]
        HAPPENINGS[which % len(HAPPENINGS)](machine, a, b)
        machine.agrees()
        machine.follows()
    machine.teardown()


def join(machine: RoomMachine, a: int, b: int) -> None:
    position = (EPOCH, b % 61) if a & 0x40 else None
    machine.join(a % 7 or None, INFOS[a >> 3 & 3], position, NETWORKS[b % len(NETWORKS)])


def ring(machine: RoomMachine, a: int, b: int) -> None:
    if machine.timers:
        machine.let_ring(machine.timers[-1 - a % len(machine.timers)])


def subscribe(machine: RoomMachine, a: int, b: int) -> None:
    groups = (), (1,), (2,), (1, 2)
    machine.subscribe(a, groups[b & 3], groups[b >> 2 & 3])


def set_property(machine: RoomMachine, a: int, b: int) -> None:
    expected = False if b & 1 else b >> 3
    machine.set_property(a, b >> 1 & 3, SETTINGS[b % len(SETTINGS)], expected)


def dissolve(machine: RoomMachine, a: int, b: int) -> None:
    if machine.made > 12:
        machine.dissolve()


Happening = Callable[[RoomMachine, int, int], object]

HAPPENINGS: Final[tuple[Happening, ...]] = (
    join,
    ring,
    subscribe,
    set_property,
    lambda machine, a, b: machine.come_back(a),
    lambda machine, a, b: machine.drop(a),
    lambda machine, a, b: machine.burst(a, 1 + b % 20),
    lambda machine, a, b: machine.detach(a),
    lambda machine, a, b: machine.evict(a),
    lambda machine, a, b: machine.leave(a),
    lambda machine, a, b: machine.acknowledge(a),
    lambda machine, a, b: machine.send(a, TARGETS[b % len(TARGETS)], bytes([b])),
    lambda machine, a, b: machine.move(a, TARGETS[b % len(TARGETS)], b >> 6 & 1, bytes([b])),
    lambda machine, a, b: machine.malformed(a),
    lambda machine, a, b: machine.unavailable(a),
    lambda machine, a, b: machine.say_presence(a, AWAY if b & 1 else HERE),
    lambda machine, a, b: machine.kick(a, 1 + b % 7),
    lambda machine, a, b: machine.transfer(a, 1 + b % 7),
    lambda machine, a, b: machine.give_snapshot(a, b % 42 - 1),
    lambda machine, a, b: machine.lag(a, bool(b & 1)),
    lambda machine, a, b: machine.hear(a),
    lambda machine, a, b: machine.hear_all(),
    lambda machine, a, b: machine.be_expelled(1 + a % 7),
    lambda machine, a, b: machine.be_appointed(1 + a % 7),
    lambda machine, a, b: machine.set_option(SETTINGS[a % len(SETTINGS)]),
    lambda machine, a, b: machine.say("We restart at 8."),
    dissolve,
)


def seeds() -> Iterator[bytes]:
    """Yield each happening alone, and after others."""
    for which in range(len(HAPPENINGS)):
        for a, b in ((0, 0), (41, 3), (60, 8), (200, 255)):
            yield bytes([b, which, a, b])
            before = b"".join(bytes([(which + 1 + 7 * back) % 256, a, b]) for back in range(6))
            yield bytes([a]) + before + bytes([which, a, b])
