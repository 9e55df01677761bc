"""Why a player's game stuttered a while ago: what is left of the time when they stood still."""

from __future__ import annotations

import pytest

from protocol.frames import Ping, Presence, PresenceState
from tests.helpers.operators import operator_at
from tests.helpers.peers import party, until
from tests.relay.link.test_direct import link_of


@pytest.mark.parametrize("state", [PresenceState.HERE, PresenceState.AWAY])
async def test_a_ping_that_was_late_is_told_without_a_watcher(state: PresenceState) -> None:
    async with party() as at, operator_at(at.url, at.token) as operator:
        ann = await at.enters("ROOM")
        (connection,) = at.node.connections.values()
        ann.says(Presence(state), Ping(1))
        await ann.catches_up()
        connection.conduct._pinged -= 11_500_000  # nobody waits so long in a test
        ann.says(Ping(2))
        await ann.catches_up()
        async with ann.reading():
            why = await operator.why("ROOM", ann.me)
        lapse = (await operator.players("ROOM"))[ann.me]["lapse"]
    assert lapse["how"] == "late_ping"
    assert 11_500 <= lapse["ms"] < 20_000
    assert ("lapsed" in why) == (state is PresenceState.HERE), "hidden pages ping seldom"
    if state is PresenceState.HERE:
        assert "lay between two of their PINGs" in why["lapsed"]["what"]
        assert next(iter(why)) == "lapsed"
    else:
        assert next(iter(why)) == "away"


async def test_a_silence_that_a_ping_has_ended_is_told() -> None:
    async with (
        party(is_portable=False, ping_seconds=0.1, ping_timeout=60) as at,
        operator_at(at.url, at.token) as operator,
    ):
        bob = await at.enters("ROOM")
        link = link_of(at, bob)
        await until(lambda: link.silent() > 0)
        async with bob.reading():
            await until(link.lapses)
            why = await operator.why("ROOM", bob.me)
    assert "silent" not in why
    assert "nothing was heard of them for 1." in why["lapsed"]["what"]
    assert why["lapsed"]["what"].endswith(" ago.")


async def test_a_link_that_was_stalled_is_told() -> None:
    async with (
        party(is_portable=False) as at,
        operator_at(at.url, at.token) as operator,
    ):
        ann, bob = await at.enters("ROOM"), await at.enters("ROOM")
        link = link_of(at, bob)
        link.pause_writing()
        link.blocked_since -= 8
        link.resume_writing()
        async with ann.reading(), bob.reading():
            why = await operator.why("ROOM", bob.me)
    assert "took nothing of what waited for 8." in why["lapsed"]["what"]
