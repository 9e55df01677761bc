"""Players who say nothing, at a relay as users start it: its clock counts in milliseconds."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.helpers.peers import party_at
from tests.helpers.relay import relay_process

PLAYERS = 30
TIMEOUT = 2.0
A_MINUTE = 60.0  # more than all of it takes


@pytest.mark.parametrize("stops", [False, True], ids=["relay runs", "relay is stopped a while"])
async def test_who_answers_pings_is_not_let_go(stops: bool) -> None:
    options = ("--profile", "bench", "--ping-seconds", "0.1", "--ping-timeout", str(TIMEOUT))
    with relay_process(*options) as relay:
        async with party_at(relay.url) as at, asyncio.TaskGroup() as tasks:
            reading = [  # from the start: who does not read answers no pings
                tasks.create_task((await at.enters("R")).raw.closed(A_MINUTE))
                for _ in range(PLAYERS)
            ]
            for _ in range(3):  # nobody tells that nothing happens
                await asyncio.sleep(TIMEOUT)
                if stops:
                    relay.process.send_signal(signal.SIGSTOP)
                    await asyncio.sleep(1.5 * TIMEOUT)  # it is away for longer than it waits
                    relay.process.send_signal(signal.SIGCONT)
            gone = [task.result() for task in reading if task.done()]
            for task in reading:
                task.cancel()
    assert gone == []
