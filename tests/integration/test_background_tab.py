"""A tab in the background of a real Chromium, whose connection is lost there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clients.python import PresenceChanged, PresenceState
from tests.chaos.proxy import Proxy
from tests.helpers.players import TestPlayer, enter_async
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.site import site
from tests.helpers.window import Tab, window_with

# A die that shows so much makes every wait between two attempts last for a minute or more:
# who is back within a test has not waited for it.
PAGE = """<link rel="icon" href="data:,"><script type="module">
    import {{ connect }} from "{relay}/client/roomwire.js";
    Math.random = () => 600;
    const room = await connect("ws://127.0.0.1:{port}", {{ room: "R", name: "Tab" }});
    window.waits = new Promise(done => room.on("reconnecting", done));
    window.resumed = new Promise(done => room.on("resumed", done));
</script>"""


@asynccontextmanager
async def hidden_tab() -> AsyncIterator[tuple[Tab, Proxy, TestPlayer]]:
    """Open a tab that is in a room and then hidden. Yields: it, its network, and a player there."""
    async with (
        running_relay() as relay,
        Proxy(address_of(relay)) as proxy,
        enter_async(relay.url, room="R") as bot,
        site(PAGE.format(relay=relay.url, port=proxy.port)) as url,
        window_with(url) as tab,
    ):
        await tab.page.wait_for_function("'resumed' in window")
        await tab.hide()
        await is_seen(bot, PresenceState.AWAY)
        yield tab, proxy, bot


def address_of(relay: RunningRelay) -> tuple[str, int]:
    host, _, port = relay.url.removeprefix("http://").partition(":")
    return host, int(port)


async def is_seen(bot: TestPlayer, state: PresenceState) -> None:
    await bot.hears(PresenceChanged, lambda told: told.player.state == state)


async def wakes_and_resumes(tab: Tab, bot: TestPlayer) -> None:
    await tab.wake()
    await is_seen(bot, PresenceState.HERE)
    assert await tab.page.evaluate("resumed.then(({ resumed }) => resumed)")


async def test_a_hidden_tab_that_waits_for_its_next_attempt_resumes_at_once_when_shown() -> None:
    async with hidden_tab() as (tab, proxy, bot):
        proxy.cut_all()
        assert await tab.page.evaluate("waits.then(({ delay }) => delay)") >= 60_000
        await is_seen(bot, PresenceState.LOST)
        await wakes_and_resumes(tab, bot)


async def test_a_frozen_tab_that_waited_for_its_next_attempt_resumes_at_once_when_shown() -> None:
    async with hidden_tab() as (tab, proxy, bot):
        proxy.cut_all()
        assert await tab.page.evaluate("waits.then(({ delay }) => delay)") >= 60_000
        await tab.freeze()
        await is_seen(bot, PresenceState.LOST)
        await wakes_and_resumes(tab, bot)


async def test_a_tab_whose_connection_is_lost_while_it_is_frozen_resumes_at_once() -> None:
    async with hidden_tab() as (tab, proxy, bot):
        await tab.freeze()
        proxy.cut_all()
        await is_seen(bot, PresenceState.LOST)
        await wakes_and_resumes(tab, bot)
