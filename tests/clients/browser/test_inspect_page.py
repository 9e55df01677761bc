"""The inspector in headless Chromium, with a real relay and real players."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

from clients.python import EVERYONE, Notice, NoticeKind, RoomOptions, connect, group
from relay.policy.operators import find_token
from tests.helpers.browser import Tabs
from tests.helpers.inspector import DESK, FITS, PHONE, look_in
from tests.helpers.operators import Operator, operator_at
from tests.helpers.peers import party, until
from tests.helpers.players import enter_async
from tests.helpers.relay import RunningRelay, relay_process, running_relay

if TYPE_CHECKING:
    from playwright.async_api import Route


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


@pytest.fixture
async def operator(relay: RunningRelay) -> AsyncIterator[Operator]:
    async with operator_at(relay.url, relay.token) as operator:
        yield operator


async def test_it_asks_for_the_token_and_keeps_it_out_of_the_address(
    relay: RunningRelay, tabs: Tabs
) -> None:
    tabs.expected = ("401",)
    async with enter_async(relay.url, room="DEN", create=RoomOptions(public=False)):
        page = await tabs.open(f"{relay.url}/inspect")
        await page.fill("#token", "a token of somebody else's")
        await page.press("#token", "Enter")
        await page.locator("#ask-error", has_text="does not take this token").wait_for()
        await page.fill("#token", f"{relay.url}/inspect#token={relay.token}")
        await page.press("#token", "Enter")
        await page.locator(".room-list a", has_text="DEN").wait_for()
        assert "hidden" in await page.inner_text(".room-list a")
        await page.reload()
        await page.locator(".room-list a", has_text="DEN").click()
        await page.locator("tbody th", has_text="#1").wait_for()
        assert await page.evaluate("document.activeElement.innerText") == "DEN"
        assert page.url == f"{relay.url}/inspect#room=DEN"
        await page.go_back()
        await page.click("#forget")
        await page.wait_for_selector("#token")
        await page.reload()
        await page.wait_for_selector("#token")


async def test_the_link_leaves_the_address(relay: RunningRelay, tabs: Tabs) -> None:
    page = await tabs.open(f"{relay.url}/inspect#token={relay.token}")
    await page.locator(".rooms .note", has_text="There are no rooms").wait_for()
    assert "token" not in page.url
    assert relay.token not in await page.content()


async def test_players_are_shown_as_the_relay_knows_them(relay: RunningRelay, tabs: Tabs) -> None:
    async with (
        enter_async(relay.url, room="R", name="Ada"),
        enter_async(relay.url, room="R", name="Bob") as bob,
    ):
        page = await look_in(tabs, relay)
        ada = page.locator("tbody tr", has_text="Ada")
        await ada.locator("th span:not(.is-off) > svg").wait_for()
        await page.get_by_role("rowheader", name="#1 Ada host").wait_for()
        await ada.locator("td[data-head=Outbox]", has_text="flowing").wait_for()
        await (
            page.locator("tbody tr", has_text="Bob").locator("td", has_text="127.0.0.1").wait_for()
        )
        await page.locator("td[data-head=RTT]", has_text="ms").first.wait_for()
        await bob.do(lambda room: room.subscribe(7))
        await (
            page.locator("tr", has_text="Bob")
            .locator("td[data-head=Groups]", has_text="7")
            .wait_for()
        )
        await page.click("text=Player >> nth=0")
        names = page.locator("tbody th bdi")
        assert await names.all_inner_texts() == ["Ada", "Bob"]
        await page.locator(".sort", has_text="Groups").click()
        assert await names.all_inner_texts() == ["Bob", "Ada"]


async def test_who_answers_nothing_is_shown_as_silent_and_not_as_slow(tabs: Tabs) -> None:
    async with party(is_portable=False) as at, tabs.closed_first():
        bob = await at.enters("R", name="Bob")
        page = await look_in(tabs, at)
        row = page.locator("tbody tr", has_text="Bob")
        silent = page.locator(".chart", has_text="Longest silence").locator("b")
        rtt = row.locator("td[data-head=RTT]")
        async with bob.reading():
            await rtt.filter(has_text="ms").wait_for()
            await silent.filter(has_text=re.compile("^0 s$")).wait_for()
        await row.locator("td[data-head=Silent]", has_text=re.compile("[1-9] s")).wait_for()
        before = await rtt.inner_text()
        await silent.filter(has_text=re.compile("[2-9] s")).wait_for()
        assert await rtt.inner_text() == before


async def test_an_operator_acts(relay: RunningRelay, operator: Operator, tabs: Tabs) -> None:
    async with (
        enter_async(relay.url, room="R", name="Ada"),
        connect(relay.url, room="R", name="Bob") as bob,
    ):
        page = await look_in(tabs, relay)
        room = relay.node.registry.find("R")
        assert room is not None
        row = page.locator("tbody tr", has_text="Bob")
        await row.locator("text=Make host").click()
        await until(lambda: room.host == bob.me)
        await page.check("text=Locked")
        await until(lambda: room.options.locked)
        await row.locator("text=Why?").click()
        await page.locator("dialog dt").first.wait_for()
        focused = await page.evaluate("document.activeElement.tagName")
        assert focused == "H2"  # a button below a long text would scroll to its end
        await page.keyboard.press("Escape")
        await row.locator("text=Kick").click()
        await page.fill("dialog input", "enough")
        await page.keyboard.press("Enter")
        await page.mouse.move(1, 1)  # under a pointer, the row would keep its place
        await row.wait_for(state="detached")
        assert await page.evaluate("document.activeElement.id") == "panel-Players"
        assert bob.me not in await operator.players("R")
        await page.click("text=Close the room")
        await page.locator("dialog button", has_text="Close it").click()
        await page.wait_for_selector("#status[data-state=closed]")
        assert relay.node.registry.find("R") is None


async def test_a_wish_to_lock_stands_until_the_relay_answers(
    relay: RunningRelay, tabs: Tabs
) -> None:
    async with enter_async(relay.url, room="R", name="Ada"):
        page = await look_in(tabs, relay)
        wishes: asyncio.Queue[Route] = asyncio.Queue()

        async def hold(route: Route) -> None:
            if route.request.method == "PATCH":
                wishes.put_nowait(route)
            else:
                await route.continue_()

        await page.route("**/api/**", hold)
        await page.check("text=Locked")
        wish = await wishes.get()
        async with enter_async(relay.url, room="R", name="Bob"):
            await page.wait_for_selector("text=2 of")  # drawn as the room still stands
            assert await page.is_checked("text=Locked")
            await wish.fulfill(json={})
            async with enter_async(relay.url, room="R", name="Cat"):
                await page.wait_for_selector("text=3 of")  # no wish went to the relay
                assert not await page.is_checked("text=Locked")


async def test_news_are_not_laid_over_each_other(relay: RunningRelay, tabs: Tabs) -> None:
    async with enter_async(relay.url, room="R", name="Ada"):
        page = await look_in(tabs, relay)
        answered: list[str] = []
        page.on("response", lambda told: answered.append(told.url))
        await page.locator("tr", has_text="Ada").locator("text=Why?").dblclick()
        await until(lambda: len([url for url in answered if url.endswith("/why")]) == 2)
        await page.locator("dialog[open]").wait_for()
        assert await page.locator("dialog[open]").count() == 1


async def test_what_an_operator_says_is_heard_and_the_page_tells_so(
    relay: RunningRelay, tabs: Tabs
) -> None:
    async with connect(relay.url, room="R", name="Ada") as ada:
        page = await look_in(tabs, relay)
        await page.fill(".say input", "back in a minute")
        await page.click(".say button")
        await page.locator(".say [role=status]", has_text="Said to all players: back").wait_for()
        assert await page.input_value(".say input") == ""
        async for event in ada:
            if isinstance(event, Notice) and event.kind == NoticeKind.OPERATOR:
                assert event.detail.said == "back in a minute"
                break


async def test_space_pauses_and_goes_on_except_in_fields(relay: RunningRelay, tabs: Tabs) -> None:
    async with enter_async(relay.url, room="R"):
        page = await look_in(tabs, relay)
        await page.click("#tab-Frames")
        status = page.locator(".frames [role=status]").first
        await page.keyboard.press("Space")  # on the tab
        await status.filter(has_text="paused").wait_for()
        await page.focus(".frames .list")
        await page.keyboard.press("Space")
        await status.filter(has_not_text="paused").wait_for()
        await page.focus("[aria-label='Search what frames say']")
        await page.keyboard.type("a b")
        assert await page.input_value("[aria-label='Search what frames say']") == "a b"
        assert "paused" not in await status.inner_text()
        await page.click("#tab-Players")
        await page.keyboard.press("Space")
        assert "paused" not in (await status.text_content() or "")


async def test_frames_are_listed_filtered_searched_and_shown(
    relay: RunningRelay, tabs: Tabs
) -> None:
    async with enter_async(relay.url, room="R", name="Ada") as ada:
        page = await look_in(tabs, relay)
        await page.click("#tab-Frames")
        for number in range(40):
            await ada.send({"shot": number}, to=EVERYONE)
            await ada.do(lambda room: room.volatile(0, [1.5, 2]))
        rows = page.locator(".list-row:visible")
        await rows.filter(has_text='{"shot":39}').wait_for()
        await rows.filter(has_text="UPDATE").first.wait_for()
        await page.select_option("select[aria-label=Opcode]", "DELIVER")
        await page.locator(".frames .note", has_text="40 of").first.wait_for()
        await page.fill("[aria-label='Search what frames say']", '"SHOT":7')
        await page.locator(".frames .note", has_text="1 of").first.wait_for()
        await rows.filter(has_text='{"shot":7}').click()
        await page.locator(".item", has_text="shot: 7").wait_for()
        assert "DELIVER" in await page.inner_text(".frame-title")
        bounds = await page.locator(".item", has_text="shot: 7").bounding_box()
        assert bounds is not None
        assert bounds["y"] + bounds["height"] <= DESK[1]
        row = await rows.filter(has_text='{"shot":7}').inner_text()
        assert re.search(r"\d\d:\d\d:\d\d", row)
        assert "#1 Ada" in row
        await page.fill("[aria-label='Search what frames say']", "said by nobody")
        await page.wait_for_selector(".frames .list[data-none^='No frame is as asked']")
        assert not await page.is_visible(".detail")
        await page.fill("[aria-label='Search what frames say']", "")
        await page.click("text=Pause")
        await ada.send({"shot": 99}, to=EVERYONE)
        await page.locator(".frames .note", has_text="paused: 1 came since").first.wait_for()
        assert await rows.filter(has_text='{"shot":99}').count() == 0
        await page.click("text=Go on")
        await rows.filter(has_text='{"shot":99}').wait_for()


async def test_a_frame_is_copied_as_a_program(relay: RunningRelay, tabs: Tabs) -> None:
    async with enter_async(relay.url, room="R") as ada:
        page = await look_in(tabs, relay)
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.click("#tab-Frames")
        await ada.send({"say": "hi", "to": [1, None, True]}, to=EVERYONE)
        await page.locator(".list-row:visible", has_text="say").click()
        copied = {}
        for place, label in enumerate(await page.locator(".copy-as button").all_inner_texts()):
            button = page.locator(".copy-as button").nth(place)
            await button.click()
            await button.filter(has_text="Copied").wait_for()
            copied[label] = await page.evaluate("navigator.clipboard.readText()")
    said = '{"say": "hi", "to": [1, None, True]}'
    assert copied["Python"] == f"await room.send({said}, to=EVERYONE)"
    said = '{ say: "hi", to: [1, null, true] }'
    assert copied["TypeScript"] == f"await room.send({said}, {{ to: EVERYONE }});"
    space: dict[str, Any] = {}
    exec(copied["pytest case"], space)
    space["test_this_deliver_is_read"]()
    assert "relay fuzz codec --corpus seeds" in copied["Fuzz seed"]


async def test_a_copy_names_the_group_that_heard_it(relay: RunningRelay, tabs: Tabs) -> None:
    async with (
        enter_async(relay.url, room="R", name="Ada") as ada,
        enter_async(relay.url, room="R", name="Bob") as bob,
    ):
        for each in (ada, bob):
            await each.do(lambda room: room.subscribe(7))
        page = await look_in(tabs, relay)
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.click("#tab-Frames")
        await ada.send("red", to=group(7))
        row = page.locator(".list-row:visible", has_text="red")
        await row.filter(has_text="to group 7: #1 Ada, #2 Bob").click()
        await page.click(".copy-as >> text=Python")
        await page.locator(".copy-as button", has_text="Copied").wait_for()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == 'await room.send("red", to=group(7))'


async def test_what_the_bytes_are_spent_on_is_explained(relay: RunningRelay, tabs: Tabs) -> None:
    async with enter_async(relay.url, room="R") as ada:
        page = await look_in(tabs, relay)
        await page.click("#tab-Traffic")
        for number in range(30):
            await ada.send({"position_x": number, "position_y": number}, to=EVERYONE)
        await page.locator(".advice li", has_text="Map keys are").wait_for()
        await page.locator(".traffic tr", has_text="position_x").wait_for()
        await page.locator(".traffic tr", has_text="DELIVER").wait_for()


async def test_properties_and_history_are_shown(relay: RunningRelay, tabs: Tabs) -> None:
    async with enter_async(relay.url, room="R", name="Ada") as ada:
        page = await look_in(tabs, relay)
        await page.click("#tab-State")
        await ada.do(lambda room: room.set_property("map", {"name": "desert"}))
        row = page.locator(".state tr", has_text="map")
        await row.locator("td", has_text='{"name":"desert"}').wait_for()
        assert "#1 Ada" in await page.inner_text(".about")
        await ada.do(lambda room: room.subscribe(5))
        await page.locator(".about dd", has_text="5: #1 Ada").wait_for()


async def test_a_network_is_made_worse_and_good_again(
    relay: RunningRelay, operator: Operator, tabs: Tabs
) -> None:
    async with enter_async(relay.url, room="R", name="Ada"):
        page = await look_in(tabs, relay)
        await page.click("#tab-Network")
        await page.locator(".network option", has_text="mobile-3g").wait_for(state="attached")
        await page.select_option(".network select >> nth=0", "1")
        await page.select_option(".network select >> nth=1", "down")
        await page.select_option(".network select >> nth=2", "mobile-3g")
        await page.click(".network button.primary")
        await page.locator(".applied li", has_text="#1: down mobile-3g").wait_for()
        await page.select_option(".network select >> nth=1", "up")
        await page.fill("[name=lag_ms]", "80")
        await page.click(".network button.primary")
        await page.locator(".applied li", has_text="; up").wait_for()
        (shape,) = (await operator.asks("GET", "/R/conditions"))["shapes"]
        assert (shape["player"], shape["down"]["name"], shape["seed"]) == (1, "mobile-3g", 42)
        assert shape["up"]["lag_ms"] == 80
        await page.click("text=All as they are")
        await page.locator(".applied li", has_text="Nothing").wait_for()
        assert (await operator.asks("GET", "/R/conditions"))["shapes"] == []


async def test_the_page_says_when_a_relay_stands_still_and_goes_on_with_it(tabs: Tabs) -> None:
    with relay_process() as relay:
        async with connect(relay.url, room="R", name="Ada") as ada, tabs.closed_first():
            token = find_token(relay.port)
            page = await tabs.open(f"{relay.url}/inspect#token={token}&room=R")
            await page.wait_for_selector("#status[data-state=live]")
            os.kill(relay.process.pid, signal.SIGSTOP)
            try:
                await page.wait_for_selector("#status[data-state=lost]", timeout=60_000)
            finally:
                os.kill(relay.process.pid, signal.SIGCONT)
            await page.wait_for_selector("#status[data-state=live]", timeout=60_000)
            await page.click("#tab-Frames")
            await ada.send("after", to=EVERYONE)
            await page.locator(".list-row:visible", has_text="after").wait_for()


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_everything_fits_and_keys_reach_it(
    relay: RunningRelay, tabs: Tabs, size: tuple[int, int]
) -> None:
    async with enter_async(
        relay.url, room="R", name="A name that is as long as names may be ...."
    ) as ada:
        page = await look_in(tabs, relay, size=size)
        await ada.send({"a text": "that is long " * 40}, to=EVERYONE)
        await page.locator("tbody tr").wait_for()
        assert await page.evaluate(FITS)
        await page.focus("#tab-Players")
        for name in ("Frames", "Traffic", "State", "Network"):
            await page.keyboard.press("ArrowRight")
            await page.wait_for_selector(f"#panel-{name}:visible")
            assert await page.evaluate(FITS), name
        await page.click("#tab-Frames")
        await page.focus(".frames .list")
        await page.keyboard.press("End")
        await page.locator(".item", has_text="a text").first.wait_for()
        assert await page.evaluate(FITS)
