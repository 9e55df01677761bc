"""A target under atheris, in a process of its own.

    python -m tests.fuzz.guided.worker TARGET plain|engine FOLDER... [-libfuzzer=options]

With `engine` half of the changes are those of the lab's engine, and half are libFuzzer's.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from random import Random
from typing import cast

import atheris

from tests.fuzz.guided import generated
from tests.fuzz.targets import TARGETS, Mutating, load

OWN = 0.5
"""How many changes are the engine's."""


def main(name: str, way: str, *options: str) -> None:
    logging.disable(logging.CRITICAL)  # a relay tells what strangers do, and these do much
    with atheris.instrument_imports(include=[*TARGETS[name].guides]):
        target = load(name)
    if "protocol" in TARGETS[name].guides:
        instrument_generated()
    mutator = {"custom_mutator": mutator_of(cast(Mutating, target))} if way == "engine" else {}
    # To merge, libFuzzer starts itself again, by this.
    again = f"{sys.executable} -m tests.fuzz.guided.worker {name} {way}"
    atheris.Setup([again, *options], target.check, **mutator)
    print(
        f"processor seconds before the search: {time.process_time()}", file=sys.stderr, flush=True
    )
    atheris.Fuzz()  # and this process ends


def instrument_generated() -> None:
    """Let the search be guided by the branches of readers that are in no file, too."""
    readers = [each.reader for each in generated.made()]
    assert readers, "the codec has made no readers"
    for reader in readers:
        atheris.instrument_func(reader)


def mutator_of(target: Mutating) -> Callable[[bytes, int, int], bytes]:
    """Return what libFuzzer calls: with an input, the bytes that it may have, and a seed."""

    def mutate(data: bytes, size: int, seed: int) -> bytes:
        rng = Random(seed)
        if rng.random() < OWN:
            return target.mutated(rng, data, size)
        return cast(bytes, atheris.Mutate(data, size))

    return mutate


if __name__ == "__main__":
    main(*sys.argv[1:])
