"""What the log says of rooms, players and connections: one line for one event, few in a flood.

A line names `room K7QF`, `player 3` and `connection 12`, so that a search finds all lines about one
of them. Names and other words of strangers are made legible here. Passwords, tickets and secrets
never come here.

Info is what an operator may act on; debug is what helps to follow one player. Strangers cause most
lines and could fill the disk. So of all lines at info and above the journal writes a burst, and
then one in 2 s. Of each kind it then writes one in 5 s, which counts the rest, so that no kind
hides the others. Refused frames have their own bounds. Debug has none here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Error, LeftReason, PlayerInfo
from protocol.legible import isolated
from protocol.opcodes import Opcode
from relay.node.counting.events import LOST, Events
from relay.node.recent import Recent
from relay.policy.flood import Flood, more_like_it
from relay.policy.rate_limits import TokenBucket
from relay.room.effects import Admit
from relay.room.refusals import Refusal

log = logging.getLogger("relay")

# Less than the log of `relay serve` lets through of a kind, so that none of the counts is lost.
LINES_PER_SECOND = 0.2
LINES_BURST = 5.0
ALL_PER_SECOND = 0.5
ALL_BURST = 8.0
"""For all kinds together: a stranger can cause lines of several kinds at once."""

FAULT_SECONDS = 60.0
"""Seconds between two tracebacks of one fault."""

MAX_FAULTS = 64
"""How many faults are told apart."""

BY_CONDUCT = frozenset(
    {
        CloseCode.TEXT_REFUSED,
        CloseCode.TOO_BIG,
        CloseCode.NO_HELLO,
        CloseCode.TOO_SLOW,
        CloseCode.TOO_FAST,
        CloseCode.BAD_FRAMES,
    }
)
"""Closes for what a client does: an operator may know its game, or change a setting."""

WHY_GONE = {
    LeftReason.LEFT: "they left, or their connection was closed for good",
    LeftReason.GONE: "their connection is lost, and their seat had no secret",
    LeftReason.EXPIRED: "they did not come back in time",
}


OPCODES = frozenset(Opcode)

Value = str | float | Error
"""Values that fill a line."""

About = str | int | None
"""A line's room, player or connection, for logs that programs read."""


