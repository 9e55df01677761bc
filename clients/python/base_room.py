"""What every room offers a program, whether it waits for its calls or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from clients.python.core import commands
from clients.python.core.client_protocol import ClientProtocol, Phase
from clients.python.core.clock import Clock
from clients.python.core.commands import OTHERS, Slot, To, number_of
from clients.python.core.room_state import Properties, RoomState
from clients.python.events import Player
from clients.python.showing import short
from protocol.codec import pack
from protocol.frames import Limits, PresenceState, RoomOptions

Sent = TypeVar("Sent")
"""What sending returns: the frame's number, or a coroutine of it."""


class BaseRoom(ABC, Generic[Sent]):
    """What is known of a room, and what can be done in it."""

    def __init__(self, protocol: ClientProtocol) -> None:
        self._protocol = protocol

    def __repr__(self) -> str:
        names = {number: player.name for number, player in self.players.items()}
        return (
            f"{type(self).__name__}(code={self.code!r}, player={self.me}, host={self.host}, "
            f"players={short(names)}, state={self.state!r})"
        )

    # What is known.

    @property
    @abstractmethod
    def _facts(self) -> RoomState: ...

    @property
    def code(self) -> str:
        """The room's name, as the relay writes it."""
        return self._protocol.code

    @property
    def me(self) -> int:
        """This client's player number."""
        return self._protocol.resume.player

    @property
    def players(self) -> Mapping[int, Player]:
        """The players who have a seat, this one included, by number. Each read is up to date."""
        return self._facts.players

    @property
    def host(self) -> int:
        """The host's player number; 0 if there is none."""
        return self._facts.host

    @property
    def is_host(self) -> bool:
        """Whether this client is host."""
        return self._facts.host == self.me

    @property
    def term(self) -> int:
        """Number of the host's term: it grows whenever another player becomes host."""
        return self._facts.term

    @property
    def properties(self) -> Properties:
        """The room's own properties, unpacked when read. Each read is up to date."""
        return self.properties_of(0)

    def properties_of(self, player: int | Player) -> Properties:
        """Return a player's properties."""
        scope = player.number if isinstance(player, Player) else player
        return Properties(self._facts.properties.get(scope, MappingProxyType({})))

    @property
    def state(self) -> Phase:
        """ "connecting", "live", "reconnecting" or "closed"."""
        return self._protocol.phase

    @property
    def clock(self) -> Clock:
        """The relay's clock, and the way to it: `now()`, `offset`, `rtt`, `jitter`, in us."""
        return self._protocol.clock

    @property
    def limits(self) -> Limits:
        """The limits that the relay sets for this client."""
        return self._protocol.limits

    @property
    def options(self) -> RoomOptions:
        """How the room was made."""
        return self._protocol.options

    @property
    def complete_from(self) -> int:
        """The seq after which this client knows the room's past without a gap.

        Everything that was sent to all after this seq was told, as history or within the snapshot.
        Something before it is missing. 0 says that nothing is missing. A fresh stream sets it;
        a resume leaves it.
        """
        return self._protocol.complete_from

    @property
    @abstractmethod
    def seq(self) -> int:
        """The seq that this program has reached: it has taken all events up to there.

        It is 0 before `Live`, as the room is known in full only then.
        """

    @property
    def seat(self) -> bytes:
        """The seat's secret. `connect(..., seat=...)` returns to the seat, on any machine."""
        return self._protocol.resume.options.seat or b""

    # What can be done.

    @abstractmethod
    def _post(self, *messages: bytes) -> Sent:
        """Send counted frames with no other of ours between them; return the last one's number."""

    @abstractmethod
    def _volatile(self, slot: Slot, message: bytes) -> None: ...

    @abstractmethod
    def drop(self) -> None:
        """Lose the connection as a bad network would, to test a game.

        The client comes back by itself; `Reconnecting` and `Resumed` tell of it.
        """

    @abstractmethod
    def presence(self, state: PresenceState) -> None:
        """Tell the room whether this player is looking: HERE or AWAY. A reconnect keeps it."""

    def send(self, value: object, to: To = OTHERS) -> Sent:
        """Send a value, packed, in the room's order, exactly once.

        Args:
            value: None, bool, int, float, str, bytes, and lists and dicts of these.
            to: OTHERS, EVERYONE, HOST, a player or their number, `group(n)`, or several players.

        Returns:
            The frame's number. A `Refused` event would name the frame by it.

        Raises:
            LocalProtocolError: the value cannot be packed, is too large, or `to` names nobody.
            RoomClosed: the room is over.
        """
        return self._post(commands.send(pack(value), to))

    def send_bytes(self, payload: bytes, to: To = OTHERS) -> Sent:
        """Send bytes as they are; everything else is as in `send`."""
        return self._post(commands.send(payload, to))

    def volatile(self, key: int, value: object, to: To = OTHERS) -> None:
        """Send the newest value of `key`, packed. It may replace an older one on its way.

        Never waits. While there is no connection, the newest value of each key is kept.

        Args:
            key: 0 to 255; the room keeps the newest value of each for those who join.
            value: as in `send`.
            to: as in `send`.

        Raises:
            LocalProtocolError: as in `send`, or `key` is out of range.
        """
        self._volatile(*commands.volatile(key, pack(value), to))

    def volatile_bytes(self, key: int, payload: bytes, to: To = OTHERS) -> None:
        """Send bytes as they are; everything else is as in `volatile`."""
        self._volatile(*commands.volatile(key, payload, to))

    def subscribe(self, *groups: int) -> Sent:
        """Receive what is sent to these groups, 1 to 255. A reconnect keeps them."""
        return self._subscribe(groups, ())

    def unsubscribe(self, *groups: int) -> Sent:
        """Stop receiving what is sent to these groups."""
        return self._subscribe((), groups)

    def set_property(
        self,
        key: str,
        value: object,
        *,
        player: int | Player | None = None,
        expected: int | None = None,
    ) -> Sent:
        """Write a property of the room, or of a player. Everybody hears `PropertyChanged`.

        Args:
            key: up to 64 bytes. Keys with "@" in front are the room's settings, such as
                "@locked" and "@capacity", and only the host may write them.
            value: as in `send`.
            player: the player who has the property. None: the room has it.
            expected: write only if the property still has this version, which
                `properties.version(key)` tells. 0: write only if there is no such property.
                Otherwise a `Refused` event follows.
        """
        return self._post(commands.set_property(key, value, player, expected))

    def delete_property(
        self, key: str, *, player: int | Player | None = None, expected: int | None = None
    ) -> Sent:
        """Delete a property; everything else is as in `set_property`."""
        return self._post(commands.delete_property(key, player, expected))

    def kick(self, player: int | Player, reason: str = "") -> Sent:
        """Remove a player for as long as the room lives. Only the host may do this."""
        return self._post(commands.kick(player, reason))

    def transfer(self, player: int | Player) -> Sent:
        """Make a player who is present the host. Only the host may do this."""
        return self._post(commands.transfer(player))

    def give_snapshot(self, value: object, seq: int | None = None) -> Sent:
        """Give the room the game's state, packed, for late joiners. Only the host may do this.

        A late joiner hears `SnapshotReceived`, then what was sent to all since. The room must
        have been made with `history`.

        Args:
            value: as in `send`. Pack a larger one yourself, and call `give_snapshot_bytes`.
            seq: the value holds everything that happened up to this seq, and everything that this
                client has sent. None: up to the last event that the program took (`room.seq`).

        Returns:
            The number of its last frame. It takes one frame for each `limits.max_frame` bytes.

        Raises:
            LocalProtocolError: the value cannot be packed, or is too large (1 MiB at most).
            RoomClosed: the room is over.
        """
        return self.give_snapshot_bytes(pack(value), seq)

    def give_snapshot_bytes(self, payload: bytes, seq: int | None = None) -> Sent:
        """Give bytes as they are; everything else is as in `give_snapshot`."""
        at = self.seq if seq is None else seq
        return self._post(*commands.snapshot(at, payload, self.limits))

    def player(self, player: int | Player) -> Player:
        """Return what is known of a player. Of one who left it is the number alone."""
        return self._facts.player(number_of(player))

    def _subscribe(self, add: tuple[int, ...], remove: tuple[int, ...]) -> Sent:
        sent = self._post(commands.subscribe(add, remove))
        self._protocol.note_groups(add, remove)
        return sent
