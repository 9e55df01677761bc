"""What Prometheus reads of relays that share their rooms, over real nats-servers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from protocol.frames import Deliver, Send
from relay.http.metrics.cluster import LARGEST, PREFIX, SMALLEST
from tests.helpers.looking import until_seen
from tests.helpers.nats import nats_server
from tests.helpers.peers import party_at
from tests.helpers.relay import RelayProcess, relay_process

CLUSTERING = (Path(__file__).parents[2] / "docs/clustering.md").read_text()
Samples = dict[str, float]
"""By name, with the labels' values behind it."""


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


async def read(http: httpx.AsyncClient, relay: RelayProcess) -> Samples:
    answer = await http.get(f"{relay.url}/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    found = [sample for family in families for sample in family.samples]
    return {" ".join((each.name, *each.labels.values())): each.value for each in found}


async def comes_true(
    http: httpx.AsyncClient, relays: list[RelayProcess], is_so: Callable[..., bool]
) -> list[Samples]:
    """Read again until what relays tell is so."""

    async def found() -> list[Samples]:
        return [await read(http, relay) for relay in relays]

    return await until_seen(found, lambda samples: is_so(*samples))


async def test_relays_that_share_rooms_count_each_once(http: httpx.AsyncClient) -> None:
    with nats_server() as server:
        options = ("--nats", server.url, "--nats-streams", "1")
        with relay_process(*options) as first, relay_process(*options) as second:
            async with party_at(first.url) as here, party_at(second.url) as there:
                ann, bob = await here.enters("SHARED"), await there.enters("SHARED")
                await there.enters("OWN")
                ann.says(Send(None, b"hi"))
                await bob.hears(Deliver)

                def is_counted(one: Samples, other: Samples) -> bool:
                    rooms = one["roomwire_rooms"] + other["roomwire_rooms"]
                    seats = "roomwire_seats here player"
                    return (rooms, one[seats] + other[seats]) == (2, 3)

                one, other = await comes_true(http, [first, second], is_counted)
                assert one[f"{PREFIX}replicas"] == 1
                assert other[f"{PREFIX}replicas"] == 2
                for found in (one, other):
                    assert found[f"{PREFIX}nodes"] == 2
                    assert found[f"{PREFIX}connected"] == 1
                    assert found[f"{PREFIX}rooms_behind"] == 0
                    assert found[f"{PREFIX}frames_total"] >= found[f"{PREFIX}entries_total"] >= 3
                    assert found[f"{PREFIX}bytes_total"] > 100
                    assert found[f"{PREFIX}stored_seconds_count"] >= 1
                    assert 0 < found[f"{PREFIX}stored_seconds_sum"] < 60


async def test_every_metric_of_a_cluster_has_its_line_in_the_docs(http: httpx.AsyncClient) -> None:
    with nats_server() as server, relay_process("--nats", server.url) as relay:
        answer = await http.get(f"{relay.url}/metrics")
    shown = {
        family.name.removeprefix(PREFIX)
        for family in text_string_to_metric_families(answer.text)
        if family.name.startswith(PREFIX)
    }
    table = CLUSTERING.partition(f"| `{PREFIX}`")[2].partition("\n\n")[0]
    told = {name.removesuffix("_total") for name in re.findall(r"^\| `(\w+)`", table, re.M)}
    assert shown == told
    assert shown >= {name.removeprefix(PREFIX) for name in LARGEST | SMALLEST}


async def test_workers_that_are_nodes_answer_as_one(http: httpx.AsyncClient) -> None:
    with nats_server() as server:
        options = ("--nats", server.url, "--nats-streams", "1", "--workers", "2")
        with relay_process(*options) as relay:
            async with party_at(relay.url) as at:
                for name in ("W-1", "W-2", "W-3", "W-4"):
                    await at.enters(name)
                (found,) = await comes_true(
                    http,
                    [relay],
                    lambda found: found["roomwire_rooms"] == 4 and found[f"{PREFIX}nodes"] == 2,
                )
    assert found[f"{PREFIX}connected"] == 1
    assert found["roomwire_seats here player"] == 4


async def test_one_relay_alone_shows_nothing_of_a_cluster(http: httpx.AsyncClient) -> None:
    with relay_process() as relay:
        assert not [name for name in await read(http, relay) if name.startswith(PREFIX)]
