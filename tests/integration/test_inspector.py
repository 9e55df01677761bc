"""The inspector under load: a real relay, a crowd of players, and a page that goes on answering."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import pytest

from relay.policy.operators import find_token
from tests.helpers.browser import Tabs
from tests.helpers.relay import RelayProcess, relay_process

if TYPE_CHECKING:
    from playwright.async_api import Page

LEAST = 30
"""Pictures a second. Chromium draws up to 60."""

DRAWN = """(ms) => new Promise((done) => {
    const start = performance.now();
    let drawn = 0;
    const draw = (now) => {
        drawn += 1;
        if (now - start > ms) done(drawn * 1000 / (now - start));
        else requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
})"""
SEEN = "() => window.roomwireInspector.room.watched.seen"
SECONDS = 15


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("players", "hz"), [(20, 250.0), (500, 0.2)])
async def test_a_crowd_is_watched_and_nothing_is_lost(tabs: Tabs, players: int, hz: float) -> None:
    """20 players who say 5,000 frames a second in all, and 500 who say 100."""
    with relay_process("--profile", "bench") as relay:
        load = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relay", "bench", relay.url, "--rooms", "1", "--json"),
            *("--players", str(players), "--hz", str(hz), "--seconds", str(SECONDS), "--quiet"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        page = await look_in(tabs, relay)
        await page.wait_for_function(
            "many => window.roomwireInspector.room.watched.players.length === many", arg=players
        )
        for tab in ("Players", "Frames", "Traffic"):
            await page.click(f"#tab-{tab}")
            assert await page.evaluate(DRAWN, 3000) >= LEAST, tab
        assert await page.evaluate(f"({SEEN})().count") > 0
        told, wrong = await load.communicate()
        assert load.returncode == 0, wrong.decode()
        (row,) = json.loads(told)["rows"]
        assert (row["delivered"], row["lost_connections"]) == (row["expected"], 0)


async def look_in(tabs: Tabs, relay: RelayProcess) -> Page:
    """Open the one room that there is."""
    page = await tabs.open(f"{relay.url}/inspect#token={find_token(relay.port)}")
    await page.locator(".room-list a").click()
    await page.wait_for_selector("#status[data-state=live]")
    return page
