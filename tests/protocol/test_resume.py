"""A seat over many connections, some of them lost in the middle of everything."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from protocol.errors import RemoteProtocolError
from protocol.fields.records import HelloOptions, Limits, Session
from protocol.frames import (
    Deliver,
    Error,
    Frame,
    Hello,
    Live,
    Pong,
    Snapshot,
    SnapshotWanted,
    Taken,
    Unknown,
    Update,
    Welcome,
)
from protocol.resume import ResumeState
from tests.helpers.strategies import share

SECRET = bytes(16)
EPOCH = b"epoch  1"


def welcome(
    *, player: int = 1, seq: int = 0, taken: int = 0, resumed: bool = False, epoch: bytes = EPOCH
) -> Welcome:
    session = Session(epoch, "ROOM", taken=taken, resumed=resumed, limits=Limits(window=4))
    return Welcome(1, player, seq, session)


def live_seat(*counted: bytes, seq: int = 7) -> ResumeState:
    """Return a seat that has heard LIVE and sent so many counted frames."""
    seat = ResumeState(HelloOptions(seat=SECRET, name="Ada"))
    seat.welcomed(welcome())
    seat.received(Live(seq))
    for message in counted:
        seat.window.add(message)
    return seat


def test_the_first_hello_asks_for_everything() -> None:
    seat = ResumeState(HelloOptions(seat=SECRET, name="Ada"))
    assert seat.hello() == Hello(1, HelloOptions(seat=SECRET, name="Ada"))


def test_welcome_tells_who_we_are_and_how_much_may_be_unacknowledged() -> None:
    seat = ResumeState(HelloOptions(seat=SECRET))
    assert seat.welcomed(welcome(player=3)).lost == ()
    assert (seat.player, seat.epoch, seat.window.size) == (3, EPOCH, 4)


def test_there_is_no_position_before_live() -> None:
    seat = ResumeState(HelloOptions(seat=SECRET))
    seat.welcomed(welcome())
    seat.received(Deliver(5, 2, b""))
    assert seat.hello().options.position is None
    seat.received(Live(9))
    assert seat.hello().options.position == (EPOCH, 9)


def test_there_is_no_position_without_a_secret() -> None:
    seat = ResumeState(HelloOptions())
    seat.welcomed(welcome())
    seat.received(Live(9))
    assert seat.position is None


def test_a_resume_has_a_position_all_the_while() -> None:
    seat = live_seat(seq=7)
    assert seat.welcomed(welcome(seq=7, resumed=True)).resumed
    seat.received(Deliver(8, 2, b""))
    assert seat.position == (EPOCH, 8)


def test_a_new_life_of_the_room_has_positions_of_its_own() -> None:
    seat = live_seat(seq=7)
    seat.welcomed(welcome(epoch=b"epoch  2"))
    seat.received(Live(3))
    assert seat.position == (b"epoch  2", 3)


@pytest.mark.parametrize(
    ("frame", "seq"),
    [
        (Deliver(8, 2, b""), 8),
        (Deliver(6, 2, b""), 7),
        (Pong(0, 0, 0, 0, 9), 9),
        (Taken(0, 10), 10),
        (Live(11), 11),
        (Error(12, 64, ""), 12),
        (Error(0, 64, ""), 7),
        (Update(1, 1, b""), 7),
        (Unknown(0x60), 7),
        (Snapshot(99, 0, 1, b""), 7),
        (SnapshotWanted(99), 7),
    ],
    ids=repr,
)
def test_what_is_heard_moves_the_position(frame: Frame, seq: int) -> None:
    seat = live_seat(seq=7)
    seat.received(frame)
    assert seat.position == (EPOCH, seq)


def test_a_resume_sends_again_what_was_not_taken() -> None:
    seat = live_seat(b"a", b"b", b"c")
    seat.received(Taken(1, 8))
    continued = seat.welcomed(welcome(seq=8, taken=2, resumed=True))
    assert (continued.resend, continued.lost) == ((b"c",), ())


def test_a_fresh_stream_of_the_same_seat_sends_again_too() -> None:
    seat = live_seat(b"a", b"b")
    continued = seat.welcomed(welcome(taken=1))
    assert (continued.resumed, continued.resend, continued.lost) == (False, (b"b",), ())
    assert seat.position is None


@pytest.mark.parametrize(
    "news",
    [
        welcome(epoch=b"epoch  2"),
        welcome(player=2),
        welcome(taken=9),
        welcome(taken=0),
    ],
    ids=["another life of the room", "another seat", "used by another", "forgotten"],
)
def test_what_belongs_to_another_seat_is_lost_and_never_sent_again(news: Welcome) -> None:
    seat = live_seat(b"a", b"b", b"c")
    seat.received(Taken(1, 8))
    continued = seat.welcomed(news)
    assert (continued.resend, continued.lost) == ((), (b"b", b"c"))
    assert seat.window.add(b"d") == news.session.taken + 1


def test_a_forgotten_position_is_not_said_again() -> None:
    seat = live_seat()
    seat.forget()
    assert seat.hello() == Hello(1, HelloOptions(seat=SECRET, name="Ada"))


def test_a_relay_that_acknowledges_too_much_is_wrong() -> None:
    with pytest.raises(RemoteProtocolError):
        live_seat(b"a").received(Taken(2, 8))


# A model relay: it takes some, cuts, forgets, and what it took must be right every time.


@dataclass
class Relay:
    """One life of a room with one seat in it."""

    life: int
    player: int = 1
    seq: int = 0
    taken: list[bytes] = field(default_factory=list)

    @property
    def epoch(self) -> bytes:
        return b"life%4d" % self.life


class SeatMachine(RuleBasedStateMachine):
    """A client and a relay with a connection between them that is cut anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.seat = ResumeState(HelloOptions(seat=SECRET))
        self.relay = Relay(1)
        self.lives = [self.relay]
        self.is_connected = False
        self.to_relay: list[bytes] = []
        self.to_client: list[Frame] = []
        self.sent: list[bytes] = []
        self.lost: list[bytes] = []
        self.heard: tuple[bytes, int] | None = None

    @precondition(lambda self: not self.is_connected)
    @rule(is_trimmed=st.booleans(), is_heard=st.booleans())
    def connect(self, is_trimmed: bool, is_heard: bool) -> None:
        position = self.seat.hello().options.position
        assert position is None or position == self.heard
        if position is not None and position[0] != self.relay.epoch:
            self.seat.forget()
            position = self.seat.hello().options.position
            assert position is None
        is_resumed = position is not None and not is_trimmed
        if not is_heard:
            return  # the connection was cut before WELCOME arrived
        answer = Session(
            self.relay.epoch,
            "ROOM",
            taken=len(self.relay.taken),
            resumed=is_resumed,
            limits=Limits(window=5),
        )
        seq = position[1] if position is not None and is_resumed else 0
        continued = self.seat.welcomed(Welcome(1, self.relay.player, seq, answer))
        self.is_connected = True
        self.to_relay = list(continued.resend)
        self.to_client = [Live(self.relay.seq)]
        self.lost += continued.lost

    @precondition(lambda self: self.is_connected and not self.seat.window.is_full)
    @rule()
    def send(self) -> None:
        message = b"%d" % len(self.sent)
        self.sent.append(message)
        self.seat.window.add(message)
        self.to_relay.append(message)

    @precondition(lambda self: self.is_connected and self.to_relay)
    @rule()
    def take(self) -> None:
        self.relay.taken.append(self.to_relay.pop(0))
        self.relay.seq += 1

    @precondition(lambda self: self.is_connected)
    @rule()
    def acknowledge(self) -> None:
        self.to_client.append(Taken(len(self.relay.taken), self.relay.seq))

    @precondition(lambda self: self.is_connected)
    @rule()
    def tell(self) -> None:
        self.relay.seq += 1
        self.to_client.append(Deliver(self.relay.seq, 2, b""))

    @precondition(lambda self: self.is_connected and self.to_client)
    @rule()
    def hear(self) -> None:
        self.seat.received(self.to_client.pop(0))
        self.heard = self.seat.position

    @precondition(lambda self: self.is_connected)
    @rule()
    def cut(self) -> None:
        self.is_connected = False
        self.heard = self.seat.position

    @precondition(lambda self: not self.is_connected)
    @rule(is_new_room=st.booleans())
    def begin_anew(self, is_new_room: bool) -> None:
        """The relay restarts, or the seat expires: either way nothing is left of its count."""
        if is_new_room:
            self.relay = Relay(self.relay.life + 1)
        else:
            self.relay = Relay(self.relay.life, self.relay.player + 1, self.relay.seq + 2)
        self.lives.append(self.relay)

    @invariant()
    def nothing_is_taken_twice_or_out_of_turn(self) -> None:
        taken = [message for life in self.lives for message in life.taken]
        assert taken == sorted(set(taken), key=int)

    @invariant()
    def nothing_is_missing(self) -> None:
        pending = self.seat.window.pending()
        accounted = {message for life in self.lives for message in life.taken}
        assert set(self.sent) == accounted | set(self.lost) | set(pending)

    @invariant()
    def no_position_is_beyond_what_happened(self) -> None:
        position = self.seat.position
        heads = {life.epoch: life.seq for life in self.lives}
        assert position is None or position[1] <= heads[position[0]]

    @invariant()
    def the_window_is_kept(self) -> None:
        assert len(self.seat.window.pending()) <= 5


SeatMachine.TestCase.settings = settings(share(0.02), stateful_step_count=50)
TestSeatMachine = pytest.mark.fuzz(SeatMachine.TestCase)
