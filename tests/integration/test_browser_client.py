"""The client of browsers in a real one: what waits for a reader, what a reload keeps, sleep."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from clients.python import (
    Joined,
    Left,
    Message,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Updated,
)
from relay.policy.config import Settings
from tests.helpers.browser import Tabs
from tests.helpers.cable import cable_to
from tests.helpers.client_page import PAGE, a_page, run
from tests.helpers.players import TestPlayer, enter_async
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.site import site
from tests.helpers.window import window_with

if TYPE_CHECKING:  # importing Playwright takes longer than most tests here
    from playwright.async_api import Page

LONG = 8000
"""Messages of a long past."""


async def fill(host: TestPlayer, count: int) -> None:
    """Say so many numbers; return once the relay has all of them."""
    for number in range(count):
        await host.send(number)
    await host.send("all", to=host.room.me)
    await host.hears(Message, lambda message: message.value == "all")


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay(Settings(profile="bench")) as relay:
        yield relay


class TestALongPast:
    """What waits for the first reader, of a room with a long past and a snapshot before it."""

    @pytest.fixture
    async def host(self, relay: RunningRelay) -> AsyncIterator[TestPlayer]:
        made = RoomOptions(history="full", keep=600)
        async with enter_async(relay.url, room="LONG", name="Host", create=made) as host:
            await host.send("before")
            await host.do(lambda room: room.give_snapshot("snapshot"))
            await fill(host, LONG)
            yield host

    async def test_whoever_reads_after_connect_hears_all_of_it(
        self, relay: RunningRelay, tabs: Tabs, host: TestPlayer
    ) -> None:
        async with a_page(relay.url, tabs) as page:
            # README's own pattern.
            heard = await run(
                page,
                """const room = await connect(relay, { room: "LONG" }), heard = [];
                await new Promise(done => room.on("message", ({ value, isHistory }) => {
                    heard.push([value, isHistory]);
                    if (value === last) done();
                }));
                return heard;""",
                last=LONG - 1,
            )
            assert heard == [[number, True] for number in range(LONG)]

            # Every type, from the beginning; the awaits between are no macrotask.
            before, after = await run(
                page,
                """const room = await connect(relay, { room: "LONG" }), heard = {};
                const others = ["joined", "hostChanged", "snapshotReceived", "live"];
                for (const type of ["message", ...others]) {
                    room.on(type, () => (heard[type] = (heard[type] ?? 0) + 1));
                    await null;
                    await Promise.resolve();
                }
                const before = { ...heard };
                await next();
                return [before, heard];""",
            )
            once = {"hostChanged": 1, "snapshotReceived": 1, "live": 1}
            assert before == {}
            assert after == {**once, "joined": 3, "message": LONG}

            # A loop. It has begun to read, so that a handler that comes later hears later things.
            heard, late = await run(
                page,
                """const room = await connect(relay, { room: "LONG" }), heard = [];
                for await (const event of room) {
                    heard.push(event.type === "message" ? event.value : event.type);
                    if (event.type === "live") break;
                }
                const late = [];
                room.on("joined", ({ type }) => late.push(type));
                await next();
                return [heard, late];""",
            )
            standing = ["joined", "hostChanged", "joined", "joined", "joined"]
            assert heard == [*standing, "snapshotReceived", *range(LONG), "live"]
            assert late == []


READING = {
    "on": "for (const type of types) room.on(type, hear);",
    "loop": "void (async () => { for await (const event of room) hear(event); })();",
}


@pytest.mark.parametrize("how", READING)
async def test_a_page_that_does_not_read_is_away_until_it_does(tabs: Tabs, how: str) -> None:
    settings = Settings(profile="bench", history_frames=3000)
    made = RoomOptions(capacity=2, spectators=0)
    count = 5000
    async with (
        running_relay(settings) as relay,
        enter_async(relay.url, room="R", name="Bob", create=made) as bob,
        a_page(relay.url, tabs) as page,
    ):
        await run(page, 'window.room = await connect(relay, { room: "R" });')
        for number in range(count):
            await bob.send(number)
        lost = await bob.hears(PresenceChanged)
        assert (lost.player.number, lost.player.state) == (2, PresenceState.LOST)
        await bob.send(count)
        heard, others = await run(
            page,
            f"""const types = ["message", "reconnecting", "resumed"];
            const heard = [], others = [];
            await new Promise(done => {{
                const hear = ({{ type, value, reason, resumed }}) => {{
                    if (type === "message") heard.push(value);
                    if (type === "reconnecting") others.push(reason);
                    if (type === "resumed") others.push(resumed);
                    if (value === last) done();
                }};
                {READING[how]}
            }});
            return [heard, others];""",
            last=count,
        )
        assert heard == [*range(count + 1)]
        assert others == ["unread", True]


NEAR = 1000
"""Milliseconds: far less than the sleep, and more than a busy machine makes a round trip."""

SLEEP = """
    const real = performance.now.bind(performance);
    window.slept = 0;
    performance.now = () => real() - window.slept;
