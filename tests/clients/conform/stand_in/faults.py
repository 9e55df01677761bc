"""All faults by name. After "a relay that", a name says what the relay does."""

from __future__ import annotations

from tests.clients.conform.stand_in import bounds, codes, entering, frames, order, room, tables
from tests.clients.conform.stand_in.fault import Fault

FAULTS: dict[str, Fault] = {
    **codes.FAULTS,
    **frames.FAULTS,
    **bounds.FAULTS,
    **entering.FAULTS,
    **order.FAULTS,
    **room.FAULTS,
    **tables.FAULTS,
}
