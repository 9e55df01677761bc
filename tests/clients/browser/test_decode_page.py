"""The decoder's page in headless Chromium: it says of any bytes what the Python decoder says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from clients.decode.spelling import as_json, encode
from clients.fuzz.inputs.cases import cases
from protocol import codec
from protocol.frames import Deliver, Send
from roomwire.decoded import decode, read
from roomwire.testing import Reader
from tests.clients.decode.captures import CAPTURES, LOOPBACK
from tests.helpers import vectors
from tests.helpers.browser import Tabs
from tests.helpers.relay import RunningRelay, running_relay

if TYPE_CHECKING:
    from playwright.async_api import Page

OF_EACH = 3
"""Inputs of each kind of damage that are tried."""

MANY = 5_000
LONGEST = 16 * 1024
"""Bytes of an input: longer ones only take longer on their way into the browser."""

SENT = codec.encode(Send(True, codec.pack({"say": "hi"})))
TORN = SENT[:-3]

DECODED = "([data, by]) => data.map((hex) => window.roomwireDecoder.decode(hex, by))"
ENCODED = "told => told.map((json) => window.roomwireDecoder.encode(json))"


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


@pytest.fixture
async def page(relay: RunningRelay, tabs: Tabs) -> Page:
    return await tabs.open(f"{relay.url}/decode")


async def paste(page: Page, text: str) -> None:
    await page.fill("#input", text)


def inputs(reader: Reader) -> Iterator[bytes]:
    """Yield some of every kind of damage, and legal ones."""
    tried: Counter[str] = Counter()
    for case in islice(cases(14, reader), MANY):
        tried[case.damage] += 1
        if tried[case.damage] <= OF_EACH and len(case.data) <= LONGEST:
            yield case.data


def plain(told: str) -> dict[str, Any]:
    """Return what a decoder said, but for the peer's own words in it: each language has its own
    way to write such a key out."""
    found: dict[str, Any] = json.loads(told)
    if found.get("error", {}).get("code") == "DUPLICATE_KEY":
        del found["error"]["got"]
    return found


async def assert_both_agree(page: Page, several: list[bytes], by: str | None) -> None:
    theirs = await page.evaluate(DECODED, [[data.hex() for data in several], by])
    ours = [decode(data, by) for data in several]
    for told, message in zip(theirs, ours, strict=True):
        assert plain(told) == plain(json.dumps(as_json(message))), message.data.hex()
    whole = [told for told, message in zip(theirs, ours, strict=True) if message.fault is None]
    assert whole
    again = await page.evaluate(ENCODED, whole)
    assert [bytes.fromhex(each) for each in again] == [encode(json.loads(each)) for each in whole]


@pytest.mark.parametrize("reader", Reader)
async def test_it_agrees_with_python_about_any_bytes(page: Page, reader: Reader) -> None:
    several = list(inputs(reader))
    await assert_both_agree(page, several, reader.value)
    if reader is not Reader.PAYLOAD:
        await assert_both_agree(page, several, None)


async def test_it_agrees_with_python_about_the_vectors(page: Page) -> None:
    for name in ("valid", "legal", "malformed"):
        several = [vectors.message(vector["hex"]) for vector in vectors.load(name)]
        short = [data for data in several if len(data) <= LONGEST]
        await assert_both_agree(page, [*short, SENT], None)


async def test_bytes_and_values_are_marked_together(page: Page) -> None:
    await paste(page, SENT.hex(" "))
    say = page.locator(".item", has_text='say: "hi"')
    await say.hover()
    marked = page.locator(".cells .is-marked")
    assert await marked.all_inner_texts() == ["A2", "68", "69"]
    await page.locator(".cells i", has_text="10").hover()
    await page.locator(".item.is-marked", has_text="SEND").wait_for()
    assert await marked.all_inner_texts() == ["10"]


async def test_keys_go_through_bytes_and_values(page: Page) -> None:
    await paste(page, SENT.hex(" "))
    await page.focus(".tree .item")
    for _ in range(3):
        await page.keyboard.press("ArrowDown")
    await page.locator(".item.is-marked", has_text="payload").wait_for()
    await page.keyboard.press("ArrowLeft")
    await page.locator(".item.is-marked", has_text="array of 3").wait_for()
    await page.focus(".bytes")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    assert "Byte 1 is in the head of op" in await page.inner_text(".place")


async def test_a_fault_stands_under_its_byte_with_its_rule(page: Page) -> None:
    await paste(page, "93 24 A3 41 64 61 A3 61 66 6B")
    blamed = page.locator(".cells .is-blamed")
    assert await blamed.all_inner_texts() == ["A3"]
    byte, caret = await blamed.bounding_box(), await page.locator(".caret").bounding_box()
    assert byte is not None
    assert caret is not None
    assert abs(byte["x"] - caret["x"]) < 2
    assert byte["y"] < caret["y"]
    assert "SPEC 3.3.7.1" in await page.inner_text(".blame")
    await paste(page, TORN.hex())
    assert f"TRUNCATED at {len(TORN)}" in await page.inner_text(".blame")


@pytest.mark.parametrize(
    "text",
    ["9310C3C4026869", r"b'\x93\x10\xc3\xc4\x02hi'", "kxDDxAJoaQ==", "0x93,0x10,0xC3,0xC4,2,68,69"],
)
async def test_text_is_read_in_the_forms_that_programs_print(page: Page, text: str) -> None:
    await paste(page, text.replace(",2,", ",0x02,"))
    await page.locator(".frame-title", has_text="client SEND, 7 bytes").wait_for()


async def test_a_copy_keeps_whom_a_frame_is_to(page: Page) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await paste(page, SENT.hex())
    await page.click(".copy-as >> text=Python")
    await page.locator(".copy-as button", has_text="Copied").wait_for()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == 'await room.send({"say": "hi"}, to=EVERYONE)'


async def test_what_is_no_message_says_so(page: Page) -> None:
    await paste(page, "what?")
    await page.locator("#input-error", has_text="no hex, no base64").wait_for()
    assert not await page.is_visible("#shown")


async def test_a_browsers_export_is_read(page: Page, tmp_path: Path) -> None:
    def said(kind: str, data: str) -> dict[str, Any]:
        return {"type": kind, "time": 1700000000.5, "opcode": 2, "data": data}

    messages = [said("send", "kxDDxAJoaQ=="), said("receive", "lBEDAcQBeA==")]
    entry = {"request": {"url": "ws://h/r/R"}, "_webSocketMessages": messages}
    har = tmp_path / "game.har"
    har.write_text(json.dumps({"log": {"entries": [entry]}}))
    await page.set_input_files("#file", har)
    await page.locator("#several-title", has_text="2 messages").wait_for()
    await page.locator(".list-row", has_text="relay DELIVER").click()
    await page.locator(".frame-title", has_text="relay DELIVER").wait_for()


@pytest.mark.parametrize("mobile", [False, True], ids=["desk", "phone"])
async def test_a_capture_of_packets_is_read(relay: RunningRelay, tabs: Tabs, mobile: bool) -> None:
    page = await tabs.open(f"{relay.url}/decode", mobile=mobile)
    await page.set_input_files("#file", LOOPBACK)
    await page.locator("#several-title", has_text=f"{len(read(LOOPBACK.read_bytes()))}").wait_for()
    connections = await page.inner_text("#connections")
    assert [line[:5] for line in connections.splitlines()] == ["#1 is", "#2 is"]
    await page.focus(".list")
    await page.keyboard.press("End")
    await page.locator("#other", has_text="client close 1000 NORMAL").wait_for()
    assert not await page.is_visible("#shown")
    torn = page.locator(".list-row.is-bad")
    await torn.filter(has_text="#2 +").click()
    await page.locator(".blame", has_text="TRUNCATED at 8").wait_for()
    assert not await page.is_visible("#other")
    root = "document.documentElement"
    assert await page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


async def test_a_capture_without_messages_says_so(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.write_bytes(CAPTURES["no messages"]())
    await page.set_input_files("#file", path)
    await page.locator("#input-error", has_text="no messages of a room").wait_for()


async def test_json_is_encoded(page: Page) -> None:
    await page.click("#encode summary")
    await page.click("#encode-ok")
    assert bytes.fromhex(await page.input_value("#input")) == SENT
    told = as_json(decode(codec.encode(Deliver(3, 1, codec.pack(["a", 1.5, None])))))
    await page.fill("#json", json.dumps(told))
    await page.click("#encode-ok")
    assert await page.input_value("#input") == bytes.fromhex(told["hex"]).hex(" ").upper()
    await page.fill("#json", '{"frame": "SHOUT"}')
    await page.click("#encode-ok")
    await page.locator("#encode-error", has_text='no frame is called "SHOUT"').wait_for()


async def test_a_phone_shows_all_of_it(relay: RunningRelay, tabs: Tabs) -> None:
    page = await tabs.open(f"{relay.url}/decode", mobile=True)
    await paste(page, TORN.hex())
    await page.wait_for_selector(".blame")
    root = "document.documentElement"
    assert await page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
