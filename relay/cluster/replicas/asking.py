"""When a replica that cannot begin asks for a snapshot, and when it gives the room up.

It asks in the room's log, and less often as time passes: what it says takes the place of entries.
It gives up if no node that lives has the room. Pure: the time is an argument.
"""

from __future__ import annotations

from typing import Final

ASK_SECONDS: Final = 1.0
"""Seconds after which a replica asks again for a snapshot, at first."""
ASK_SHARE: Final = 0.1
"""Of the time for which it has asked: it waits for so much before it asks again."""
REFUSE_SECONDS: Final = 3.0
"""Seconds after which it lets nobody wait any longer who wants to enter."""
RESET_SECONDS: Final = 10.0
"""Seconds for which a replica waits for the snapshot of a room of which entries are missing."""
UNSURE_SECONDS: Final = 60.0
"""The same where nobody knows whether any are missing: a node that is cut off may come back."""


class Asking:
    """For how long a replica has been stuck, and when it asked last."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._heard: float | None = None
        """When it began to wait for an answer to what the log has of its asking."""
        self._asked = float("-inf")

    @property
    def has_begun(self) -> bool:
        return self._began is not None

    def stop(self) -> None:
        """The replica has begun."""
        self._began = self._heard = None

    def is_vain(self, now: float) -> bool:
        """Say whether those who wait for the room should come again later."""
        return self._began is not None and now - self._began > REFUSE_SECONDS

    def is_due(self, now: float, *, is_heard: bool) -> bool:
        """Say whether to ask now. Args: is_heard: the log has it that somebody asked."""
        if self._began is None:
            self._began = now
        if self._heard is None or not is_heard:
            self._heard = now
        if now - self._asked < max(ASK_SECONDS, ASK_SHARE * (now - self._began)):
            return False
        self._asked = now
        return True

    def may_end(self, now: float, *, is_unsure: bool) -> bool:
        """Say whether the room may be given up, if nobody has it."""
        patience = UNSURE_SECONDS if is_unsure else RESET_SECONDS
        return self._heard is not None and now - self._heard >= patience
