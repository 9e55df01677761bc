"""Our relay and our clients pass: some cases by lot, and in the long version all of them."""

from __future__ import annotations

import random
import shlex
import sys
from collections.abc import Container, Iterable
from typing import Any

import pytest

from clients.conform.case import Case
from clients.conform.client import run as client_run
from clients.conform.runner import Result, Verdict
from clients.conform.server import run as server_run
from clients.conform.sheet import failure
from tests.clients.conform import bad_relay
from tests.clients.conform.again import judged
from tests.clients.conform.planted.faults import FAULTS
from tests.helpers import chromium
from tests.helpers.node import NODE_OPTIONS, ROOT, find_node
from tests.helpers.relay import IS_PORTABLE, relay_process

PATIENCE = 15.0  # seconds: the machine is busy with other tests
LOT = 8
"""Cases that a client plays in the short version."""

TESTEES = "clients.conform.testees"
PLAIN = [sys.executable, "-m", "tests.clients.conform.plain"]
OF_PLAIN_ASGI = ["S18.1", "S19.6"] if IS_PORTABLE else []
"""What a relay on plain ASGI cannot keep (SPEC 18.1): pings are the server's, not the app's."""

CLIENTS = ("python_async", "python_blocking", "node", "chromium", "plain")

pytestmark = pytest.mark.timeout(480)


def command(client: str) -> str:
    """Return how a client of ours is put under test."""
    match client:
        case "node":
            program = str(ROOT / "clients" / "conform" / "testees" / "node.mjs")
            return shlex.join([find_node(), *NODE_OPTIONS, program])
        case "chromium":
            return shlex.join([sys.executable, "-m", f"{TESTEES}.chromium", browser()])
        case "plain":
            return shlex.join(PLAIN)
        case _:
            return shlex.join([sys.executable, "-m", f"{TESTEES}.{client}"])


def browser() -> str:
    """Return the Chromium of the machine, or Playwright's own."""
    if found := chromium.on_path():
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


async def played(client: str, cases: list[Case[Any]], jobs: int) -> list[Result[Any]]:
    """Play cases against a client of ours."""

    async def play(cases: list[Case[Any]], jobs: int) -> list[Result[Any]]:
        under_test = command(client)
        return (await client_run.run(under_test, cases, jobs, PATIENCE, lambda result: None))[1]

    return await judged(play, cases, jobs)


async def played_by_relay(cases: list[Case[Any]]) -> list[Result[Any]]:
    """Play cases against our relay."""

    async def play(cases: list[Case[Any]], jobs: int) -> list[Result[Any]]:
        return await server_run.run(url, cases, jobs, PATIENCE, lambda result: None)

    with relay_process() as relay:
        url = f"ws{relay.url.removeprefix('http')}"
        return await judged(play, cases, 8)


def failures(results: list[Result[Any]], known: list[str] | None = None) -> str:
    """Say what failed, beside what is known to; nothing, if all is well."""
    failed = [each for each in results if each.verdict is Verdict.FAILED]
    return "\n".join(failure(each) for each in failed if each.case.number not in (known or []))


def quick(cases: list[Case[Any]]) -> list[Case[Any]]:
    """Return those that do not take long by SPEC's own times."""
    return [case for case in cases if not case.is_slow]


async def test_our_relay_passes_what_is_quick() -> None:
    results = await played_by_relay(quick(server_run.cases()))
    assert failures(results, OF_PLAIN_ASGI) == ""
    assert len(results) > 100


@pytest.mark.long
async def test_our_relay_passes_everything() -> None:
    results = await played_by_relay(server_run.cases())
    assert failures(results, OF_PLAIN_ASGI) == ""
    assert not [each for each in results if each.verdict is Verdict.NOT_APPLICABLE]


@pytest.mark.parametrize("client", CLIENTS)
async def test_our_clients_pass_some_by_lot(client: str) -> None:
    cases = random.sample(quick(client_run.cases()), LOT)
    results = await played(client, cases, jobs=1 if client == "chromium" else 2)
    assert failures(results) == ""


@pytest.mark.long
@pytest.mark.parametrize("client", CLIENTS)
async def test_our_clients_pass_everything(client: str) -> None:
    results = await played(client, client_run.cases(), jobs=4)
    assert failures(results) == ""
    assert not [each.case.number for each in results if each.verdict is Verdict.ADVISED]


def short_ones(bugs: Iterable[str], short: Container[str]) -> list[Any]:
    """Return all bugs as parameters; those that are not short are for the long version."""
    return [bug if bug in short else pytest.param(bug, marks=pytest.mark.long) for bug in bugs]


@pytest.mark.parametrize(
    "fault", ["acknowledges one too many", "moves with UPDATE", "sends all again"]
)
async def test_planted_faults_are_named_by_the_rule_that_they_break(fault: str) -> None:
    rule = FAULTS[fault].rules[0]
    cases = quick(client_run.cases((rule,)))
    bad = shlex.join([*PLAIN, *fault.split()])
    _, results = await client_run.run(bad, cases, 3, 3, lambda result: None)
    assert rule in {each.rule for each in results if each.verdict is Verdict.FAILED}


@pytest.mark.parametrize("bug", short_ones(bad_relay.BUGS, ("acknowledges late",)))
async def test_bugs_of_a_relay_are_named_by_the_rule_that_they_break(
    bug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, _ = bad_relay.BUGS[bug]
    monkeypatch.setenv("BUG", bug)
    cases = quick(server_run.cases((rule,)))
    with relay_process(module=bad_relay.__name__, is_forked=False) as relay:
        url = f"ws{relay.url.removeprefix('http')}"
        results = await server_run.run(url, cases, 4, 3, lambda result: None)
    assert rule in {each.rule for each in results if each.verdict is Verdict.FAILED}
