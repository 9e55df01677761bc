"""What docs/monitoring gives an operator works: a real Prometheus evaluates all of it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from protocol.frames import Deliver, Send
from tests.helpers.nats import nats_server
from tests.helpers.peers import party_at, until
from tests.helpers.ports import free_ports
from tests.helpers.prometheus import Prometheus, judged, prometheus
from tests.helpers.relay import RelayProcess, relay_process

DOCS = Path(__file__).parents[2] / "docs"
ALERTS = DOCS / "monitoring/alerts.yml"
ALERTS_TEST = Path(__file__).with_name("alerts.test.yml")
DASHBOARD = json.loads((DOCS / "monitoring/dashboard.json").read_text())
METRIC = re.compile(r"\b(?:roomwire|process)_\w+\b|\bup\b")
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*"}
OWN, CLUSTER = "roomwire_", "roomwire_cluster_"
SCRAPES = 3
"""After so many, a rate has two values at least."""


def in_panels() -> list[str]:
    """Return every expression of the dashboard, as Grafana would ask it."""
    found = []
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            expression: str = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            found.append(expression)
    return found


def rules() -> dict[str, str]:
    """Return the expression of every alert."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


@contextmanager
def scraping() -> Iterator[Prometheus]:
    """Have a relay scraped that is alone, and one that shares its rooms."""
    ports = free_ports(2)
    with (
        prometheus(*(f"127.0.0.1:{port}" for port in ports), rules=ALERTS) as found,
        nats_server() as server,
        relay_process(port=ports[0]) as alone,
        relay_process("--nats", server.url, "--nats-streams", "1", port=ports[1]) as shared,
    ):
        asyncio.run(played(alone, shared))
        asyncio.run(until(lambda: scraped(found) == [True, True], seconds=60))
        yield found


async def played(*relays: RelayProcess) -> None:
    """Let something happen at each."""
    for relay in relays:
        async with party_at(relay.url) as at:
            ann, bob = await at.enters("R"), await at.enters("R")
            ann.says(Send(None, b"hi"))
            await bob.hears(Deliver)


def scraped(by: Prometheus) -> list[bool]:
    """Say of each relay whether it was scraped often enough since its players came."""
    found = by.query("count_over_time((roomwire_connects_total >= 2)[1m:500ms])")
    return [int(each["value"][1]) >= SCRAPES for each in found]


def test_a_prometheus_makes_sense_of_all_of_it() -> None:
    # One test, as it takes some seconds until there is something to ask for.
    with scraping() as by:
        assert [each for each in in_panels() if "$" in each or not by.query(each)] == []
        asyncio.run(until(lambda: {health for _, health, _ in state(by)} == {"ok"}, seconds=60))
        assert state(by) == [(name, "ok", "inactive") for name in rules()]
        known: set[str] = set(by.asks("label/__name__/values"))
    asked = {name for expression in rules().values() for name in METRIC.findall(expression)}
    assert asked - known == set()
    assert own(known) == told()


def own(names: set[str]) -> set[str]:
    """Return those that every relay has, without a histogram's parts."""
    found = {name for name in names if name.startswith(OWN) and not name.startswith(CLUSTER)}
    return {re.sub(r"_(?:bucket|count|sum)$", "", name) for name in found}


def told() -> set[str]:
    """Return the metrics that have a line in the docs."""
    return set(re.findall(r"^\| `(\w+)`", (DOCS / "monitoring.md").read_text(), re.M))


def state(by: Prometheus) -> list[tuple[str, str, str]]:
    """Return of each rule its name, its health and whether it fires."""
    return [
        (rule["name"], rule["health"], rule["state"])
        for group in by.asks("rules")["groups"]
        for rule in group["rules"]
    ]


def test_each_alert_is_raised_by_what_it_is_for_alone(tmp_path: Path) -> None:
    shutil.copy(ALERTS, tmp_path / "alerts.yml")
    judged(Path(shutil.copy(ALERTS_TEST, tmp_path)))
    expected = re.findall(r'alertname="(\w+)"', ALERTS_TEST.read_text())
    assert sorted(expected) == sorted(rules())


def test_each_panel_has_a_number_of_its_own_and_the_source_that_is_chosen() -> None:
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in panels)