"""


async def test_the_clock_is_right_soon_after_a_sleep_that_stopped_it(
    relay: RunningRelay, tabs: Tabs
) -> None:
    async with a_page(relay.url, tabs, first=SLEEP) as page:
        await run(page, 'window.room = await connect(relay, { room: "R" });')
        await page.wait_for_function("room.clock.count >= 4")
        error = await run(
            page,
            """const ahead = () => room.clock.now() / 1000 - Date.now();
            const before = ahead();
            window.slept = 8000;
            const error = () => Math.abs(ahead() - before);
            const end = Date.now() + 20_000;
            while (error() > near && Date.now() < end) await next();
            return error();""",
            near=NEAR,
        )
        assert error <= NEAR


async def test_a_value_that_waits_for_its_round_is_told_before_its_player_leaves(
    relay: RunningRelay, tabs: Tabs
) -> None:
    async with (
        enter_async(relay.url, room="LAST", name="Bob") as bob,
        a_page(relay.url, tabs) as page,
    ):
        await run(
            page,
            """const room = await connect(relay, { room: "LAST" });
            for (let value = 0; value < 9; value++) room.volatile(0, value);
            room.leave();""",
        )
        await bob.hears(Left)
        values = [event.value for event in bob.seen if isinstance(event, Updated)]
        assert values[-1] == 8


class TestLeavingWhileReconnecting:
    @asynccontextmanager
    async def cut_off(self, relay: str, tabs: Tabs) -> AsyncIterator[tuple[Any, Page, TestPlayer]]:
        """A page whose network is unplugged, and who was there with it."""
        tabs.expected = ("ERR_", "WebSocket connection to")
        async with (
            cable_to(relay) as cable,
            enter_async(relay, room="R") as bob,
            a_page(relay, tabs) as page,
        ):
            await run(
                page,
                """window.told = [];
                window.room = await connect(cable, { room: "R" });
                room.on("lost", ({ messages }) => told.push(["lost", messages.length]));
                room.on("closed", ({ code }) => told.push(["closed", code]));""",
                cable=cable.url,
            )
            await bob.hears(Joined, lambda joined: joined.player.number == 2)
            cable.unplug()
            await page.wait_for_function("room.state === 'reconnecting'")
            await run(page, "for (const n of [1, 2, 3]) await room.send(n); room.leave();")
            yield cable, page, bob

    async def test_delivers_what_was_sent_once_the_network_is_back(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        async with self.cut_off(relay.url, tabs) as (cable, page, bob):
            cable.plug()
            assert [(await bob.hears(Message)).value for _ in range(3)] == [1, 2, 3]
            await bob.hears(Left, lambda left: left.player.number == 2)
            await page.wait_for_function("told.length > 0")
            assert await page.evaluate("told") == [["closed", 1000]]

    @pytest.mark.long
    async def test_says_what_is_lost_where_it_is_not_back_in_time(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        async with self.cut_off(relay.url, tabs) as (_, page, _bob):
            await page.wait_for_function("told.some(([type]) => type === 'closed')")
            assert await page.evaluate("told") == [["lost", 3], ["closed", 1000]]


TWO = """
    const enter = name => connect(relay, { room: "R", name });
    window.rooms = [await enter("One"), await enter("Two")];
