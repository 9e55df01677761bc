"""What moves a comet on the room's page: a mouse, keys and fingers, in headless Chromium.

The page draws each of its moves, and seldom what stands still.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from clients.python import Message, connect
from tests.helpers.browser import Tabs
from tests.helpers.relay import running_relay
from tests.helpers.visitors import visit


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """The address of a room. Ask for it before `tabs`: what goes first, ends last."""
    async with running_relay() as relay:
        yield f"{relay.url}/r/R"


async def test_a_mouse_steers_without_being_held(url: str, tabs: Tabs) -> None:
    ann = await visit(tabs, url, "Ann")
    arena = await ann.page.locator("#arena").bounding_box()
    assert arena
    left, right = arena["x"] + 20, arena["x"] + arena["width"] - 20
    middle = arena["y"] + arena["height"] / 2
    await ann.page.mouse.move(left, middle, steps=3)
    await ann.sees("game.mine.at.x < 200")
    await ann.page.mouse.move(right, middle, steps=3)
    await ann.sees("game.mine.at.x > 1400")
    await ann.page.keyboard.down("a")  # keys take over, and keep it until the mouse moves
    await ann.sees("game.mine.at.x < 1000")
    await ann.page.keyboard.up("a")
    await ann.sees("Math.abs(game.mine.velocity.x) < 5")
    assert await ann.look("game.mine.at.x") < 1000
    await ann.page.mouse.move(left, middle, steps=3)
    await ann.sees("game.mine.velocity.x < -50")
    await ann.page.mouse.move(left, 2)  # the arena has no say beside it
    await ann.sees("Math.abs(game.mine.velocity.x) < 5")


async def test_a_finger_steers(url: str, tabs: Tabs) -> None:
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


async def test_a_tap_pulses(url: str, tabs: Tabs) -> None:
    ann = await visit(tabs, url, "Ann", mobile=True)
    async with connect(url, name="Bot") as bot:
        await ann.page.touchscreen.tap(200, 300)
        async for event in bot:
            if isinstance(event, Message) and event.value == {"t": "pop"}:
                break


COUNT_DRAWINGS = """() => {
    const { clearRect } = CanvasRenderingContext2D.prototype;
    const counted = (window.counted = { frames: 0, drawn: 0, inARow: 0, since: 0 });
    let drawn = 0;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        drawn += 1;
        return clearRect.apply(this, box);
    };
    const frame = (now) => {
        counted.since ||= now;
        Object.assign(counted, {
            frames: counted.frames + 1,
            drawn: counted.drawn + drawn,
            inARow: drawn ? counted.inARow + 1 : 0,
            seconds: (now - counted.since) / 1000,
        });
        drawn = 0;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}"""
"""Counts the browser's frames, and in how many of them the page draws."""


async def test_a_still_game_is_drawn_seldom_and_a_move_at_once(url: str, tabs: Tabs) -> None:
    ann = await visit(tabs, url, "Ann")
    await ann.sees("!game.isMoving")
    await ann.page.evaluate(COUNT_DRAWINGS)
    await ann.page.wait_for_function("() => counted.frames > 60")
    counted = await ann.page.evaluate("() => counted")
    assert 1 <= counted["drawn"] <= counted["seconds"] / 0.1 + 2, counted
    await ann.page.keyboard.down("d")
    await ann.page.wait_for_function("() => counted.inARow > 20")
    await ann.page.keyboard.up("d")
    await ann.page.wait_for_function("() => counted.inARow === 0")
