"""What a connection is told first of all: WELCOME, behind the reason why a resume failed."""

from __future__ import annotations

from protocol.codec import encode
from protocol.frames import Frame, Limits, Session, Welcome
from relay.history.ws_frame import wrap
from relay.room.effects import Admit
from relay.room.refusals import fresh_because
from relay.room.room import Room


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
