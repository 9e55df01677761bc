"""A file that one process at a time can hold. However the process ends, the file is free again."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger("relay")

HOLDER_BYTES = 64


class IsHeld(Exception):
    """Another process holds the file. The text says which one, as far as that is known."""


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the file, which is made for that and then removed.

    Windows cannot remove it while it is open, so there it stays behind, and is free.

    Raises:
        IsHeld: another process does.
        OSError: the file cannot be made.
    """
    file = _open_locked(path)
    try:
        os.truncate(file, 0)
        os.write(file, b"process %d" % os.getpid())
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(file)


def _open_locked(path: Path) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(file)
        except BlockingIOError:
            holder = os.read(file, HOLDER_BYTES).decode(errors="replace")
            os.close(file)
            raise IsHeld(holder or "a process that just began") from None
        except OSError as error:  # some file systems of a network have no locks
            why = "the state file cannot be locked (%s): let no other relay use it"
            log.warning(why, error.strerror)
        if _is_at(file, path):
            return file
        os.close(file)  # whoever held it removed it after it was opened here


if sys.platform == "win32":
    # No test runs this branch. The system frees a lock when its process ends, however it ends.
    import msvcrt

    def _lock(file: int) -> None:
        # Nobody else can read locked bytes, so the lock is behind those that name the holder.
        os.lseek(file, HOLDER_BYTES, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:  # another process has locked it
            raise BlockingIOError from error
        finally:
            os.lseek(file, 0, os.SEEK_SET)

    def _is_at(file: int, path: Path) -> bool:
        return True  # nobody can remove a file that is open here

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _is_at(file: int, path: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(file), path.stat())
        except FileNotFoundError:
            return False
