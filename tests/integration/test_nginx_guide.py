"""Behind a real nginx, as the guide sets it up: players, pages, and who is counted."""

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
from tests.helpers.nginx import BINDS, nginx_before
from tests.helpers.proxies import Proxy
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.visitors import visit
from tests.integration.test_nginx import enters, link

HOSTING = (Path(__file__).parents[2] / "docs/hosting.md").read_text()
LOCATIONS = re.findall(r"^```nginx\n(.*?)^```$", HOSTING, re.M | re.S)
PATHS = ("", "/rt")
"""Below which they show the relay."""

EACH = pytest.mark.parametrize("which", range(len(PATHS)), ids=["whole site", "below a path"])
LIES = [
    {"X_Forwarded_For": "9.9.9.9, 127.0.0.1", "X_Forwarded_Host": "evil.example"},
    {"X_Forwarded_Prefix": "/evil", "X_Forwarded_Proto": "http"},
    {"Forwarded": "for=9.9.9.9;host=evil.example;proto=http"},
]


@asynccontextmanager
async def behind(which: int) -> AsyncIterator[tuple[RunningRelay, Proxy]]:
    """Run a relay behind nginx, by one of the guide's locations."""
    literal = LOCATIONS[which].replace("{", "{{").replace("}", "}}")
    locations = literal.replace("127.0.0.1:8000", "127.0.0.1:{port}")
    async with running_relay(Settings(trusted_proxies=(BINDS,))) as relay:
        port, path = relay.listener.port, PATHS[which]
        with nginx_before(port, locations=locations, path=path) as nginx:
            yield relay, nginx


def test_the_guide_has_a_location_for_each_path() -> None:
    assert len(LOCATIONS) == len(PATHS)


@EACH
async def test_page_rest_and_links_work(which: int, tabs: Tabs) -> None:
    async with behind(which) as (_, nginx), tabs.closed_first():
        async with httpx.AsyncClient(verify=nginx.trusting) as http:
            home = await http.get(f"{nginx.url}/")
            assert (home.status_code, home.url.path) == (200, f"{nginx.path}/")
        ann = await visit(tabs, f"{nginx.url}/r/DEN", "Ann")
        bob = await visit(tabs, ann.page.url, "Bob")
        await bob.says("through nginx")
        await ann.reads("through nginx")


@EACH
async def test_links_lead_there_whatever_a_stranger_says(which: int) -> None:
    async with behind(which) as (_, nginx), httpx.AsyncClient(verify=nginx.trusting) as http:
        for number, said in enumerate([{}, *LIES]):
            lies = {name.replace("_", "-"): value for name, value in said.items()}
            headers = {"Origin": f"https://127.0.0.1:{nginx.port}", **lies}
            asked = {"name": f"den{number}"}
            made = await http.post(f"{nginx.url}/api/rooms", json=asked, headers=headers)
            assert (made.status_code, made.json()["url"]) == (201, f"{nginx.path}/r/DEN{number}")


@EACH
async def test_a_client_is_known_by_its_address_and_not_by_what_it_says(which: int) -> None:
    async with behind(which) as (relay, nginx):
        origin = f"https://127.0.0.1:{nginx.port}"
        for number, said in enumerate(LIES, start=1):
            address = f"127.1.3.{number}"
            async with link(nginx, "DEN", address, origin=origin, **said) as stranger:
                assert await enters(stranger) == 0
                seen = {each.address for each in relay.node.connections.values()}
                assert f"{address}{THROUGH}" in seen
