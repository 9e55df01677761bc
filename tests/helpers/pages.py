"""What tests do in the room's page, in words of the game."""

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import Page

PATIENCE = 20.0  # seconds; CI is slow, and a relay that starts anew is awaited by up to five


async def until(page: "Page", expression: str, seconds: float = PATIENCE) -> None:
    """Wait until JavaScript is true in the page.

    Playwright's own wait evaluates text within the page, which its security policy forbids.
    """
    deadline = time.monotonic() + seconds
    while not await page.evaluate(expression):
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain for {seconds} s: {expression}\n{await report(page)}")
        await asyncio.sleep(0.02)


async def report(page: "Page") -> str:
    """Say how the room looks in the page."""
    state = await page.evaluate(
        "({state: roomwire?.room.state, me: roomwire?.room.me, host: roomwire?.room.host,"
        " players: [...roomwire?.room.players.values() ?? []]})"
    )
    return json.dumps(state)


async def enter(page: "Page", name: str) -> None:
    """Answer the page's question for a name, and wait until the room is live."""
    await page.fill("#ask-text", name)
    await page.click("#ask-ok")
    await until(page, "window.roomwire?.room.state === 'live'")


async def room(page: "Page", expression: str) -> Any:
    """Evaluate an expression about the page's room, such as `host`."""
    return await page.evaluate(f"roomwire.room.{expression}")


async def sees_comet(page: "Page", player: int, x: float, y: float) -> None:
    """Wait until a player's comet is drawn there, give or take some units."""
    at = f"roomwire.game.ships.get({player})?.at"
    await until(page, f"Math.hypot({at}?.x - {x}, {at}?.y - {y}) < 30")


async def sees_line(page: "Page", text: str) -> None:
    """Wait until a line stands in the chat."""
    await until(page, f"document.querySelector('#log').innerText.includes({json.dumps(text)})")
