"""When rooms with delayed spectators wake the relay."""

from __future__ import annotations

import pytest

from protocol.frames import RoomOptions, Send
from relay.history.memory_budget import DELAYED
from relay.node.tending import ticks
from tests.helpers.peers import party, until


async def test_a_delayed_room_in_which_nothing_happens_keeps_nothing_and_wakes_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ticks, "TICK_SECONDS", 0.01)
    async with party() as at:
        ann = await at.enters("R", create=RoomOptions(delay=1))
        node = at.node
        await until(lambda: bool(node.memory.kinds[DELAYED]))
        await until(lambda: not node._ticks._alarms)
        assert node.memory.kinds[DELAYED] == 0
        ann.says(Send(None, b"news"))
        await ann.catches_up()
        await until(lambda: bool(node._ticks._alarms))
