"""What a search that is guided by coverage tries, one module each.

A target takes bytes and checks what must hold, whatever they are. It knows no fuzzer: `make fuzz`
runs it under atheris, and `make test` gives it the corpus.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final, NamedTuple, Protocol


class Target(Protocol):
    """A module of this package.

    One that knows the structure of its inputs also has `mutated(rng, data, size)`, which returns
    another input of at most `size` bytes.
    """

    def check(self, data: bytes) -> None:
        """Try an input. Whatever it raises is a finding."""

    def seeds(self) -> Iterator[bytes]:
        """Yield inputs to begin with, the same ones every time."""


class Mutating(Target, Protocol):
    """A target with a mutator of its own."""

    def mutated(self, rng: Random, data: bytes, size: int) -> bytes: ...


class About(NamedTuple):
    """What is known of a target before it is imported."""

    guides: tuple[str, ...]
    """Packages and modules whose branches guide the search. They must not be imported before it
    begins."""
    covers: tuple[str, ...]
    """Files whose lines it is meant to reach."""
    longest: int
    """Bytes of an input at most."""


CORPUS: Final = Path(__file__).parents[1] / "corpus"
MOST: Final = 48 * 1024
"""Bytes of a file of the corpus."""

CODEC: Final = ("protocol/codec.py", "protocol/fields/*.py", "protocol/quick/*.py")

ROOM: Final = ("relay/room/*.py", "relay/delivery/outbox.py", "relay/history/history.py")

TARGETS: Final = {
    "codec": About(("protocol",), (*CODEC, "protocol/fast_path.py"), 1024),
    "verdicts": About(("protocol",), CODEC, 1024),
    # Nearly all of its time is that of instrumented branches, several for each value of an input.
    "scan": About(("protocol.scan",), ("protocol/scan.py",), 256),
    "conversation": About(
        ("protocol",),
        ("protocol/conversation.py", "protocol/resume.py", "protocol/window.py"),
        2048,
    ),
    "room": About(("protocol", "relay"), ROOM, 2048),
    "room_model": About(("relay",), ROOM, 601),
    "inbound": About(("relay", "websockets"), ("relay/link/inbound.py",), 1024),
    "http_head": About(
        ("relay", "websockets"),
        ("relay/server/http_protocol.py", "relay/server/ws_protocol.py"),
        4096,
    ),
}


def kept(name: str) -> list[bytes]:
    """Return inputs that a search found, and that reach what no seed does."""
    path = CORPUS / f"{name}.txt"
    return [bytes.fromhex(line) for line in path.read_text().splitlines()]


def keep(name: str, inputs: Iterable[bytes]) -> None:
    """Write inputs for others to begin with: in hex, a line each, the shortest first, as many as
    a file of the repository should have."""
    lines = sorted({f"{data.hex()}\n" for data in inputs}, key=lambda line: (len(line), line))
    sizes = accumulate(map(len, lines))
    text = "".join(line for line, size in zip(lines, sizes, strict=True) if size <= MOST)
    (CORPUS / f"{name}.txt").write_text(text)


def load(name: str) -> Target:
    """Import a target. Its packages are imported now, so that they can be instrumented."""
    module: object = importlib.import_module(f"{__name__}.{name}")
    return module  # type: ignore[return-value] # a module has what the protocol asks for
