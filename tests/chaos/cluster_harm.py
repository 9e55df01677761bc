"""Harm to the processes of a cluster: to one at a time, so that what promises to hold can hold."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Any

from tests.chaos.partitions import SERVERS, Net, cut, mend
from tests.chaos.proxy import Address, Proxy
from tests.chaos.relays import RelayProcess
from tests.helpers.nats import NatsServer

FROZEN_SECONDS = (0.5, 4.0)
DEAD_SECONDS = (0.1, 2.0)
APART_SECONDS = (1.0, 8.0)
STREAM_INFO = "$JS.API.STREAM.INFO."
STREAMS = ("ROOMS0", "ROOMS1")
WHOLE_WITHIN = 90.0


class Cluster:
    """The processes, and who of them serves."""

    def __init__(
        self,
        servers: Sequence[NatsServer],
        relays: Sequence[RelayProcess],
        random: Random,
        net: Net | None = None,
    ) -> None:
        """Args: net: between them, if it can come apart."""
        self.servers = servers
        self.net = net
        self.relays = relays
        self.random = random

    def some_relay(self) -> Address:
        """Choose a relay for a connection, as a load balancer does: one that is not known dead."""
        up = [relay for relay in self.relays if relay.is_up]
        return self.random.choice(up or self.relays).address

    async def leader(self, stream: str) -> NatsServer:
        """Return the server that leads a stream."""
        name: str = (await self._info(stream))["cluster"]["leader"]
        return next(server for server in self.servers if server.name == name)

    async def whole(self) -> None:
        """Return once every stream has all its replicas, so that it can stand the next harm."""
        for stream in (*STREAMS, "SNAP"):
            async with asyncio.timeout(WHOLE_WITHIN):
                while not await self._is_whole(stream):  # noqa: ASYNC110 - NATS tells nobody
                    await asyncio.sleep(0.1)

    async def _is_whole(self, stream: str) -> bool:
        cluster = (await self._info(stream)).get("cluster", {})
        others = cluster.get("replicas", ())
        return bool(cluster.get("leader")) and all(each.get("current") for each in others)

    async def _info(self, stream: str) -> dict[str, Any]:
        import nats
        import nats.errors

        while True:
            url = self.random.choice(self.servers).url
            try:
                client = await nats.connect(url, allow_reconnect=False, connect_timeout=1)
                try:
                    answer = await client.request(STREAM_INFO + stream, timeout=1)
                finally:
                    await client.close()
            except (nats.errors.Error, OSError):
                await asyncio.sleep(0.1)
                continue
            found: dict[str, Any] = json.loads(answer.data)
            if found.get("cluster", {}).get("leader"):
                return found


Act = Callable[[Cluster], Awaitable[None]]


async def kill_relay(cluster: Cluster) -> None:
    relay = cluster.random.choice(cluster.relays)
    await relay.end(signal.SIGKILL)
    await _pause(cluster, DEAD_SECONDS)
    await relay.start()


async def freeze_relay(cluster: Cluster) -> None:
    relay = cluster.random.choice(cluster.relays)
    relay.send(signal.SIGSTOP)
    await _pause(cluster, FROZEN_SECONDS)
    relay.send(signal.SIGCONT)


async def restart_relays(cluster: Cluster) -> None:
    for relay in cluster.relays:
        await relay.end(signal.SIGTERM)
        await relay.start()


async def kill_leader(cluster: Cluster) -> None:
    server = await cluster.leader(cluster.random.choice(STREAMS))
    server.kill()
    await _pause(cluster, DEAD_SECONDS)
    await _start(cluster, server)


async def freeze_nats(cluster: Cluster) -> None:
    server = cluster.random.choice(cluster.servers)
    server.freeze()
    await _pause(cluster, FROZEN_SECONDS)
    server.thaw()
    await cluster.whole()


async def restart_nats(cluster: Cluster) -> None:
    for server in cluster.servers:
        await asyncio.to_thread(server.terminate)
        await _start(cluster, server)


async def isolate_nats(cluster: Cluster) -> None:
    """Cut a server off from the two others; relays reach all."""
    assert cluster.net is not None
    await _come_apart(cluster, cluster.net.around(cluster.random.choice(SERVERS)))


async def strand_relay(cluster: Cluster) -> None:
    """Let a relay reach one server alone."""
    assert cluster.net is not None
    relay = cluster.random.randrange(len(cluster.relays))
    await _come_apart(cluster, cluster.net.to_all_but(relay, cluster.random.choice(SERVERS)))


async def split_off(cluster: Cluster) -> None:
    """Let a relay reach one server alone, which is cut off from the others."""
    assert cluster.net is not None
    relay, server = cluster.random.randrange(len(cluster.relays)), cluster.random.choice(SERVERS)
    net = cluster.net
    await _come_apart(cluster, [*net.around(server), *net.to_all_but(relay, server)])


async def _come_apart(cluster: Cluster, proxies: Sequence[Proxy]) -> None:
    cut(proxies, is_silent=cluster.random.random() < 0.5)
    await _pause(cluster, APART_SECONDS)
    await mend(proxies)
    await cluster.whole()


ACTS: Mapping[str, Act] = {
    "kill-relay": kill_relay,
    "freeze-relay": freeze_relay,
    "restart-relays": restart_relays,
    "kill-leader": kill_leader,
    "freeze-nats": freeze_nats,
    "restart-nats": restart_nats,
    "isolate-nats": isolate_nats,
    "strand-relay": strand_relay,
    "split-off": split_off,
}


async def harm(cluster: Cluster, acts: Sequence[str], seconds: float) -> Counter[str]:
    """Do one act after another, each at least once, until the time is over. Returns: how often."""
    done: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + seconds
    while loop.time() < ends_at or len(done) < len(acts):
        for act in cluster.random.sample(acts, len(acts)):
            if loop.time() >= ends_at and act in done:
                continue
            await _pause(cluster, (0.2, 1.0))
            await ACTS[act](cluster)
            done[act] += 1
    return done


async def _start(cluster: Cluster, server: NatsServer) -> None:
    server.start()
    await asyncio.to_thread(server.wait_until_it_listens)
    await cluster.whole()


async def _pause(cluster: Cluster, seconds: tuple[float, float]) -> None:
    await asyncio.sleep(cluster.random.uniform(*seconds))
