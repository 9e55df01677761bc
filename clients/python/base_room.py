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
        """All who have a seat, oneself included, by number. Each look gives the newest."""
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
        """The room's own properties, unpacked when read. Each look gives the newest."""
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
        """The relay's clock, and how far away it is: `now()`, `offset`, `rtt`, `jitter`, in us."""
        return self._protocol.clock

    @property
    def limits(self) -> Limits:
        """What the relay asks this client to keep to."""
        return self._protocol.limits

    @property
    def options(self) -> RoomOptions:
        """How the room was made."""
        return self._protocol.options

    @property
    def complete_from(self) -> int:
        """From where on the past is complete: all that was sent to all after this seq was told, as
        history or within the snapshot; of what came before it some is missing.

        0 where nothing is missing. It is as of the last fresh stream: a resume leaves it.
        """
        return self._protocol.complete_from

    @property
    @abstractmethod
    def seq(self) -> int:
        """Where the room stands for this program: all up to this seq is in events that it took.

        0 before `Live`, as only then the room is known in full.
        """

    @property
    def seat(self) -> bytes:
        """The seat's secret: `connect(..., seat=...)` takes the seat up again, also elsewhere."""
        return self._protocol.resume.options.seat or b""

    # What can be done.

    @abstractmethod
    def _post(self, *messages: bytes) -> Sent:
        """Send counted frames, nothing of ours between them; return the last one's number."""

    @abstractmethod
    def _volatile(self, slot: Slot, message: bytes) -> None: ...

    @abstractmethod
    def drop(self) -> None:
        """Lose the connection as a bad network would, to see what a game makes of it.

        The client comes back by itself, as `Reconnecting` and `Resumed` tell.
        """

    @abstractmethod
    def presence(self, state: PresenceState) -> None:
        """Tell the room whether somebody is looking: HERE or AWAY. Kept over reconnects."""

    def send(self, value: object, to: To = OTHERS) -> Sent:
        """Send a value, packed, in the room's order, exactly once.

        Args:
            value: None, bool, int, float, str, bytes, and lists and dicts of these.
            to: OTHERS, EVERYONE, HOST, a player or his number, `group(n)`, or several players.

        Returns:
            The frame's number, by which a `Refused` event would name it.

        Raises:
            LocalProtocolError: the value cannot be packed, is too large, or `to` is nobody.
            RoomClosed: the room is over.
        """
        return self._post(commands.send(pack(value), to))

    def send_bytes(self, payload: bytes, to: To = OTHERS) -> Sent:
        """Send bytes as they are; otherwise as `send`."""
        return self._post(commands.send(payload, to))

    def volatile(self, key: int, value: object, to: To = OTHERS) -> None:
        """Send the newest value of `key`, packed; it may replace older ones on their way.

        Never waits. While there is no connection, the newest value of each key is kept.

        Args:
            key: 0 to 255; the room keeps the newest value of each for those who join.
            value: as in `send`.
            to: as in `send`.

        Raises:
            LocalProtocolError: as in `send`, or `key` is none.
        """
        self._volatile(*commands.volatile(key, pack(value), to))

    def volatile_bytes(self, key: int, payload: bytes, to: To = OTHERS) -> None:
        """Send bytes as they are; otherwise as `volatile`."""
        self._volatile(*commands.volatile(key, payload, to))

    def subscribe(self, *groups: int) -> Sent:
        """Receive what is sent to these groups, 1 to 255. Kept over reconnects."""
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
        """Write a property of the room, or of a player; all are told by `PropertyChanged`.

        Args:
            key: up to 64 bytes. Keys with "@" in front are the room's settings, such as
                "@locked" and "@capacity", and only the host may write them.
            value: as in `send`.
            player: whose; None: the room's.
            expected: write only if the property still has this version (0: is not there), as
                `properties.version(key)` told; else a `Refused` event follows.
        """
        return self._post(commands.set_property(key, value, player, expected))

    def delete_property(
        self, key: str, *, player: int | Player | None = None, expected: int | None = None
    ) -> Sent:
        """Delete a property; otherwise as `set_property`."""
        return self._post(commands.delete_property(key, player, expected))

    def kick(self, player: int | Player, reason: str = "") -> Sent:
        """Remove a player for the room's life. The host alone may."""
        return self._post(commands.kick(player, reason))

    def transfer(self, player: int | Player) -> Sent:
        """Make a player who is here the host. The host alone may."""
        return self._post(commands.transfer(player))

    def give_snapshot(self, value: object, seq: int | None = None) -> Sent:
        """Give the room the game's state, packed, for those who join late. The host alone may.

        They hear `SnapshotReceived`, then what was sent to all since. The room must have been
        made with `history`.

        Args:
            value: as in `send`; of what is larger than that takes, `give_snapshot_bytes`.
            seq: the value holds all that happened up to here, and all that this client has sent.
                None: up to the last event that the program took, as `room.seq` says.

        Returns:
            The number of its last frame: a snapshot takes one for every `limits.max_frame`.

        Raises:
            LocalProtocolError: the value cannot be packed, or is too large (1 MiB at most).
            RoomClosed: the room is over.
        """
        return self.give_snapshot_bytes(pack(value), seq)

    def give_snapshot_bytes(self, payload: bytes, seq: int | None = None) -> Sent:
        """Give bytes as they are; otherwise as `give_snapshot`."""
        at = self.seq if seq is None else seq
        return self._post(*commands.snapshot(at, payload, self.limits))

    def player(self, player: int | Player) -> Player:
        """Return the newest of a player, or what is left of one who is no longer here."""
        return self._facts.player(number_of(player))

    def _subscribe(self, add: tuple[int, ...], remove: tuple[int, ...]) -> Sent:
        sent = self._post(commands.subscribe(add, remove))
        self._protocol.note_groups(add, remove)
        return sent
