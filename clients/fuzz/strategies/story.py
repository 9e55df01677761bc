"""A conversation while it is made up: what was said, and the numbers that the next frame needs."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from protocol.codec import Role
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    ErrorDetail,
    Frame,
    Hello,
    HelloOptions,
    Host,
    Joined,
    Leave,
    Left,
    LeftReason,
    Live,
    PlayerInfo,
    Session,
    Taken,
    Welcome,
)
from protocol.opcodes import Opcode

Said = tuple[Role, Frame]
"""Who says something, and what."""

SEAT: Final = bytes(range(16))
EPOCH: Final = bytes(range(0xE0, 0xE8))
ROOM: Final = "K7QF2M"
NAMES: Final = st.sampled_from(("", "Ada", "Bob", "Émile", "😀"))


class Story:
    """One connection, from HELLO on. `draw` is Hypothesis's."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.said: list[Said] = []
        self.seq = 0
        """The newest place of the room's order."""
        self.heard = 0
        """The newest place that the client has heard of."""
        self.counted = 0
        """Counted frames that the client has sent with this seat."""
        self.taken = 0
        self.me = 1
        self.others: list[int] = []
        self.newest = 1
        """The highest number of a player so far: none is used twice."""
        self.host = 0
        self.term = 0
        self.versions: dict[tuple[int, str], int] = {}

    @property
    def is_host(self) -> bool:
        return self.host == self.me

    def say(self, frame: Frame) -> None:
        """Let the client say something."""
        self.said.append((Role.CLIENT, frame))

    def tell(self, frame: Frame) -> None:
        """Let the relay say something."""
        self.heard = max(self.heard, getattr(frame, "seq", 0))
        self.said.append((Role.RELAY, frame))

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def enter(self) -> None:
        """Let the client enter, or take its seat up again; then it knows the room."""
        if self.draw(st.booleans()):
            self._come_back()
        else:
            self._come_in()
        self.tell(Live(self.seq))
        self.acknowledge()

    def _come_in(self) -> None:
        name = self.draw(NAMES)
        self.me = self.newest = self.draw(st.integers(1, 3))
        self.say(Hello(1, HelloOptions(seat=SEAT, name=name)))
        self.tell(Welcome(1, self.me, 0, Session(EPOCH, ROOM, complete_from=self.me)))
        for player in range(1, self.me):
            self.others.append(player)
            self.tell(Joined(self.next_seq(), player, PlayerInfo(self.draw(NAMES))))
        self.tell(Joined(self.next_seq(), self.me, PlayerInfo(name)))

    def _come_back(self) -> None:
        self.seq = self.draw(st.integers(1, 300))
        self.taken = self.counted = self.draw(st.integers(0, 300))
        self.say(Hello(1, HelloOptions(seat=SEAT, position=(EPOCH, self.seq))))
        session = Session(EPOCH, ROOM, taken=self.taken, resumed=True)
        self.tell(Welcome(1, self.me, self.seq, session))
        for payload in self.draw(st.lists(st.binary(max_size=8), max_size=3)):
            self.tell(Deliver(self.next_seq(), 0, payload))

    def joins(self) -> None:
        """Let another player join."""
        self.newest += 1
        self.others.append(self.newest)
        self.tell(Joined(self.next_seq(), self.newest, PlayerInfo(self.draw(NAMES))))

    def is_led_by(self, player: int) -> None:
        """Let the relay name a host."""
        self.host = player
        self.term += 1
        self.tell(Host(self.next_seq(), player, self.term))

    def gone(self, player: int, reason: LeftReason) -> None:
        """Let a player leave; if they were host, nobody is until the relay names another."""
        self.others.remove(player)
        self.tell(Left(self.next_seq(), player, reason))
        if self.host == player:
            self.host = 0

    def count(self, frame: Frame) -> None:
        """Let the client send a counted frame."""
        self.counted += 1
        self.say(frame)

    def take(self, at: int | None = None) -> None:
        """Let the relay say, now and then, that it has taken all of them."""
        if self.draw(st.booleans()):
            return
        self.taken = self.counted
        self.tell(Taken(self.taken, self.seq if at is None else at))

    def refuse(self, code: ErrorCode, opcode: Opcode) -> None:
        """Let the relay refuse the counted frame that was just sent."""
        detail = ErrorDetail(frame=self.counted, op=opcode)
        self.tell(Error(self.next_seq(), code, code.name.lower(), detail))
        self.take()

    def acknowledge(self) -> None:
        self.say(Ack(self.heard))

    def leave(self) -> None:
        self.say(Leave())