class Journal:
    """Writes a node's lines, and counts what they are about."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.recent = Recent()
        """What operators may ask about later."""
        self.events = Events()
        of_all = TokenBucket(ALL_PER_SECOND, ALL_BURST)
        self._flood = Flood(LINES_PER_SECOND, LINES_BURST, of_all=of_all)
        self._refused = Flood(LINES_PER_SECOND, LINES_BURST)
        """Kept apart: one faulty client causes many, and how its connection ends matters more."""
        self._faults: dict[tuple[object, ...], _Fault] = {}

    # Rooms.

    def opened(self, room: str) -> None:
        self._say(logging.INFO, "room %s is open", room, about=(room,))

    def gone(self, room: str) -> None:
        self.recent.forget(room)
        self._say(logging.INFO, "room %s is gone", room, about=(room,))

    def made_way(self, room: str) -> None:
        line = "room %s, which nobody had entered, made way for another"
        self._say(logging.INFO, line, room, about=(room,))

    # Players.

    def joined(self, room: str, player: int, attachment: int, info: PlayerInfo) -> None:
        line = f"room %s: player %d joined as a {info.role} over connection %d%s"
        named = f", named {info.name}" if info.name else ""
        about = (room, player, attachment)
        self._say(logging.INFO, line, *about, named, about=about)

    def departed(self, room: str, player: int, reason: LeftReason, by: int) -> None:
        """Args: by: the player who removed them, or 0 for the operator."""
        if reason is LeftReason.KICKED:
            whom = f"player {by}" if by else "the operator"
            line = "room %s: player %d was kicked by %s"
            self._say(logging.INFO, line, room, player, whom, about=(room, player))
        else:
            line = "room %s: player %d is gone: %s"
            self._say(logging.INFO, line, room, player, WHY_GONE[reason], about=(room, player))

    def admitted(self, room: str, admit: Admit) -> None:
        self.events.admitted(resumed=admit.resumed, refused=admit.refused)
        about = (room, admit.player, admit.attachment)
        if admit.resumed:
            line = "room %s: player %d resumed over connection %d, after seq %d"
            _detail(line, *about, admit.seq, about=about)
            return
        why = "" if admit.refused is None else f", because of {_coded(admit.refused)}"
        line = "room %s: player %d is told the room as it stands, over connection %d%s"
        _detail(line, *about, why, about=about)

    def frame_refused(self, room: str, player: int, error: Error, *, is_here: bool) -> None:
        """Args: is_here: whether it is this node to which the player is connected."""
        line = "room %s: player %d is refused %s"
        if is_here:
            self.events.refused_frame(error.code)
            self._sample(line, room, player, error, about=(room, player))
        else:
            _detail(line, room, player, error, about=(room, player))

    # Connections.

    def connected(self, attachment: int, address: str, room: str) -> None:
        about = (room, None, attachment)
        line = "connection %d from %s asks for room %s"
        _detail(line, attachment, address or "nowhere", room, about=about)

    def refused(self, attachment: int, address: str, room: str, refusal: Refusal) -> None:
        """A HELLO, or the whole connection, was refused."""
        # Without a close the client mends it at once by itself, as after a room's end.
        self.events.refused(refusal.code)
        self.recent.add(room, None, attachment, refusal.close, refusal.code.name, refusal.text)
        level = logging.DEBUG if refusal.close is None else logging.INFO
        line = f"room %s: connection %d from %s is refused: {_coded(refusal.code)}: %s"
        about = (room, None, attachment)
        self._say(level, line, room, attachment, address or "nowhere", refusal.text, about=about)

    def throttled(self, attachment: int, room: str, player: int | None, seconds: float) -> None:
        self.events.throttles += 1
        line, values = _whose(attachment, room, player)
        about = (room, player, attachment)
        line = f"{line} is too fast, and not read for %d ms"
        _detail(line, *values, int(seconds * 1000), about=about)

    def lagged(self, attachment: int, room: str, player: int | None, is_lagging: bool) -> None:
        self.events.lags += is_lagging
        line, values = _whose(attachment, room, player)
        how = "reads too slowly" if is_lagging else "reads fast enough again"
        _detail(f"{line} {how}", *values, about=(room, player, attachment))

    def message_refused(self, attachment: int, room: str, player: int | None, error: Error) -> None:
        """A message was refused outside of the room's order."""
        self.events.refused_frame(error.code)
        about = (room, player, attachment)
        self._sample("connection %d is refused %s", attachment, error, about=about)

    def closed(
        self, attachment: int, room: str, player: int | None, code: CloseCode, why: str
    ) -> None:
        self.events.closes[code.name] += 1
        self.recent.add(room, player, attachment, code, code.name, why)
        level = logging.INFO if code in BY_CONDUCT else logging.DEBUG
        line, values = _whose(attachment, room, player)
        reason = f": {why}" if why else ""
        about = (room, player, attachment)
        self._say(level, f"{line} is closed: {_coded(code)}%s", *values, reason, about=about)

    def lost(self, attachment: int, room: str, player: int | None) -> None:
        self.events.closes[LOST] += 1
        self.recent.add(room, player, attachment, None, LOST)
        line, values = _whose(attachment, room, player)
        _detail(f"{line} is lost", *values, about=(room, player, attachment))

    def failed(self, attachment: int, room: str, player: int | None, error: BaseException) -> None:
        """There is an error in this relay."""
        extra = _bound(room, player, attachment)
        log.error("connection %d failed", attachment, exc_info=error, extra=extra)

    # The game's own code.

    def undecided(self, attachment: int, seconds: float | None) -> None:
        assert seconds is not None, "who may wait for ever is not too late"
        self.events.faults += 1
        line = "connection %d is turned away: on_join, or a password, did not decide within %g s"
        self._say(logging.WARNING, line, attachment, seconds, about=(None, None, attachment))

    def fault(self, attachment: int, room: str, error: Exception) -> None:
        """The game's own code failed. One that fails for everybody is shown once a minute."""
        self.events.faults += 1
        place = _place(error)
        if place not in self._faults and len(self._faults) >= MAX_FAULTS:
            self._faults.clear()
        fault = self._faults.setdefault(place, _Fault())
        now = self._now()
        if now - fault.said < FAULT_SECONDS:
            fault.unsaid += 1
            return
        more = more_like_it(fault.unsaid)
        fault.said, fault.unsaid = now, 0
        line = "room %s: on_join failed, and connection %d is refused%s"
        extra = _bound(room, None, attachment)
        log.error(line, isolated(room), attachment, more, exc_info=error, extra=extra)

    def _sample(self, line: str, *values: Value, about: tuple[About, ...]) -> None:
        """Log at info what the bounds of refusals let through, and everything else at debug."""
        if not self._let_through(self._refused, logging.INFO, line, *values, about=about):
            _detail(line, *values, about=about)

    def _say(self, level: int, line: str, *values: Value, about: tuple[About, ...]) -> None:
        if level < logging.INFO:
            _detail(line, *values, about=about)
        else:
            self._let_through(self._flood, level, line, *values, about=about)

    def _let_through(
        self, flood: Flood, level: int, line: str, *values: Value, about: tuple[About, ...]
    ) -> bool:
        """Write a line if the bounds allow it. Returns: whether they do."""
        if not log.isEnabledFor(level):
            return True
        more = flood.passes(line, self._now())
        if more is None:
            return False
        log.log(level, f"{line}%s", *map(_shown, values), more, extra=_bound(*about))
        return True


def _whose(attachment: int, room: str, player: int | None) -> tuple[str, list[str | int]]:
    if player is None:
        return "room %s: connection %d", [room, attachment]
    return "room %s: player %d: connection %d", [room, player, attachment]


class _Fault:
    """One place that fails in one way."""

    __slots__ = ("said", "unsaid")

    def __init__(self) -> None:
        self.said = float("-inf")
        self.unsaid = 0


def _detail(line: str, *values: Value, about: tuple[About, ...]) -> None:
    if log.isEnabledFor(logging.DEBUG):
        log.debug(line, *map(_shown, values), extra=_bound(*about))


def _bound(room: About = None, player: About = None, connection: About = None) -> dict[str, About]:
    """Return what a log that programs read has beside the line."""
    bound = {"room": room, "player": player, "connection": connection}
    return {name: value for name, value in bound.items() if value is not None}


def _shown(value: Value) -> str | float:
    match value:
        case Error():
            return isolated(_explained(value))
        case str():
            return isolated(value)
        case _:
            return value


def _coded(code: ErrorCode | CloseCode) -> str:
    return f"{code.name} {int(code)}"


def _explained(error: Error) -> str:
    """Return what was refused, and why: not what it held, which may be a secret."""
    op, offset = error.detail.op, error.detail.offset
    what = Opcode(op).name if op in OPCODES else "a message"
    where = "" if offset is None else f" at byte {offset}"
    return f"{what}: {_coded(ErrorCode(error.code))}{where}: {error.text}"


def _place(error: Exception) -> tuple[object, ...]:
    """Return what kind of error it is, and the line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return (type(error),)
    return type(error), trace.tb_frame.f_code.co_filename, trace.tb_lineno
