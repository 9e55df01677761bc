"""Joins a room time after time with the Python client, and says how long it took: see late.py.

python -m tests.benchmarks.late_joiner ws://127.0.0.1:8000/r/ROOM 5
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from clients.python import Live, Message, connect


async def join(url: str) -> dict[str, float]:
    """Return the seconds until the room was live, and the history messages that were heard."""
    began = time.perf_counter()
    async with connect(url) as room:
        seconds, heard = time.perf_counter() - began, 0
        async for event in room:
            heard += isinstance(event, Message)
            if isinstance(event, Live):
                break
    return {"seconds": seconds, "heard": heard}


async def main(url: str, turns: int) -> None:
    print(json.dumps([await join(url) for _ in range(turns)]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
