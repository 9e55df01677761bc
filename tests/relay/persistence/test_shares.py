"""One state file for any number of workers, whenever they are stopped."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.lobby.homes import Homes
from relay.persistence.file import CannotKeep, StateFile
from relay.persistence.shares import deal, gather, share
from relay.room.room import Room
from tests.helpers.playbook import Witness, a_room, enters, sends
from tests.helpers.state_files import files

NAMES = [f"ROOM-{number}" for number in range(8)]


def a_played_room(name: str) -> Room:
    room = a_room()
    room.name = name
    witness = Witness(room)
    witness.apply(enters(1))
    witness.apply(sends(1, True, name.encode()))
    return room


ROOMS = {name: a_played_room(name) for name in NAMES}
SUMMARIES = {name: room.summary() for name, room in ROOMS.items()}


def write(path: Path) -> StateFile:
    file = StateFile(path)
    file.write(ROOMS.values(), 2.5)
    return file


def taken(path: Path) -> dict[str, object]:
    file = StateFile(path)
    rooms: dict[str, object] = {room.name: room.summary() for room in file.take().rooms}
    file.remove()
    return rooms


@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_worker_gets_the_rooms_that_live_there(path: Path, count: int) -> None:
    deal(write(path), count)
    assert not path.exists()
    found: dict[str, object] = {}
    for number in range(count):
        of_one = taken(share(path, number))
        assert all(Homes(count, number).is_own(name) for name in of_one)
        found |= of_one
    assert found == SUMMARIES
    assert files(path) == []


@pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 2), (4, 1)])
def test_any_other_number_of_workers_finds_them(path: Path, before: int, after: int) -> None:
    deal(write(path), before)
    deal(StateFile(path), after)
    found = [taken(share(path, number)) for number in range(max(before, after))]
    assert {name: room for each in found for name, room in each.items()} == SUMMARIES
    assert not any(found[after:])


def test_together_they_are_one_file_again(path: Path) -> None:
    deal(write(path), 3)
    gather(StateFile(path))
    assert files(path) == [path.name]
    again = StateFile(path).take()
    assert {room.name: room.summary() for room in again.rooms} == SUMMARIES
    assert again.returning == 2.5


def test_where_there_is_nothing_nothing_is_made(path: Path) -> None:
    gather(StateFile(path))
    deal(StateFile(path), 2)
    assert files(path) == []


def test_the_files_of_others_stay_where_they_are(path: Path) -> None:
    others = [f"{path.name}.1", f"{path.name}.worker", f"x{path.name}.worker-1", "rooms2.state"]
    for name in others:
        path.with_name(name).write_bytes(b"mine")
    deal(write(path), 2)
    gather(StateFile(path))
    assert files(path) == sorted([path.name, *others])


def test_shares_of_a_worker_that_still_keeps_its_rooms_are_left_alone(path: Path) -> None:
    deal(write(path), 2)
    with StateFile(share(path, 1)).held(), pytest.raises(CannotKeep):
        gather(StateFile(path))
    gather(StateFile(path))
    assert set(taken(path)) == set(NAMES)


class Killed(BaseException):
    """Ends whoever is at work, as SIGKILL would."""


@pytest.mark.parametrize("act", [lambda file: deal(file, 3), gather], ids=["deal", "gather"])
def test_whoever_is_killed_at_any_moment_loses_no_room(
    path: Path, act: Callable[[StateFile], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every change of a folder is a rename, or a removal: each in turn is the last one."""
    steps_left = 0

    def step(does: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: object, **options: object) -> None:
            nonlocal steps_left
            # The system frees a killed one's locks, which here only their removal does.
            if not str(arguments[0]).endswith(".lock"):
                steps_left -= 1
                if steps_left < 0:
                    raise Killed
            does(*arguments, **options)

        return counted

    for steps in range(100):
        for left in path.parent.iterdir():
            left.unlink()
        deal(write(path), 2)
        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", step(os.replace))
            patched.setattr(Path, "unlink", step(Path.unlink))
            steps_left = steps
            try:
                act(StateFile(path))
            except Killed:
                is_through = False
            else:
                is_through = True
        gather(StateFile(path))
        assert taken(path) == SUMMARIES, steps
        if is_through:
            assert steps > 5
            return
    raise AssertionError("it never ends")
