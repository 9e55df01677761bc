"""The pages in a real browser, at a relay as users start it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest

from clients.python import EVERYONE, HOST, Message, Updated, connect
from tests.helpers.browser import Tabs
from tests.helpers.pages import enter, room, sees_comet, sees_line, until
from tests.helpers.relay import relay_process

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.timeout(120)

names = (f"PAGES-{number}" for number in count())


@pytest.fixture(scope="module")
def relay() -> Iterator[str]:
    with relay_process() as relay:
        yield relay.url


@pytest.fixture
def url(relay: str) -> str:
    """The address of a room of this test's own."""
    return f"{relay}/r/{next(names)}"


class TestARoom:
    async def test_two_tabs_and_a_bot_see_each_other_move_and_talk(
        self, tabs: Tabs, url: str
    ) -> None:
        ada, ben = await tabs.open(url), await tabs.open(url, mobile=True)
        await enter(ada, "Ada")
        await enter(ben, "Ben")
        async with connect(url, name="Bot") as bot:
            bot.volatile(0, [1200, 300, 0, 0])
            await bot.send({"t": "say", "text": "I am a bot"}, to=EVERYONE)
            for page in (ada, ben):
                await sees_comet(page, bot.me, 1200, 300)
                await sees_line(page, "I am a bot")

            before = await ada.evaluate("roomwire.game.mine.at.x")
            await ada.keyboard.down("ArrowRight" if before < 800 else "ArrowLeft")
            await until(ada, f"Math.abs(roomwire.game.mine.at.x - {before}) > 150")
            await ada.keyboard.up("ArrowRight" if before < 800 else "ArrowLeft")
            await until(ada, "Math.hypot(...Object.values(roomwire.game.mine.velocity)) < 1")
            at = await ada.evaluate("roomwire.game.mine.at")
            await sees_comet(ben, 1, at["x"], at["y"])
            await ben.fill("#say-text", "hello from a phone")
            await ben.click("#say button")
            await sees_line(ada, "hello from a phone")

            moves = talk = False
            async for event in bot:
                match event:
                    case Updated(key=0, sender=1, value=[x, _, _, _]):
                        moves = moves or abs(x - at["x"]) < 2
                    case Message(sender=2, value={"t": "say", "text": text}):
                        talk = text == "hello from a phone"
                if moves and talk:
                    break

    async def test_the_host_gives_an_orb_to_who_grabs_it(self, tabs: Tabs, url: str) -> None:
        ada = await tabs.open(url)
        await enter(ada, "Ada")
        async with connect(url, name="Bot") as bot:
            async for event in bot:
                match event:
                    case Message(value={"t": "orbs", "orbs": [[orb, x, y], *_], "scores": scores}):
                        if scores:
                            assert scores == {str(bot.me): 1}
                            break
                        bot.volatile(0, [x, y, 0, 0])
                        await sees_comet(ada, bot.me, x, y)
                        await bot.send({"t": "grab", "orb": orb}, to=HOST)
            await until(ada, f"roomwire.game.scores.get({bot.me}) === 1")

    async def test_closing_the_hosts_tab_moves_the_host_who_carries_on(
        self, tabs: Tabs, url: str
    ) -> None:
        ada, ben = await tabs.open(url), await tabs.open(url)
        await enter(ada, "Ada")
        await enter(ben, "Ben")
        await until(ben, "roomwire.game.orbs.size === 12")
        orbs = await ben.evaluate("[...roomwire.game.orbs.keys()]")
        await ada.close()
        await until(ben, "roomwire.room.isHost")
        await sees_line(ben, "You are host now")
        assert await ben.evaluate("[...roomwire.game.orbs.keys()]") == orbs

    async def test_a_reload_is_the_same_seat_and_another_tab_another(
        self, tabs: Tabs, url: str
    ) -> None:
        ada, ben = await tabs.open(url), await tabs.open(url)
        await enter(ada, "Ada")
        await enter(ben, "Ben")
        await ben.reload()
        await until(ben, "window.roomwire?.room.state === 'live'")
        assert await room(ben, "me") == 2
        # A tab opened from Ben's copies his session storage, as one that he duplicates does.
        async with ben.context.expect_page() as opened:
            await ben.evaluate("void window.open(location.href)")
        copy = await opened.value
        await until(copy, "window.roomwire?.room.state === 'live'")
        assert await room(copy, "me") == 3
        assert await room(ben, "state") == "live"

    async def test_a_hidden_tab_is_away(self, tabs: Tabs, url: str) -> None:
        ada, ben = await tabs.open(url), await tabs.open(url)
        await enter(ada, "Ada")
        await enter(ben, "Ben")
        await set_hidden(ben, True)
        await until(ada, "document.querySelector('#players').innerText.includes('away')")
        await set_hidden(ben, False)
        await until(ada, "!document.querySelector('#players').innerText.includes('away')")

    async def test_a_lost_connection_is_told_and_comes_back(self, tabs: Tabs, url: str) -> None:
        ada = await tabs.open(url)
        await enter(ada, "Ada")
        await ada.evaluate("roomwire.room.drop()")
        await until(ada, "roomwire.room.state === 'live'")
        await sees_line(ada, "Back, and nothing missed")
        assert await room(ada, "me") == 1

    async def test_everyone_comes_back_to_a_relay_that_was_killed(self, tabs: Tabs) -> None:
        with relay_process() as first:
            pages = [await tabs.open(f"{first.url}/r/AGAIN") for _ in range(2)]
            for page, name in zip(pages, ("Ada", "Ben"), strict=True):
                await enter(page, name)
            first.process.kill()
            for page in pages:
                await until(page, "roomwire.room.state === 'reconnecting'")
        with relay_process(port=first.port):
            for page in pages:
                await until(
                    page, "roomwire.room.state === 'live' && roomwire.room.players.size === 2"
                )
            for page in pages:
                await until(
                    page, "roomwire.game.orbs.size === 12 && roomwire.game.ships.size === 2"
                )
            for page in pages:
                await page.context.close()  # before its relay ends, of which it would complain
        assert all("WebSocket connection" in line for line in tabs.complaints)
        tabs.complaints.clear()

    async def test_a_finger_steers(self, tabs: Tabs, url: str) -> None:
        ada = await tabs.open(url, mobile=True)
        await enter(ada, "Ada")
        touch = await ada.context.new_cdp_session(ada)
        points = [{"x": 200, "y": 300}]
        await touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
        points = [{"x": 260, "y": 300}]
        await touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
        await until(ada, "roomwire.game.mine.velocity.x > 200")
        assert await ada.is_visible("#stick")
        await touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        await until(ada, "Math.abs(roomwire.game.mine.velocity.x) < 5")