"""


class TestSeatsOfAPage:
    async def test_two_of_one_room_are_found_again_by_a_reload(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        async with a_page(relay.url, tabs, then=TWO) as page:
            for _ in range(3):
                await page.reload()
                await page.wait_for_function("window.isReady")
                assert await page.evaluate("rooms.map(({ me }) => me)") == [1, 2]
                assert await page.evaluate("[...rooms[0].players.keys()]") == [1, 2]

    async def test_the_second_is_found_by_a_reload_when_the_first_has_left(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        then = "window.room = await connect(relay, { room: 'R' });"
        async with a_page(relay.url, tabs, then=then) as page:
            await run(page, "window.second = await connect(relay, { room: 'R' }); room.leave();")
            await page.reload()
            await page.wait_for_function("window.isReady")
            assert await page.evaluate("room.me") == 2
            assert await page.evaluate("[...room.players.keys()]") == [2]

    @pytest.mark.parametrize(
        "lacking", ["", "Object.defineProperty(navigator, 'locks', { value: undefined });"]
    )
    async def test_a_tab_that_is_duplicated_while_hidden_has_one_of_its_own(
        self, relay: RunningRelay, lacking: str
    ) -> None:
        then = "window.room = await connect(relay, { room: 'R' });"
        html = PAGE.format(relay=relay.url, first=lacking, then=then)
        async with site(html) as url, window_with(url) as tab:
            await tab.page.wait_for_function("window.isReady")
            await tab.hide()
            # A window that a page opens has a copy of its session storage, as a duplicate has.
            async with tab.page.context.expect_page() as opened:
                await tab.page.evaluate("void window.open(location.href)")
            copy = await opened.value
            await copy.wait_for_function("window.isReady")
            assert await copy.evaluate("room.me") == 2
            assert await tab.page.evaluate("room.state") == "live"
            await tab.wake()
            await tab.page.reload()
            await tab.page.wait_for_function("window.isReady")
            assert await tab.page.evaluate("[room.me, room.players.size]") == [1, 2]

    @pytest.mark.parametrize("what", ["getItem", "setItem", "removeItem"])
    async def test_storage_that_throws_keeps_nobody_from_being_away(
        self, relay: RunningRelay, tabs: Tabs, what: str
    ) -> None:
        first = f'Storage.prototype.{what} = () => {{ throw new Error("quota"); }};'
        hide = """for (const hidden of [true, false]) {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
        async with (
            enter_async(relay.url, room="R") as bob,
            a_page(relay.url, tabs, first=first) as page,
        ):
            await run(page, f"await connect(relay, {{ room: 'R' }}); {hide}")
            for state in (PresenceState.AWAY, PresenceState.HERE):
                assert (await bob.hears(PresenceChanged)).player.state is state


async def test_a_websocket_that_cannot_be_made_is_tried_again(
    relay: RunningRelay, tabs: Tabs
) -> None:
    first = """const Real = WebSocket;
        window.tries = 0;
        window.WebSocket = class extends Real {
            constructor(...given) {
                if (window.isBroken && ++window.tries < 4) throw new Error("no more sockets");
                super(...given);
            }
        };"""
    async with a_page(relay.url, tabs, first=first) as page:
        await run(page, 'window.room = await connect(relay, { room: "R" }); isBroken = true;')
        await run(page, "room.drop();")
        await page.wait_for_function("tries === 4 && room.state === 'live'")
        said = await run(
            page,
            """tries = 0;
            return connect(relay, { room: "R" }).then(() => "in", ({ message }) => message);""",
        )
        assert said == "no more sockets"
