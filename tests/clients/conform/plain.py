"""The plain client as a program: `python -m tests.clients.conform.plain [FAULT]`.

With the name of a fault it has that fault, so that the suite can be seen to find it.
"""

from __future__ import annotations

import asyncio
import json
import sys

from tests.clients.conform.planted.faults import FAULTS
from tests.clients.conform.planted.program import Seat
from tests.clients.conform.planted.telling import Line


def tell(line: Line) -> None:
    print(json.dumps(line), flush=True)


async def main(fault: str) -> None:
    """Obey until the input ends."""
    make = FAULTS[fault].make if fault else None
    async with asyncio.TaskGroup() as tasks:
        seat = Seat(tasks, tell, f"the plain client {fault}".rstrip(), make)
        while text := await asyncio.to_thread(sys.stdin.readline):
            seat.do(json.loads(text))
        seat.end()


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:])))
