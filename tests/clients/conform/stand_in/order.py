"""Faults against sections 6, 12 and 13: targets, streams, history and counting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from protocol.error_codes import ErrorCode
from protocol.frames import (
    Ack,
    Deliver,
    Error,
    Frame,
    Joined,
    Pong,
    Send,
    Snapshot,
    Subscribe,
    Taken,
    Volatile,
)
from tests.clients.conform.stand_in.entering import creates
from tests.clients.conform.stand_in.fault import (
    End,
    Fault,
    Hears,
    Line,
    Passed,
    alter,
    alters,
    takes_for,
)

WINDOW = 128  # counted frames, half of what WELCOME says


def _sends(is_meant: Callable[[Any, Line], bool], target: Any) -> Hears:
    """Take the target of some SENDs for another one; `...`: take none of them."""

    def hears(message: Frame | bytes, line: Line) -> Passed:
        if isinstance(message, Send) and is_meant(message.target, line):
            return () if target is ... else alter(message, target=target)
        return message

    return hears


def _is_number(target: Any) -> bool:
    return isinstance(target, int) and not isinstance(target, bool)


def _is_themselves(target: Any, line: Line) -> bool:
    me = line.welcome.player if line.welcome is not None else 0
    return _is_number(target) and target == me


def _swaps_sends(message: Frame | bytes, line: Line) -> Passed:
    """Order the second SEND of a client before the first."""
    earlier = line.earlier(Send)
    if isinstance(message, Send) and len(earlier) < 2:
        return (message, earlier[0]) if earlier else ()
    return message


def _tells_the_third_otherwise(frame: Frame, line: Line) -> Passed:
    """Swap what the first two DELIVERs say to whoever entered third."""
    earlier = line.earlier(Deliver)
    if line.number != 2 or not isinstance(frame, Deliver) or len(earlier) > 1:
        return frame
    if not earlier:
        return ()
    first = earlier[0]
    return replace(frame, seq=first.seq), replace(first, seq=frame.seq)


def _gives_a_seq_twice(frame: Frame, line: Line) -> Frame:
    earlier = line.earlier(Deliver)
    is_meant = isinstance(frame, Deliver) and earlier
    return alter(frame, seq=earlier[-1].seq) if is_meant else frame


def _swaps_joined(frame: Frame, line: Line) -> Passed:
    """Tell the second player of a room before the first."""
    earlier = line.earlier(Joined)
    if isinstance(frame, Joined) and line.number and len(earlier) < 2:
        return (frame, earlier[0]) if earlier else ()
    return frame


def _happens(frame: Frame, line: Line) -> Passed:
    """Keep to itself what is delivered after LIVE."""
    return () if isinstance(frame, Deliver) and line.is_live else frame


def _past(frame: Frame, line: Line) -> Passed:
    """Keep to itself what is delivered before LIVE."""
    return () if isinstance(frame, Deliver) and not line.is_live else frame


def _replays_no_error(frame: Frame, line: Line) -> Passed:
    return () if isinstance(frame, Error) and line.is_resumed else frame


def _promises_too_much(frame: Frame, line: Line) -> Frame:
    is_meant = isinstance(frame, Pong | Taken)
    return alter(frame, seq=lambda seq: seq + 100) if is_meant else frame


def _counts_too_many(frame: Frame, line: Line) -> Frame:
    is_meant = isinstance(frame, Pong | Taken) and frame.taken
    return alter(frame, taken=lambda taken: taken + 1) if is_meant else frame


def _counts_volatile(frame: Frame, line: Line) -> Frame:
    values = len(line.earlier(Volatile))
    is_meant = isinstance(frame, Pong)
    return alter(frame, taken=lambda taken: taken + values) if is_meant else frame


def _drops_beyond(most: int) -> Hears:
    """Drop the SENDs after so many of a connection."""
    return lambda message, line: (
        () if isinstance(message, Send) and len(line.earlier(Send)) >= most else message
    )


def _gives_volatile_a_place(frame: Frame, line: Line) -> Frame:
    is_meant = isinstance(frame, Error) and frame.code >= ErrorCode.NO_SUCH_PLAYER
    return alter(frame, seq=lambda seq: seq or 1_000_000) if is_meant else frame


def _ends_upon_the_future(message: Frame | bytes, line: Line) -> Passed:
    is_meant = isinstance(message, Ack) and message.seq > 1_000_000
    return End(4500) if is_meant else message


def _late(frame: Frame, line: Line) -> Passed:
    """Say only every other ACK."""
    return () if isinstance(frame, Taken) and len(line.earlier(Taken)) % 2 == 0 else frame


def _leaves_out_the_last(message: Frame | bytes, line: Line) -> Passed:
    if isinstance(message, Send) and isinstance(message.target, tuple):
        return alter(message, target=lambda old: tuple(each for each in old if each != old[-1]))
    return message


def _is_alone(target: Any, line: Line) -> bool:
    return target is None and len(line.lines) == 1


TARGETS: dict[str, Fault] = {
    "sends what is for the host to everyone": Fault(
        "6 0", hears=_sends(lambda target, line: target == 0 and _is_number(target), True)
    ),
    "lets nobody send to themselves": Fault("6.1", hears=_sends(_is_themselves, ...)),
    "sends what is for a player to all others": Fault(
        "6 1..2^32-1; 6.1",
        hears=_sends(lambda target, line: _is_number(target) and target > 0, None),
    ),
    "sends nothing to groups": Fault(
        "6 -1..-255", hears=_sends(lambda target, line: _is_number(target) and target < 0, ...)
    ),
    "takes true for all others": Fault(
        "6 true; 4 target", hears=_sends(lambda target, line: target is True, None)
    ),
    "takes nil for everyone": Fault(
        "6 nil or false; 4 target", hears=_sends(lambda target, line: target is None, True)
    ),
    "leaves out whom a list names last": Fault("6 players", hears=_leaves_out_the_last),
    "removes nobody from a group": Fault("16.1", hears=takes_for(Subscribe, remove=())),
    "gives no place to what nobody hears": Fault("6.3", hears=_sends(_is_alone, ...)),
}

FAULTS: dict[str, Fault] = {
    **TARGETS,
    "cuts a byte off what it delivers": Fault(
        "1.1.7", says=alters(Deliver, payload=lambda payload: payload[:-1])
    ),
    "tells one player another order": Fault("12.1.1a", says=_tells_the_third_otherwise),
    "gives two facts one seq": Fault("12.1.2", says=_gives_a_seq_twice),
    "swaps the first two SENDs of a player": Fault("12.1.3", hears=_swaps_sends),
    "tells the room in another order": Fault("12.2.2", says=_swaps_joined),
    "tells nothing that happens after LIVE": Fault("4.6", says=_happens),
    "tells no history": Fault("12.2.3; 12.5.1", says=_past),
    "leaves DELIVERs out of a resume": Fault("12.3.3a; 12.4 DELIVER R", says=_past),
    "replays no ERROR": Fault("7; 12.4 ERROR R", says=_replays_no_error),
    "names a seq before it has sent all up to it": Fault(
        "12.4.1; 12.4 PONG R; 12.4 ACK R", says=_promises_too_much
    ),
    "closes upon an ACK of the future": Fault(
        "4 ACK C; 12.4.2c; 12.4 ACK C", hears=_ends_upon_the_future
    ),
    "takes a snapshot as of a seq less": Fault(
        "12.5.4; 12.4 SNAPSHOT C",
        hears=takes_for(Snapshot, seq=lambda seq: max(seq - 1, 0)),
        says=alters(Snapshot, seq=lambda seq: seq + 1),
    ),
    "tells a snapshot as of a seq more": Fault(
        "12.5.2; 12.4 SNAPSHOT R", says=alters(Snapshot, seq=lambda seq: seq + 1)
    ),
    "keeps no spectator behind": Fault("12.7", hears=creates(delay=0)),
    "counts one frame too many": Fault("1.1.6; 1.1.8; 4.5; 13.2", says=_counts_too_many),
    "counts VOLATILE": Fault("13.1; 14.1", says=_counts_volatile),
    "drops what comes over the rate": Fault("13.7", hears=_drops_beyond(300)),
    "takes half of its window": Fault("5 limits window", hears=_drops_beyond(WINDOW)),
    "says only every other ACK": Fault("13.3", says=_late),
    "gives the refusal of VOLATILE a place": Fault(
        "4.3; 14.4",
        says=_gives_volatile_a_place,
    ),
}
