"""What tests of bots share: swarms that play until something was seen."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio

from clients.python.bots import Bot
from clients.python.bots.report import Report
from clients.python.bots.swarm import Plan, Swarm
from clients.python.events import Event
from clients.python.options import Options
from clients.python.room import Room
from tests.helpers.relay import RunningRelay

PATIENCE = 30.0  # seconds


def plan(relay: RunningRelay, script: type[Bot], count: int, **more: Any) -> Plan:
    options = Options(room="BOTS")
    return Plan(script, count, relay.url, options, joins_per_second=1000, **more)


async def until(room: Room, condition: Any) -> Event:
    """Read events until one is such."""
    with anyio.fail_after(PATIENCE):
        while True:
            event = await anext(room)
            if condition(event):
                return event


async def played(swarm: Swarm, meanwhile: Any) -> Report:
    """Let a swarm play until something was seen."""
    async with asyncio.TaskGroup() as tasks:
        playing = tasks.create_task(swarm.play())
        try:
            await meanwhile
        finally:
            swarm.stop()
    return playing.result()
