"""The site of the docs, as a relay serves it to a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio.to_thread
import pytest

from tests.helpers.browser import Tabs
from tests.helpers.guide import built_guide
from tests.helpers.relay import RunningRelay, running_relay

pytestmark = pytest.mark.timeout(600)  # the site takes its time on a busy machine

WIDER = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    await anyio.to_thread.run_sync(built_guide)
    async with running_relay() as relay:
        yield relay


@pytest.mark.parametrize("mobile", [False, True], ids=["wide", "phone"])
async def test_the_home_page_leads_to_chapters_and_references(
    relay: RunningRelay, tabs: Tabs, mobile: bool
) -> None:
    page = await tabs.open(relay.url, mobile=mobile)
    await page.get_by_role("link", name="The guide").click()
    await page.wait_for_url(f"{relay.url}/guide/")
    await page.locator("article").get_by_role("link", name="first game").first.click()
    await page.get_by_role("heading", name="A first game in 15 minutes").wait_for()
    assert not await page.evaluate(WIDER)
    await page.goto(f"{relay.url}/guide/typescript.html")
    await page.get_by_role("link", name="All names, with their types").click()
    await page.wait_for_url(f"{relay.url}/guide/typescript/index.html")
    await page.goto(f"{relay.url}/guide/typescript/functions/connect.html")
    await page.get_by_role("heading", name="connect").wait_for()
    assert not await page.evaluate(WIDER)


async def test_the_typescript_reference_leads_back(relay: RunningRelay, tabs: Tabs) -> None:
    page = await tabs.open(f"{relay.url}/guide/typescript/functions/connect.html")
    await page.get_by_role("link", name="Guide", exact=True).first.click()
    await page.wait_for_url(f"{relay.url}/guide/index.html")


async def test_it_can_be_searched(relay: RunningRelay, tabs: Tabs) -> None:
    page = await tabs.open(f"{relay.url}/guide/search.html?q=nginx")
    await page.get_by_role("link", name="Hosting a relay").nth(1).wait_for()
    page = await tabs.open(f"{relay.url}/guide/typescript/index.html")
    await page.click("#tsd-search-trigger")
    await page.fill("#tsd-search-input", "openRoom")
    await page.get_by_role("option", name="openRoom").first.wait_for()


async def test_its_style_is_obeyed(relay: RunningRelay, tabs: Tabs) -> None:
    page = await tabs.open(f"{relay.url}/guide/guide/first-game.html")
    for name in ("--color-code-background", "--color-code-foreground"):
        value = f"getComputedStyle(document.body).getPropertyValue({name!r})"
        assert await page.evaluate(value)
    assert await page.evaluate("getComputedStyle(document.querySelector('svg')).display") == "none"
