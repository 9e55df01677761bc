"""A Chromium with tabs that hide one another and freeze, as a user's do.

In the Chromium of the fixture `tabs`, every tab counts as the front one, so none is ever hidden.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers import chromium
from tests.helpers.peers import until

if TYPE_CHECKING:  # importing Playwright takes longer than most tests here
    from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Playwright

CONNECTS_WITHIN = 5.0  # seconds until the next try

LISTENING = re.compile(r"ws://127\.0\.0\.1:\d+\S*")

HIDDEN = "document.hidden || new Promise(done => { document.onvisibilitychange = done; })"


class Tab:
    """A tab of a window. It is in front until it hides."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        """Args: session: of the page, for the browser's own protocol."""
        self.page = page
        self._session = session

    async def hide(self) -> None:
        """Open another tab in front of this one."""
        await self.page.context.new_page()
        await self.page.evaluate(HIDDEN)

    async def freeze(self) -> None:
        """Stop all of its scripts, as a browser does with tabs that are hidden for long."""
        await self._session.send("Page.setWebLifecycleState", {"state": "frozen"})

    async def wake(self) -> None:
        """Bring it to the front again."""
        await self.page.bring_to_front()


@asynccontextmanager
async def window_with(url: str) -> AsyncIterator[Tab]:
    """Open a window of its own with one page. Yields: its tab."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        program = chromium.on_path() or playwright.chromium.executable_path
        with _chromium(program) as told:
            await until(lambda: LISTENING.search(told()))
            (address,) = LISTENING.findall(told())
            browser = await _connect(playwright, address)
            yield await _open(browser.contexts[0], url)
            await browser.close()


async def _connect(playwright: Playwright, address: str) -> Browser:
    """Connect to a Chromium, which sometimes does not answer while it starts."""
    from playwright.async_api import TimeoutError

    while True:
        # Playwright's default arguments would keep every tab in front.
        connecting = playwright.chromium.connect_over_cdp(
            address, no_defaults=True, timeout=CONNECTS_WITHIN * 1000
        )
        with contextlib.suppress(TimeoutError):
            return await connecting


async def _open(window: BrowserContext, url: str) -> Tab:
    page = await window.new_page()
    await page.goto(url)
    return Tab(page, await window.new_cdp_session(page))


@contextmanager
def _chromium(program: str) -> Iterator[Callable[[], str]]:
    """Run a Chromium. Yields: a function that returns its output so far."""
    options = (*chromium.FLAGS, "--headless=new", "--remote-debugging-port=0")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        told = Path(profile, "told")
        with (
            told.open("wb") as log,
            subprocess.Popen(
                [program, *options, f"--user-data-dir={profile}", "about:blank"], stderr=log
            ) as run,
        ):
            try:
                yield told.read_text
            finally:
                run.terminate()
