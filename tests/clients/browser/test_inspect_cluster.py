"""The inspector at one relay, and a room that began at another: both share it over NATS."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from clients.python import EVERYONE, Notice, NoticeKind, PropertyChanged, Room, connect
from relay.policy.operators import find_token
from tests.helpers.browser import Tabs
from tests.helpers.nats import nats_server
from tests.helpers.operators import operator_at
from tests.helpers.relay import relay_process

if TYPE_CHECKING:
    from playwright.async_api import Page


async def said_by_operator(room: Room) -> str | None:
    """Return what the operator says next."""
    async for event in room:
        if isinstance(event, Notice) and event.kind == NoticeKind.OPERATOR:
            return event.detail.said
    raise AssertionError("the room ended")


async def test_a_room_of_another_relay_is_seen_and_acted_in(tabs: Tabs) -> None:
    with nats_server() as server:
        options = ("--nats", server.url, "--nats-streams", "1")
        with relay_process(*options) as here, relay_process(*options) as there:
            token = find_token(here.port)
            async with (
                connect(there.url, room="FAR", name="Ada") as ada,
                connect(there.url, room="FAR", name="Eve"),
                connect(here.url, room="FAR", name="Bob") as bob,
                operator_at(here.url, token or "") as operator,
                tabs.closed_first(),
            ):
                page = await tabs.open(f"{here.url}/inspect#token={token}")
                await page.locator(".room-list a", has_text="FAR").click()
                await page.wait_for_selector("#status[data-state=live]")
                await players_are_seen(page)
                await frames_are_seen(page, ada, bob)
                await page.fill(".say input", "back soon")
                await page.click(".say button")
                heard = await asyncio.gather(said_by_operator(ada), said_by_operator(bob))
                assert set(heard) == {"back soon"}
                await networks_are_shaped(page)
                shapes = (await operator.asks("GET", "/FAR/conditions"))["shapes"]
                assert [(each["player"], each["down"]["name"]) for each in shapes] == [(1, "wifi")]
                await page.click("#tab-Players")
                row = page.locator("tbody tr", has_text="Eve")
                await row.locator("text=Make host").click()
                await page.get_by_role("rowheader", name="#2 Eve host").wait_for()
                await page.check("text=Locked")
                async for event in bob:
                    if isinstance(event, PropertyChanged) and event.key == "@locked":
                        break
                await row.locator("text=Kick").click()
                await page.fill("dialog input", "enough")
                await page.keyboard.press("Enter")
                await page.mouse.move(1, 1)  # under a pointer, the row would keep its place
                await row.wait_for(state="detached")


async def players_are_seen(page: Page) -> None:
    for name in ("Ada", "Eve", "Bob"):
        row = page.locator("tbody tr", has_text=name)
        await row.locator("td[data-head=RTT]", has_text="ms").wait_for()
        await row.locator("td[data-head=Outbox]", has_text="flowing").wait_for()


async def frames_are_seen(page: Page, ada: Room, bob: Room) -> None:
    await page.click("#tab-Frames")
    rows = page.locator(".list-row:visible")
    await ada.send({"from": "there"}, to=EVERYONE)
    await bob.send({"from": "here"}, to=EVERYONE)
    ada.volatile(0, ["swift", "there"])
    for said in ('{"from":"there"}', '{"from":"here"}', '["swift","there"]'):
        await rows.filter(has_text=said).wait_for()


async def networks_are_shaped(page: Page) -> None:
    await page.click("#tab-Network")
    await page.locator(".network option", has_text="wifi").first.wait_for(state="attached")
    await page.select_option(".network select >> nth=0", "1")
    await page.select_option(".network select >> nth=1", "down")
    await page.select_option(".network select >> nth=2", "wifi")
    await page.click(".network button.primary")
    await page.locator(".applied li", has_text="#1: down wifi").wait_for()