class TestTheHostsControls:
    async def test_removing_a_player(self, tabs: Tabs, url: str) -> None:
        ada, ben = await tabs.open(url), await tabs.open(url)
        await enter(ada, "Ada")
        await enter(ben, "Ben")
        await ada.click("li:has-text('Ben') .toggle")
        await ada.click("li:has-text('Ben') >> text=Remove")
        await ben.wait_for_selector("#ended:not([hidden])")
        assert "You were removed" in await ben.inner_text("#ended")
        await ben.reload()
        await ben.wait_for_selector("#ended:not([hidden])")
        assert "barred" in await ben.inner_text("#ended")

    async def test_handing_the_crown_over(self, tabs: Tabs, url: str) -> None:
        ada, ben = await tabs.open(url), await tabs.open(url)
        await enter(ada, "Ada")
        await enter(ben, "Ben")
        await ada.click("li:has-text('Ben') .toggle")
        await ada.click("li:has-text('Ben') >> text=Make host")
        await until(ben, "roomwire.room.isHost")
        await until(ada, "document.querySelectorAll('.toggle:not([hidden])').length === 0")

    async def test_locking_the_room(self, tabs: Tabs, url: str) -> None:
        ada, ben = await tabs.open(url), await tabs.open(url)
        await enter(ada, "Ada")
        await ada.check("#lock")
        await until(ada, "roomwire.room.properties.get('@locked') === true")
        await ben.fill("#ask-text", "Ben")
        await ben.click("#ask-ok")
        await ben.wait_for_selector("#ended:not([hidden])")
        assert "The room is locked" in await ben.inner_text("#ended")
        await ada.uncheck("#lock")
        await until(ada, "roomwire.room.properties.get('@locked') === false")
        await ben.click("#ended-again")
        await until(ben, "roomwire.room.state === 'live'")


