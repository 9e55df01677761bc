"""The file that keeps the rooms while a relay restarts, and what becomes of it, whatever happens.

    FILE         what a relay has left at its end
    FILE.taken   the same, while the next relay begins: once that serves, it removes it
    FILE.new     what a relay is writing; whole and safe on the disk, it becomes FILE
    FILE.bad     what cannot be used
    FILE.lock    held by the relay that runs

Were a file used twice, one order of a room would go on in two ways. So a relay that uses FILE or
FILE.taken removes it, but only when it serves: until then nobody has been told anything that is
not in the file, and if the relay is killed, the next one begins with the same rooms.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from relay.persistence.lock import IsHeld, held
from relay.room.room import Room
from relay.saved import encoding
from relay.saved.encoding import Kept
from relay.saved.room_state import BadState

log = logging.getLogger("relay")

NOTHING = Kept([], 0.0)


class CannotKeep(Exception):
    """Nothing can be kept there; says in one sentence why."""


class StateFile:
    """Rooms on disk, for one relay at a time."""

    def __init__(self, path: Path) -> None:
        """Args: path: there need be no file yet.

        Raises:
            CannotKeep: a file could not be written there.
        """
        self.path = path
        folder = path.absolute().parent
        if path.exists() and not path.is_file():
            raise CannotKeep(f"{path} is no file: name another with --state")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CannotKeep(f"nothing can be written to folder {folder}: see --state")
        self._taken, self._new, self._bad, self._lock = (
            path.with_name(path.name + ending) for ending in (".taken", ".new", ".bad", ".lock")
        )

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let no other relay use the file meanwhile.

        Raises:
            CannotKeep: another relay does.
        """
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(held(self._lock))
            except IsHeld as holder:
                raise CannotKeep(
                    f"another relay ({holder}) keeps its rooms in {self.path}: "
                    "end it first, or name another file with --state"
                ) from None
            except OSError as error:
                raise CannotKeep(
                    f"{self._lock} cannot be opened ({error.strerror}): "
                    "remove it if no relay runs, or name another file with --state"
                ) from None
            yield

    def take(self) -> Kept:
        """Read the rooms. Call `remove` once they are served.

        A file that is not right is put aside instead.
        """
        self._look_at_new()
        try:
            if self.path.exists():
                os.replace(self.path, self._taken)  # one that cannot be removed is not used
            elif self._taken.exists():
                why = "a relay took the rooms in %s, and ended before it served them: they are used"
                log.warning(why, self._taken)
            else:
                return NOTHING
            with self._taken.open("rb") as file:
                kept = encoding.parse(file)
        except (BadState, OSError) as error:
            self._put_aside(self._taken if self._taken.exists() else self.path, error)
            return NOTHING
        log.info("%d rooms are back from %s", len(kept.rooms), self.path)
        return kept

    def remove(self) -> None:
        """Remove what was taken: from now on its rooms are another's, and older than what is."""
        try:
            self._taken.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            what = "%s cannot be removed (%s): remove it, or the next relay goes back to its rooms"
            log.error(what, self._taken, error.strerror)
        _sync_folder(self.path)

    def write(self, rooms: Collection[Room], returning: float) -> None:
        """Keep the rooms, in place of what the file has.

        Raises:
            CannotKeep: it could not be written; what was there before is still there.
        """
        try:
            with _create(self._new) as file:
                for part in encoding.compose(rooms, returning):
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            os.replace(self._new, self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._new.unlink()
            why = error.strerror or error
            raise CannotKeep(f"the rooms cannot be written to {self.path}: {why}") from None
        _sync_folder(self.path)
        log.info("%d rooms are kept in %s", len(rooms), self.path)

    def _look_at_new(self) -> None:
        """See to what a relay has left that was killed while it wrote."""
        try:
            with self._new.open("rb") as file:
                encoding.check(file)
            os.replace(self._new, self.path)
            log.warning("a relay was killed when it had written %s: its rooms are used", self._new)
        except FileNotFoundError:
            return
        except (BadState, OSError) as error:
            log.warning("a relay was killed while it wrote %s", self._new)
            self._put_aside(self._new, error)

    def _put_aside(self, path: Path, error: Exception) -> None:
        aside = self._bad
        try:
            os.replace(path, aside)
        except OSError as worse:
            error, aside = worse, path
        log.error("the rooms kept in %s cannot be used: %s; see %s", path, error, aside)


def _create(path: Path) -> BinaryIO:
    """Open a new file for writing that nobody else can read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync_folder(path: Path) -> None:
    """Make sure, where that is possible, that a power cut brings no removed file back."""
    with contextlib.suppress(OSError):
        folder = os.open(path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
