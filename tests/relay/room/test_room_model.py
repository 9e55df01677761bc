"""Whatever happens in a room, in whatever order: it does what the model of a room does."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.helpers.room_machine import RoomMachine

TestRoom = pytest.mark.fuzz(RoomMachine.TestCase)
TestRoom.settings = settings(
    max_examples=max(20, settings().max_examples // 500), stateful_step_count=50
)
