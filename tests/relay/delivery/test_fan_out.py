"""Whatever a room tells its players, each hears what a naive relay would send one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from protocol import fast_path
from protocol.codec import encode
from protocol.fields.field_types import Target
from protocol.frames import Live, RoomOptions, Subscribe
from protocol.opcodes import Opcode
from relay.delivery.outbox import Outbox
from relay.history.ws_frame import (
    is_logged,
    opcode,
    unwrap,
    wrap,
)
from relay.room.effects import Admit
from relay.room.entries import (
    Ask,
    Entry,
    Evict,
    Join,
)
from relay.room.room import Room
from tests.helpers.outboxes import by_hand, outlet

PLAYERS = 4
MAX_BYTES = 300

TARGETS: st.SearchStrategy[Target] = (
    st.sampled_from([None, False, True, 0, -1])
    | st.integers(1, PLAYERS)
    | st.lists(st.integers(1, PLAYERS), min_size=1, max_size=3).map(tuple)
)


@dataclass
class Client:
    """One player's connection: takes a turn's messages at its end, unless it is blocked."""

    player: int
    outbox: Outbox = field(init=False)
    is_blocked: bool = False
    is_tired: bool = False
    """The next write will block it."""
    was_blocked: bool = False
    heard: list[bytes] = field(default_factory=list)
    expected: list[bytes] = field(default_factory=list)
    """What a naive relay has sent."""

    def __post_init__(self) -> None:
        self.outbox = Outbox(outlet(write=self.write), max_bytes=MAX_BYTES, max_frames=8)

    def write(self, data: bytes) -> None:
        assert not self.is_blocked
        assert len(data) <= MAX_BYTES
        self.heard += split(data)
        if self.is_tired:
            self.is_tired = False
            self.block()

    def block(self) -> None:
        self.is_blocked = self.was_blocked = True
        self.outbox.hold()

    def work(self) -> None:
        if not self.is_blocked:
            while self.outbox.is_waiting:
                self.heard += split(b"".join(self.outbox.take()))
            self.outbox.flow()

    def check(self) -> None:
        """Compare all: what is ordered, in order; of values, the newest, and none after LEFT."""
        if not self.was_blocked:
            assert self.heard == self.expected
        assert ordered(self.heard) == ordered(self.expected)
        assert newest(self.heard) == newest(self.expected)


def split(data: bytes) -> list[bytes]:
    """Return the messages, wrapped, that were written at once."""
    messages = []
    while data:
        size = len(data) - len(unwrap(data)) + data[1]
        messages.append(data[:size])
        data = data[size:]
    return messages


def ordered(messages: list[bytes]) -> list[bytes]:
    return [message for message in messages if is_logged(message)]


def newest(messages: list[bytes]) -> dict[tuple[int, int], bytes]:
    values: dict[tuple[int, int], bytes] = {}
    for message in messages:
        if opcode(message) == Opcode.UPDATE:
            values[fast_path.pair(unwrap(message))] = message
        elif opcode(message) == Opcode.LEFT:
            left = fast_path.pair(unwrap(message))[1]
            values = {slot: value for slot, value in values.items() if slot[1] != left}
    return values


class Hall:
    """A room, its players' connections, and a naive relay beside them."""

    def __init__(self) -> None:
        self.room = Room("HALL", b"an epoch", RoomOptions(), fan_out=by_hand())
        self.clients: dict[int, Client] = {}
        for player in range(1, PLAYERS + 1):
            [admit] = [e for e in self.room.apply(Join(player)) if isinstance(e, Admit)]
            assert admit.stream is not None
            client = Client(player)
            client.outbox.begin((), admit.stream)
            self.room.connect(player, client.outbox)
            self.clients[player] = client
            self.turn()
        for client in self.clients.values():
            client.heard.clear()
            client.was_blocked = False
        self.groups: dict[int, set[int]] = {1: set()}

    def turn(self) -> None:
        self.room.audience.fan_out.flush()
        for client in self.clients.values():
            client.was_blocked |= not client.outbox.is_flowing
            client.work()

    def apply(self, entry: Entry) -> None:
        """Apply an entry, and let the naive relay pass on what came of it."""
        seq = self.room.seq
        self.room.apply(entry)
        for _, to, message in [entry for entry in self.room.history if entry[0] > seq]:
            for player, client in self.clients.items():
                if player != to if isinstance(to, int) else player in to:
                    client.expected.append(wrap(message))

    def move(self, player: int, key: int, target: Target, tail: bytes) -> None:
        if player not in self.clients:
            return
        self.room.volatile(player, key, target, tail)
        for receiver in self.addressees(player, target):
            client = self.clients.get(receiver)
            if client is not None:
                client.expected.append(wrap(fast_path.update(key, player, tail)))

    def addressees(self, player: int, target: Target) -> set[int]:
        everyone = set(range(1, PLAYERS + 1))
        if target is None or target is False:
            return everyone - {player}
        if target is True:
            return everyone
        if isinstance(target, tuple):
            return set(target)
        if target < 0:
            return {p for p in self.groups[-target] if p in self.clients}
        return {target or self.room.host}


PLAYER = st.integers(1, PLAYERS)
STEPS = st.lists(
    st.tuples(st.just("send"), PLAYER, TARGETS, st.sampled_from([0, 5, 40]))
    | st.tuples(st.just("move"), PLAYER, TARGETS, st.integers(0, 1))
    | st.tuples(st.sampled_from(["block", "tire", "unblock", "say", "ride", "subscribe"]), PLAYER)
    | st.tuples(st.just("leave"), st.just(PLAYERS))
    | st.just(("turn",)),
    min_size=5,
    max_size=60,
)


@given(STEPS)
def test_any_mixture_is_heard_as_from_a_naive_relay(steps: list[tuple[object, ...]]) -> None:
    hall = Hall()
    for number, step in enumerate(steps):
        match step:
            case ("send", int(player), target, int(size)):
                tail = fast_path.tail(b"%d" % number + bytes(size))
                hall.apply((player, target, tail))  # type: ignore[arg-type]  # of TARGETS
            case ("move", int(player), target, int(key)):
                hall.move(player, key, target, fast_path.tail(b"%d" % number))  # type: ignore[arg-type]  # of TARGETS
            case ("subscribe", int(player)) if player in hall.clients:
                hall.groups[1].add(player)
                hall.apply(Ask(player, Subscribe((1,), ())))
            case ("block", int(player)) if player in hall.clients:
                hall.clients[player].block()
            case ("tire", int(player)) if player in hall.clients:
                hall.clients[player].is_tired = True
            case ("unblock", int(player)) if player in hall.clients:
                hall.clients[player].is_blocked = False
                hall.clients[player].work()
            case ("say" | "ride" as how, int(player)) if player in hall.clients:
                hall.clients[player].outbox.say(wrap(encode(Live(number))), rides=how == "ride")
                hall.clients[player].expected.append(wrap(encode(Live(number))))
            case ("leave", int(player)) if player in hall.clients:
                del hall.clients[player]
                hall.apply(Evict(player))
            case ("turn",):
                hall.turn()
    for client in hall.clients.values():
        client.is_blocked = client.is_tired = False
    for _ in range(2):
        hall.turn()
    for client in hall.clients.values():
        client.check()
