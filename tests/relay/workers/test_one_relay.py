"""Whichever worker is asked, the relay answers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from protocol.error_codes import ErrorCode
from protocol.frames import Error
from relay.http.metrics.siblings import summed
from tests.helpers.crew import Colleague, colleagues, names_at
from tests.helpers.peers import Party, until

HERE, THERE = next(names_at(0)), next(names_at(1))


class Visitor:
    """Asks workers, each over a connection of its own."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def gets(self, worker: Colleague, path: str) -> Any:
        return (await self._http.get(worker.url + path)).json()

    async def posts(self, worker: Colleague, path: str, **wanted: Any) -> httpx.Response:
        return await self._http.post(worker.url + path, json=wanted)

    async def metrics(self, worker: Colleague) -> dict[str, float]:
        text = (await self._http.get(f"{worker.url}/metrics")).text
        families = text_string_to_metric_families(text)
        samples = [sample for family in families for sample in family.samples]
        return {" ".join((each.name, *each.labels.values())): each.value for each in samples}


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with httpx.AsyncClient(headers={"connection": "close"}) as http:
        yield Visitor(http)


async def known(crew: list[Colleague], rooms: int) -> None:
    """Wait until all know of so many rooms."""
    await until(lambda: all(len(each.node.rooms) == rooms for each in crew))


async def promised(crew: list[Colleague], room: str, places: int) -> None:
    """Wait until all know of so many promised places in a room."""
    promises = [each.node.reservations for each in crew]
    await until(lambda: {each.count(room, time.monotonic()) for each in promises} == {places})


async def test_all_rooms_are_listed_everywhere(visitor: Visitor) -> None:
    async with colleagues() as crew, AsyncExitStack() as stack:
        for worker, name in zip(crew, (THERE, HERE), strict=True):
            await visitor.posts(worker, "/api/rooms", name=name, title=f"of {name}")
        ann = await Party(crew[0].url, stack).enters(THERE, name="Ann")
        nodes = [each.node for each in crew]
        await until(
            lambda: (
                all(n.rooms.elsewhere.players + players(n) == 1 for n in nodes)
                and all(len(node.rooms) == 2 for node in nodes)
            )
        )
        pages = [await visitor.gets(worker, "/api/rooms") for worker in crew]
        assert pages[0] == pages[1]
        shown = {room["room"]: room for room in pages[0]["rooms"]}
        assert shown.keys() == {HERE, THERE}
        assert (shown[THERE]["players"], shown[THERE]["host"]) == (1, "Ann")
        assert shown[THERE] == await visitor.gets(crew[0], f"/api/rooms/{THERE}")
        for worker in crew:
            told = await visitor.gets(worker, "/api/relay")
            assert (told["rooms"], told["players"]) == (2, 1)
        ann.raw.abort()


def players(node: Any) -> int:
    return sum(room.player_count for room in node.registry)


async def test_a_match_leads_to_a_room_of_any_worker(visitor: Visitor) -> None:
    wanted = {"tags": {"mode": "ctf"}, "capacity": 2}
    async with colleagues() as (first, second), AsyncExitStack() as stack:
        made = (await visitor.posts(first, "/api/match", **wanted)).json()
        assert made["created"]
        name = made["room"]
        assert first.node.registry.get(name) is not None
        await known([first, second], 1)
        found = (await visitor.posts(second, "/api/match", **wanted)).json()
        assert (found["created"], found["room"]) == (False, name)
        await promised([first, second], name, 2)
        full = (await visitor.posts(second, "/api/match", **wanted)).json()
        assert full["created"]
        assert second.node.registry.get(full["room"]) is not None
        ann = await Party(second.url, stack).enters(name)
        await promised([first, second], name, 1)
        ann.raw.abort()


async def test_an_address_has_its_rooms_at_all_workers_together(visitor: Visitor) -> None:
    async with colleagues(rooms_per_address=2, limit_loopback=True) as crew:
        for worker in crew:
            assert (await visitor.posts(worker, "/api/rooms")).status_code == 201
        await until(lambda: all(not each.node.rooms.makers.may_make("127.0.0.1") for each in crew))
        for worker in crew:
            assert (await visitor.posts(worker, "/api/rooms")).status_code == 429


async def test_there_are_so_many_rooms_at_all_workers_together(visitor: Visitor) -> None:
    async with colleagues(max_rooms=2) as crew, AsyncExitStack() as stack:
        inside = [await Party(crew[0].url, stack).enters(name) for name in (HERE, THERE)]
        await known(crew, 2)
        for worker in crew:
            assert (await visitor.posts(worker, "/api/rooms")).status_code == 503
        for each in inside:
            each.raw.abort()


