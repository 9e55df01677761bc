"""What the pages offer, in headless Chromium; tests/integration plays on them with others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from clients.python import HOST, Message, connect
from protocol.frames import Notice, NoticeDetail, NoticeKind
from tests.helpers.browser import Tabs
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.visitors import Visitor, visit

IN_A_ROOM = re.compile("/r/")


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


@pytest.fixture
def url(relay: RunningRelay) -> str:
    """The address of a room. Ask for it before `tabs`: what goes first, ends last."""
    return f"{relay.url}/r/R"


async def arrive(visitor: Visitor, name: str) -> None:
    """Say a name in the room that the home page led to."""
    await visitor.page.wait_for_url(IN_A_ROOM)
    await visitor.answers(name)
    await visitor.is_live()


class TestTheRoom:
    async def test_the_host_gives_an_orb_to_who_grabs_it(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        async with connect(url, name="Bot") as bot:
            async for event in bot:
                match event:
                    # Ann has a score, too, if there was an orb where her comet began.
                    case Message(value={"t": "orbs", "scores": scores}) if str(bot.me) in scores:
                        assert scores[str(bot.me)] == 1
                        break
                    case Message(value={"t": "orbs", "orbs": [[orb, x, y], *_]}):
                        bot.volatile(0, [x, y, 0, 0])
                        await ann.sees("game.ships.get(2)?.distanceTo(it) < 1", {"x": x, "y": y})
                        await bot.send({"t": "grab", "orb": orb}, to=HOST)
            await ann.page.locator("#players li", has_text="Bot").locator("text=1").wait_for()

    async def test_a_tab_that_is_duplicated_has_a_seat_of_its_own(
        self, url: str, tabs: Tabs
    ) -> None:
        ann = await visit(tabs, url, "Ann")
        # A window that a page opens has a copy of its session storage, as a duplicated tab has.
        async with ann.page.context.expect_page() as opened:
            await ann.page.evaluate("void window.open(location.href)")
        copy = Visitor(await opened.value)
        await copy.is_live()
        assert await copy.number == 2
        await ann.sees("room.state === 'live' && room.players.size === 2")

    async def test_a_lost_connection_comes_back_and_says_so(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        await ann.look("room.drop()")
        await ann.reads("Back, and nothing missed")
        await ann.is_live()
        assert await ann.number == 1

    async def test_what_the_relay_gives_notice_of_is_shown(
        self, relay: RunningRelay, url: str, tabs: Tabs
    ) -> None:
        ann = await visit(tabs, url, "Ann")
        (connection,) = relay.node.connections.values()
        status = ann.page.locator("#status")
        for detail, words, line in (
            (NoticeDetail(after=60_000), "You read too slowly cut off in", "You read too slowly"),
            (NoticeDetail(dropped=2), "Live", "You keep up again; 2 movements"),
        ):
            connection.send(Notice(NoticeKind.LAG, detail))
            await ann.page.wait_for_selector(f"#status:has-text('{words}')")
            await ann.reads(line)
        connection.drain(60_000)
        await ann.page.wait_for_selector("#status[data-state=restarting]")
        assert "back in" in await status.inner_text()

    async def test_who_leaves_may_come_back_as_another(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        await ann.page.click("#leave")
        await ann.page.click("text=Come back")
        await ann.is_live()
        assert await ann.number == 2

    async def test_a_finger_steers(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann", mobile=True)
        hand = await ann.page.context.new_cdp_session(ann.page)

        async def touch(kind: str, *xs: int) -> None:
            points = [{"x": x, "y": 300} for x in xs]
            await hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        start = await ann.look("game.mine.at.x")
        await touch("touchStart", 200)
        await touch("touchMove", 260)
        await ann.sees("game.mine.at.x > it", start + 20)
        assert await ann.page.is_visible("#stick")
        await touch("touchEnd")
        await ann.sees("Math.abs(game.mine.velocity.x) < 5")
        assert not await ann.page.is_visible("#stick")

    async def test_a_tap_pulses(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann", mobile=True)
        async with connect(url, name="Bot") as bot:
            await ann.page.touchscreen.tap(200, 300)
            async for event in bot:
                if isinstance(event, Message) and event.value == {"t": "pop"}:
                    break


class TestTheHostsControls:
    async def test_removing_a_player_for_good(self, url: str, tabs: Tabs) -> None:
        ann, bob = await visit(tabs, url, "Ann"), await visit(tabs, url, "Bob")
        await ann.page.click("li:has-text('Bob') .toggle")
        await ann.page.click("li:has-text('Bob') >> text=Remove")
        await bob.page.wait_for_selector("#ended >> text=You were removed")
        await bob.page.reload()
        await bob.page.wait_for_selector("#ended >> text=barred")

    async def test_handing_the_crown_over(self, url: str, tabs: Tabs) -> None:
        ann, bob = await visit(tabs, url, "Ann"), await visit(tabs, url, "Bob")
        await ann.page.click("li:has-text('Bob') .toggle")
        await ann.page.click("li:has-text('Bob') >> text=Make host")
        await bob.reads("You are host now")
        await bob.page.wait_for_selector("li:has-text('Ann') .toggle")
        await ann.page.wait_for_selector("li:has-text('Bob') .toggle", state="hidden")

    async def test_locking_the_room(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        await ann.page.check("#lock")
        await ann.sees("room.properties.get('@locked') === true")
        bob = Visitor(await tabs.open(url))
        await bob.answers("Bob")
        await bob.page.wait_for_selector("#ended >> text=The room is locked")
        await ann.page.uncheck("#lock")
        await ann.sees("room.properties.get('@locked') === false")
        await bob.page.click("text=Try again")
        await bob.is_live()


class TestTheHomePage:
    async def test_a_room_that_is_made_is_listed_for_others(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        ann, bob = Visitor(await tabs.open(relay.url)), Visitor(await tabs.open(relay.url))
        await ann.page.fill("#make-name", "Ann's <b>own</b>")
        await ann.page.fill("#make-capacity", "3")
        await ann.page.click("text=Make it")
        await arrive(ann, "Ann")
        assert await ann.page.inner_text("#title") == "Ann's <b>own</b>"
        await bob.page.wait_for_selector("#rooms >> text=1 / 3")
        await bob.page.click("#rooms >> text=Ann's <b>own</b>")
        await arrive(bob, "Bob")
        await ann.sees("room.players.size === 2")

    async def test_a_code_may_be_typed_in_small_letters(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        await visit(tabs, f"{relay.url}/r/QUIET", "Ann")
        bob = Visitor(await tabs.open(relay.url))
        await bob.page.fill("#join-code", "quiet")
        await bob.page.click("#join button")
        await arrive(bob, "Bob")
        await bob.sees("room.players.size === 2")

    async def test_who_makes_a_room_is_not_asked_for_its_password(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        ann = Visitor(await tabs.open(relay.url))
        await ann.page.fill("#make-password", "sesame")
        await ann.page.click("text=Make it")
        await arrive(ann, "Ann")
        await ann.page.reload()
        await ann.is_live()

    async def test_quick_match_brings_strangers_together(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        ann, bob = Visitor(await tabs.open(relay.url)), Visitor(await tabs.open(relay.url))
        for visitor, name in ((ann, "Ann"), (bob, "Bob")):
            await visitor.page.click("text=Play now")
            await arrive(visitor, name)
        await ann.sees("room.players.size === 2")
