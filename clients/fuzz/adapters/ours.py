"""Our Python codec as an adapter: `python -m clients.fuzz.adapters.ours`.

The compiled one is the same program, with the folder of a compiled wheel first in PYTHONPATH.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from clients.fuzz.codec.sides import ours
from clients.fuzz.codec.sides.adapter import LETTERS
from clients.fuzz.inputs.case import Reader

READERS = {letter[0]: reader for reader, letter in LETTERS.items()}
HEAD = 5
"""Bytes before an input: its reader, and its length."""


def main(source: int, target: BinaryIO) -> None:
    """Answer inputs of a file descriptor until there are no more."""
    target.write(json.dumps({"adapter": ours.name(), "floats": "exact"}).encode() + b"\n")
    target.flush()
    waiting = bytearray()
    # As much as is at hand is read at once, and its answers are written at once.
    while chunk := os.read(source, 1 << 20):
        waiting += chunk
        for reader, data in inputs(waiting):
            target.write(line(reader, data))
        target.flush()


def inputs(waiting: bytearray) -> Iterator[tuple[Reader, bytes]]:
    """Yield the inputs that are there as a whole, and take them out."""
    at = 0
    while (body := at + HEAD) <= len(waiting):
        end = body + int.from_bytes(waiting[at + 1 : body])
        if end > len(waiting):
            break
        yield READERS[waiting[at]], bytes(waiting[body:end])
        at = end
    del waiting[:at]


def line(reader: Reader, data: bytes) -> bytes:
    """Return the line of JSON for one input."""
    return json.dumps(ours.answer(data, reader).as_dict(), separators=(",", ":")).encode() + b"\n"


if __name__ == "__main__":
    main(sys.stdin.fileno(), sys.stdout.buffer)
