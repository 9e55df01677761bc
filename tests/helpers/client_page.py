"""A page of another site that has the browser client, for scripts of tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.helpers.browser import Tabs
from tests.helpers.site import site

if TYPE_CHECKING:  # importing Playwright takes longer than most tests
    from playwright.async_api import Frame, Page

PATIENCE = 20.0  # seconds for a script to end

PAGE = """<link rel="icon" href="data:,"><script>{first}</script><script type="module">
    import {{ connect, openRoom }} from "{relay}/client/roomwire.js";
    Object.assign(window, {{ connect, openRoom, relay: "{relay}" }});
    {then}
    window.isReady = true;
</script>"""

HELPERS = "const next = () => new Promise(done => setTimeout(done, 0));"


@asynccontextmanager
async def a_page(relay: str, tabs: Tabs, *, first: str = "", then: str = "") -> AsyncIterator[Page]:
    """Open a page that has the client: `connect`, `openRoom` and `relay` are there for scripts.

    Args:
        first: a script that runs before the client is loaded.
        then: what its module does once it is.
    """
    async with site(PAGE.format(relay=relay, first=first, then=then)) as url:
        page = await tabs.open(url)
        await page.wait_for_function("window.isReady")
        yield page
        await page.close()  # before its relay goes, which it would complain of


async def run(page: Page | Frame, script: str, **given: Any) -> Any:
    """Run an async function's body in the page; what is given are its constants.

    There, `await next()` is a macrotask.
    """
    constants = HELPERS + "".join(
        f"const {name} = {json.dumps(value)};" for name, value in given.items()
    )
    async with asyncio.timeout(PATIENCE):
        return await page.evaluate(f"(async () => {{ {constants} {script} }})()")
