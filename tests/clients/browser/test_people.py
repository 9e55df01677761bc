"""The list of people on a room's page keeps still while its host chooses what to do with one."""

from __future__ import annotations

from tests.helpers.browser import Tabs
from tests.helpers.peers import party
from tests.helpers.visitors import visit

SCORE = """scores => {
    const { game } = window.roomwire;
    const value = { get: () => new Map(scores), set() {}, configurable: true };
    Object.defineProperty(game, "scores", value);
}"""
"""Lets players have these scores, whatever the game says."""
ROWS = "[...document.querySelectorAll('#players li')].map((row) => row.dataset.number).join()"


async def test_no_other_player_comes_under_the_pointer_of_a_host(tabs: Tabs) -> None:
    async with party() as at, tabs.closed_first():
        ann = await visit(tabs, f"{at.url}/r/R", "Ann")
        for name in ("Bob", "Cid"):
            await at.enters("R", name=name)

        async def score(*scores: list[int]) -> None:
            await ann.page.evaluate(SCORE, scores)
            number, most = scores[-1]
            row = ann.page.locator(f"#players li[data-number='{number}'] .score")
            await row.filter(has_text=str(most)).wait_for()

        await score([2, 50])
        await ann.page.wait_for_function(f"() => {ROWS} === '2,1,3'")
        await ann.page.click("li:has-text('Bob') .toggle")
        await score([2, 50], [3, 70])
        assert await ann.page.evaluate(ROWS) == "2,1,3"
        await ann.page.click("li:has-text('Bob') .toggle")
        await ann.page.wait_for_function(f"() => {ROWS} === '3,2,1'")
        await ann.page.locator("li:has-text('Bob') .toggle").focus()
        await ann.page.keyboard.press("Shift")
        await score([3, 70], [2, 90])
        assert await ann.page.evaluate(ROWS) == "3,2,1"
        assert await ann.page.evaluate("document.activeElement.className") == "toggle"
