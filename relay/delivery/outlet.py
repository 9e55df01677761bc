"""What an outbox asks of its link: one object, which the link makes when it makes the outbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple


class Outlet(NamedTuple):
    """The link's end of an outbox.

    `ready`, `behind` and `caught_up` are called in the middle of a room's fan-out. They may do no
    more than make a note.
    """

    try_write: Callable[[bytes], int]
    """Write what flows. Returns: how many bytes were written, perhaps none; `write` gets the rest.
    So the outbox must stop flowing when something waits on the link, or when the link is gone."""
    write: Callable[[bytes], object]
    """Take what flows and was not written, joined."""
    ready: Callable[[], object]
    """Something waits now, and nothing did before."""
    behind: Callable[[], object]
    """The outbox fell behind."""
    caught_up: Callable[[], object]
    """The outbox keeps up again."""


def write_nothing(data: bytes) -> int:
    """Leave it all to `write`: for a link that cannot tell how much its socket takes."""
    return 0


def _nobody() -> None:
    pass


SHUT: Final = Outlet(write_nothing, write_nothing, _nobody, _nobody, _nobody)
"""The end of a link that is gone."""
