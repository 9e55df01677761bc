"""Operators ask any worker: the request goes to the worker of the room."""

from __future__ import annotations

from itertools import islice

from protocol.close_codes import CloseCode
from protocol.frames import Notice
from relay.policy.operators import find_token
from tests.helpers.crew import names_at
from tests.helpers.operators import operator_at
from tests.helpers.peers import party_at
from tests.helpers.relay import relay_process

(HERE,), (THERE,) = islice(names_at(0), 1), islice(names_at(1), 1)


async def test_rooms_of_all_workers_are_seen_and_acted_in() -> None:
    with relay_process("--workers", "2", "--profile", "bench") as relay:
        token = find_token(relay.port)
        assert token is not None
        async with party_at(relay.url) as at, operator_at(relay.url, token) as operator:
            for room in (HERE, THERE):
                ann = await at.enters(room, name="Ann")
                assert (await operator.players(room))[1]["name"] == "Ann"
                assert "nothing_said" in await operator.why(room, 1)
                changed = await operator.asks("PATCH", f"/{room}", {"capacity": 3})
                assert changed["capacity"] == 3
                await operator.asks("POST", f"/{room}/say", {"text": "hello"})
                assert (await ann.hears(Notice)).detail.said == "hello"
                await operator.asks("DELETE", f"/{room}")
                assert (await ann.ends())[0] == CloseCode.KICKED
        assert relay.end() == 0
