"""A room, and frames of several players. They come and go, and timers ring at any time.

The mark of each step says who speaks, and the first one also what history the room has. What is no
frame, by its first byte, is something that happens to the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.conversations import CONVERSATIONS
from protocol import fast_path
from protocol.codec import Role, decode, encode
from protocol.errors import RemoteProtocolError
from protocol.frames import (
    Ack,
    Frame,
    Hello,
    HelloOptions,
    Ping,
    PlayerInfo,
    Presence,
    PresenceState,
    Send,
    Set,
    Snapshot,
    Subscribe,
    Transfer,
    Volatile,
)
from protocol.opcodes import is_counted
from relay.history.history import History
from relay.room.effects import Admit, Close, Effect, Later
from relay.room.entries import (
    Acknowledge,
    Ask,
    Detach,
    Entry,
    Evict,
    Join,
    Lag,
    Refuse,
)
from relay.saved.room_state import dump, load
from tests.fuzz.mutating import steps
from tests.helpers.playbook import EPOCH, Moves, Witness, a_room

PLAYERS: Final = 5
HISTORIES: Final = ("none", "snapshot", "full")
STIRRER: Final = steps.Stirrer(range(PLAYERS * len(HISTORIES)), lambda mark: Reader.CLIENT_FRAME)
HISTORY, OUTBOX = 30, 12
"""So few frames that histories are trimmed, and outboxes fall behind, within one input."""

MOST: Final = 200
"""Steps of an input."""


def check(data: bytes) -> None:
    """The room keeps its rules, its entries make it anew, and so does its state on disk."""
    party = Party(HISTORIES[(data[0] if data else 0) // PLAYERS % len(HISTORIES)])
    for number, (mark, message) in enumerate(steps.read(data)):
        if number == MOST:
            break
        party.hear(mark % PLAYERS, message)
        party.check()
    for connection in [*party.witness.outboxes]:
        party.read(connection)
    party.witness.check_replay()
    assert load(dump(party.room)).summary() == party.room.summary()


class Party:
    """A room and its players, each with one connection at a time."""

    def __init__(self, history: str) -> None:
        self.room = a_room(capacity=3, spectators=1, host_away=9, history=history)
        self.room.history = History(max_frames=HISTORY)
        self.witness = Witness(self.room, max_frames=OUTBOX)
        self.made = 0
        self.connections: dict[int, int] = {}
        """The connection of each player that has entered."""
        self.timers: list[Entry] = []

    def hear(self, player: int, message: bytes) -> None:
        connection = self.connections.get(player, 0)
        try:
            frame = decode(message, Role.CLIENT)
        except RemoteProtocolError as error:
            if is_counted(message):
                self.apply(Refuse(connection, error.code, str(error)[:64]))
            elif message:
                happening = HAPPENINGS[message[0] % len(HAPPENINGS)]
                happening(self, connection, message[1] if len(message) > 1 else 0)
            return
        if isinstance(frame, Hello):
            self.join(player, frame.options)
        elif isinstance(frame, Volatile):
            self.witness.move(Moves(connection, frame.key, frame.target, frame.payload))
        elif entry := entry_of(connection, frame):
            self.apply(entry)

    def join(self, player: int, options: HelloOptions) -> None:
        self.made += 1
        key = options.seat and b"key of" + options.seat
        info = PlayerInfo(options.name, options.role, options.can_host)
        network = b"network %d" % (player % 2)
        effects = self.apply(Join(self.made, key, info, options.position, network))
        if any(isinstance(effect, Admit) for effect in effects):
            self.connections[player] = self.made

    def apply(self, entry: Entry) -> Sequence[Effect]:
        before = set(self.room.seats.attached)
        effects = self.witness.apply(entry)
        self.timers += [effect.entry for effect in effects if isinstance(effect, Later)]
        closed = {effect.attachment for effect in effects if isinstance(effect, Close)}
        ended = {entry.attachment} if isinstance(entry, Detach | Evict) else set()
        assert closed == before - set(self.room.seats.attached) - ended
        return effects

    def check(self) -> None:
        room = self.room
        seats = room.seats
        assert not room.host or seats[room.host].can_host
        assert set(room.audience.fan_out) == {seat.player for seat in seats.attached.values()}
        for connection in seats.attached:
            outbox = self.witness.outboxes[connection]
            assert not outbox.is_lost or outbox.is_following

    def read(self, connection: int, _: int = 0) -> None:
        """Let a client read; one who has missed too much is let go, as a node does."""
        if connection in self.witness.outboxes:
            self.witness.hear_one(connection)
            if self.witness.outboxes[connection].is_lost:
                self.apply(Detach(connection))
                del self.witness.outboxes[connection]

    def ring(self, _: int, which: int) -> None:
        if self.timers:
            self.apply(self.timers[which % len(self.timers)])


Happening = Callable[[Party, int, int], object]

HAPPENINGS: Final[tuple[Happening, ...]] = (
    Party.read,
    lambda party, connection, _: party.apply(Detach(connection)),
    Party.ring,
    lambda party, connection, _: party.apply(Evict(connection)),
    lambda party, connection, which: party.apply(Lag(connection, bool(which & 1))),
)


def entry_of(connection: int, frame: Frame) -> Entry | None:
    """Return what a connection proposes for a frame."""
    match frame:
        case Send(target, payload):
            return connection, target, fast_path.tail(payload)
        case Ack():
            return Acknowledge(connection)
        case Ping():
            return None
        case _:
            return Ask(connection, frame)


def seeds() -> Iterator[bytes]:
    """Yield what clients say in the corpus, and a few games."""
    for title, said in CONVERSATIONS.items():
        frames = [frame for by, frame in said if by is Reader.CLIENT_FRAME]
        yield told(*((len(title) % PLAYERS, frame) for frame in frames))
    enter = [(player, hello(player)) for player in range(4)]
    read = [(player, READS) for player in range(4)]
    for number, play in enumerate(GAMES):
        first = PLAYERS * (number % len(HISTORIES)), hello(0)
        yield told(first, *enter[1:], *read, *play, *read)


def hello(player: int, **options: Any) -> Hello:
    role = "spectator" if player == 3 else "player"
    return Hello(1, HelloOptions(seat=bytes([player]) * 16, role=role, **options))


READS, DROPS, RINGS, GOES, LAGS = (bytes([happening]) for happening in range(len(HAPPENINGS)))
HOST, GUEST = 0, 1
Said = tuple[int, Frame | bytes]
GAMES: Final[tuple[tuple[Said, ...], ...]] = (
    ((HOST, Send(True, b"all")), (GUEST, Send(-1, b"group")), (GUEST, Send((1, 2), b"two"))),
    ((GUEST, Subscribe((1, 2), ())), (HOST, Send(-1, b"x")), (GUEST, Subscribe((), (1,)))),
    ((HOST, Volatile(1, None, b"x")), (GUEST, Volatile(1, True, b"y")), (GUEST, DROPS)),
    ((HOST, Set(0, "map", b"\x01")), (GUEST, Set(2, "k", b"")), (HOST, Set(0, "map", False))),
    ((HOST, Set(0, "@capacity", b"\x02")), (HOST, Set(0, "@bar", b"\xa7address"))),
    ((HOST, Snapshot(3, 0, 1, b"state")), (2, GOES), (2, hello(2))),
    ((HOST, Transfer(2)), (GUEST, Transfer(1)), (HOST, DROPS), (HOST, RINGS)),
    ((HOST, Presence(PresenceState.AWAY)), (HOST, RINGS), (HOST, Presence(PresenceState.HERE))),
    ((GUEST, DROPS), (GUEST, hello(1, position=(EPOCH, 4))), (GUEST, b"\x04\x01")),
    tuple((HOST, Send(None, bytes([number]))) for number in range(40)),
)
"""What may be played: the room has players 1 (the host), 2, 3 and a spectator."""


def told(*said: Said) -> bytes:
    return steps.join(
        (player, frame if isinstance(frame, bytes) else encode(frame)) for player, frame in said
    )


def mutated(rng: Random, data: bytes, size: int) -> bytes:
    """Change a frame, who says it, or the order of frames."""
    return STIRRER.stirred(rng, data, size)
