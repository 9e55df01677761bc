"""The browser client, in Node, at relays that share their rooms."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE

from clients.python import Message, connect
from tests.helpers.nats import nats_server
from tests.helpers.node import LIBRARY, NODE_OPTIONS, find_node
from tests.helpers.ports import free_ports
from tests.helpers.relay import relay_process

PROGRAM = f"""
import {{ connect }} from "{LIBRARY.as_uri()}";
const relays = process.argv.slice(1);
const room = await connect(relays, {{ room: "R", name: "Ada" }});
room.on("resumed", () => room.send("here"));
console.log("live");
"""


async def test_a_player_goes_on_at_the_next_relay() -> None:
    dead = f"http://127.0.0.1:{free_ports(1)[0]}"
    with nats_server() as server:
        options = ("--nats", server.url, "--nats-streams", "1")
        with relay_process(*options) as first, relay_process(*options) as second:
            async with connect(second.url, room="R", name="Bob") as bob:
                node = await asyncio.create_subprocess_exec(
                    *(find_node(), *NODE_OPTIONS, "--input-type=module", "-e", PROGRAM),
                    *(dead, first.url, second.url),
                    stdout=PIPE,
                )
                try:
                    assert node.stdout is not None
                    assert await node.stdout.readline() == b"live\n"
                    first.process.kill()
                    async with asyncio.timeout(60):
                        async for event in bob:
                            if isinstance(event, Message):
                                break
                    assert isinstance(event, Message)
                    assert event.value == "here"
                finally:
                    node.kill()
                    await node.wait()
