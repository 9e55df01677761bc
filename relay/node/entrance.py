"""What one connection waits for before WELCOME: HELLO, then the decision about it; and WELCOME.

Each has a limit of time. A decision is made in its own task, as passwords and the game's code take
time. The link reads on meanwhile, so that it sees the end of the connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from protocol.codec import encode
from protocol.frames import Frame, Limits, Session, Welcome
from relay.history.ws_frame import wrap
from relay.room.effects import Admit
from relay.room.refusals import fresh_because
from relay.room.room import Room


class Entrance:
    """A connection's way in.

    Attributes:
        began: when the connection came, in milliseconds of the epoch of Unix.
    """

    def __init__(
        self,
        hello_seconds: float | None,
        admit_seconds: float | None,
        *,
        later: Callable[[float | None, Callable[[], None]], asyncio.TimerHandle | None],
    ) -> None:
        """
        Args:
            hello_seconds: for HELLO. admit_seconds: for the decision. None is any time.
            later: calls after so many seconds.
        """
        self.began = time.time_ns() // 1_000_000
        self._hello_seconds = hello_seconds
        self._admit_seconds = admit_seconds
        self._later = later
        self._timer: asyncio.TimerHandle | None = None
        self._deciding: asyncio.Task[None] | None = None

    def expect_hello(self, no_hello: Callable[[], None]) -> None:
        """Wait for HELLO. Args: no_hello: called when none has come."""
        self._wait(self._hello_seconds, no_hello)

    def decide(self, decision: Coroutine[Any, Any, None], too_late: Callable[[], None]) -> None:
        """Let the decision about a HELLO be made. Args: too_late: called when it was not."""
        self._wait(self._admit_seconds, too_late)
        self._deciding = asyncio.get_running_loop().create_task(decision)

    def passed(self) -> None:
        """Wait no more: the decision is made."""
        if self._timer is not None:
            self._timer.cancel()

    def end(self) -> None:
        """The connection is over: nothing is to be decided any more."""
        self.passed()
        if self._deciding is not None:
            self._deciding.cancel()  # if that is this very task, it has nothing more to wait for
            self._deciding = None

    def _wait(self, seconds: float | None, call: Callable[[], None]) -> None:
        self.passed()
        self._timer = self._later(seconds, call)


def greeting_of(
    room: Room,
    admit: Admit,
    *,
    version: int,
    time: int,
    limits: Limits,
    ignored: tuple[str, ...],
) -> list[bytes]:
    """Return what a connection is told that has its seat, in wrapped messages.

    Args:
        version: of the wire, that both sides speak.
        time: the relay's, in microseconds.
        ignored: options of HELLO that this relay does not know.
    """
    assert admit.stream is not None
    welcome = Welcome(
        version=version,
        player=admit.player,
        seq=admit.seq,
        session=Session(
            epoch=room.epoch,
            room=room.name,
            taken=room.seats[admit.player].taken,
            resumed=admit.resumed,
            time=time,
            limits=limits,
            options=room.options,
            ignored=ignored,
            complete_from=admit.stream.complete_from,
        ),
    )
    frames: list[Frame] = [] if admit.refused is None else [fresh_because(admit.refused)]
    return [wrap(encode(frame)) for frame in (*frames, welcome)]
