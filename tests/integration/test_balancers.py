"""Several relays behind a real nginx, Caddy or HAProxy, by the lines of docs/clustering.md."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import pytest

from protocol.frames import Ack, Deliver, Live, Send, Taken
from tests.helpers.balancers import BALANCERS
from tests.helpers.compose import Composed, composed
from tests.helpers.looking import until_equal
from tests.helpers.nats import FILES, nats_server
from tests.helpers.peers import PATIENCE, Party, Peer, new_seat, party_at
from tests.helpers.raw import Refused
from tests.helpers.relay import RelayProcess, relay_process


class Killed(Protocol):
    """A process."""

    def kill(self) -> None: ...


ROOMS = [f"DEN-{number}" for number in range(16)]
"""Relays' ports differ in each run, and so does what a balancer makes of them: all of six rooms are
at one relay once in 250 runs."""


@pytest.fixture
def relays() -> Iterator[list[RelayProcess]]:
    with nats_server() as server, ExitStack() as stack:
        options = ("--nats", server.url, "--nats-streams", "1", "--trusted-proxy", "127.0.0.1")
        yield [stack.enter_context(relay_process(*options)) for _ in range(3)]


async def connections_of(url: str) -> int:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{url}/metrics")).text
    found = re.search(r"^roomwire_connections ([\d.]+)$", text, re.M)
    assert found, text
    return int(float(found[1]))


async def status_of(http: httpx.AsyncClient, room: str) -> int:
    return (await http.get(f"/api/rooms/{room}")).status_code


async def where(relays: Sequence[str]) -> list[int]:
    """Return how many connections each relay has."""
    return [await connections_of(url) for url in relays]


async def comes_back(at: Party, room: str, seat: bytes, position: tuple[bytes, int]) -> Peer:
    """Resume as a client does: again and again, until the balancer knows who lives."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                peer = await at.connects(room)
                peer.greets(seat=seat, position=position)
                await peer.hears(Live)
            except (OSError, asyncio.IncompleteReadError, Refused):
                await asyncio.sleep(0.05)
            else:
                return peer


async def speaks(who: Peer, to: Peer, word: bytes) -> None:
    who.says(Ack(who.position[1]), Send(None, word))
    await who.hears(Taken)
    await to.hears(Deliver, lambda deliver: deliver.payload == word)


@pytest.mark.parametrize("name", BALANCERS)
async def test_a_room_is_at_one_relay_and_goes_on_at_another(
    name: str, relays: list[RelayProcess]
) -> None:
    urls = [relay.url for relay in relays]
    places = [urlsplit(url).netloc for url in urls]
    with BALANCERS[name](places) as balancer:
        async with party_at(balancer) as at, httpx.AsyncClient(base_url=balancer) as http:
            for room in ROOMS:
                await at.enters(room)
                await at.enters(room)
            found = await where(urls)
            assert sum(found) == 2 * len(ROOMS)
            assert all(count % 2 == 0 for count in found), "players of a room are together"
            assert max(found) < 2 * len(ROOMS), "not all rooms are at one relay"
            made = await http.post("/api/rooms", json={"name": "made"})
            assert made.status_code == 201
            await until_equal(partial(status_of, http, "MADE"), 200)  # the news are on their way
            await goes_on(at, urls, [relay.process for relay in relays])


async def goes_on(at: Party, urls: list[str], processes: Sequence[Killed]) -> None:
    """Kill the relay that a room is at, and expect its players elsewhere."""
    before = await where(urls)
    seats = new_seat(), new_seat()
    ann, bob = [await at.enters("DEN", seat=seat) for seat in seats]
    grown = [now - then for now, then in zip(await where(urls), before, strict=True)]
    assert sorted(grown) == [0, 0, 2]
    await speaks(ann, bob, b"hi")
    await speaks(bob, ann, b"hello")
    processes[grown.index(2)].kill()
    await ann.ends()
    await bob.ends()
    ann, bob = [
        await comes_back(at, "DEN", seat, who.position)
        for seat, who in zip(seats, (ann, bob), strict=True)
    ]
    assert ann.welcome.session.resumed
    await speaks(ann, bob, b"onwards")


# The compose file.


@pytest.fixture(scope="module")
def all_services() -> Iterator[Composed]:
    with composed() as found:
        yield found


@pytest.mark.timeout(600)
async def test_the_compose_file_makes_one_relay_of_three(all_services: Composed) -> None:
    relays = all_services.relays()
    urls = [f"http://{relay.address}:8000" for relay in relays]
    balancer = f"http://{all_services.services['balancer'].address}:8080"
    async with party_at(balancer) as at:
        await goes_on(at, urls, [relay.running for relay in relays])


def test_the_compose_file_names_files_that_are_there() -> None:
    text = (FILES / "compose.yml").read_text()
    for name in re.findall(r"\./([\w.-]+)", text):
        assert (FILES / name).is_file()
