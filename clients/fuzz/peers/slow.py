"""One who says too much at once (SPEC 19), and one who reads nothing for a while (SPEC 12.6)."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Mapping
from random import Random
from typing import Final

from clients.fuzz.peers.faults import Fault
from clients.fuzz.peers.listener import Listener
from clients.fuzz.peers.plan.dress import Writing, plain
from clients.fuzz.peers.plan.room import Room, Said
from clients.fuzz.peers.plan.steps import Flood, Lag
from clients.fuzz.peers.wire import Ended
from protocol import frames
from protocol.close_codes import CloseCode
from protocol.codec import encode

THROTTLED: Final = 10.0  # seconds that a relay may take longer for what it throttles
QUICKEST: Final = 500
"""Messages a second beyond which a relay is not flooded: that would take too many."""

PAYLOAD: Final = 15_000
MESSAGES: Final = 40
"""Of each of the two who speak: more than a relay lets wait and the kernels keep, and no more than
a relay takes at once."""

SHARED: Final = 4
"""Of so many messages one is for all others."""

HEADROOM: Final = 100
"""Bytes of a message beside its payload, at most."""

FENCE: Final = 1 << 21
"""Number of the PING behind what was said to one who lags."""

LITTLE: Final = 4096
"""Bytes that our kernel keeps for one who reads slowly."""

MUCH: Final = 64 * 1024
"""The same, once they catch up."""

SEGMENT: Final = 536
"""Bytes of a segment to one who reads slowly: the relay's kernel keeps some of them, too."""


BORNE: Final = 4.5
"""Seconds after which a relay may close the connection of one who lags (SPEC 12.6.3: 5 s)."""


class TooLate(Exception):
    """Our own machine was so busy that the relay may have given up one who lags."""


def flood(step: Flood, player: Listener) -> None:
    """SPEC 19: who says too much is told so, and read slowly; no PING is lost of that.

    Raises:
        Fault: they are not told so, or a PING is lost.
    """
    if player.wire is None or not 0 < player.rate <= QUICKEST:
        return
    player.wire.write(Writing(step.pings(player.rate)))
    patience, player.patience = player.patience, player.patience + THROTTLED
    player.listen(step.what, lambda: player.pong == step.last(player.rate))
    player.patience = patience
    if frames.NoticeKind.THROTTLE not in player.notices:
        raise Fault("no_throttle", "NOTICE THROTTLE", "none")


def lag(step: Lag, players: Mapping[str, Listener], room: Room) -> None:
    """SPEC 12.6: everybody is told of one who lags, and nothing is left out for them.

    Raises:
        Fault: it is not so.
        TooLate: the relay has closed, as it may by then.
    """
    began = time.monotonic()
    ann, bob, eve = (players[name] for name in ("ann", "bob", "eve"))
    if eve.wire is None or room.max_frame < PAYLOAD + HEADROOM:
        return
    rng = Random(step.dice)
    for player in (ann, bob):
        say_much(rng, player, eve.number, room)
    said = room.lags(eve.number)
    for player in (ann, bob):
        check(player, room, step.what)
    give_snapshot(rng, ann, step.parts, room)
    if step.reads_on:
        eve.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MUCH)
        room.keeps_up(eve.number, said)
        catch_up(eve, room, step.what, began)
        for player in (ann, bob):
            check(player, room, step.what)


def catch_up(eve: Listener, room: Room, step: str, began: float) -> None:
    """Read all that waits."""
    try:
        check(eve, room, step)
        check_notices(eve, step)
    except Ended as ended:
        if ended.code == CloseCode.TOO_SLOW and time.monotonic() - began > BORNE:
            raise TooLate from None
        raise


def say_much(rng: Random, player: Listener, to: int, room: Room) -> None:
    """Let an honest player say much to one, a little of it to all, and see it taken."""
    for number in range(MESSAGES):
        target = to if number % SHARED else None
        say(rng, player, frames.Send(target, rng.randbytes(8) + bytes(PAYLOAD - 8)), room)
    for _ in range(3):
        say(rng, player, frames.Volatile(1, None, rng.randbytes(8)), room)
    fence(rng, player, room)


def give_snapshot(rng: Random, host: Listener, parts: int, room: Room) -> None:
    """Let the host give a snapshot as of where the host stands."""
    for part in range(parts if room.has_history else 0):
        snapshot = frames.Snapshot(host.seq, part, parts, rng.randbytes(8) + bytes(PAYLOAD - 8))
        say(rng, host, snapshot, room)
    fence(rng, host, room)


def say(rng: Random, player: Listener, frame: frames.Frame, room: Room) -> None:
    message = encode(frame)
    write(rng, player, message)
    room.says(player.number, Said(message, frame))


def fence(rng: Random, player: Listener, room: Room) -> None:
    """Wait until the relay has taken all that a player said."""
    player.pong = -1
    write(rng, player, encode(frames.Ping(FENCE)))
    taken = room.taken[player.number]
    player.listen("ping", lambda: player.pong == FENCE and player.taken >= taken)


def write(rng: Random, player: Listener, message: bytes) -> None:
    assert player.wire is not None
    player.wire.write(plain(rng, message, is_client=True))


def check(player: Listener, room: Room, step: str) -> None:
    player.check_facts(room.told[player.number], step)
    player.check_values(room.values[player.number], step)


def check_notices(slow: Listener, step: str) -> None:
    """SPEC 12.6.2: a first NOTICE LAG says that one reads too slowly, a second what was dropped."""
    slow.listen(step, lambda: len(slow.lags) > 1)
    first, *rest = slow.lags
    if first is not None or len(rest) != 1 or rest[0] is None:
        raise Fault("lag", "NOTICE LAG without `dropped`, then one with it", slow.lags, step)


def opened(address: tuple[str, int], patience: float, *, is_slow: bool) -> socket.socket:
    """Open a TCP connection.

    Args: is_slow: whether the kernels are to keep little of what is not read.

    Raises:
        OSError: nobody listens.
    """
    if not is_slow:
        return socket.create_connection(address, patience)
    why = OSError(f"{address[0]} has no address")
    for family, kind, number, _, place in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
        end = socket.socket(family, kind, number)
        try:
            keep_little(end)
            end.settimeout(patience)
            end.connect(place)
            return end
        except OSError as error:
            end.close()
            why = error
    raise why


def keep_little(end: socket.socket) -> None:
    """Let the kernels keep little; it holds from the handshake on."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)
    with contextlib.suppress(OSError, AttributeError):  # not every system can
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
