"""What a node does every few seconds while it has rooms."""

from __future__ import annotations

import pytest

from protocol.frames import Notice, NoticeKind, Send
from relay.node.tending import sweeping
from tests.helpers.peers import party


async def test_who_loses_the_past_is_told_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_SECONDS", 0.02)
    async with party(profile="bench") as at:
        ann, bob, other = await at.enters("R"), await at.enters("R"), await at.enters("S")
        at.node.memory.limit = at.node.memory.used + 100_000
        for _ in range(3):
            ann.says(*[Send(None, bytes(5000)) for _ in range(30)])
            await ann.catches_up()
        notice = await bob.hears(Notice)
        room = at.node.registry.find("R")
        assert room is not None
        assert notice.kind == NoticeKind.MEMORY
        assert notice.detail.seq is not None
        assert 0 < notice.detail.seq <= room.history.trimmed
        assert at.node.memory.used < at.node.memory.limit + 10_000
        ann.says(*[Send(None, bytes(5000)) for _ in range(60)])
        await ann.catches_up()
        await bob.catches_up()
        await other.catches_up()
        assert len(bob.all(Notice)) == 1
        assert other.all(Notice) == []
