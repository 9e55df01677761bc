"""The network of a cluster, which can come apart.

Each nats-server reaches each other one through a proxy, and each relay reaches each server through
one. A cut is told at once, by RST and refusals, or to nobody: then bytes just do not arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType

from tests.chaos.proxy import HOST, Proxy
from tests.helpers.nats import FILES, PASSWORD

SERVERS = range(3)

CONFIGURATION = (
    (FILES / "nats.conf")
    .read_text()
    .replace("routes: $NATS_ROUTES", "routes: $NATS_ROUTES\n    advertise: $NATS_ADVERTISE")
)
NOWHERE = f"{HOST}:1"
"""What servers tell each other as their address: else they would find ways around the proxies."""


class Net:
    """The proxies. Use it as a context manager, and `routing` for `nats_cluster`."""

    def __init__(self, relays: int) -> None:
        """Args: relays: how many there are."""
        self._stack = AsyncExitStack()
        self._listening: dict[int, int] = {}
        """Where each server listens for others."""
        self._ports: dict[int, int] = {}
        """Where each listens for relays."""
        self.routes = {
            (one, other): self._to(self._listening, other)
            for one in SERVERS
            for other in SERVERS
            if one != other
        }
        self.ways = {
            (relay, server): self._to(self._ports, server)
            for relay in range(relays)
            for server in SERVERS
        }

    async def __aenter__(self) -> Net:
        for proxy in (*self.routes.values(), *self.ways.values()):
            await self._stack.enter_async_context(proxy)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def routing(self, number: int, ports: Sequence[int]) -> dict[str, str]:
        """Return the environment in which a server goes through the proxies."""
        self._listening.update(enumerate(ports))
        ways = [f"nats://{HOST}:{self.routes[number, other].port}" for other in _others(number)]
        return {"NATS_ROUTES": f"[{', '.join(ways)}]", "NATS_ADVERTISE": NOWHERE}

    def serve(self, ports: Iterable[int]) -> None:
        """Take note where servers listen for relays."""
        self._ports.update(enumerate(ports))

    def urls(self, relay: int) -> list[str]:
        """Return where a relay finds the servers."""
        ports = [self.ways[relay, server].port for server in SERVERS]
        return [f"nats://relay:{PASSWORD}@{HOST}:{port}" for port in ports]

    # Cuts.

    def around(self, server: int) -> list[Proxy]:
        """Return all between a server and the two others."""
        return [proxy for ends, proxy in self.routes.items() if server in ends]

    def to_all_but(self, relay: int, server: int) -> list[Proxy]:
        """Return all between a relay and the servers, but one of these."""
        return [self.ways[relay, other] for other in _others(server)]

    def _to(self, ports: dict[int, int], server: int) -> Proxy:
        return Proxy(lambda: (HOST, ports[server]))


def cut(proxies: Iterable[Proxy], *, is_silent: bool) -> None:
    """Let nothing pass."""
    for proxy in proxies:
        if is_silent:
            proxy.hold()
        else:
            proxy.refuse()
            proxy.cut_all()


async def mend(proxies: Iterable[Proxy]) -> None:
    """Let all pass again."""
    for proxy in proxies:
        proxy.heal()
        await proxy.accept()


def _others(server: int) -> list[int]:
    return [other for other in SERVERS if other != server]
