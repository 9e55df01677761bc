"""What the relay knows of the players of a room, from all nodes that have a part of it.

The room's state is the same at every node. But only one node has a player's connection: the others
ask that node over the bus. An overview contains no secrets, passwords or tickets.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

import msgpack

from protocol.error_codes import ErrorCode
from protocol.opcodes import Opcode
from relay.cluster.bus import Bus
from relay.conditions.shape import Shape
from relay.inspect.rules import rule_of
from relay.node.connection import Connection
from relay.node.link import Look
from relay.node.node import Node
from relay.node.recent import Ended, Rejected, ShutOut, rejected
from relay.node.shapes import EVERYBODY
from relay.policy.conduct import LAPSE_SECONDS, Refused, RefusedFrame
from relay.room.room import Room
from relay.room.seats import Seat

SUBJECT: Final = "overviews"
ABOUT_OUTSIDE: Final = "rejected"
ANSWER_SECONDS: Final = 1.0
ANSWERED_WITHIN: Final = (0.1, 1.0)
"""Seconds to wait for the answers to pings: most come early."""
ERROR_CODES: Final = frozenset(ErrorCode)
OPCODES: Final = frozenset(Opcode)

LISTS: Final = ("groups", "refusals", "refused_frames")
"""Fields that are tuples. On the bus they become lists."""

PRESENCES: Final = ("live", "away", "lost", "lagging")
"""By number of the presence state."""


@dataclass(frozen=True, slots=True)
class PlayerOverview:
    """One player, as the relay knows them. Without a connection, all from `node` on is empty."""

    player: int
    name: str
    role: str
    presence: str
    groups: tuple[int, ...]
    taken: int
    node: str | None = None
    attachment: int | None = None
    address: str | None = None
    link: str | None = None
    rtt_ms: float | None = None
    joined_s: float | None = None
    outbox: Mapping[str, Any] | None = None
    behind: int = 0
    blocked_ms: int = 0
    lagging: bool = False
    sent_frames: int | None = None
    throttled_ms: int = 0
    refusals: tuple[Mapping[str, Any], ...] = ()
    conditions: Mapping[str, Any] | None = None
    unanswered_ms: int = 0
    refused_frames: tuple[Mapping[str, Any], ...] = ()
    silent_ms: int = 0
    """How long a player who should have answered is silent, or was before their connection
    ended."""
    lapse: Mapping[str, Any] | None = None
    """How they stood still lately, and are back."""


MOST_OUTSIDE: Final = 32
"""Ends, of any rooms, that one node tells."""
KNOWN: Final = frozenset(each.name for each in fields(PlayerOverview))


@dataclass(frozen=True, slots=True)
class RoomOverview:
    """All players of a room, by number, and the connections to it that ended last."""

    players: Mapping[int, PlayerOverview]
    ends: tuple[Ended, ...]
    shapes: Mapping[int, Shape]
    """Conditions that an operator has set, by player; 0 is everybody."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known of those who are in no room: they did not get in, or were cut off."""

    rejected: Sequence[Mapping[str, Any]]
    """Frames that they were refused, the newest last."""
    ends: Sequence[Ended]
    """How their connections ended, the newest last."""
    shut_out: Sequence[ShutOut]
    """Requests that were refused before they came to a room."""


