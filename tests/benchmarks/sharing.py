"""How long a message takes from a player to another: at one relay, and at two that share rooms.

python -m tests.benchmarks.sharing
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from statistics import quantiles

from protocol.frames import Deliver, Send
from tests.helpers.nats import nats_cluster, nats_server, urls
from tests.helpers.peers import party_at
from tests.helpers.relay import relay_process

MESSAGES = 1000
PAUSE = 0.005


async def main() -> None:
    with relay_process() as relay:
        show("one relay", await measure([relay.url]))
    with nats_server() as server:
        await shared("two relays, one nats-server", [server.url])
    with nats_cluster() as servers:
        await shared("two relays, three nats-servers", list(urls(servers)))


async def shared(name: str, servers: list[str]) -> None:
    options = [word for url in servers for word in ("--nats", url)]
    with relay_process(*options) as first, relay_process(*options) as second:
        show(name, await measure([first.url, second.url]))


async def measure(relays: list[str]) -> list[float]:
    """Return how many milliseconds each message takes, one after another."""
    taken = []
    async with AsyncExitStack() as stack:
        parties = [await stack.enter_async_context(party_at(url)) for url in relays]
        ann, bob = await parties[0].enters("BENCH"), await parties[-1].enters("BENCH")
        for number in range(MESSAGES):
            began = time.perf_counter()
            ann.says(Send(None, b"%d" % number))
            await bob.hears(Deliver)
            taken.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(PAUSE)
    return taken


def show(name: str, taken: list[float]) -> None:
    cut = quantiles(taken, n=100)
    print(f"{name:32} p50 {cut[49]:6.2f} ms   p99 {cut[98]:6.2f} ms")


if __name__ == "__main__":
    asyncio.run(main())
