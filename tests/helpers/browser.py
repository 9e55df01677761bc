"""Fixtures for tests in a real browser: `tabs` opens pages, and notes their errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.helpers import chromium

if TYPE_CHECKING:  # importing Playwright takes longer than most tests here
    from playwright.async_api import Browser, ConsoleMessage, Page, StorageState


@dataclass
class Tabs:
    """Opens each tab as a visitor of its own. Visitors share no storage and no cookies."""

    browser: "Browser"
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of console errors that do not count, as Chromium logs every lost connection."""

    async def open(
        self,
        url: str,
        *,
        name: str | None = None,
        mobile: bool = False,
        size: tuple[int, int] | None = None,
    ) -> "Page":
        """Open the page, and return once its scripts have loaded.

        Args:
            name: the name of the visitor, if they played here before.
            size: width and height of the window, in CSS pixels.
        """
        width, height = size or ((390, 844) if mobile else (1280, 800))
        context = await self.browser.new_context(
            storage_state=_known(url, name) if name else None,
            viewport={"width": width, "height": height},
            is_mobile=mobile,
            has_touch=mobile,
            ignore_https_errors=True,  # no browser trusts the certificate of a test
        )
        page = await context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.complaints.append(f"{url}: {error}"))
        page.on("console", self._hear)
        await page.goto(url)
        return page

    @asynccontextmanager
    async def closed_first(self) -> AsyncIterator[None]:
        """Close the tabs before what they visit ends. A page that finds it gone complains."""
        yield
        await self.close()

    async def close(self) -> None:
        """Close all tabs."""
        for context in self.browser.contexts:
            await context.close()

    def _hear(self, message: "ConsoleMessage") -> None:
        if message.type == "error" and not any(each in message.text for each in self.expected):
            self.complaints.append(f"{message.location['url']}: {message.text}")


def _known(url: str, name: str) -> "StorageState":
    scheme, host, *_ = urlsplit(url)
    return {
        "cookies": [],
        "origins": [
            {
                "origin": f"{scheme}://{host}",
                "localStorage": [{"name": "roomwire:name", "value": name}],
            }
        ],
    }


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator["Browser"]:
    """Start one headless Chromium for a module's tests."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        # Without a path, Playwright uses its own Chromium.
        browser = await playwright.chromium.launch(
            executable_path=chromium.without_windows(), args=chromium.FLAGS
        )
        yield browser
        await browser.close()


@pytest.fixture
async def tabs(browser: "Browser") -> AsyncIterator[Tabs]:
    """Give a test fresh tabs. Errors that the test leaves in `complaints` fail it."""
    tabs = Tabs(browser)
    yield tabs
    await tabs.close()
    assert tabs.complaints == []
