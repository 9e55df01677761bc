"""The room as this client knows it: a fold over the relay's frames.

`RoomFold` follows the frames. `RoomState` is the room at one moment. It never changes, so a game's
thread may read one while the fold goes on. The fold lends its own maps to a state, and copies a map
only before the next change to it. So half a million facts in one stream do not make half a million
copies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from clients.python import events
from clients.python.events import Event, Player
from clients.python.showing import payload_in_words
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
            RemoteProtocolError: its writer packed no msgpack value.
        """
        return unpack(self._held[key].payload)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        held = (f"{key!r}: {payload_in_words(each.payload)}" for key, each in self._held.items())
        return f"Properties({{{', '.join(held)}}})"

    def version(self, key: str) -> int:
        """Return a property's version, for `expected` of a write; 0: there is no such property.

        It is no count of writes: any number that grows with each of them.
        """
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

    def player(self, number: int) -> Player:
        """Return a player. Of one who has no seat only the number is known."""
        return self.players.get(number) or Player(number)


class RoomFold:
    """Follows one stream from its beginning. A fresh stream begins with a fold of its own."""

    def __init__(self) -> None:
        self._players: dict[int, Player] = {}
        self._host = self._term = 0
        self._properties: dict[int, dict[str, Property]] = {}
        self._parts: list[frames.Snapshot] = []
        """The parts so far of a snapshot that is still coming."""
        self._state: RoomState | None = None
        # Whether a map is lent to no state: then it may be changed in place.
        self._owns_players = self._owns_properties = True
        self._own_scopes: set[int] = set()

    @property
    def state(self) -> RoomState:
        """The room as of the last frame."""
        if self._state is None:
            players = MappingProxyType(self._players)
            properties = MappingProxyType(self._properties)
            self._state = RoomState(players, self._host, self._term, properties)
            self._owns_players = self._owns_properties = False
            self._own_scopes.clear()
        return self._state

    def player(self, number: int) -> Player:
        """Return a player. Of one who has no seat only the number is known."""
        return self._players.get(number) or Player(number)

    def apply(self, frame: Frame) -> Event | None:
        """Take a fact in, and return its event for the game; None for any other frame.

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
                return self._host_changed(frame)
            case frames.Property():
                return self._property(frame)
            case frames.Snapshot():
                return self._snapshot(frame)
            case frames.SnapshotWanted(seq):
                return events.SnapshotWanted(seq)
            case _:
                return None

    def _joined(self, fact: frames.Joined) -> Event:
        info, is_host = fact.info, fact.player == self._host
        player = Player(fact.player, info.name, info.role, is_host=is_host, can_host=info.can_host)
        self._keep(player)
        return events.Joined(player, fact.seq)

    def _left(self, fact: frames.Left) -> Event:
        player = self.player(fact.player)
        if player.number in self._players:
            del self._own_players()[player.number]
        if player.number in self._properties:
            del self._own_properties()[player.number]
            self._own_scopes.discard(player.number)
        return events.Left(player, known(LeftReason, fact.reason), fact.seq)

    def _presence(self, fact: frames.PresenceChanged) -> Event:
        player = replace(self.player(fact.player), state=known(PresenceState, fact.state))
        self._keep(player)
        return events.PresenceChanged(player, fact.seq)

    def _host_changed(self, fact: frames.Host) -> Event:
        for number in {self._host, fact.player} & self._players.keys():
            self._keep(replace(self._players[number], is_host=number == fact.player))
        self._state = None
        self._host, self._term = fact.player, fact.term
        host = self.player(fact.player) if fact.player else None
        return events.HostChanged(host, fact.term, fact.seq)

    def _property(self, fact: frames.Property) -> Event:
        payload = fact.value if isinstance(fact.value, bytes) else None
        held = self._own_scope(fact.scope)
        if payload is None:
            held.pop(fact.key, None)
        else:
            held[fact.key] = Property(payload, fact.version, fact.by)
        return events.PropertyChanged(
            fact.scope, fact.key, payload, fact.version, fact.by, fact.seq
        )

    def _snapshot(self, part: frames.Snapshot) -> Event | None:
        self._parts.append(part)
        check_parts(self._parts)
        if len(self._parts) < part.parts:
            return None
        payload = b"".join(each.payload for each in self._parts)
        self._parts.clear()
        return events.SnapshotReceived(part.seq, payload)

    # Maps that may be changed.

    def _keep(self, player: Player) -> None:
        self._own_players()[player.number] = player

    def _own_players(self) -> dict[int, Player]:
        self._state = None
        if not self._owns_players:
            self._players = dict(self._players)
            self._owns_players = True
        return self._players

    def _own_properties(self) -> dict[int, dict[str, Property]]:
        self._state = None
        if not self._owns_properties:
            self._properties = dict(self._properties)
            self._owns_properties = True
        return self._properties

    def _own_scope(self, scope: int) -> dict[str, Property]:
        properties = self._own_properties()
        if scope not in self._own_scopes:
            properties[scope] = dict(properties.get(scope, {}))
            self._own_scopes.add(scope)
        return properties[scope]


def check_parts(parts: list[frames.Snapshot]) -> None:
    """Check that these are the first parts of one snapshot, in order, and not too many."""
    first, newest = parts[0], parts[-1]
    expected = (first.seq, len(parts) - 1, first.parts)
    is_next = (newest.seq, newest.part, newest.parts) == expected and newest.part < newest.parts
    if not is_next or newest.parts > limits.SNAPSHOT_PARTS:
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
    """Return the member that a number names, or the number itself: a newer relay may know more."""
    try:
        return enum(number)
    except ValueError:
        return number
