"""`connect` of the browser client in a real browser: how it fails, and that it leaves no ghosts."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from clients.python import Message
from tests.helpers.browser import Tabs
from tests.helpers.client_page import a_page, run
from tests.helpers.players import TestPlayer, enter_async
from tests.helpers.relay import RunningRelay, running_relay

if TYPE_CHECKING:  # importing Playwright takes longer than most tests here
    from playwright.async_api import Page

FAILING = """
    const begun = performance.now();
    const failing = (where, options) => connect(where, options).then(
        () => ["in"],
        ({ name, message }) => [name, message, performance.now() - begun],
    );
"""
QUICKLY = 25_000
"""Milliseconds; long before the time of `connect` is up, which these tests have made a minute."""


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


async def is_alone_with(bob: TestPlayer, page: Page) -> None:
    """Return once no others are in the room, which must be before the relay lets go of the lost."""
    await page.evaluate("room.send('all')")
    await bob.hears(Message)
    both = {bob.room.me, await page.evaluate("room.me")}
    await bob.sees(lambda room: set(room.players) == both)


async def test_where_nothing_listens_it_is_unreachable(relay: RunningRelay, tabs: Tabs) -> None:
    tabs.expected = ("ERR_CONNECTION_REFUSED",)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with a_page(relay.url, tabs) as page:
        script = f'{FAILING} return failing("localhost:{port}", {{ room: "R", timeout: 60 }});'
        name, text, took = await run(page, script)
    assert name == "Unreachable"
    assert text.startswith(f"nothing answers at http://localhost:{port}/: is the relay running?")
    assert took < QUICKLY


async def test_a_page_of_a_refused_origin_is_told_so(relay: RunningRelay, tabs: Tabs) -> None:
    tabs.expected = ("blocked by CORS", "ERR_FAILED", "403")
    async with a_page(relay.url, tabs) as page:
        # A sandbox has the origin null, which the relay does not take.
        await page.evaluate(
            """() => {
                const frame = document.createElement("iframe");
                frame.sandbox = "allow-scripts";
                frame.srcdoc = "<title>sandbox</title>";
                document.body.append(frame);
            }"""
        )
        name, text, took = await run(
            page.frames[-1],
            f"""const {{ connect }} = await import("{relay.url}/client/roomwire.js"); {FAILING}
            return failing("{relay.url}", {{ room: "R", timeout: 60 }});""",
        )
    assert name == "OriginRefused"
    assert text.startswith(f"{relay.url}/ takes no pages of this origin, null:")
    assert text.endswith("--origin null")
    assert took < QUICKLY


async def test_mistakes_are_named_at_once(relay: RunningRelay, tabs: Tabs) -> None:
    async with a_page(relay.url, tabs) as page:
        given = ['{ pasword: "x" }', "{ timeout: 10000 }", '{ name: "x".repeat(65) }']
        script = ",".join(f"failing(relay, {{ room: 'R', ...{each} }})" for each in given)
        said = await run(page, f"{FAILING} return Promise.all([{script}]);")
    assert [name for name, *_ in said] == ["TypeError", "TypeError", "LocalProtocolError"]
    assert 'no option "pasword"' in said[0][1]
    assert "expected=str" in said[2][1]


async def test_a_refused_room_is_named_with_what_to_do(relay: RunningRelay, tabs: Tabs) -> None:
    async with a_page(relay.url, tabs) as page:
        script = f"{FAILING} return failing(relay, {{ room: 'NOWHERE', create: false }});"
        name, text, _ = await run(page, script)
    assert name == "NoSuchRoom"
    assert text.endswith("{ create: true } makes it. (no_such_room, 4507)")


async def test_an_abort_throws_its_reason_and_leaves_nobody(
    relay: RunningRelay, tabs: Tabs
) -> None:
    async with (
        enter_async(relay.url, room="R", name="Bob") as bob,
        a_page(relay.url, tabs) as page,
    ):
        said = await run(
            page,
            """const entering = (signal) => connect(relay, { room: "R", signal });
            const caught = (signal) => entering(signal).then(() => "in", (reason) => reason);
            const said = [await caught(AbortSignal.abort("before"))];
            for (const wait of [() => null, next, () => new Promise(requestAnimationFrame)]) {
                const abort = new AbortController(), result = caught(abort.signal);
                await wait();
                abort.abort("during");
                said.push(await result);
            }
            window.room = await connect(relay, { room: "R", name: "Last" });
            return said;""",
        )
        assert said[0] == "before"
        assert set(said[1:]) <= {"during", "in"}
        assert "during" in said
        await is_alone_with(bob, page)


STRICT_MODE = """
    const mount = () => openRoom(relay, { room: "R", name: "Ann" });
    mount().leave();
    const abort = new AbortController();
    connect(relay, { room: "R", name: "Ann", signal: abort.signal }).catch(() => {});
    abort.abort();
    window.room = mount();
    await room.ready;
"""


async def test_components_that_are_mounted_twice_and_reloaded_leave_no_ghosts(
    relay: RunningRelay, tabs: Tabs
) -> None:
    """As React's StrictMode mounts them."""
    async with (
        enter_async(relay.url, room="R", name="Bob") as bob,
        a_page(relay.url, tabs, then=STRICT_MODE) as page,
    ):
        for _ in range(2):
            await page.reload()
            await page.wait_for_function("window.isReady")
            await is_alone_with(bob, page)


async def test_a_page_of_another_site_finds_its_rooms_in_the_lobby(
    relay: RunningRelay, tabs: Tabs
) -> None:
    tabs.expected = ("404",)
    async with a_page(relay.url, tabs) as page:
        answers = await run(
            page,
            f"""const {{ Lobby }} = await import("{relay.url}/client/roomwire.js");
            const lobby = new Lobby(relay);
            const made = await lobby.make({{ name: "MINE", app: "chess", title: "Ann's" }});
            const room = await connect(made.url, {{ app: "chess", name: "Ann" }});
            const [listed] = await lobby.rooms({{ app: "chess", onlyOpen: true }});
            const found = await lobby.match({{ app: "chess" }});
            const {{ host }} = await lobby.describe("mine");
            const refused = ({{ name, status }}) => [name, status];
            const missing = await lobby.describe("NONE").catch(refused);
            room.leave();
            return [made.code, listed.title, found.code, found.created, host, missing];""",
        )
    assert answers == ["MINE", "Ann's", "MINE", False, "Ann", ["LobbyRefused", 404]]


async def test_the_console_says_what_properties_and_events_are(
    relay: RunningRelay, tabs: Tabs
) -> None:
    printed: list[str] = []
    async with a_page(relay.url, tabs) as page:
        page.on("console", lambda message: printed.append(message.text))
        held = await run(
            page,
            """const room = await connect(relay, { room: "R" });
            const changed = new Promise((done) => room.on("propertyChanged", done));
            await room.setProperty("map", "hills");
            console.log(await changed);
            console.log(room.properties);
            return JSON.stringify(room.properties);""",
        )
    assert held == '{"map":"hills"}'
    assert printed == ["PropertyChanged", "Properties"]
