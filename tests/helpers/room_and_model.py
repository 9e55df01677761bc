"""A room and its model, side by side: every step is done to both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from protocol.fields.field_types import Target
from protocol.frames import Error, ErrorDetail, Frame
from relay.room.effects import Close, Effect, Later
from relay.room.entries import Detach, Entry, Evict
from relay.room.room import Room
from relay.saved.room_state import dump, load
from tests.helpers.playbook import Witness
from tests.helpers.room_model import Model
from tests.helpers.room_model_people import Person


class RoomAndModel(RuleBasedStateMachine):
    """Holds a room beside its model, and checks that they agree.

    Attributes:
        timers: entries that the room asked for, to come later.
        made: how many connections there were; their numbers begin at 1.
        secrets: the secret of each connection.
        numbers: the player's number of each connection.
    """

    room: Room
    witness: Witness
    model: Model

    def __init__(self) -> None:
        super().__init__()
        self.timers: list[Entry] = []
        self.made = 0
        self.secrets: dict[int, int | None] = {}
        self.numbers: dict[int, int] = {}

    def apply(self, entry: Entry) -> Sequence[Effect]:
        before = set(self.room.seats.attached)
        effects = self.witness.apply(entry)
        self.timers += [effect.entry for effect in effects if isinstance(effect, Later)]
        closed = {effect.attachment for effect in effects if isinstance(effect, Close)}
        ended = {entry.attachment} if isinstance(entry, Detach | Evict) else set()
        assert closed == before - set(self.room.seats.attached) - ended
        for connection in closed | ended & set(self.model.streams):
            self.model.streams[connection].end()
        return effects

    def pick(self, who: int) -> int:
        """Return a connection: the host's, an open one, or sometimes one that is closed."""
        here = list(self.room.seats.attached)
        if who < 10 or not here:
            return 1 + who % self.made
        host = self.model.people.get(self.model.host)
        if who >= 40 and host is not None and host.connection is not None:
            return host.connection
        return here[who % len(here)]

    def number(self, which: int) -> int:
        """Return a number: of a player in the room, of one who left, or of nobody yet."""
        people = sorted(self.model.people)
        is_there = which <= 5 and people
        return people[which % len(people)] if is_there else max(1, self.model.joins + which - 6)

    def target(self, to: Target) -> Target:
        if isinstance(to, tuple):
            return tuple(map(self.number, to))
        if to is None or isinstance(to, bool) or to <= 0:
            return to
        return self.number(to)

    def count(self, connection: int) -> Person | None:
        person = self.model.at(connection)
        if person is not None:
            person.taken += 1
        return person

    @rule()
    def hear_all(self) -> None:
        for connection in list(self.model.streams):
            self.hear_one(connection)

    def hear_one(self, connection: int) -> None:
        if connection not in self.model.streams:
            return
        heard = [plain(frame) for frame in self.witness.hear_one(connection)]
        expected, is_all = self.model.take(connection, self.numbers[connection])
        assert heard == expected
        outbox = self.witness.outboxes[connection]
        assert outbox.is_lost == (not is_all)
        if outbox.is_lost:  # end the connection, as a node does
            self.end(connection)

    def end(self, connection: int) -> None:
        self.apply(Detach(connection))
        del self.model.streams[connection]
        del self.witness.outboxes[connection]
        if person := self.model.at(connection):
            self.model.detach(person)

    @invariant()
    def follows(self) -> None:
        """Check that an outbox falls behind exactly when the model says, so that it is bounded."""
        for connection, stream in self.model.streams.items():
            outbox = self.witness.outboxes[connection]
            assert outbox.is_following == stream.is_following
            assert not outbox.is_waiting or stream.waiting or stream.is_following

    @invariant()
    def agrees(self) -> None:
        room, model = self.room, self.model
        assert (room.seq, room.host, room.term) == (len(model.history), model.host, model.term)
        assert {seat.player: seat.taken for seat in room.seats.values()} == {
            n: person.taken for n, person in model.people.items()
        }
        assert set(room.audience.fan_out) == {n for n, p in model.people.items() if p.connection}
        assert not room.host or room.seats[room.host].can_host
        assert room.seeks_host == model.seeks_host

    def teardown(self) -> None:
        self.hear_all()
        self.witness.check_replay()
        assert load(dump(self.room)).summary() == self.room.summary()


def plain(frame: Frame) -> Frame:
    """Keep only the code of an ERROR, and the frame that it names."""
    if isinstance(frame, Error):
        return replace(frame, text="", detail=ErrorDetail(frame=frame.detail.frame))
    return frame
