"""Where things are on the pages, in windows of several sizes; by boxes, not by pixels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from clients.python import connect
from tests.helpers.browser import Tabs
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.visitors import Visitor, visit

if TYPE_CHECKING:
    from playwright.async_api import Page

UPRIGHT, LANDSCAPE, LAPTOP, DESK = (390, 844), (844, 390), (1280, 800), (1920, 1080)
PHONES = [UPRIGHT, LANDSCAPE]

SHOWN = """selector => {
    const { left, right, top, bottom } = document.querySelector(selector).getBoundingClientRect();
    return [left, right, top, bottom].map(Math.round);
}"""
OUTSIDE = """(selector) => [...document.querySelectorAll(selector)]
    .filter(each => each.checkVisibility())
    .filter(each => {
        const { left, right, top } = each.getBoundingClientRect();
        return left < -1 || right > document.documentElement.clientWidth + 1 || top < -1;
    })
    .map(each => each.id || each.className)"""
# In one look, as there is nothing to wait for a second later. The width grows where a phone zooms
# out for what does not fit.
WHILE_WAITING = f"""() => document.querySelector("#retry").checkVisibility()
    && {{ outside: ({OUTSIDE})("body *:not(canvas)"), width: innerWidth }}"""


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


@pytest.fixture
def url(relay: RunningRelay) -> str:
    """The address of a room. Ask for it before `tabs`: what goes first, ends last."""
    return f"{relay.url}/r/R"


async def box(page: Page, selector: str) -> tuple[int, int, int, int]:
    """Return where it is in the window: left, right, top, bottom, in CSS pixels."""
    left, right, top, bottom = await page.evaluate(SHOWN, selector)
    return left, right, top, bottom


async def is_whole(page: Page, selector: str, size: tuple[int, int]) -> bool:
    """Whether all of it is in a window of this size, without scrolling."""
    left, right, top, bottom = await box(page, selector)
    return 0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]


class TestTheRoomsPage:
    async def test_it_says_what_to_do_in_a_line(self, url: str, tabs: Tabs) -> None:
        page = await tabs.open(url)
        assert await page.inner_text("#ask-goal") == "Fly into the golden orbs: each is a point."
        await Visitor(page).answers("Ann")
        assert await page.inner_text(".goal") == "Fly into the golden orbs: each is a point."

    async def test_the_code_is_large_in_the_invitation(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        assert await ann.page.inner_text("#code") == "R"
        sizes = "[...document.querySelectorAll('.share *')].map(e => getComputedStyle(e).fontSize)"
        largest = max(float(size.removesuffix("px")) for size in await ann.page.evaluate(sizes))
        own = await ann.page.evaluate("getComputedStyle(document.querySelector('#code')).fontSize")
        assert own == f"{largest:g}px"
        assert largest >= 28

    @pytest.mark.parametrize("size", [LAPTOP, DESK, (2560, 1300)])
    async def test_the_header_is_as_wide_as_the_content(
        self, url: str, tabs: Tabs, size: tuple[int, int]
    ) -> None:
        ann = await visit(tabs, url, "Ann", size=size)
        assert (await box(ann.page, ".brand"))[0] == (await box(ann.page, ".arena"))[0]
        assert (await box(ann.page, "#leave"))[1] == (await box(ann.page, ".side"))[1]

    async def test_my_own_row_is_seen_however_far_the_list_is_scrolled(
        self, url: str, tabs: Tabs
    ) -> None:
        ann = await visit(tabs, url, "Ann Without Any Blank-At-The-End-Of-It-All")
        async with AsyncExitStack() as stack:
            for index in range(15):
                await stack.enter_async_context(connect(url, name=f"bot {index}"))
            await ann.sees("document.querySelectorAll('#players li').length === 16")
            top = await box(ann.page, "#players")
            for scroll in (0, 10_000):
                await ann.page.evaluate(f"document.querySelector('#players').scrollTop = {scroll}")
                mine = await box(ann.page, ".is-me")
                assert top[2] <= mine[2] < mine[3] <= top[3]
            tag = ann.page.locator(".is-me .tag")
            assert await tag.inner_text() == "you, host"
            assert await tag.evaluate("e => e.scrollWidth <= e.clientWidth || !e.clientWidth")
            row, told = await box(ann.page, ".is-me .who"), await box(ann.page, ".is-me .tag")
            assert row[0] <= told[0] < told[1] <= row[1]


@pytest.mark.parametrize("size", PHONES, ids=["upright", "landscape"])
class TestPhones:
    async def test_no_key_is_named(self, url: str, tabs: Tabs, size: tuple[int, int]) -> None:
        ann = await visit(tabs, url, "Ann", mobile=True, size=size)
        assert await ann.page.locator("kbd:visible").count() == 0
        assert await ann.page.is_visible("text=Drag anywhere to steer")

    async def test_nothing_sticks_out_when_the_connection_is_lost(
        self, url: str, tabs: Tabs, size: tuple[int, int]
    ) -> None:
        tabs.expected = ("WebSocket connection to", "Failed to load resource")
        ann = await visit(tabs, url, "Ann", mobile=True, size=size)
        await ann.page.context.set_offline(True)
        await ann.look("room.drop()")
        seen = await ann.page.wait_for_function(WHILE_WAITING)
        assert await seen.json_value() == {"outside": [], "width": size[0]}
        await ann.page.context.set_offline(False)
        await ann.is_live()


async def test_a_phone_on_its_side_shows_the_game_the_players_and_the_say_box(
    url: str, tabs: Tabs
) -> None:
    ann = await visit(tabs, url, "Ann", mobile=True, size=LANDSCAPE)
    await ann.page.wait_for_selector(".is-me")
    for part in ("#arena", ".is-me", "#say-text", "#say .primary", "#pop", "#leave"):
        assert await is_whole(ann.page, part, LANDSCAPE), part


CORNERS = [(0, 0), (1600, 0), (0, 900), (1600, 900)]
WATCH_RING_AND_NAMES = """() => {
    const { arc, fillText } = CanvasRenderingContext2D.prototype;
    const place = (context, x, y, width, height) => {
        const { a: scale, e, f } = context.getTransform();
        return [x * scale + e, y * scale + f, (x + width) * scale + e, (y + height) * scale + f];
    };
    const see = (context, what, ...box) => {
        const [left, top, right, bottom] = place(context, ...box);
        const { width, height } = context.canvas;
        window.drawn[what] = left >= 0 && top >= 0 && right <= width && bottom <= height;
    };
    window.drawn = {};
    CanvasRenderingContext2D.prototype.arc = function (x, y, radius, ...more) {
        if (radius === 25) see(this, "ring", x - 25, y - 25, 50, 50);
        return arc.call(this, x, y, radius, ...more);
    };
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        const {
            actualBoundingBoxLeft: left, actualBoundingBoxRight: right,
            actualBoundingBoxAscent: above, actualBoundingBoxDescent: below,
        } = this.measureText(text);
        see(this, text, x - left, y - above, left + right, above + below);
        return fillText.call(this, text, x, y);
    };
}"""


@pytest.mark.parametrize("size", [*PHONES, LAPTOP, DESK])
async def test_comets_are_whole_at_the_edge(url: str, tabs: Tabs, size: tuple[int, int]) -> None:
    ann = await visit(tabs, url, "Ann", size=size)
    name = "A-rather-long-name"
    async with connect(url, name=name) as bot:
        await ann.sees("room.players.size === 2")
        await ann.page.evaluate(WATCH_RING_AND_NAMES)
        for x, y in CORNERS:
            bot.volatile(0, [x, y, 0, 0])
            await ann.sees("game.ships.get(2)?.distanceTo(it) < 1", {"x": x, "y": y})
            await ann.look(
                f"(Object.assign(game.mine.at, {{ x: {x}, y: {y} }}),"
                " Object.assign(game.mine.velocity, { x: 0, y: 0 }), window.drawn = {}) && 0"
            )
            await ann.page.wait_for_function("() => 'ring' in drawn && 'You' in drawn")
            drawn = await ann.page.evaluate("drawn")
            assert drawn == {"ring": True, "You": True, name: True} | {
                key: drawn[key] for key in drawn if key == "+1"
            }