@pytest.mark.parametrize(
    "limit", [{"max_connections": 1}, {"connections_per_address": 1, "limit_loopback": True}]
)
async def test_there_are_so_many_connections_to_all_workers_together(
    limit: dict[str, Any],
) -> None:
    async with colleagues(**limit) as crew, AsyncExitStack() as stack:
        ann = await Party(crew[0].url, stack).enters(HERE)
        await until(
            lambda: (
                crew[1].node.limits.elsewhere == 1
                and crew[1].node.limits.connections.total("127.0.0.1") == 1
            )
        )
        bob = await Party(crew[1].url, stack).connects(THERE)
        assert (await bob.hears(Error)).code == ErrorCode.RELAY_FULL
        ann.raw.abort()
        await until(lambda: crew[1].node.limits.elsewhere == 0)
        await Party(crew[1].url, stack).enters(THERE)


async def test_metrics_are_of_all_workers(visitor: Visitor) -> None:
    async with colleagues() as crew, AsyncExitStack() as stack:
        inside = [await Party(crew[0].url, stack).enters(name) for name in (HERE, THERE)]
        for worker in crew:
            found = await visitor.metrics(worker)
            assert found["roomwire_rooms"] == 2
            assert found["roomwire_seats here player"] == 2
            assert found["roomwire_connects_total"] == 2
            assert found["roomwire_connections_max"] == crew[0].node.settings.max_connections
            limits = [each.node.memory.limit for each in crew]
            assert found["roomwire_memory_max_bytes"] == sum(limits)
        for each in inside:
            each.raw.abort()


async def test_a_worker_that_says_nothing_is_no_fall_of_counters(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.http.metrics.siblings.METRICS_SECONDS", 0.05)
    async with colleagues() as crew:
        crew[1].mail.close()
        told = await visitor.gets(crew[0], "/metrics")
        assert (told["status"], told["detail"]) == (503, f"{crew[1].bus.name} has not answered")
        crew[1].mail.open()


async def test_a_relay_goes_down_when_all_workers_do(visitor: Visitor) -> None:
    async with colleagues() as crew:
        await crew[0].node.drain(0)
        for worker in crew:
            assert await visitor.gets(worker, "/healthz") == {"status": "ok"}
        await crew[1].node.drain(0)
        for worker in crew:
            assert await visitor.gets(worker, "/healthz") == {"status": "draining"}


def test_metrics_are_added_up_but_for_limits_and_times() -> None:
    worker = (
        b"# HELP roomwire_connects_total Since the start\n"
        b"# TYPE roomwire_connects_total counter\n"
        b"roomwire_connects_total %d\n"
        b"# HELP roomwire_seats Seats\n"
        b"# TYPE roomwire_seats gauge\n"
        b'roomwire_seats{role="player"} %d\n'
        b"# HELP roomwire_connections_max Most\n"
        b"# TYPE roomwire_connections_max gauge\n"
        b"roomwire_connections_max 100\n"
        b"# HELP process_start_time_seconds Start\n"
        b"# TYPE process_start_time_seconds gauge\n"
        b"process_start_time_seconds %d\n"
    )
    text = summed([worker % (1, 2, 30), worker % (10, 20, 25)]).decode()
    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples == {
        "roomwire_connects_total": 11,
        "roomwire_seats": 22,
        "roomwire_connections_max": 100,
        "process_start_time_seconds": 25,
    }
    assert "# TYPE roomwire_connects_total counter" in text


def test_ranges_of_times_are_added_up_range_by_range() -> None:
    worker = (
        b"# HELP roomwire_latency_seconds Seconds\n"
        b"# TYPE roomwire_latency_seconds histogram\n"
        b'roomwire_latency_seconds_bucket{le="0.001"} %d\n'
        b'roomwire_latency_seconds_bucket{le="+Inf"} %d\n'
        b"roomwire_latency_seconds_count %d\n"
        b"roomwire_latency_seconds_sum %f\n"
    )
    text = summed([worker % (1, 3, 3, 0.5), worker % (10, 20, 20, 2.0)]).decode()
    (family,) = text_string_to_metric_families(text)
    assert family.type == "histogram"
    values = {(each.name, each.labels.get("le")): each.value for each in family.samples}
    assert values == {
        ("roomwire_latency_seconds_bucket", "0.001"): 11,
        ("roomwire_latency_seconds_bucket", "+Inf"): 23,
        ("roomwire_latency_seconds_count", None): 23,
        ("roomwire_latency_seconds_sum", None): 2.5,
    }
