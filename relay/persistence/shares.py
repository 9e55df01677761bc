"""One state file for any number of workers: dealt out at the start, and whole at the end.

Worker 2 keeps its rooms in FILE.worker-2 while the supervisor lives: it writes them there when it
ends, and takes them from there when it starts. At the relay's start the supervisor deals FILE out,
and at its end it puts FILE together. So the next relay may have any other number of workers, or
none.

A supervisor that is killed leaves shares behind. Every start puts those together first. At each
moment every room is in FILE or in a share, whole; in both it is the same.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

from relay.lobby.homes import Homes
from relay.persistence.file import StateFile


def share(path: Path, number: int) -> Path:
    """Return where the worker of this number keeps its rooms."""
    return path.with_name(f"{path.name}.worker-{number}")


def gather(file: StateFile) -> None:
    """Put what workers have left together in the file.

    Raises:
        CannotKeep: it could not be written, or a worker still keeps its rooms; nothing is lost.
    """
    shares = [StateFile(path) for path in _left(file.path)]
    with ExitStack() as stack:
        for each in shares:
            stack.enter_context(each.held())
        if shares:
            _put_together(file, shares)


def _put_together(file: StateFile, shares: list[StateFile]) -> None:
    kept = [each.take() for each in (file, *shares)]
    rooms = {room.name: room for each in kept for room in each.rooms}
    if rooms:
        file.write(list(rooms.values()), max(each.returning for each in kept))
    for each in (file, *shares):
        each.remove()


def deal(file: StateFile, count: int) -> None:
    """Give each of so many workers its share of the file.

    Raises:
        CannotKeep: a share could not be written; nothing is lost.
    """
    gather(file)
    kept = file.take()
    for number in range(count):
        homes = Homes(count, number)
        rooms = [room for room in kept.rooms if homes.is_own(room.name)]
        if rooms:
            StateFile(share(file.path, number)).write(rooms, kept.returning)
    file.remove()


def _left(path: Path) -> list[Path]:
    """Return the shares of this file that are there, or that a worker may still write."""
    form = re.compile(rf"({re.escape(path.name)}\.worker-\d+)(?:\.taken|\.new|\.lock)?")
    found = (form.fullmatch(each.name) for each in path.absolute().parent.iterdir())
    return sorted({path.with_name(match[1]) for match in found if match})
