"""How one message travels: fragments, control frames between them, pieces of TCP, and pace."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final

from clients.fuzz.peers.plan.framing import BINARY, CONTINUATION, PING, PONG, frame

MOST_FRAGMENTS: Final = 8
MOST_PIECES: Final = 12
SLOW_BYTES: Final = 60
"""Of longer writings not every byte travels alone."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Bytes to write, and how."""

    data: bytes
    cuts: tuple[int, ...] = ()
    """Where one write ends and the next begins."""
    pings: tuple[bytes, ...] = ()
    """Payloads of the WebSocket pings among it."""

    @property
    def pieces(self) -> list[bytes]:
        """What to write, one after another."""
        ends = (0, *self.cuts, len(self.data))
        return [self.data[at:end] for at, end in pairwise(ends) if at < end]


def dressed(rng: Random, message: bytes, *, is_client: bool) -> Writing:
    """Draw a way for a binary message, legal in every respect."""
    fragments = split(rng, message) if rng.random() < 0.4 else [message]
    frames: list[bytes] = []
    pings: list[bytes] = []
    for index, fragment in enumerate(fragments):
        opcode = CONTINUATION if index else BINARY
        is_last = index == len(fragments) - 1
        frames.append(frame(opcode, fragment, mask(rng, is_client), is_last=is_last))
        if rng.random() < 0.2 and not is_last:
            frames.append(control(rng, is_client, pings))
    return in_pieces(rng, b"".join(frames), tuple(pings))


def control(rng: Random, is_client: bool, pings: list[bytes]) -> bytes:
    """Draw a ping, which is added to `pings`, or a pong that nobody asked for."""
    data = rng.randbytes(pick_size(rng))
    opcode = PING if rng.random() < 0.7 else PONG
    if opcode == PING:
        pings.append(data)
    return frame(opcode, data, mask(rng, is_client))


def in_pieces(rng: Random, data: bytes, pings: tuple[bytes, ...] = ()) -> Writing:
    """Draw the pieces that some bytes travel in: most often one."""
    luck = rng.random()
    if luck < 0.1 and len(data) <= SLOW_BYTES:
        return Writing(data, tuple(range(1, len(data))), pings)
    if luck < 0.35 and len(data) > 1:
        count = min(rng.randint(1, MOST_PIECES), len(data) - 1)
        return Writing(data, tuple(sorted(rng.sample(range(1, len(data)), count))), pings)
    return Writing(data, (), pings)


def plain(rng: Random, message: bytes, *, is_client: bool) -> Writing:
    """Write a message as everybody does."""
    return Writing(frame(BINARY, message, mask(rng, is_client)))


def split(rng: Random, message: bytes) -> list[bytes]:
    """Cut a message into fragments; some may be empty."""
    cuts = sorted(rng.randint(0, len(message)) for _ in range(rng.randint(1, MOST_FRAGMENTS - 1)))
    ends = (0, *cuts, len(message))
    return [message[at:end] for at, end in pairwise(ends)]


def mask(rng: Random, is_client: bool) -> bytes | None:
    """Draw a mask, where one is needed."""
    return rng.randbytes(4) if is_client else None


def pick_size(rng: Random) -> int:
    """Draw how long a control frame's payload is: the bounds are drawn often."""
    return rng.choice((0, 1, 4, 124, 125, rng.randint(0, 125)))
