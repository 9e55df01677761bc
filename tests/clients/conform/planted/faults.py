"""All faults, by what the client does."""

from __future__ import annotations

from tests.clients.conform.planted import entering, returning, room, tables

FAULTS = {**tables.FAULTS, **entering.FAULTS, **room.FAULTS, **returning.FAULTS}
