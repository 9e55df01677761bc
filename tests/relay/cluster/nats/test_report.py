"""What `relay cluster doctor` finds, and what it advises."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from relay.cluster.nats.layout import Layout
from relay.cluster.nats.report import Report, Server
from relay.cluster.nats.streams import Stream

LAYOUT = Layout(streams=3, replicas=3)
NAMES = ("nats-1", "nats-2", "nats-3")


def server(name: str, **other: Any) -> Server:
    return replace(
        Server(f"nats://{name}:4222", name, "2.15.1", "roomwire", 4 << 20, None), **other
    )


def stream(name: str, leader: str | None = "nats-1", **other: Any) -> Stream:
    followers = {each: 0 for each in NAMES if each != leader}
    made = Stream(
        name=name,
        configuration=LAYOUT.configuration(name),
        created="2026-11-28T12:00:00Z",
        last_seq=10,
        entries=10,
        bytes=1000,
        leader=leader,
        followers=followers,
        offline=(),
        at=None,
    )
    return replace(made, **other)


WELL = Report(
    servers=[server(name) for name in NAMES],
    streams=[
        stream("ROOMS0", "nats-1"),
        stream("ROOMS1", "nats-2"),
        stream("ROOMS2", "nats-3"),
        stream("SNAP", "nats-1"),
    ],
    missing={},
    clocks=dict.fromkeys(NAMES, 0.01),
    nodes=frozenset({"relay-1"}),
    layout=LAYOUT,
)


def with_stream(**other: Any) -> dict[str, Any]:
    return {"streams": [replace(WELL.streams[0], **other), *WELL.streams[1:]]}


def lone(streams: Sequence[Stream]) -> list[Stream]:
    return [replace(each, followers={}, leader=None) for each in streams]


def test_of_a_cluster_that_is_well_nothing_is_said() -> None:
    assert WELL.findings() == []


def test_of_one_server_that_is_well_nothing_is_said() -> None:
    alone = replace(WELL, servers=[server("nats-1", cluster=None)], streams=lone(WELL.streams))
    assert alone.findings() == []


@pytest.mark.parametrize(
    ("seen", "level", "what"),
    [
        ({"servers": [server("nats-1", failure="refused")]}, "error", "nats-1:4222 is not reached"),
        ({"servers": [server("nats-1", version="2.9.10")]}, "error", "is nats-server 2.9.10"),
        (
            {"servers": [server("nats-1"), server("nats-2", version="2.14.6")]},
            "warning",
            "different versions: 2.14.6, 2.15.1",
        ),
        ({"servers": [server("nats-1", max_payload=1 << 20)]}, "warning", "1048576 bytes at most"),
        ({"missing": {"ROOMS1": ""}}, "error", "missing: ROOMS1"),
        (
            {"missing": {"ROOMS1": "it is off", "SNAP": "it is off"}},
            "error",
            "looked at: it is off",
        ),
        (
            with_stream(configuration=LAYOUT.configuration("ROOMS1")),
            "error",
            "ROOMS0: its subjects",
        ),
        (with_stream(leader=None), "error", "ROOMS0 has no leader"),
        (with_stream(offline=("nats-2",)), "warning", "nats-2 keeps it, and is not there"),
        (
            with_stream(followers={"nats-2": 5000, "nats-3": 0}),
            "warning",
            "nats-2 is 5000 entries behind",
        ),
        (with_stream(bytes=10**9), "warning", "ROOMS0 is nearly full"),
        (
            with_stream(configuration={**LAYOUT.configuration("ROOMS0"), "num_replicas": 1}),
            "warning",
            "fewer than 3 servers keep ROOMS0",
        ),
        (
            {"streams": [stream(name) for name in LAYOUT.all]},
            "warning",
            "nats-1 4, nats-2 0, nats-3 0",
        ),
        ({"clocks": {"nats-2": -3.2}}, "warning", "nats-2 is -3.2 s off"),
    ],
)
def test_what_is_wrong_is_found(seen: dict[str, Any], level: str, what: str) -> None:
    found = replace(WELL, **seen).findings()
    (finding,) = [each for each in found if what in each.what]
    assert finding.level == level
    assert finding.do


def test_all_of_it_can_be_json() -> None:
    shown = json.loads(json.dumps(replace(WELL, missing={"ROOMS9": ""}).as_json()))
    assert shown["nodes"] == ["relay-1"]
    assert shown["streams"][0]["leader"] == "nats-1"
    assert shown["findings"][0]["level"] == "error"
