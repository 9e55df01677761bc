"""What a hostile player sends: damaged frames, and random bytes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from protocol.codec import Role
from relay.server.process import MESSAGE_MIN
from tests.helpers import vectors

HEADS = bytes([*range(0x80, 0xA0), *range(0xC0, 0xE0)])
"""The first bytes of msgpack's containers, lengths and forbidden types."""


def malformed() -> list[bytes]:
    """Return the malformed messages of a client."""
    return list(_of_clients("malformed"))


def wellformed() -> list[bytes]:
    """Return well-formed messages of a client, with heads of all lengths."""
    return [*_of_clients("valid"), *_of_clients("legal")]


def _of_clients(name: str) -> Iterator[bytes]:
    for vector in vectors.load(name):
        message = vectors.message(vector["hex"])
        # Longer ones end the connection before they are decoded.
        if vectors.role(vector) is Role.CLIENT and len(message) <= MESSAGE_MIN:
            yield message


def messages(seed: int, many: int) -> list[bytes]:
    """Return this many messages: half of them damaged frames, the others random bytes."""
    dice = random.Random(seed)
    frames = wellformed()
    makers: list[Callable[[], bytes]] = [
        lambda: mutant(dice, dice.choice(frames)),
        lambda: mutant(dice, dice.choice(frames)),
        lambda: dice.randbytes(dice.choice((0, 1, 2, 3, 8, 60))),
        lambda: _headed(dice) + dice.randbytes(dice.randrange(40)),
    ]
    return [dice.choice(makers)() for _ in range(many)]


def mutant(dice: random.Random, message: bytes) -> bytes:
    """Damage a message in one to three places."""
    data = bytearray(message)
    for _ in range(dice.randint(1, 3)):
        start = dice.randrange(len(data) + 1)
        match dice.randrange(5):
            case 0:
                del data[start:]
            case 1:
                del data[start : start + dice.randint(1, 4)]
            case 2:
                data[start:start] = dice.randbytes(dice.randint(1, 4))
            case 3:
                data[start : start + 1] = bytes([dice.choice(HEADS)])
            case _:
                data[start:start] = data[start : start + dice.randint(1, 16)]
    return bytes(data)


def _headed(dice: random.Random) -> bytes:
    return bytes([dice.randint(0x91, 0x96), dice.randrange(0x50)])
