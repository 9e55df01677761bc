"""What a connection is told first of all: WELCOME."""

from __future__ import annotations

from protocol.frames import Limits, Session, Welcome
from relay.room.effects import Admit
from relay.room.room import Room


def welcome_of(
    room: Room,
    admit: Admit,
    *,
    version: int,
    time: int,
    limits: Limits,
    ignored: tuple[str, ...],
) -> Welcome:
    """Return what a connection is told that has its seat.

    Args:
        version: of the wire, that both sides speak.
        time: the relay's, in microseconds.
        ignored: options of HELLO that this relay does not know.
    """
    assert admit.stream is not None
    return Welcome(
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
