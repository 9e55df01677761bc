"""Inputs from files: a corpus that `relay fuzz corpus` made, or files of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from clients.fuzz.inputs.case import Case, Reader, Verdict
from clients.fuzz.inputs.corpus import MANIFEST
from clients.fuzz.inputs.judge import judge

OWN = "own file"
"""The damage of an input of which nobody says what it is for."""

READERS = {reader.value: reader for reader in Reader}


class NoCorpus(Exception):
    """There are no inputs where they should be."""


def load(folder: Path, reader: Reader | None) -> list[Case]:
    """Read the inputs of a folder, in the order of its manifest, or of their paths.

    Args:
        reader: what is wanted of a manifest's inputs; and what files are read as that are in no
            folder that is called client, relay or payload

    Raises:
        NoCorpus: there is none, or it is not known what a file is read as.
    """
    has_manifest = (folder / MANIFEST).exists()
    cases = list(listed(folder, reader) if has_manifest else own_files(folder, reader))
    if not cases:
        raise NoCorpus(f"{folder} holds no inputs")
    return cases


def listed(folder: Path, reader: Reader | None) -> Iterator[Case]:
    """Yield the inputs of a manifest; the conversations in it are none."""
    try:
        for name, about in json.loads((folder / MANIFEST).read_text()).items():
            if "reader" in about and reader in (None, READERS[about["reader"]]):
                verdict = Verdict(about["code"], about["offset"])
                data, reads = (folder / name).read_bytes(), READERS[about["reader"]]
                yield Case(data, reads, about["damage"], about["rule"], verdict)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoCorpus(
            f"{folder / MANIFEST} is not as `relay fuzz corpus` writes it: {error}"
        ) from error


def own_files(folder: Path, reader: Reader | None) -> Iterator[Case]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".json":
            within = reader_of(path.relative_to(folder)) or reader
            if within is None:
                raise NoCorpus(
                    f"{path}: say --reader, or put it into a folder client, relay or payload"
                )
            data = path.read_bytes()
            yield Case(data, within, OWN, *judge(data, within))


def reader_of(path: Path) -> Reader | None:
    """Return the reader that one of a path's folders is named after."""
    return next((READERS[part] for part in path.parts[:-1] if part in READERS), None)
