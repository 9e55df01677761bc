"""A delay line lets out what went in, so many seconds later; spectators hear nothing sooner."""

from __future__ import annotations

from protocol.codec import Role, decode
from protocol.frames import Deliver, Frame, Host, Joined, Left, LeftReason, Live, Update
from relay.delay import DelayLine
from relay.entries import Evict, Join, Send
from relay.outbox import Outbox
from relay.room import Room
from relay.wrapping import unwrap
from tests.helpers.playbook import Moves, Witness, a_room, enters, sends

DELAY = 10


def test_a_line_marks_where_the_room_was_so_many_seconds_ago() -> None:
    line = DelayLine(DELAY)
    seen = []
    for now in range(0, 30, 5):
        line.tick(now, seq=now)
        seen.append(line.seq)
    assert seen == [0, 0, 0, 5, 10, 15]


def test_values_of_one_slot_that_come_out_together_are_one() -> None:
    line = DelayLine(DELAY)
    line.keep((1, 0), b"older")
    line.keep((1, 0), b"newer")
    line.keep((2, 0), b"another")
    line.tick(0, 0)
    assert line.newest() == []
    line.tick(DELAY, 0)
    assert line.newest() == [b"newer", b"another"]


class Stand:
    """A room with a delay, a player, and a spectator who hears whatever it may."""

    def __init__(self) -> None:
        self.witness = Witness(a_room(delay=DELAY))
        self.room: Room = self.witness.room
        self.now = 0.0
        self.witness.apply(enters(1))
        self.let_pass(0)
        self.witness.apply(Join(2, info=enters(2, role="spectator").info))

    def let_pass(self, seconds: float) -> None:
        assert self.room.delay is not None
        self.now += seconds
        self.room.delay.tick(self.now, self.room.seq)

    @property
    def outbox(self) -> Outbox:
        return self.witness.outboxes[2]

    def hears(self) -> list[Frame]:
        heard: list[Frame] = []
        while self.outbox.is_waiting:
            heard += [decode(unwrap(message), Role.RELAY) for message in self.outbox.take()]
        return heard


def test_a_spectator_is_live_at_once_and_hears_everything_later() -> None:
    stand = Stand()
    assert stand.hears() == [Live(0)]
    stand.witness.apply(sends(1, None, b"shot"))
    stand.let_pass(0)
    assert stand.hears() == []
    stand.let_pass(DELAY)
    info = stand.room.seats[2].info
    assert stand.hears() == [
        Joined(1, 1),
        Host(2, 1, 1),
        Joined(3, 2, info),
        Deliver(4, 1, b"shot"),
    ]
    assert stand.hears() == []


def test_values_come_later_too_and_never_after_their_sender_has_left() -> None:
    stand = Stand()
    stand.witness.move(Moves(1, 0, None, b"here"))
    stand.let_pass(0)
    stand.witness.apply(enters(3))
    stand.witness.move(Moves(3, 0, None, b"late"))
    stand.witness.apply(Evict(3))
    stand.let_pass(0)
    stand.let_pass(DELAY)
    heard = stand.hears()
    assert [frame for frame in heard if isinstance(frame, Update)] == [Update(0, 1, b"here")]
    assert Left(stand.room.seq, 3, LeftReason.LEFT) in heard


def test_who_comes_later_hears_what_was_true_by_then_and_its_values() -> None:
    stand = Stand()
    stand.witness.move(Moves(1, 0, None, b"here"))
    stand.let_pass(0)
    stand.let_pass(DELAY)
    stand.witness.apply(Send(1, None, b"\xc4\x04shot"))
    stand.witness.apply(Join(4, info=enters(4, role="spectator").info))
    outbox = stand.witness.outboxes[4]
    heard = [decode(unwrap(message), Role.RELAY) for message in outbox.take()]
    assert heard[:3] == [Joined(1, 1), Host(2, 1, 1), Joined(3, 2, stand.room.seats[2].info)]
    assert heard[3:] == [Live(3), Update(0, 1, b"here")]
    assert not outbox.is_waiting
    assert outbox.position(stand.room.seq) == 3


def test_who_is_kept_behind_is_written_to_no_more_once_it_is_gone() -> None:
    stand = Stand()
    stand.witness.apply(Evict(2))
    assert stand.room.delay is not None
    assert stand.room.delay.outboxes == {}
    stand.let_pass(DELAY)
    assert stand.room.log.trimmed == 0
