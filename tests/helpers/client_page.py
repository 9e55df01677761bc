"""A page of another site with the browser client, in which tests run scripts."""

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

PATIENCE = 30.0  # seconds for a script to end

PAGE = """<link rel="icon" href="data:,"><script>{first}</script><script type="module">
    import {{ connect, openRoom }} from "{relay}/client/roomwire.js";
    // A busy machine needs longer than a game would wait.
    const patient = (where, options) => connect(where, {{ timeout: 30, ...options }});
    Object.assign(window, {{ connect: patient, openRoom, relay: "{relay}" }});
    {then}
    window.isReady = true;
</script>"""

HELPERS = "const next = () => new Promise(done => setTimeout(done, 0));"


@asynccontextmanager
async def a_page(relay: str, tabs: Tabs, *, first: str = "", then: str = "") -> AsyncIterator[Page]:
    """Open a page with the client. Scripts can use `connect`, `openRoom` and `relay`.

    Args:
        first: a script that runs before the client is loaded.
        then: a script that runs after the client is loaded.
    """
    async with site(PAGE.format(relay=relay, first=first, then=then)) as url:
        page = await tabs.open(url)
        await page.wait_for_function("window.isReady")
        yield page
        await page.close()  # before its relay ends, or the page would log errors


async def run(page: Page | Frame, script: str, **given: Any) -> Any:
    """Run the body of an async function in the page, with `given` as its constants.

    In it, `await next()` waits for the next macrotask.
    """
    constants = HELPERS + "".join(
        f"const {name} = {json.dumps(value)};" for name, value in given.items()
    )
    async with asyncio.timeout(PATIENCE):
        return await page.evaluate(f"(async () => {{ {constants} {script} }})()")
