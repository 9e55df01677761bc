"""Operators ask any worker: the request goes to the worker of the room."""

from __future__ import annotations

from contextlib import AsyncExitStack

from protocol.close_codes import CloseCode
from protocol.frames import Notice
from tests.helpers.crew import TOKEN, colleagues, names_at
from tests.helpers.operators import operator_at
from tests.helpers.peers import Party

HERE, THERE = next(names_at(0)), next(names_at(1))


async def test_rooms_of_all_workers_are_seen_and_acted_in() -> None:
    async with colleagues() as (first, _), AsyncExitStack() as stack:
        operator = await stack.enter_async_context(operator_at(first.url, TOKEN))
        for room in (HERE, THERE):
            ann = await Party(first.url, stack).enters(room, name="Ann")
            assert (await operator.players(room))[1]["name"] == "Ann"
            assert "nothing_said" in await operator.why(room, 1)
            changed = await operator.asks("PATCH", f"/{room}", {"capacity": 3})
            assert changed["capacity"] == 3
            await operator.asks("POST", f"/{room}/say", {"text": "hello"})
            assert (await ann.hears(Notice)).detail.said == "hello"
            await operator.asks("DELETE", f"/{room}")
            assert (await ann.ends())[0] == CloseCode.KICKED
