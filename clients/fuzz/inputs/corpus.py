"""A seed corpus: a few inputs of every opcode, damage and rule, one file each, with a manifest.

The same kit writes the same corpus: nothing of it depends on the clock or on the machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from clients.fuzz.inputs.case import Case, Reader
from clients.fuzz.inputs.cases import READERS, case_of
from clients.fuzz.inputs.conversations import CONVERSATIONS, recorded
from clients.fuzz.inputs.damages.deck import DAMAGES
from clients.fuzz.inputs.damages.harm import Damage
from clients.fuzz.inputs.dictionary import dictionary
from clients.fuzz.inputs.judge import ACCEPTED
from clients.fuzz.inputs.writing.frames import FRAMES, frame, message
from clients.fuzz.inputs.writing.nodes import Written
from clients.fuzz.inputs.writing.values import payload

SEED: Final = 1
LEGAL: Final = 3
"""Legal messages of every opcode and role."""

PAYLOADS: Final = 24
POOL: Final = 60
"""Messages of each reader that every damage is tried on."""

LARGEST: Final = 16 * 1024
"""Bytes of an input at most: fuzzers want seeds that are small."""

MANIFEST: Final = "manifest.json"
DICTIONARY: Final = "dictionary.dict"


def write(folder: Path) -> int:
    """Write the corpus into a folder, and return how many files it has."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name, data in files():
        (folder / name).write_bytes(data)
        written += 1
    return written


def files() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every file of the corpus."""
    manifest: dict[str, dict[str, Any]] = {}
    for name, what, case in inputs():
        manifest[name] = entry(what, case)
        yield name, case.data
    for title, said in CONVERSATIONS.items():
        name = f"conversation-{title}.bin"
        manifest[name] = {"what": f"a conversation: {title}", "frames": len(said)}
        yield name, recorded(said)
    yield DICTIONARY, dictionary().encode()
    yield MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode()


def entry(what: str, case: Case) -> dict[str, Any]:
    """Say in the manifest what an input is for, and what a right codec says of it."""
    verdict = case.verdict or ACCEPTED
    return {
        "what": what,
        "reader": case.reader.value,
        "damage": case.damage,
        "rule": case.rule,
        "verdict": "refused" if verdict.code else "accepted",
        "code": verdict.code,
        "offset": verdict.offset,
    }


def inputs() -> Iterator[tuple[str, str, Case]]:
    """Yield the name of every input, what it is, and its case. Names are unique."""
    numbers: dict[str, count[int]] = {}
    for what, case in _inputs():
        stem = "-".join(filter(None, (case.reader.value, what, case.damage, case.rule)))
        number = next(numbers.setdefault(stem, count(1)))
        yield f"{stem}-{number:02}.bin", f"{case.damage} in {what}", case


def _inputs() -> Iterator[tuple[str, Case]]:
    rng = Random(SEED)
    yield from _legal(rng)
    pool = list(_pool(rng))
    for damage in DAMAGES.values():
        yield from _damaged(rng, pool, damage)


def _legal(rng: Random) -> Iterator[tuple[str, Case]]:
    for reader, several in FRAMES.items():
        for cls in several:
            for _ in range(LEGAL):
                yield _legal_case(frame(rng, reader, cls))
    for _ in range(PAYLOADS):
        yield _legal_case(payload(rng))


def _legal_case(written: Written) -> tuple[str, Case]:
    return title(written), Case(written.data, written.reader, "none", "", ACCEPTED)


def _pool(rng: Random) -> Iterator[Written]:
    """Yield legal messages of every reader, to be damaged."""
    for reader in READERS:
        neighbour = message(rng, reader).data
        for _ in range(POOL):
            written = message(rng, reader)
            written.neighbour = neighbour
            neighbour = written.data
            yield written


def _damaged(rng: Random, pool: list[Written], damage: Damage) -> Iterator[tuple[str, Case]]:
    """Yield one input of each rule, error and reader that a damage leads to."""
    seen: set[tuple[Reader, str, str | None]] = set()
    for written in pool:
        case = _case(rng, written, damage)
        if case is None or case.verdict is None or len(case.data) > LARGEST:
            continue
        result = (case.reader, case.rule, case.verdict.code)
        if result not in seen:
            seen.add(result)
            yield title(written), case


def _case(rng: Random, written: Written, damage: Damage) -> Case | None:
    if written.reader not in damage.readers:
        return None
    if damage.needs and damage.needs not in written.has:
        return None
    harm = damage.harm(rng, written)
    return harm and case_of(written, damage, harm)


def title(written: Written) -> str:
    """Name a message by its opcode."""
    if written.frame is None:
        return ""
    return written.frame.opcode.name.lower()
