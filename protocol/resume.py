"""A client's seat in a room, across connections: what to say in HELLO, and what to send again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocol import WIRE_VERSION, WIRE_VERSION_MIN
from protocol.frames import (
    Deliver,
    Frame,
    Hello,
    HelloOptions,
    Live,
    Pong,
    Snapshot,
    SnapshotWanted,
    Taken,
    Welcome,
)
from protocol.window import Window


@dataclass(frozen=True, slots=True)
class Continued:
    """What a WELCOME means for what came before it."""

    resumed: bool
    """The stream follows our position; if not, it begins anew and tells the room as it stands."""
    resend: tuple[bytes, ...]
    """Counted messages that the relay has not taken: send them again, in this order."""
    lost: tuple[bytes, ...]
    """Counted messages that will not be sent again: their room or seat is gone, or another client
    used the seat meanwhile and its count is no longer ours."""


class ResumeState:
    """The same secret in the same room is the same seat, whether WELCOME arrived or not.

    A client makes one before its first HELLO and keeps it while it wants the seat. Duties: pass
    every WELCOME to `welcomed`, every later frame of the relay to `received`, and every counted
    message to `window.add` before sending it.
    """

    def __init__(self, options: HelloOptions) -> None:
        """Args: options: of every HELLO; `options.seat` is the secret, 16 random bytes, or None."""
        self.options = options
        self.window = Window()
        self.player = 0
        self.epoch: bytes | None = None
        self.seq = 0
        self.is_live = False
        """LIVE was heard in this epoch: only from then on is `seq` a position to resume from."""

    @property
    def seat_id(self) -> tuple[bytes | None, int]:
        """What tells the seat from all others, also of other lives of the room."""
        return self.epoch, self.player

    @property
    def position(self) -> tuple[bytes, int] | None:
        """Where to resume from, or None for a fresh stream."""
        # SPEC 12.3.1: before LIVE the room is known in part, and a part is no place to resume from.
        if self.epoch is None or not self.is_live or self.options.seat is None:
            return None
        return (self.epoch, self.seq)

    def hello(self) -> Hello:
        """Build the HELLO of the next connection."""
        lowest = WIRE_VERSION_MIN if WIRE_VERSION_MIN != WIRE_VERSION else None
        return Hello(WIRE_VERSION, replace(self.options, position=self.position, min=lowest))

    def forget(self) -> None:
        """Give the position up, after the relay refused it; the next HELLO asks for all anew."""
        self.is_live = False

    def welcomed(self, welcome: Welcome) -> Continued:
        """Take up what WELCOME says."""
        session = welcome.session
        lost: tuple[bytes, ...] = ()
        # SPEC 13.5: only a relay that counts on from our count may be sent the rest again.
        if self._is_continued_by(welcome):
            self.window.take(session.taken)
        else:
            lost = tuple(self.window.pending())
            self.window.count_on(session.taken)
        self.window.size = session.limits.window
        self.player = welcome.player
        self.epoch = session.epoch
        self.seq = welcome.seq
        # SPEC 12.3.1: a fresh stream ends the position, even in the same epoch.
        self.is_live = session.resumed
        return Continued(session.resumed, tuple(self.window.pending()), lost)

    def _is_continued_by(self, welcome: Welcome) -> bool:
        """Say whether the relay's count is one that this client's frames can go on from."""
        return (
            self.epoch == welcome.session.epoch
            and self.player == welcome.player
            and self.window.taken <= welcome.session.taken <= self.window.sent
        )

    def received(self, frame: Frame) -> None:
        """Follow a frame of the relay: positions and acknowledgements.

        Raises:
            RemoteProtocolError: the relay acknowledges what was never sent.
        """
        match frame:
            case Deliver(seq=seq):
                self._reach(seq)
            case Pong(taken=taken, seq=seq) | Taken(taken=taken, seq=seq):
                self.window.take(taken)
                self._reach(seq)
            case Live(seq=seq):
                self._reach(seq)
                self.is_live = True
            case Snapshot() | SnapshotWanted():
                pass  # their seq speaks of the game's state, not of this stream
            case _:
                self._reach(getattr(frame, "seq", 0))

    def _reach(self, seq: int) -> None:
        self.seq = max(self.seq, seq)
