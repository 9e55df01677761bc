"""Visitors of the room page: what they see, and what they click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.helpers.browser import Tabs

if TYPE_CHECKING:
    from playwright.async_api import Page

LIVE = "#status[data-state=live]"
COLOURS = """() => {
    const players = [...window.roomwire.room.players.values()];
    const rows = [...document.querySelectorAll("#players li")];
    const shown = new Map(rows.map((row) => [Number(row.dataset.number), row]));
    const nameIn = (row) => row?.querySelector("bdi").textContent;
    const isDrawn = players.every(({ name, number }) => nameIn(shown.get(number)) === name);
    if (rows.length !== players.length || !isDrawn) return null;
    const colourIn = (row) => row.querySelector(".dot").style.background;
    return Object.fromEntries(players.map((each) => [each.name, colourIn(shown.get(each.number))]));
}"""


class Visitor:
    """One person in one tab."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def answers(self, text: str) -> None:
        """Answer the page's question for a name or a password."""
        await self.page.fill("#ask-text", text)
        await self.page.click("#ask-ok")

    async def is_live(self) -> None:
        """Wait until the page is in the room."""
        await self.page.wait_for_selector(LIVE)

    async def says(self, text: str) -> None:
        """Say a line to everyone."""
        await self.page.fill("#say-text", text)
        await self.page.press("#say-text", "Enter")

    async def reads(self, text: str) -> None:
        """Wait for a line in the log."""
        await self.page.locator("#log li", has_text=text).first.wait_for()

    async def colours(self) -> dict[str, str]:
        """Return the colours of all players' dots, as CSS has them, by their names.

        The page draws its list a few times a second. So this waits until that shows the room as it
        is, and reads it at one moment.
        """
        found = await self.page.wait_for_function(COLOURS)
        colours: dict[str, str] = await found.json_value()
        return colours

    async def sees(self, condition: str, argument: Any = None) -> None:
        """Wait until a condition in JavaScript, of `room`, `game` and the given `it`, holds."""
        await self.page.wait_for_function(
            f"it => {{ const {{ room, game }} = window.roomwire; return {condition}; }}",
            arg=argument,
        )

    async def look(self, expression: str) -> Any:
        """Return the value of an expression in JavaScript, of `room` and `game`."""
        return await self.page.evaluate(
            f"() => {{ const {{ room, game }} = window.roomwire; return {expression}; }}"
        )

    @property
    async def number(self) -> int:
        """Return this visitor's player number."""
        number: int = await self.look("room.me")
        return number


async def visit(
    tabs: Tabs,
    url: str,
    name: str,
    *,
    mobile: bool = False,
    size: tuple[int, int] | None = None,
) -> Visitor:
    """Open a room's page in a tab, with a known name, and wait until it is in the room."""
    visitor = Visitor(await tabs.open(url, name=name, mobile=mobile, size=size))
    await visitor.is_live()
    return visitor
