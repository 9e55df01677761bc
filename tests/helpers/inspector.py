"""Opens the inspector in a real browser, at a phone's width and at a desk's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.browser import Tabs
from tests.helpers.peers import Party
from tests.helpers.relay import RunningRelay

if TYPE_CHECKING:
    from playwright.async_api import Page

PHONE, DESK = (390, 844), (1280, 800)
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
"""`innerWidth` would not do: on a phone it grows with a page that is too wide."""


async def look_in(
    tabs: Tabs, relay: RunningRelay | Party, room: str = "R", size: tuple[int, int] = DESK
) -> Page:
    """Open a room in the inspector by the link that a relay prints."""
    address = f"{relay.url}/inspect#token={relay.token}&room={room}"
    page = await tabs.open(address, mobile=size == PHONE, size=size)
    await page.wait_for_selector("#status[data-state=live]")
    return page
