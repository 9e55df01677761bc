"""What tests of the node and the lobby share: a relay for all of a file, a room for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest

from tests.helpers.peers import Party, party

names = (f"ROOM-{number}" for number in count())


@pytest.fixture(scope="module")
async def at() -> AsyncIterator[Party]:
    async with party() as at:
        yield at


@pytest.fixture
def room() -> str:
    """Name a room of this test's own."""
    return next(names)
