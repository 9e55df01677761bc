"""What cannot be printed is lost, and stops nothing."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from relay.cli.printing import complain, let_go, say


def test_each_line_is_there_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, write in (("stdout", say), ("stderr", complain)):
        path = tmp_path / stream
        with path.open("w") as file:
            monkeypatch.setattr(sys, stream, file)
            write("a line")
            assert path.read_text() == "a line\n"


def broken_pipe() -> io.TextIOWrapper:
    reads, writes = os.pipe()
    os.close(reads)
    return os.fdopen(writes, "w")


def full_disk() -> io.TextIOWrapper:
    return Path("/dev/full").open("w")


@pytest.mark.parametrize("stream", [broken_pipe, full_disk])
def test_a_line_that_cannot_be_printed_is_lost(
    stream: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(stream)
    with stream() as file:
        monkeypatch.setattr(sys, "stdout", file)
        say("a line")
        say("another")
        let_go()


def test_a_stream_that_never_was_or_is_closed_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = (tmp_path / "closed").open("w")
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stdout", stream)
        say("a line")
        let_go()


def test_what_waits_in_a_broken_stream_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would flush it at its end, and exit with an error."""
    with broken_pipe() as file:
        monkeypatch.setattr(sys, "stdout", file)
        file.write("a line")
        let_go()
        file.flush()
