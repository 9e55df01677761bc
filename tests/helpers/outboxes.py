"""Look into outboxes: what they hold is nobody else's business."""

from __future__ import annotations

from relay.delivery.outbox import Outbox


def held(outbox: Outbox) -> int:
    """Count the bytes of the messages that an outbox holds."""
    return sum(map(len, outbox._queue)) + sum(map(len, outbox._values.values()))
