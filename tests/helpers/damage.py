"""Messages that were right until they were damaged, by the ten thousand, the same for a seed.

Hypothesis finds small examples and shrinks them; this is for differences that need many.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import msgpack

from protocol.codec import Role, encode
from protocol.frames import (
    Ack,
    Deliver,
    Frame,
    Hello,
    HelloOptions,
    RoomOptions,
    Send,
    Tick,
    Update,
    Volatile,
)
from tests.helpers import vectors

Chance = random.Random
Damage = Callable[[Chance, bytes, list[bytes]], bytes]

IN_HEX = """
C400 C40161 C50001FF C600000000 C70005 C70C00 D40500 D6FF00000000 C900000000FF CA3F800000
CB3FF0000000000000 CBFFF8000000000001 CC01 CC80 CD0100 CD00FF CE00010000 CEFFFFFFFF
CF001FFFFFFFFFFFFF CF0020000000000000 D0FF D0DF D1FF00 D3FFE0000000000001 D3FFE0000000000000
D3001FFFFFFFFFFFFF A161 A1FF A2C3A4 A3EDA080 A2C080 D90161 DA000161 DB0000000161 DC0001C0 DCFFFF
DD00000001C0 DDFFFFFFFF DE0001A161C0 DF00000001A161C0 DFFFFFFFFF 81A161C0 82A161C0A161C0
82A161C0D90161C0 81C40161C0 8101C0 81A95F5F70726F746F5F5FC0 A95F5F70726F746F5F5F 9101 92C40161C0
"""

PIECES = [
    *(bytes([head]) for head in (0x80, 0x81, 0x90, 0x91, 0x9F, 0xA0, 0xC0, 0xC1, 0xC3, 0xE0, 0xFF)),
    *map(bytes.fromhex, IN_HEX.split()),
    bytes([0x91]) * 15,
    b"\x81\xa1a" * 15,
]
"""Values at bounds, values in long forms, and things that are no values."""


def cut(chance: Chance, data: bytes, _pool: list[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def overwrite(chance: Chance, data: bytes, _pool: list[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(1) + data[at + 1 :]


def slip_in(chance: Chance, data: bytes, _pool: list[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(PIECES) + data[at + chance.randrange(3) :]


def repeat(chance: Chance, data: bytes, _pool: list[bytes]) -> bytes:
    start = chance.randrange(len(data) + 1)
    stop = min(len(data), start + chance.randrange(1, 12))
    return data[:stop] + data[start:stop] * chance.choice((1, 1, 2, 16)) + data[stop:]


def another_arity(chance: Chance, data: bytes, _pool: list[bytes]) -> bytes:
    """Count one field more, or one less, and have it so where a field is one byte."""
    if len(data) < 2 or not 0x91 <= data[0] < 0x9F:
        return data
    if chance.random() < 0.5:
        return bytes([data[0] + 1]) + data[1:] + chance.choice(PIECES)
    return bytes([data[0] - 1]) + data[1:-1]


def splice(chance: Chance, data: bytes, pool: list[bytes]) -> bytes:
    other = chance.choice(pool)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


DAMAGES: tuple[Damage, ...] = (
    *(cut, overwrite, overwrite, slip_in, slip_in, slip_in, repeat, splice, another_arity),
)


def damaged(chance: Chance, pool: list[bytes]) -> Iterator[bytes]:
    """Yield messages of the pool with none to four damages, without end."""
    while True:
        data = chance.choice(pool)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 4))):
            data = chance.choice(DAMAGES)(chance, data, pool)
        yield data


def frames(by: Role, longest: int = 400) -> list[bytes]:
    """Return a pool of frames: of every kind, legal, and wrong in ways that have a vector."""
    kinds = [vectors.message(v["hex"]) for v in vectors.load("valid") if vectors.role(v) is by]
    kinds += [encode(frame) for frame in FRAMES_BY[by]]
    rest = [
        vectors.message(v["hex"])
        for name in ("legal", "malformed")
        for v in vectors.load(name)
        if vectors.role(v) is by
    ]
    return [message for message in kinds * 3 + rest if len(message) <= longest]


def payloads(longest: int = 400) -> list[bytes]:
    """Return a pool of payloads: of values, and wrong in ways that have a vector."""
    values = [msgpack.packb(value) for value in VALUES]
    known = [
        vectors.message(v["hex"])
        for key in ("accepted", "rejected")
        for v in vectors.load("values", key)
    ]
    return [message for message in values * 8 + known if len(message) <= longest]


FRAMES_BY: dict[Role, list[Frame]] = {
    Role.CLIENT: [
        *(Send(target, b"ab") for target in (None, True, 0, 7, -3, -33, 300, (1, 2, 2**32 - 1))),
        *(Volatile(key, None, b"") for key in (0, 127, 128, 255)),
        *(Ack(seq) for seq in (0, 127, 128, 65535, 2**32 - 1, 2**32)),
        Hello(1, HelloOptions(create=RoomOptions(tags={"mode": "duel", "a" * 50: ""}))),
    ],
    Role.RELAY: [
        *(
            Deliver(seq, sender, b"xyz")
            for seq in (1, 200, 70_000, 2**40)
            for sender in (0, 7, 300)
        ),
        *(Update(key, sender, bytes(n)) for key, sender, n in ((0, 1, 0), (255, 2**32 - 1, 256))),
        Tick(9, 8, ((1, b"a"), (2, b""))),
    ],
}

VALUES: list[object] = [
    {"x": 1.5, "y": -20, "name": "Ada", "hp": 100, "alive": True, "pos": None},
    [*range(0, 12_000, 120)],
    [*range(2**32 - 8, 2**32 + 8)],
    {"tick": 7, "players": [{"id": n, "pos": [n / 3, -n], "n": f"p{n}"} for n in range(4)]},
    {"seed": 2**53 - 1, "map": b"\xc1\xd4\xcf", "": {"": [[], {}, [[]]]}, "ä": -(2**53) + 1},
    [[n, -n] for n in range(40)],
    {f"key {n}": {"v": n} for n in range(12)},
    [b"bytes", "text", 1, 2.0, None, [b"", {"b": b"\x00"}]],
    {"k" * 41: 1, "k" * 40 + "l": 2, "k" * 300: 3},
    {"a": 2**53, "b": 0},
]
