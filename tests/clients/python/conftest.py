"""What tests of rooms with a real relay share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from clients.python.io import driver
from tests.helpers.cable import Cable, cable_to
from tests.helpers.players import PATIENCE, Enter, enter_async, enter_blocking
from tests.helpers.relay import RunningRelay, running_relay


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a relay that answers LEAVE as much time as a busy machine needs."""
    monkeypatch.setattr(driver, "LEAVE_PATIENCE", PATIENCE)


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
