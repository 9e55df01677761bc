"""The TypeScript codec holds for the whole corpus, also where there is no jazzer.js to search."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.fuzz.guided.search import ROOT
from tests.fuzz.targets import kept, load
from tests.helpers.node import find_node

JAZZER = ROOT / "tests" / "fuzz" / "jazzer"
WRITER = "clients/browser/src/protocol/msgpack/write.js"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Build the target, and what it is for, as a search does."""
    subprocess.run([find_node(), JAZZER / "build.mjs", tmp_path], check=True)
    return tmp_path


def replayed(built: Path, inputs: list[bytes]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find_node(), JAZZER / "replay.mjs", built],
        input="".join(f"{data.hex()}\n" for data in inputs),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def corpus() -> list[bytes]:
    return [*load("codec").seeds(), *kept("codec")]


def test_every_input_of_the_corpus_holds(built: Path) -> None:
    inputs = corpus()
    done = replayed(built, inputs)
    assert (done.returncode, done.stdout.strip()) == (0, str(len(inputs))), done.stderr


def test_the_corpus_finds_a_fault(built: Path) -> None:
    right, wrong = "setFloat64(at, number)", "setFloat64(at, number, true)"
    writer = built / WRITER
    text = writer.read_text()
    assert text.count(right) == 1
    writer.write_text(text.replace(right, wrong))
    done = replayed(built, corpus())
    assert done.returncode == 1
    assert "the input is " in done.stderr
