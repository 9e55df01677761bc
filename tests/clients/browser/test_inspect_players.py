"""Players in the inspector: rows keep still under a pointer, and names do not turn numbers."""

from __future__ import annotations

from protocol.frames import Send
from tests.helpers.browser import Tabs
from tests.helpers.inspector import look_in
from tests.helpers.operators import operator_at
from tests.helpers.peers import party

SHOW = """(groups) => {
    const { room } = window.roomwireInspector;
    room.watched.stop();
    const [like] = room.watched.players;
    room.players.show(groups.map(([player, groups]) => ({ ...like, player, groups })), 1);
}"""
"""Shows players that have so many groups, in place of those who are there."""
ROWS = "[...document.querySelectorAll('tbody .dim')].map((each) => each.innerText).join(' ')"


async def test_no_other_player_comes_under_a_pointer_or_a_focus(tabs: Tabs) -> None:
    async with party() as at, tabs.closed_first():
        await at.enters("R")
        page = await look_in(tabs, at)
        await page.locator("tbody tr").wait_for()
        few, many = [1], [1, 2]
        await page.evaluate(SHOW, [[1, few], [2, many], [3, few]])
        await page.locator(".sort", has_text="Groups").click()
        assert await page.evaluate(ROWS) == "#2 #3 #1"
        kicks = page.locator("tbody .danger")
        await kicks.nth(1).hover()
        await page.evaluate(SHOW, [[1, many], [3, few], [4, many]])
        assert await page.evaluate(ROWS) == "#2 #3 #1 #4"
        assert await kicks.nth(0).is_disabled()
        await page.locator("tbody tr", has_text="gone").wait_for()
        await page.mouse.move(1, 1)
        assert await page.evaluate(ROWS) == "#4 #1 #3"
        await page.locator(".sort", has_text="Groups").focus()
        await page.keyboard.press("Enter")
        await kicks.nth(0).focus()
        await page.evaluate(SHOW, [[1, many], [3, many], [4, few]])
        assert await page.evaluate(ROWS) == "#3 #1 #4"
        assert await page.evaluate("document.activeElement.innerText") == "Kick"


async def test_a_name_from_right_to_left_does_not_turn_its_number(tabs: Tabs) -> None:
    async with party() as at, tabs.closed_first():
        ann = await at.enters("R", name="\u05d0\u05d1\u05d2")
        page = await look_in(tabs, at)
        await page.click("#tab-Frames")
        ann.says(Send(True, b"hi"))
        who = page.locator(".from").first
        await who.filter(has_text="#1").wait_for()
        assert await who.evaluate("(each) => getComputedStyle(each).direction") == "ltr"
        assert await who.inner_text() == "#1 \u2068\u05d0\u05d1\u05d2\u2069"


OFFER = """(numbers) => {
    const { room } = window.roomwireInspector;
    room.watched.stop();
    const [like] = room.watched.players;
    room.network.showPlayers(numbers.map((player) => ({ ...like, player })));
}"""
"""Lets these players be the ones who are there."""


async def test_what_was_for_one_who_is_gone_is_not_for_everybody(tabs: Tabs) -> None:
    async with party() as at, operator_at(at.url, at.token) as operator, tabs.closed_first():
        await at.enters("R")
        page = await look_in(tabs, at)
        await page.locator("tbody tr").wait_for()
        await page.click("#tab-Network")
        await page.evaluate(OFFER, [1, 2])
        whose = page.get_by_label("Whose")
        await whose.select_option("2")
        await page.check("text=Frozen")
        await page.evaluate(OFFER, [1])
        assert await whose.input_value() == "2"
        await page.click("text=Apply")
        assert await page.evaluate("document.activeElement.validationMessage") == (
            "They are gone. Choose whose network it is."
        )
        assert (await operator.asks("GET", "/R/conditions"))["shapes"] == []
        await whose.select_option("1")
        await page.click("text=Apply")
        await page.locator("li", has_text="freeze").wait_for()
