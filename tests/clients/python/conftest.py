"""What tests of rooms with a real relay share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.helpers.cable import Cable, cable_to
from tests.helpers.players import Enter, enter_async, enter_blocking
from tests.helpers.relay import RunningRelay, running_relay


@pytest.fixture(params=[enter_async, enter_blocking], ids=["async", "blocking"])
def enter(request: pytest.FixtureRequest) -> Enter:
    """Enter with the client under test."""
    client: Enter = request.param
    return client


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


@pytest.fixture
async def cable(relay: RunningRelay) -> AsyncIterator[Cable]:
    async with cable_to(relay.url) as cable:
        yield cable
