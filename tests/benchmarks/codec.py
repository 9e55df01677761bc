"""What the clients' codec costs in CPU time, against msgpack's own decoder, which checks nothing.

python -m tests.benchmarks.codec    the rows alone
"""

from __future__ import annotations

from random import Random

import msgpack

from protocol.codec import FRAMES, Role, decode, encode, unpack
from protocol.frames import (
    Deliver,
    Error,
    ErrorDetail,
    Frame,
    Hello,
    HelloOptions,
    Joined,
    PlayerInfo,
    RoomOptions,
    Send,
    Session,
    Subscribe,
    Update,
    Welcome,
)
from tests.benchmarks.micro import Ratio, compare_least

PAYLOAD = b"x" * 64
NUMBER = 1_000

RANDOM = Random(1)
INTS = [number * 37 % 1000 for number in range(100)]
FLOATS = [RANDOM.uniform(-100, 100) for _ in range(100)]
"""Some of their bytes look as if they began a bin, or an int that is too large."""

VALUES: dict[str, object] = {
    "an int": 300,
    "a text": "player 1",
    "2 floats": [1.5, 2.5],
    "2 floats of any bytes": FLOATS[:2],
    "a map of 2 floats of any bytes": dict(zip("xy", FLOATS, strict=False)),
    "a map of 6 floats of any bytes": dict(zip("abcdef", FLOATS, strict=False)),
    "a text and a place of any bytes": {"type": "move", "pos": FLOATS[:2]},
    "a text, 2 floats, an int and a bool": ["move", *FLOATS[:2], 3, True],
    "a map of 6": {"x": 1.5, "y": -20, "name": "Ada", "hp": 100, "alive": True, "pos": None},
    "100 ints": INTS,
    "100 floats": FLOATS,
    "50 ints and 50 floats": INTS[:50] + FLOATS[:50],
    "20 texts": [f"player {number}" for number in range(20)],
    "8 players, nested": {
        "tick": 1234,
        "players": [
            {"id": n, "pos": [n * 1.5, 2.25], "hp": 100 - n, "name": f"p{n}"} for n in range(8)
        ],
        "map": "arena",
    },
    "8 players, any floats": [{"id": n, "pos": [n / 7, -n / 3]} for n in range(8)],
    "8 players, floats of any bytes": [
        {"id": n, "pos": FLOATS[2 * n : 2 * n + 2]} for n in range(8)
    ],
    "300 pairs": [[number, number * 37 % 1000] for number in range(300)],
}

CREATED = RoomOptions(title="Ada", capacity=8, history="full")

FRAMES_READ: list[Frame] = [
    Send(None, PAYLOAD),
    Deliver(70_000, 1, PAYLOAD),
    Update(7, 1, PAYLOAD),
    Subscribe((1, 2, 3), (4,)),
    Welcome(1, 2, 7, Session(bytes(8), "K7QF2M", time=1795860084158986, complete_from=1)),
    Welcome(1, 2, 7, Session(bytes(8), "K7QF2M", time=1795860084158986, options=CREATED)),
    Hello(1, HelloOptions(seat=bytes(16), name="Ada")),
    Hello(1, HelloOptions(seat=bytes(16), name="Ada", create=CREATED)),
    Joined(1, 1, PlayerInfo("Ada")),
    Error(3, 11, "the room is full", ErrorDetail(retry=True)),
]


def rows() -> list[Ratio]:
    """Return payloads (the aim: at most 3 times as long) and frames (at most 1 us more)."""
    return [
        *(payload_row(name, msgpack.packb(value)) for name, value in VALUES.items()),
        *map(frame_row, FRAMES_READ),
    ]


def payload_row(name: str, packed: bytes) -> Ratio:
    return compare_least(
        f"unpack {name}",
        lambda: unpack(packed),
        "unpackb",
        lambda: msgpack.unpackb(packed),
        NUMBER,
    )


def frame_row(frame: Frame) -> Ratio:
    message = encode(frame)
    by = Role.CLIENT if type(frame) is FRAMES[Role.CLIENT].get(frame.opcode) else Role.RELAY
    return compare_least(
        f"decode {frame.opcode.name}, {len(message)} bytes",
        lambda: decode(message, by),
        "unpackb",
        lambda: msgpack.unpackb(message),
        NUMBER,
    )


if __name__ == "__main__":
    print(f"{'CPU us':42} {'ours':>6} {'theirs':>6} {'x':>5} {'+':>6}")
    for row in rows():
        more = row.ours - row.theirs
        print(f"{row.what:42} {row.ours:6.3f} {row.theirs:6.3f} {row.ratio:5.2f} {more:6.3f}")
