"""What moves a comet on the room's page: a mouse, keys and fingers, in headless Chromium."""

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
