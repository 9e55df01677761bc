"""The room as this client knows it: a fold over the relay's frames, one value after another.

A state never changes, so a game's thread may read one while the next is being made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from clients.python import events
from clients.python.events import Event, Player
from protocol import frames, limits
from protocol.codec import unpack
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.frames import Frame, LeftReason, PresenceState


@dataclass(frozen=True, slots=True)
class Property:
    """A property's value as it was packed, its version, and who wrote it."""

    payload: bytes
    version: int
    by: int


class Properties(Mapping[str, Any]):
    """The properties of one scope; reading one unpacks it."""

    def __init__(self, held: Mapping[str, Property]) -> None:
        self._held = held

    def __getitem__(self, key: str) -> Any:
        """Return the unpacked value.

        Raises:
            KeyError: there is no such property.
            RemoteProtocolError: who wrote it packed no msgpack value.
        """
        return unpack(self._held[key].payload)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return f"Properties({dict(self)!r})"

    def version(self, key: str) -> int:
        """Return a property's version, to write it only if it is still that; 0: is not there."""
        held = self._held.get(key)
        return held.version if held else 0


@dataclass(frozen=True, slots=True)
class RoomState:
    """Who is in the room, who is host, and what the room remembers."""

    players: Mapping[int, Player] = field(default_factory=dict)
    host: int = 0
    term: int = 0
    properties: Mapping[int, Mapping[str, Property]] = field(default_factory=dict)
    """By scope (0: the room, n: player n), then by key."""
    parts: tuple[frames.Snapshot, ...] = ()
    """Of a snapshot that is still coming. A new stream begins with none."""

    def player(self, number: int) -> Player:
        """Return a player, or one of whom only the number is known."""
        return self.players.get(number) or Player(number)

    def apply(self, frame: Frame) -> tuple[RoomState, Event | None]:
        """Return the state after a fact, and what to tell the game; other frames change nothing.

        Raises:
            RemoteProtocolError: a part of a snapshot does not follow the last one.
        """
        match frame:
            case frames.Joined():
                return self._joined(frame)
            case frames.Left():
                return self._left(frame)
            case frames.PresenceChanged():
                return self._presence(frame)
            case frames.Host():
                return self._host(frame)
            case frames.Property():
                return self._property(frame)
            case frames.Snapshot():
                return self._snapshot(frame)
            case frames.SnapshotWanted(seq):
                return self, events.SnapshotWanted(seq)
            case _:
                return self, None

    def _joined(self, fact: frames.Joined) -> tuple[RoomState, Event]:
        info = fact.info
        player = Player(fact.player, info.name, info.role, is_host=fact.player == self.host)
        return self._with(player), events.Joined(player, fact.seq)

    def _left(self, fact: frames.Left) -> tuple[RoomState, Event]:
        players = {n: player for n, player in self.players.items() if n != fact.player}
        properties = {n: held for n, held in self.properties.items() if n != fact.player}
        state = replace(
            self, players=MappingProxyType(players), properties=MappingProxyType(properties)
        )
        reason = known(LeftReason, fact.reason)
        return state, events.Left(self.player(fact.player), reason, fact.seq)

    def _presence(self, fact: frames.PresenceChanged) -> tuple[RoomState, Event]:
        player = replace(self.player(fact.player), state=known(PresenceState, fact.state))
        return self._with(player), events.PresenceChanged(player, fact.seq)

    def _host(self, fact: frames.Host) -> tuple[RoomState, Event]:
        changed = {
            n: replace(self.players[n], is_host=n == fact.player)
            for n in (self.host, fact.player)
            if n in self.players
        }
        players = MappingProxyType({**self.players, **changed})
        state = replace(self, players=players, host=fact.player, term=fact.term)
        host = state.player(fact.player) if fact.player else None
        return state, events.HostChanged(host, fact.term, fact.seq)

    def _property(self, fact: frames.Property) -> tuple[RoomState, Event]:
        payload = fact.value if isinstance(fact.value, bytes) else None
        held = dict(self.properties.get(fact.scope, {}))
        if payload is None:
            held.pop(fact.key, None)
        else:
            held[fact.key] = Property(payload, fact.version, fact.by)
        properties = MappingProxyType({**self.properties, fact.scope: held})
        event = events.PropertyChanged(
            fact.scope, fact.key, payload, fact.version, fact.by, fact.seq
        )
        return replace(self, properties=properties), event

    def _snapshot(self, part: frames.Snapshot) -> tuple[RoomState, Event | None]:
        parts = (*self.parts, part)
        check_parts(parts)
        if len(parts) < part.parts:
            return replace(self, parts=parts), None
        payload = b"".join(each.payload for each in parts)
        return replace(self, parts=()), events.SnapshotReceived(part.seq, payload)

    def _with(self, player: Player) -> RoomState:
        return replace(self, players=MappingProxyType({**self.players, player.number: player}))


def check_parts(parts: tuple[frames.Snapshot, ...]) -> None:
    """Check that these are the first parts of one snapshot, in order, and not too much."""
    first, newest = parts[0], parts[-1]
    expected = (first.seq, len(parts) - 1, first.parts)
    if (newest.seq, newest.part, newest.parts) != expected or newest.part >= newest.parts:
        raise RemoteProtocolError(
            ErrorCode.OUT_OF_RANGE,
            "a part of a snapshot does not follow the last one",
            expected=f"part {expected[1]} of {expected[2]}, as of seq {expected[0]}",
            got=f"part {newest.part} of {newest.parts}, as of seq {newest.seq}",
        )
    if sum(len(each.payload) for each in parts) > limits.SNAPSHOT_BYTES:
        raise RemoteProtocolError(
            ErrorCode.TOO_BIG, "a snapshot is too large", limit=limits.SNAPSHOT_BYTES
        )


def known(enum: type[LeftReason] | type[PresenceState], number: int) -> int:
    """Return the member that a number names, or the number that a newer relay sent."""
    try:
        return enum(number)
    except ValueError:
        return number
