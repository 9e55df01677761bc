"""The frames of a program's calls, encoded. A mistake raises here, in the call that made it.

SEND and VOLATILE are built from their parts, as programs send thousands of them. The others are
encoded like any frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgpack

from clients.python.events import Player
from protocol import frames, limits
from protocol.codec import encode, pack
from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError
from protocol.fast_path import SEND_HEAD, VOLATILE_HEAD, tail, uint

OTHERS = None
"""Target: all others in the room."""
EVERYONE = True
"""Target: all in the room, the sender too."""
HOST = 0
"""Target: the player who is host when the frame takes its place in the room's order."""

To: TypeAlias = bool | int | Player | Iterable[int | Player] | None
"""The target of a payload: OTHERS, EVERYONE, HOST, a player or a number, `group(n)`, or players."""

Target: TypeAlias = bool | int | tuple[int, ...] | None
"""The target as it is on the wire."""

Slot: TypeAlias = tuple[int, Target]
"""Key and target of a volatile value: a newer value replaces the older one of its slot."""


PART_HEAD = 18
"""Most bytes of a SNAPSHOT before its payload: array, opcode, seq, part, parts, bin."""


def group(number: int) -> int:
    """Return the target that means the subscribers of a group, 1 to 255."""
    if type(number) is not int or not 1 <= number <= limits.MAX_GROUP:
        raise mistake(f"a group is a number from 1 to {limits.MAX_GROUP}", got=number)
    return -number


def target(to: To) -> Target:
    """Return what the wire calls a target.

    Raises:
        LocalProtocolError: `to` names nobody.
    """
    if to is None or to is False:
        return None
    if to is True:
        return True
    if isinstance(to, int):
        if not -limits.MAX_GROUP <= to <= limits.MAX_PLAYER:
            raise mistake("a target is a player's number, or a group's less than zero", got=to)
        return to
    if isinstance(to, Player):
        return to.number
    if isinstance(to, str | bytes) or not isinstance(to, Iterable):
        raise mistake("a target is OTHERS, EVERYONE, HOST, a player, group(n) or players", got=to)
    numbers = tuple(number_of(each) for each in to)
    if len(numbers) > limits.MAX_ELEMENTS:
        raise mistake(f"a target names up to {limits.MAX_ELEMENTS} players", got=len(numbers))
    return numbers


def number_of(player: int | Player) -> int:
    """Return a player's number."""
    number = player.number if isinstance(player, Player) else player
    if type(number) is not int or not 1 <= number <= limits.MAX_PLAYER:
        raise mistake("a player is a Player or a player's number", got=player)
    return number


def send(payload: bytes, to: To) -> bytes:
    """Encode SEND."""
    return SEND_HEAD + _packed(target(to)) + _tail(payload)


def volatile(key: int, payload: bytes, to: To) -> tuple[Slot, bytes]:
    """Encode VOLATILE; return it with its slot."""
    if type(key) is not int or not 0 <= key <= limits.MAX_KEY:
        raise mistake(f"a volatile key is a number from 0 to {limits.MAX_KEY}", got=key)
    whom = target(to)
    return (key, whom), VOLATILE_HEAD + uint(key) + _packed(whom) + _tail(payload)


def is_for_all(slot: Slot) -> bool:
    """Whether a value has no player as its target: in another room the number may be anybody's."""
    whom = slot[1]
    return whom is None or whom is True or (isinstance(whom, int) and whom <= 0)


def names(slot: Slot, player: int) -> bool:
    """Whether a value has this player as its target, or as one of its targets."""
    whom = slot[1]
    return player in whom if isinstance(whom, tuple) else whom is not True and whom == player


def presence(state: frames.PresenceState) -> bytes:
    """Encode PRESENCE."""
    return encode(frames.Presence(state))


def subscribe(add: Iterable[int], remove: Iterable[int] = ()) -> bytes:
    """Encode SUBSCRIBE."""
    return encode(frames.Subscribe(tuple(-group(n) for n in add), tuple(-group(n) for n in remove)))


def kick(player: int | Player, reason: str) -> bytes:
    """Encode KICK."""
    return encode(frames.Kick(number_of(player), reason))


def transfer(player: int | Player) -> bytes:
    """Encode TRANSFER."""
    return encode(frames.Transfer(number_of(player)))


def set_property(
    key: str, value: object, player: int | Player | None, expected: int | None
) -> bytes:
    """Encode SET with a packed value."""
    return _set(key, pack(value), player, expected)


def delete_property(key: str, player: int | Player | None, expected: int | None) -> bytes:
    """Encode SET that deletes."""
    return _set(key, False, player, expected)


def snapshot(seq: int, payload: bytes, relay: frames.Limits) -> list[bytes]:
    """Encode SNAPSHOT, in as many parts as the relay's limits ask for.

    Raises:
        LocalProtocolError: it is larger than a snapshot may be.
    """
    data = _bytes(payload)
    size = relay.max_frame - PART_HEAD
    most = min(limits.SNAPSHOT_BYTES, size * min(limits.SNAPSHOT_PARTS, relay.window))
    if len(data) > most:
        raise LocalProtocolError(
            ErrorCode.TOO_BIG,
            "the snapshot is larger than the relay takes",
            got=f"{len(data)} bytes",
            limit=most,
        )
    cut = [data[at : at + size] for at in range(0, len(data), size)] or [data]
    return [encode(frames.Snapshot(seq, n, len(cut), part)) for n, part in enumerate(cut)]


def _set(key: str, value: bytes | bool, player: int | Player | None, expected: int | None) -> bytes:
    scope = 0 if player is None else number_of(player)
    return encode(frames.Set(scope, key, value, False if expected is None else expected))


def mistake(text: str, got: object) -> LocalProtocolError:
    """Return the error for an argument that no frame can carry."""
    return LocalProtocolError(ErrorCode.WRONG_TYPE, text, got=repr(got)[:80])


def _tail(payload: bytes) -> bytes:
    data = _bytes(payload)
    if len(data) > limits.FRAME_IN_MAX:
        raise LocalProtocolError(
            ErrorCode.OUT_OF_RANGE,
            "a payload is longer than any relay takes",
            got=f"{len(data)} bytes",
            limit=limits.FRAME_IN_MAX,
        )
    return tail(data)


def _bytes(payload: bytes) -> bytes:
    if not isinstance(payload, bytes | bytearray | memoryview):
        raise mistake("a payload is bytes; `send` and `volatile` pack other values", got=payload)
    return bytes(payload)


def _packed(whom: Target) -> bytes:
    packed: bytes = msgpack.packb(whom)
    return packed
