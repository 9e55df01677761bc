"""Players who say nothing, at a relay as users start it: its clock counts in milliseconds."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.helpers.measuring import TRIES
from tests.helpers.peers import party_at
from tests.helpers.relay import relay_process

PLAYERS = 30
TIMEOUT = 2.0
A_MINUTE = 60.0  # more than all of it takes


@pytest.mark.parametrize("stops", [1, pytest.param(3, marks=pytest.mark.long)])
async def test_who_answers_pings_is_not_let_go(stops: int) -> None:
    """Neither while the relay runs, nor after it was stopped for longer than it waits.

    On a busy machine a player's answer may be late all the same. Then it is tried again.
    """
    gone: list[list[tuple[int, str]]] = []
    while len(gone) < TRIES and (not gone or gone[-1]):
        gone.append(await let_go(stops))
    assert gone[-1] == []


async def let_go(stops: int) -> list[tuple[int, str]]:
    """Return how the connections of players ended that were let go, while or after it ran."""
    options = ("--profile", "bench", "--ping-seconds", "0.1", "--ping-timeout", str(TIMEOUT))
    gone: list[tuple[int, str]] = []
    with relay_process(*options) as relay:
        async with party_at(relay.url) as at, asyncio.TaskGroup() as tasks:
            reading = [  # from the start: who does not read answers no pings
                tasks.create_task((await at.enters("R")).raw.closed(A_MINUTE))
                for _ in range(PLAYERS)
            ]
            await asyncio.sleep(stops * TIMEOUT)  # nobody tells that nothing happens
            for _ in range(stops):
                relay.process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(1.5 * TIMEOUT)
                relay.process.send_signal(signal.SIGCONT)
                await asyncio.sleep(TIMEOUT)
            gone += [task.result() for task in reading if task.done()]
            for task in reading:
                task.cancel()
    return gone
