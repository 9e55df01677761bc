"""Outboxes by hand, and a look into them: what they hold is nobody else's business."""

from __future__ import annotations

from collections.abc import Callable

from relay.delivery.fan_out import FanOut
from relay.delivery.outbox import Outbox
from relay.delivery.outlet import Outlet, write_nothing


def outlet(
    note: Callable[[str], object] = lambda what: None,
    write: Callable[[bytes], object] = lambda data: None,
    try_write: Callable[[bytes], int] = write_nothing,
) -> Outlet:
    """Make a link's end that notes what it is told, and takes what is written."""
    return Outlet(
        try_write=try_write,
        write=write,
        ready=lambda: note("ready"),
        behind=lambda: note("behind"),
        caught_up=lambda: note("caught up"),
    )


def by_hand(note: Callable[[str], object] = lambda what: None) -> FanOut:
    """Make a fan-out that the test flushes; it notes what that is asked for."""
    return FanOut(lambda fan_out: note("told"), lambda fan_out: note("riding"))


def held(outbox: Outbox) -> int:
    """Count the bytes of the messages that an outbox holds."""
    return sum(map(len, outbox._queue)) + sum(map(len, outbox._values.values()))
