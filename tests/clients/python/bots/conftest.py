"""What tests of bots share: a relay that lets many in at once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relay.policy.config import Settings
from tests.helpers.relay import RunningRelay, running_relay


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay(Settings(profile="bench")) as relay:
        yield relay
