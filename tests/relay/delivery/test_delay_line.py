"""A delay line lets out what went in, so many seconds later; spectators hear nothing sooner."""

from __future__ import annotations

from protocol.codec import Role, decode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Error,
    Frame,
    Host,
    Joined,
    Left,
    LeftReason,
    Live,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Update,
)
from relay.delivery.delay_line import MARK_BYTES, MAX_BYTES, DelayLine
from relay.history.memory_budget import DELAYED, Account
from relay.history.ws_frame import split, unwrap
from relay.room.effects import Admit
from relay.room.entries import Detach, Evict, Join
from relay.room.room import Room
from tests.helpers.peers import new_seat, party
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
    assert list(line.newest.but_of(0)) == []
    line.tick(DELAY, 0)
    assert list(line.newest.but_of(0)) == [b"newer", b"another"]


def frames_of(taken: list[bytes]) -> list[Frame]:
    return [decode(unwrap(each), Role.RELAY) for run in taken for each in split(run)]


def test_a_line_with_nothing_to_tell_keeps_nothing_and_asks_for_no_tick() -> None:
    account, asked = Account(), []
    line = DelayLine(DELAY, account)
    line.on_news = lambda: asked.append(True)
    assert [line.tick(now, 0) for now in range(100)] == [None] * 100
    assert (account.used, len(line._marks), asked) == (0, 0, [])


def test_a_line_says_when_it_has_more_to_tell() -> None:
    asked: list[bool] = []
    line = DelayLine(DELAY)
    line.on_news = lambda: asked.append(True)
    line.note()
    line.note()
    assert asked == [True]
    assert line.tick(100, 1) == DELAY
    assert line.tick(104, 1) == DELAY - 4
    line.note()
    assert line.tick(105, 2) == DELAY - 5
    assert line.tick(110, 2) == 5
    assert line.tick(115, 2) is None
    assert (asked, line.seq) == ([True, True], 2)


def test_what_waits_in_a_line_is_charged_and_bounded() -> None:
    account = Account()
    line = DelayLine(DELAY, account)
    for number in range(1000):
        line.keep((1, number % 256), bytes(60_000))
        line.tick(number / 1000, 0)
        assert account.used < MAX_BYTES + 1000 * MARK_BYTES
    assert account.used > MAX_BYTES - 70_000
    line.tick(1000, 0)
    assert account.used == account.kinds[DELAYED] < 70_000  # the newest, within a sender's bound


class Stand:
    """A room with a delay, a player, and a spectator who hears whatever it may."""

    def __init__(self) -> None:
        self.witness = Witness(a_room(delay=DELAY))
        self.room: Room = self.witness.room
        self.now = 0.0
        self.witness.apply(enters(1))
        self.let_pass(0)
        self.witness.apply(enters(2, role="spectator"))
        self.outbox = self.witness.outboxes[2]

    def let_pass(self, seconds: float) -> None:
        assert self.room.audience.delay is not None
        self.now += seconds
        self.room.audience.delay.tick(self.now, self.room.seq)

    def returns(self, at: int) -> Admit:
        """Lose the spectator's connection and have it back, with this position."""
        self.witness.apply(Detach(2))
        (admit,) = self.witness.apply(enters(3, 2, at=at, role="spectator"))
        assert isinstance(admit, Admit)
        self.outbox = self.witness.outboxes[3]
        return admit

    def hears(self) -> list[Frame]:
        heard: list[Frame] = []
        while self.outbox.is_waiting:
            heard += frames_of(self.outbox.take())
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
    stand.witness.apply((1, None, b"\xc4\x04shot"))
    stand.witness.apply(Join(4, info=enters(4, role="spectator").info))
    outbox = stand.witness.outboxes[4]
    heard = frames_of(outbox.take())
    assert heard[:3] == [Joined(1, 1), Host(2, 1, 1), Joined(3, 2, stand.room.seats[2].info)]
    assert heard[3:] == [Live(3), Update(0, 1, b"here")]
    assert not outbox.is_waiting
    assert outbox.position(stand.room.seq) == 3


def test_who_is_kept_behind_is_written_to_no_more_once_it_is_gone() -> None:
    stand = Stand()
    stand.witness.apply(Evict(2))
    assert stand.room.audience.delay is not None
    assert stand.room.audience.delay.outboxes == {}
    stand.let_pass(DELAY)
    assert stand.room.history.trimmed == 0


def test_a_spectator_whose_connection_is_lost_within_the_delay_resumes() -> None:
    stand = Stand()
    assert stand.hears() == [Live(0)]
    stand.witness.apply(sends(1, None, b"shot"))
    assert stand.returns(at=0) == Admit(3, 2, 0, resumed=True)
    assert stand.hears() == [Live(0)]
    stand.let_pass(0)
    stand.let_pass(DELAY)
    info = stand.room.seats[2].info
    assert stand.hears() == [
        Joined(1, 1),
        Host(2, 1, 1),
        Joined(3, 2, info),
        Deliver(4, 1, b"shot"),
        PresenceChanged(5, 2, PresenceState.LOST),
        PresenceChanged(6, 2, PresenceState.HERE),
    ]


def test_nobody_resumes_from_before_what_a_spectator_could_hear() -> None:
    stand = Stand()
    stand.let_pass(0)
    stand.let_pass(DELAY)
    assert stand.room.audience.delay is not None
    stand.witness.apply(Evict(2))
    stand.witness.apply(enters(2, role="spectator"))
    began = stand.room.audience.delay.seq
    assert 0 < began < stand.room.seats[3].joined
    assert stand.returns(at=began - 1) == Admit(3, 3, 0, refused=ErrorCode.HISTORY_TRIMMED)


def test_a_seat_that_began_at_another_relay_resumes_from_its_own_join_on() -> None:
    stand = Stand()
    assert stand.room.audience.delay is not None
    stand.room.audience.delay.began.clear()
    joined = stand.room.seats[2].joined
    assert stand.returns(at=joined - 1).refused is ErrorCode.HISTORY_TRIMMED


def test_a_fresh_stream_in_between_does_not_hide_what_the_first_one_began_with() -> None:
    stand = Stand()
    stand.witness.apply(Detach(2))
    stand.let_pass(0)
    stand.let_pass(DELAY)
    stand.witness.apply(enters(4, 2, role="spectator"))
    stand.witness.apply(Detach(4))
    (admit,) = stand.witness.apply(enters(5, 2, at=0, role="spectator"))
    assert admit == Admit(5, 2, 0, resumed=True)


def test_what_a_line_knows_of_a_spectator_goes_with_it() -> None:
    stand = Stand()
    assert stand.room.audience.delay is not None
    assert stand.room.audience.delay.began == {2: 0}
    stand.witness.apply(Evict(2))
    assert stand.room.audience.delay.began == {}


async def test_a_spectator_resumes_at_a_relay_within_the_delay() -> None:
    async with party() as at:
        await at.enters("R", create=RoomOptions(delay=600, spectators=1))
        seat = new_seat()
        lost = await at.enters("R", role="spectator", seat=seat)
        lost.raw.abort()
        back = await at.enters("R", role="spectator", seat=seat, position=lost.position)
    assert back.welcome.session.resumed
    assert back.all(Error) == []
