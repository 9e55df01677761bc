"""Who waits for a room to begin, and why it cannot."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from relay.cluster.log import LogFull
from relay.cluster.replicas.replica import Replica
from relay.room.refusals import Refusal


class Beginnings:
    """Tasks that wait until there is a room of a name."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Event]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._waiting

    def note(self, name: str) -> None:
        """There is a room of this name."""
        for begun in self._waiting.get(name, ()):
            begun.set()

    @contextlib.contextmanager
    def awaited(self, name: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set when there is a room of this name.

        Raises:
            Refusal: the log takes no room.
        """
        begun = asyncio.Event()
        waiting = self._waiting.setdefault(name, [])
        waiting.append(begun)
        try:
            yield begun
        except LogFull:
            raise _refusal("this relay has no place for another room") from None
        except OSError:
            raise _refusal("rooms cannot be made for the moment") from None
        finally:
            waiting.remove(begun)
            if not waiting:
                del self._waiting[name]


def check_known(replica: Replica | None) -> None:
    """Raise `Refusal` if this version cannot serve the room."""
    if replica is not None and replica.is_too_new:
        raise _refusal("this room obeys newer rules than this relay: another relay may know them")


def check_whole(replica: Replica) -> None:
    """Raise `Refusal` if the room has long waited for entries that its log has forgotten."""
    if replica.is_vain:
        raise _refusal("nobody can tell what happened in this room: come back later")


def _refusal(why: str) -> Refusal:
    return Refusal(ErrorCode.RELAY_FULL, why, close=CloseCode.RELAY_FULL, retry=True)