class TestTheHomePage:
    async def test_a_room_that_is_made_is_listed_for_others(self, tabs: Tabs, relay: str) -> None:
        ada, ben = await tabs.open(relay), await tabs.open(relay)
        await ada.fill("#make-name", "Ada's <b>own</b> room")
        await ada.fill("#make-capacity", "3")
        await ada.click("text=Make it")
        await ada.wait_for_url(re.compile("/r/"))
        await enter(ada, "Ada")
        assert await ada.inner_text("#title") == "Ada's <b>own</b> room"
        link = ben.locator("#rooms a", has_text="Ada's <b>own</b> room")
        await link.wait_for()
        await ben.wait_for_selector("#rooms >> text=1 / 3")
        await link.click()
        await enter(ben, "Ben")
        assert await room(ben, "me") == 2

    async def test_a_slip_in_a_code_makes_no_room(self, tabs: Tabs, relay: str) -> None:
        ada = await tabs.open(relay)
        await ada.fill("#join-code", "no-such")
        await ada.click("#join button")
        await ada.wait_for_selector("text=There is no room NO-SUCH")
        assert len(tabs.complaints) == 1  # the browser's own, about the 404
        tabs.complaints.clear()
        await ada.goto(f"{relay}/r/NO-SUCH?join")
        await ada.fill("#ask-text", "Ada")
        await ada.click("#ask-ok")
        await ada.wait_for_selector("text=There is no such room")
        await ada.click("text=Make it")
        await until(ada, "roomwire.room.state === 'live'")

    async def test_a_code_may_be_typed_in_small_letters(
        self, tabs: Tabs, relay: str, url: str
    ) -> None:
        ada, ben = await tabs.open(url), await tabs.open(relay)
        await enter(ada, "Ada")
        await ben.fill("#join-code", url.rpartition("/")[2].lower())
        await ben.keyboard.press("Enter")
        await ben.wait_for_url(re.compile("/r/"))
        await enter(ben, "Ben")
        assert await room(ben, "players.size") == 2

    async def test_a_password_is_asked_for_until_it_is_right(self, tabs: Tabs, relay: str) -> None:
        ada, ben = await tabs.open(relay), await tabs.open(relay)
        await ada.fill("#make-password", "open sesame")
        await ada.uncheck("#make-public")
        await ada.click("text=Make it")
        await ada.wait_for_url(re.compile("/r/"))
        await enter(ada, "Ada")  # who made it is not asked
        await ben.goto(ada.url)
        await ben.fill("#ask-text", "Ben")
        await ben.click("#ask-ok")
        await ben.wait_for_selector("text=asks for a password")
        await ben.fill("#ask-text", "sesame")
        await ben.click("#ask-ok")
        await ben.wait_for_selector("text=That was not it")
        await ben.fill("#ask-text", "open sesame")
        await ben.click("#ask-ok")
        await until(ben, "roomwire.room.state === 'live'")

    async def test_quick_match_brings_strangers_together(self, tabs: Tabs, relay: str) -> None:
        ada, ben = await tabs.open(relay), await tabs.open(relay)
        for page, name in ((ada, "Ada"), (ben, "Ben")):
            await page.click("text=Play now")
            await page.wait_for_url(re.compile("/r/"))
            await enter(page, name)
        assert ada.url == ben.url


async def set_hidden(page: Page, is_hidden: bool) -> None:
    """Hide a tab, as a phone call does: headless tabs are never hidden by themselves."""
    hide = "Object.defineProperty(document, 'hidden', {value: true, configurable: true})"
    change = hide if is_hidden else "delete document.hidden"
    await page.evaluate(f"{change}; document.dispatchEvent(new Event('visibilitychange'))")
