"""What the inspector shows of refused frames, also of clients that did not get in."""

from __future__ import annotations

import pytest

from protocol.frames import Error, Kick
from tests.helpers.browser import Tabs
from tests.helpers.inspector import DESK, FITS, PHONE, look_in
from tests.helpers.peers import party

TORN = bytes.fromhex("9310C0C40568656C")
DIALOG_FITS = """
const dialog = document.querySelector("dialog");
return dialog.scrollWidth <= dialog.clientWidth;
"""


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_what_was_refused_is_shown_byte_by_byte(tabs: Tabs, size: tuple[int, int]) -> None:
    async with party() as at, tabs.closed_first():
        bob = await at.enters("R", name="Bob")
        bob.says(Kick(bob.me), bytes.fromhex("9207A1") + bytes(400), TORN)
        await bob.catches_up()
        async with bob.reading():
            page = await look_in(tabs, at, size=size)
            await page.locator("tr", has_text="Bob").locator("text=Why?").click()
            frames = page.locator("dialog details.refused")
            await frames.filter(has_text="KICK: NOT_AVAILABLE, ").wait_for()
            cut = frames.filter(has_text="at byte 4, the first 256 of 403 bytes")
            await cut.locator("summary").click()
            await cut.locator(".blame", has_text="TRAILING_BYTES at 4").wait_for()
            torn = frames.filter(has_text="SEND: TRUNCATED at byte 8, 8 bytes")
            await torn.locator(".blame", has_text="SPEC 3.3.3.7").wait_for()
            assert await torn.locator(".cells i").all_inner_texts() == TORN.hex(" ").upper().split()
            assert await page.evaluate(FITS)
            assert await page.evaluate(f"(() => {{ {DIALOG_FITS} }})()")
            async with page.expect_popup() as opened:
                await torn.locator("a").click()
            decoder = await opened.value
            await decoder.locator(".frame-title", has_text="client SEND, 8 bytes").wait_for()


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_who_did_not_get_in_is_shown(tabs: Tabs, size: tuple[int, int]) -> None:
    async with party() as at, tabs.closed_first():
        bob = await at.enters("R", name="Bob")
        eve = await at.connects("R")
        eve.says(bytes.fromhex("93010181A46E616D65A35A6FC3AB"))
        await eve.hears(Error)
        eve.raw.abort()
        async with bob.reading():
            page = await look_in(tabs, at, size=size)
            await page.click("text=Not let in")
            dialog = page.locator("dialog", has_text="Who did not get into R")
            await dialog.locator("dt", has_text="HELLO was refused with BAD_UTF8").wait_for()
            await dialog.locator(".blame", has_text="SPEC 3.3.3.8").wait_for()
            assert await page.evaluate(f"(() => {{ {DIALOG_FITS} }})()")
            await page.keyboard.press("Escape")
            await page.goto(f"{at.url}/inspect")
            await page.click("text=Who did not get in?")
            await page.locator("dialog dt", has_text="(room R)").wait_for()
