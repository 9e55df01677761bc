"""A file of rooms is one relay's at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from relay.persistence.file import CannotKeep, StateFile
from tests.helpers.state_files import files


def test_a_file_is_one_relays_at_a_time(path: Path) -> None:
    with StateFile(path).held():
        with pytest.raises(CannotKeep) as error, StateFile(path).held():
            pass
        with StateFile(path.with_name("other")).held():
            pass
    assert str(error.value) == (
        f"another relay (process {os.getpid()}) keeps its rooms in {path}: "
        "end it first, or name another file with --state"
    )
    with StateFile(path).held():
        pass
    assert files(path) == []


def test_a_lock_that_a_killed_relay_left_is_none(path: Path) -> None:
    path.with_name(f"{path.name}.lock").write_text("process 1")
    with StateFile(path).held():
        pass


def test_a_lock_that_cannot_be_opened_is_named(path: Path) -> None:
    path.with_name(f"{path.name}.lock").mkdir()
    with pytest.raises(CannotKeep) as error, StateFile(path).held():
        pass
    assert f"{path}.lock cannot be opened (Is a directory)" in str(error.value)
    assert "--state" in str(error.value)


def test_a_lock_goes_to_who_waits_for_its_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between open and lock its holder removes it: who has the old one has nothing."""
    holder = StateFile(path).held()
    holder.__enter__()
    really = fcntl.flock

    def flock(file: int, how: int) -> None:
        monkeypatch.undo()
        holder.__exit__(None, None, None)
        really(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with StateFile(path).held(), pytest.raises(CannotKeep), StateFile(path).held():
        pass


def test_a_file_system_without_locks_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def flock(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with StateFile(path).held():
        assert "cannot be locked (No locks available)" in caplog.text