class Overviews:
    """Gathers overviews at one node, and from the others."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._bus: Bus | None = None
        self._siblings: Bus | None = None
        """Over which all are heard who may know somebody outside."""

    def meet_workers(self, bus: Bus) -> None:
        """Ask other workers, too, of those who are in no room. Each knows all of its own rooms."""
        self._siblings = bus
        bus.answer(ABOUT_OUTSIDE, self._answer_outside)

    def meet(self, bus: Bus) -> None:
        """From now on ask the other nodes on a bus, too, and answer them."""
        self._bus = bus
        self._node.shapes.meet(bus)
        bus.answer(SUBJECT, self._answer)
        self.meet_workers(bus)

    async def of(self, room: Room) -> RoomOverview:
        """Return what all nodes know of a room."""
        connected, ends = self.here(room)
        if self._bus is not None:
            question = msgpack.packb([room.name, room.epoch])
            answers = await self._bus.ask_all(SUBJECT, question, ANSWER_SECONDS)
            for answer in answers.values():
                for each in _read(answer, ends):
                    connected[each.player] = each
        shapes = self._node.shapes.of(room)
        players = {
            seat.player: connected.get(seat.player) or _shaped(_gone(seat, ends), shapes)
            for seat in sorted(room.seats.values(), key=lambda seat: seat.player)
        }
        return RoomOverview(players, tuple(sorted(ends, key=_when)), shapes)

    async def measured(self, room: Room, player: int | None = None) -> RoomOverview:
        """Return the same as `of`, after the answers to pings of all players, or of one.

        An older RTT says little. A player who has not answered by then is known as silent.
        """
        overview = await self.of(room)
        for seconds in ANSWERED_WITHIN:
            if not any(_may_answer(each, player, seconds) for each in overview.players.values()):
                break
            await asyncio.sleep(seconds)
            overview = await self.of(room)
            if not any(_is_waited_for(each, player) for each in overview.players.values()):
                break
        return overview

    def here(self, room: Room) -> tuple[dict[int, PlayerOverview], list[Ended]]:
        """Return the players who are connected here, and the connections that ended here."""
        name = None if self._bus is None else self._bus.name
        found = {}
        for attachment, seat in room.seats.attached.items():
            connection = self._node.connections.get(attachment)
            if connection is not None and connection.room is room:
                overview = of_connection(room, seat, connection, self._node.clock())
                found[seat.player] = replace(overview, node=name)
        return found, list(self._node.journal.recent.ends(room.name))

    async def rejected(self, room: str) -> Sequence[Mapping[str, Any]]:
        """Return what was refused to players who are not in a room, the newest refusal last.

        Args: room: its name; "" is any room.
        """
        return (await self.outside(room)).rejected

    async def outside(self, room: str = "") -> Outside:
        """Return what all nodes know of those who are not in a room. Args: room: "" is any."""
        found, ends, shut_out = self._outside_here(room)
        if self._siblings is not None:
            question = msgpack.packb([room])
            answers = await self._siblings.ask_all(ABOUT_OUTSIDE, question, ANSWER_SECONDS)
            for node, answer in answers.items():
                # A node of an older version tells less.
                rejections, *more = msgpack.unpackb(answer)
                found += [{**each, "node": node} for each in rejections]
                ends += [Ended(*each[: len(Ended._fields)]) for each in more[0]] if more else []
                shut_out += [ShutOut(*each[:4]) for each in more[1]] if more[1:] else []
        found.sort(key=lambda each: each["at"])
        return Outside(found, sorted(ends, key=_when), sorted(shut_out))

    def _outside_here(
        self, room: str
    ) -> tuple[list[Mapping[str, Any]], list[Ended], list[ShutOut]]:
        recent = self._node.journal.recent
        ends = [each for each in recent.ends(room) if self._is_outside(each)]
        return self._rejected_here(room), ends[-MOST_OUTSIDE:], list(recent.shut_out)

    def _is_outside(self, end: Ended) -> bool:
        room = self._node.registry.get(end.room)
        return end.player is None or room is None or end.player not in room.seats

    def _rejected_here(self, room: str) -> list[Mapping[str, Any]]:
        found = list(self._node.journal.recent.rejected(room))
        for connection in self._node.connections.values():
            if connection.seat is None and room in ("", connection.room_name.upper()):
                found += [] if connection.is_closed else rejected(connection, "")
        name = None if self._siblings is None else self._siblings.name
        return [{**_rejected(each), "node": name} for each in found]

    async def _answer_outside(self, asker: str, data: bytes) -> bytes:
        room, *_ = msgpack.unpackb(data)
        answer: bytes = msgpack.packb(self._outside_here(room))
        return answer

    async def _answer(self, asker: str, data: bytes) -> bytes:
        name, epoch, *_ = msgpack.unpackb(data)
        room = self._node.registry.get(name)
        found: dict[int, PlayerOverview] = {}
        ends: list[Ended] = []
        if room is not None and room.epoch == epoch:
            found, ends = self.here(room)
        answer: bytes = msgpack.packb([[asdict(each) for each in found.values()], ends])
        return answer


def _may_answer(overview: PlayerOverview, player: int | None, seconds: float) -> bool:
    """Whether the player may still answer a ping within so many seconds."""
    is_asked = player in (None, overview.player)
    return is_asked and overview.link == "direct" and overview.unanswered_ms <= 1000 * seconds


def _is_waited_for(overview: PlayerOverview, player: int | None) -> bool:
    return player in (None, overview.player) and overview.unanswered_ms > 0


def of_seat(seat: Seat) -> PlayerOverview:
    """Return what every node knows of a player."""
    return PlayerOverview(
        player=seat.player,
        name=seat.info.name,
        role=seat.info.role,
        presence=PRESENCES[seat.state],
        groups=tuple(sorted(seat.groups)),
        taken=seat.taken,
        lagging=PRESENCES[seat.state] == "lagging",
    )


def _gone(seat: Seat, ends: Iterable[Ended]) -> PlayerOverview:
    """Return what is known of a player who is not connected, or whose node does not answer."""
    overview = of_seat(seat)
    if overview.presence != "lost":
        return overview
    last = max((end for end in ends if end.player == seat.player), key=_when, default=None)
    return overview if last is None else replace(overview, silent_ms=last.silent_ms)


def _when(ended: Ended) -> int:
    return ended.at


def _shaped(overview: PlayerOverview, shapes: Mapping[int, Shape]) -> PlayerOverview:
    """Add the conditions under which a player who is not connected will come back."""
    shape = shapes.get(overview.player) or shapes.get(EVERYBODY)
    return overview if shape is None else replace(overview, conditions=shape.plain())


def of_connection(room: Room, seat: Seat, connection: Connection, now: int) -> PlayerOverview:
    """Return what the node of a player's connection knows. Args: now: the relay's clock."""
    look, outbox = connection.link.look(), connection.link.outbox
    frames, size = outbox.waiting
    shaped = connection.link.shaped
    return replace(
        of_seat(seat),
        attachment=connection.attachment,
        address=connection.address or None,
        link=look.link,
        rtt_ms=_rtt_ms(look, shaped),
        joined_s=round((now - connection.admitted_at) / 1e6, 1),
        outbox={"mode": outbox.mode.name.lower(), "frames": frames, "bytes": size + look.waiting},
        behind=max(room.seq - outbox.position(room.seq), 0),
        blocked_ms=int(look.blocked * 1000),
        sent_frames=look.frames,
        throttled_ms=int(connection.conduct.paused * 1000),
        refusals=tuple(map(_refused, connection.conduct.refusals)),
        conditions=None if shaped is None else shaped.plain(),
        unanswered_ms=int(look.unanswered * 1000),
        silent_ms=int(look.silent * 1000),
        refused_frames=tuple(map(_refused_frame, connection.conduct.frames)),
        lapse=_lapse(connection, look, now),
    )


def _lapse(connection: Connection, look: Look, now: int) -> Mapping[str, Any] | None:
    """Return the longest time for which a player stood still lately."""
    gap, came = connection.conduct.late_ping
    late = ("late_ping", gap, (now - came) / 1e6)
    known = [*look.lapses, *([late] if gap and late[2] < LAPSE_SECONDS else [])]
    how, seconds, ago = max(known, key=_length, default=("", 0.0, 0.0))
    return {"how": how, "ms": int(seconds * 1000), "ago_ms": int(ago * 1000)} if how else None


def _length(lapse: tuple[str, float, float]) -> float:
    return lapse[1]


def _rtt_ms(look: Look, shaped: Shape | None) -> float | None:
    """Return the round trip time of frames: that of pings lacks the lag of conditions."""
    if look.rtt is None:
        return None
    return round(look.rtt * 1000 + (0 if shaped is None else shaped.lag_ms), 1)


def _refused(refused: Refused) -> dict[str, Any]:
    code = refused.code
    # What is no frame has no opcode, whatever its second byte is.
    op = None if code == ErrorCode.NOT_A_FRAME else refused.op
    return {
        "at": refused.at,
        "code": ErrorCode(code).name if code in ERROR_CODES else str(code),
        "op": Opcode(op).name if op in OPCODES else None,
        "text": refused.text,
        "offset": refused.offset,
        "expected": refused.expected,
        "got": refused.got,
        "frame": refused.frame,
        "rule": rule_of(code, refused.offset, refused.text),
    }


def _refused_frame(frame: RefusedFrame) -> Mapping[str, Any]:
    data = b64encode(frame.data).decode()
    return {**_refused(frame.refused), "data": data, "size": frame.size}


def _rejected(each: Rejected) -> Mapping[str, Any]:
    return {
        "room": each.room,
        "player": each.player,
        "attachment": each.attachment,
        "address": each.address or None,
        "closed": each.closed or None,
        **_refused_frame(each.frame),
    }


def _read(answer: bytes, ends: list[Ended]) -> Iterable[PlayerOverview]:
    """Read what another node knows, without what only newer versions know."""
    try:
        players, others, *_ = msgpack.unpackb(answer)
        ends += [Ended(*each[: len(Ended._fields)]) for each in others]
        return [_overview(each) for each in players]
    except (ValueError, TypeError, msgpack.UnpackException):
        return ()


def _overview(values: Any) -> PlayerOverview:
    known = {key: value for key, value in dict(values).items() if key in KNOWN}
    return PlayerOverview(**{**known, **{key: tuple(known.get(key, ())) for key in LISTS}})
