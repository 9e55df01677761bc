"""The relay as a process, on real sockets."""

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.helpers.relay import relay_process, running_relay

HELLO = bytes.fromhex("93010180")


async def test_a_relay_runs_in_the_tests_own_loop() -> None:
    async with running_relay() as relay:
        async with httpx.AsyncClient() as client:
            response = await client.get(f"{relay.url}/healthz")
            assert response.json() == {"status": "ok"}
        async with connect(relay.link_url("abc"), subprotocols=[Subprotocol("roomwire.1")]) as link:
            assert link.subprotocol == "roomwire.1"
            await link.send(HELLO)
            welcome = await link.recv()
            assert welcome[:2] == bytes.fromhex("9502")
            assert relay.node.registry.get("ABC") is not None


def test_a_process_says_where_it_is_and_ends_when_asked() -> None:
    with relay_process() as relay:
        assert httpx.get(f"{relay.url}/healthz").status_code == 200
        assert relay.end() == 0
        assert relay.log == ""
