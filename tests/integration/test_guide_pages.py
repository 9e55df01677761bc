"""The pages that docs/guide/ shows, played in a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from roomwire import PresenceChanged, PresenceState, PropertyChanged, Updated
from tests.helpers.browser import Tabs
from tests.helpers.players import enter_async
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.site import site
from tests.integration.test_guide import GUIDE, PLAYED, RELAY

PAGES = {name: body for page in GUIDE for name, body in page.files.items() if name in PLAYED}


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


def shown(name: str, relay: RunningRelay) -> str:
    """Return a page of the guide, for this relay."""
    body = PAGES[name].replace(RELAY, relay.url.removeprefix("http://"))
    return body.replace("<meta", '<link rel="icon" href="data:,"><meta', 1)


def test_every_page_of_the_guide_is_played() -> None:
    assert PAGES.keys() == PLAYED


async def test_the_first_game_has_dots_and_a_coin(relay: RunningRelay, tabs: Tabs) -> None:
    async with (
        enter_async(relay.url, room="DOTS", name="Bot") as bot,
        site(shown("dots.html", relay)) as url,
    ):
        page = await tabs.open(f"{url}?name=Ann")
        laid = await bot.hears(PropertyChanged)
        assert laid.key == "coin"
        canvas = page.locator("canvas")
        await canvas.hover(position={"x": 120, "y": 80})
        x, y = (await bot.hears(Updated)).value
        assert (round(x), round(y)) == (120, 80)
        await bot.do(lambda room: room.set_property("coin", [50, 60]))
        await bot.do(lambda room: room.set_property("score", 7, player=room.me))
        await page.get_by_text("Bot: 7").wait_for()  # and so the page knows the coin
        await bot.hears(PropertyChanged, lambda event: event.value == [50, 60])
        await canvas.click(position={"x": 55, "y": 60})
        taken = await bot.hears(PropertyChanged, lambda event: event.key == "coin")
        assert taken.by == bot.room.me + 1
        await page.get_by_text("Ann: 1").wait_for()


async def test_a_page_that_loses_its_connection_misses_nothing(
    relay: RunningRelay, tabs: Tabs
) -> None:
    async with (
        enter_async(relay.url, room="DROP", name="Bot") as bot,
        site(shown("drop.html", relay)) as url,
    ):
        page = await tabs.open(url)
        lines = page.locator("pre")
        await page.get_by_text("here").wait_for()
        await page.get_by_role("button").click()
        await bot.hears(PresenceChanged, lambda event: event.player.state == PresenceState.LOST)
        await bot.send("hello")
        await page.get_by_text("Bot: hello").wait_for()
        assert await lines.inner_text() == "here\nlost\nback\nBot: hello\n"
