"""Behind a real Caddy, as the guide sets it up: players, pages, and who is counted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from relay.policy.config import Settings
from relay.policy.proxies import THROUGH
from tests.helpers.browser import Tabs
from tests.helpers.caddy import caddy_before
from tests.helpers.proxies import Proxy
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.visitors import visit
from tests.integration.test_nginx import enters, link

HOSTING = (Path(__file__).parents[2] / "docs/hosting.md").read_text()
CADDYFILES = re.findall(r"^```caddyfile\n(.*?)^```$", HOSTING, re.M | re.S)
PATHS = ("", "/rt")
"""Below which they show the relay."""


@asynccontextmanager
async def behind(which: int) -> AsyncIterator[tuple[RunningRelay, Proxy]]:
    """Run a relay behind Caddy, by one of the guide's Caddyfiles."""
    settings = Settings(trusted_proxies=("127.0.0.1",))
    async with running_relay(settings) as relay:
        with caddy_before(relay.listener.port, CADDYFILES[which], PATHS[which]) as caddy:
            yield relay, caddy


def test_the_guide_has_a_caddyfile_for_each_path() -> None:
    assert len(CADDYFILES) == len(PATHS)


@pytest.mark.parametrize("which", range(len(PATHS)), ids=["whole site", "below a path"])
async def test_page_rest_and_links_work(which: int, tabs: Tabs) -> None:
    async with behind(which) as (_, caddy), tabs.closed_first():
        async with httpx.AsyncClient(verify=caddy.trusting) as http:
            origin = {"Origin": f"https://127.0.0.1:{caddy.port}", "X-Forwarded-Prefix": "/evil"}
            made = await http.post(f"{caddy.url}/api/rooms", json={"name": "den"}, headers=origin)
            assert (made.status_code, made.json()["url"]) == (201, f"{caddy.path}/r/DEN")
            home = await http.get(caddy.url, follow_redirects=True)
            assert (home.status_code, home.url.path) == (200, f"{caddy.path}/")
        ann = await visit(tabs, f"{caddy.url}/r/DEN", "Ann")
        bob = await visit(tabs, ann.page.url, "Bob")
        await bob.says("through Caddy")
        await ann.reads("through Caddy")


@pytest.mark.parametrize("which", range(len(PATHS)), ids=["whole site", "below a path"])
async def test_a_client_is_known_by_its_address_and_not_by_what_it_says(which: int) -> None:
    lies = [
        {"X_Forwarded_For": "9.9.9.9, 127.0.0.1", "X_Forwarded_Host": "evil.example"},
        {"Forwarded": "for=9.9.9.9"},
    ]
    async with behind(which) as (relay, caddy):
        origin = f"https://127.0.0.1:{caddy.port}"
        for number, said in enumerate(lies, start=1):
            address = f"127.1.2.{number}"
            async with link(caddy, "DEN", address, origin=origin, **said) as stranger:
                assert await enters(stranger) == 0
                seen = {each.address for each in relay.node.connections.values()}
                assert f"{address}{THROUGH}" in seen
