"""Each client comes back after a long gap: it hears all that it missed, or why it cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from clients.python import Joined, Live, Message, Reconnecting, Resumed
from relay.policy.config import Settings
from tests.helpers.browser import Tabs
from tests.helpers.cable import Cable, cable_to
from tests.helpers.players import Enter, TestPlayer, enter_async, enter_blocking
from tests.helpers.relay import running_relay
from tests.helpers.site import site

GAP = 1000

PAGE = """<link rel="icon" href="data:,"><script type="module">
    import {{ connect }} from "{relay}/client/roomwire.js";
    const room = await connect("{cable}", {{ room: "R", name: "Page" }});
    const heard = [], returns = [];
    room.on("message", ({{ value }}) => heard.push(value));
    room.on("resumed", (event) => returns.push(event));
    Object.assign(window, {{ room, heard, returns }});
    await room.send("here");
</script>"""


@asynccontextmanager
async def a_relay(**settings: int) -> AsyncIterator[tuple[str, Cable]]:
    async with (
        running_relay(Settings(profile="bench", **settings)) as relay,  # type: ignore[arg-type]  # all of these are numbers
        cable_to(relay.url) as cable,
    ):
        yield relay.url, cable


@pytest.fixture(params=[enter_async, enter_blocking], ids=["async", "blocking"])
def enter(request: pytest.FixtureRequest) -> Enter:
    client: Enter = request.param
    return client


async def fill_gap(bob: TestPlayer) -> None:
    """Say so much that there is no other news; return once the relay has all of it."""
    for number in range(GAP):
        await bob.send(number)
    await bob.send("all", to=bob.room.me)
    await bob.hears(Message, lambda message: message.value == "all")


async def test_python_fills_a_gap_of_a_thousand_messages(enter: Enter) -> None:
    async with (
        a_relay() as (url, cable),
        enter(cable.url, room="R") as ann,
        enter_async(url, room="R") as bob,
    ):
        await ann.hears(Joined, lambda joined: joined.player.number == bob.room.me)
        cable.unplug()
        await ann.hears(Reconnecting)
        await fill_gap(bob)
        cable.plug()
        assert (await ann.hears(Resumed)).resumed
        for number in range(GAP):
            assert (await ann.hears(Message)).value == number
        await ann.hears(Live)


async def test_python_is_told_why_a_gap_cannot_be_filled(enter: Enter) -> None:
    async with (
        a_relay(history_frames=GAP // 2) as (url, cable),
        enter(cable.url, room="R") as ann,
        enter_async(url, room="R") as bob,
    ):
        me = ann.room.me
        await ann.send("before")
        await bob.hears(Message)
        cable.unplug()
        await ann.hears(Reconnecting)
        await fill_gap(bob)
        await ann.send("meanwhile")
        cable.plug()
        resumed = await ann.hears(Resumed)
        assert not resumed.resumed
        assert "history no longer reaches back" in resumed.reason
        await ann.hears(Live)
        assert (ann.room.me, set(ann.room.players)) == (me, {me, bob.room.me})
        assert (await bob.hears(Message)).value == "meanwhile"


@pytest.mark.parametrize("history_frames", [2 * GAP, GAP // 2])
async def test_a_page_fills_a_gap_or_is_told_why_not(tabs: Tabs, history_frames: int) -> None:
    tabs.expected = ("ERR_CONNECTION", "WebSocket connection to")
    async with (
        a_relay(history_frames=history_frames) as (url, cable),
        enter_async(url, room="R") as bob,
        site(PAGE.format(relay=url, cable=cable.url)) as address,
    ):
        page = await tabs.open(address)
        await bob.hears(Message, lambda message: message.value == "here")
        cable.unplug()
        await page.wait_for_function("() => room.state === 'reconnecting'")
        await fill_gap(bob)
        cable.plug()
        await page.wait_for_function("() => returns.length === 1 && room.state === 'live'")
        told = await page.evaluate("() => [returns[0].resumed, returns[0].reason, heard]")
        if history_frames > GAP:
            assert told == [True, "", list(range(GAP))]
        else:
            assert told == [False, "history_trimmed", []]
            await page.evaluate("() => room.send('after')")
            assert (await bob.hears(Message)).value == "after"
