"""The room page in headless Chromium, a bot in Python, and a real relay between them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from clients.python import (
    EVERYONE,
    Message,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    SnapshotReceived,
    Updated,
)
from relay.conditions.profiles import profile
from relay.conditions.shape import Shape
from relay.room import membership
from relay.room.room import Room
from tests.helpers.browser import Tabs
from tests.helpers.peers import until
from tests.helpers.players import enter_async
from tests.helpers.ports import free_ports
from tests.helpers.relay import RunningRelay, relay_process, running_relay
from tests.helpers.site import site
from tests.helpers.visitors import Visitor, visit

HIDE = """isHidden => {
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


def the_room(relay: RunningRelay, name: str) -> Room:
    room = relay.node.registry.find(name)
    assert room is not None
    return room


def page_of(relay: RunningRelay, room: str) -> str:
    return f"{relay.url}/r/{room}"


async def test_two_tabs_and_a_bot_see_each_others_moves_and_events(
    relay: RunningRelay, tabs: Tabs
) -> None:
    ann = await visit(tabs, page_of(relay, "ARENA"), "Ann")
    bob = await visit(tabs, page_of(relay, "ARENA"), "Bob")
    async with enter_async(relay.url, room="arena", name="Bot") as bot:
        assert [player.name for player in bot.room.players.values()] == ["Ann", "Bob", "Bot"]

        await bot.do(lambda room: room.volatile(0, [300, 400, 0, 0]))
        for visitor in (ann, bob):
            await visitor.page.locator("#players li", has_text="Bot").wait_for()
            await visitor.sees("game.ships.get(3)?.distanceTo({ x: 300, y: 400 }) < 1")

        right = 20 + await ann.look("game.mine.at.x")
        await ann.page.focus("#arena")
        await ann.page.keyboard.down("d")
        await bot.hears(
            Updated, lambda move: (move.sender, move.key) == (1, 0) and move.value[0] > right
        )
        await bob.sees("game.ships.get(1)?.at.x > it", right)
        await ann.page.keyboard.up("d")

        await bob.says("over here")
        said = await bot.hears(Message, lambda event: event.sender == 2)
        assert said.value == {"t": "say", "text": "over here"}
        await ann.reads("Bob over here")
        await bot.send({"t": "say", "text": "<b>beep</b>"}, to=EVERYONE)
        for visitor in (ann, bob):
            await visitor.reads("Bot <b>beep</b>")

        await ann.page.click("#pop")
        await bot.hears(Message, lambda event: event.value == {"t": "pop"})
    for visitor in (ann, bob):
        await visitor.reads("Bot left")


async def test_everyones_latency_is_shown(relay: RunningRelay, tabs: Tabs) -> None:
    ann = await visit(tabs, page_of(relay, "R"), "Ann")
    await visit(tabs, page_of(relay, "R"), "Bob")
    for name in ("Ann", "Bob"):
        row = ann.page.locator("#players li", has_text=name)
        await row.locator(".rtt", has_text="ms").wait_for()


async def test_closing_the_hosts_tab_moves_the_host(
    relay: RunningRelay, tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "HOST_PATIENCE", 0.2)
    host = await visit(tabs, page_of(relay, "R"), "Ann")
    heir = await visit(tabs, page_of(relay, "R"), "Bob")
    await host.sees("room.isHost")
    await host.page.close()
    await heir.reads("You are host now")
    await heir.sees("room.isHost && room.term === 2 && room.players.get(1).state === 2")
    await heir.sees("game.orbs.size > 0")  # the referee went on
    await heir.page.check("#lock")
    await until(lambda: the_room(relay, "R").options.locked)


async def test_a_relay_that_is_killed_and_started_anew_has_its_players_back(tabs: Tabs) -> None:
    # A page whose attempt just failed may ask the new relay why, with a POST that it answers so.
    tabs.expected = ("ERR_CONNECTION", "WebSocket connection to", "405 (Method Not Allowed)")
    (port,) = free_ports(1)  # it is nobody else's meanwhile
    with relay_process(port=port) as relay:
        url = relay.url
        ann = await visit(tabs, f"{url}/r/R", "Ann")
        bob = await visit(tabs, f"{url}/r/R", "Bob")
        await ann.sees("room.players.size === 2")
        before = await ann.colours()
        relay.process.kill()
        relay.process.wait()
        for visitor in (ann, bob):
            await visitor.page.wait_for_selector("#status[data-state=reconnecting]")
    with relay_process(port=port):
        for visitor in (ann, bob):
            await visitor.is_live()
            await visitor.sees("room.players.size === 2")
        assert await ann.colours() == before
        await ann.says("all here?")
        await bob.reads("Ann all here?")


async def test_a_reloaded_page_keeps_its_seat(relay: RunningRelay, tabs: Tabs) -> None:
    await visit(tabs, page_of(relay, "R"), "Ann")
    bob = await visit(tabs, page_of(relay, "R"), "Bob")
    await bob.page.reload()
    await bob.is_live()
    assert await bob.number == 2
    await bob.sees("room.players.size === 2 && room.players.get(2).name === 'Bob'")


async def test_a_hidden_tab_is_away(relay: RunningRelay, tabs: Tabs) -> None:
    ann = await visit(tabs, page_of(relay, "R"), "Ann")
    async with enter_async(relay.url, room="R") as bot:
        for hidden, state in ((True, PresenceState.AWAY), (False, PresenceState.HERE)):
            await ann.page.evaluate(HIDE, hidden)
            told = await bot.hears(PresenceChanged)
            assert (told.player.number, told.player.state) == (1, state)


async def test_a_mistyped_code_is_no_such_room(relay: RunningRelay, tabs: Tabs) -> None:
    home = await tabs.open(relay.url)
    await home.fill("#join-code", "no-such")
    await home.press("#join-code", "Enter")
    await home.wait_for_url("**/r/NO-SUCH?join")
    visitor = Visitor(home)
    await visitor.answers("Ann")
    await visitor.page.locator("#ended-title", has_text="no such room").wait_for()
    assert relay.node.registry.find("NO-SUCH") is None
    await visitor.page.click("#ended-again")
    await visitor.is_live()


async def test_a_private_room_is_entered_by_its_code_and_by_its_link(
    relay: RunningRelay, tabs: Tabs
) -> None:
    async with httpx.AsyncClient(base_url=relay.url) as http:
        await http.post("/api/rooms", json={"name": "den", "public": False})
        assert (await http.get("/api/rooms/den")).status_code == 404
    home = await tabs.open(relay.url)
    await home.fill("#join-code", "den")
    await home.press("#join-code", "Enter")
    await home.wait_for_url("**/r/DEN?join")
    ann = Visitor(home)
    await ann.answers("Ann")
    await ann.is_live()
    bob = await visit(tabs, page_of(relay, "DEN"), "Bob")
    await bob.sees("room.players.size === 2")


async def test_a_wrong_password_is_asked_for_again(relay: RunningRelay, tabs: Tabs) -> None:
    home = await tabs.open(relay.url)
    await home.fill("#make-password", "sesame")
    await home.click("#make button.primary")
    await home.wait_for_url("**/r/*")
    visitor = Visitor(await tabs.open(home.url))
    await visitor.answers("Ann")
    for password, error in (("wrong", "not it"), ("sesame", "")):
        await visitor.page.wait_for_selector("#ask-text[type=password]")
        await visitor.answers(password)
        if error:
            await visitor.page.locator("#ask-error", has_text=error).wait_for()
    await visitor.is_live()


async def test_a_phone_shows_all_of_it_and_a_code_to_scan(relay: RunningRelay, tabs: Tabs) -> None:
    visitor = await visit(tabs, page_of(relay, "R"), "Ann", mobile=True)
    await visitor.page.locator("#qr svg, #qr canvas, #qr img").first.wait_for()
    assert page_of(relay, "R") in await visitor.page.input_value("#link")
    assert await visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_page_of_another_origin_on_this_machine_may_connect(
    relay: RunningRelay, tabs: Tabs
) -> None:
    html = f"""<link rel="icon" href="data:,"><script type="module">
        import {{ connect }} from "{relay.url}/client/roomwire.js";
        const room = await connect({{ room: "DEV", name: "Dev" }});
        room.on("message", ({{ value }}) => room.send({{ echo: value }}));
        await room.send("hello");
    </script>"""
    async with enter_async(relay.url, room="DEV") as bot, site(html) as url:
        await tabs.open(url)
        hello = await bot.hears(Message)
        assert (hello.value, hello.player.name) == ("hello", "Dev")
        await bot.send([1, "zwei", None])
        assert (await bot.hears(Message)).value == {"echo": [1, "zwei", None]}


async def test_the_ten_lines_of_the_home_page_connect_a_page_of_ones_own(
    relay: RunningRelay, tabs: Tabs
) -> None:
    home = await tabs.open(relay.url)
    lines = await home.inner_text("#snippet")
    assert len(lines.splitlines()) == 10
    html = f'<link rel="icon" href="data:,"><script type="module">{lines}</script>'
    async with enter_async(relay.url, room="HELLO") as bot, site(html) as url:
        page = await tabs.open(url)
        said = await bot.hears(Message)
        assert (said.value, said.player.name) == ({"say": "hello"}, "Bea")
        assert (await bot.hears(Updated)).value == [120, 80]
        async with page.expect_console_message() as shown:
            await bot.send("hi")
        assert (await shown.value).text.endswith("says hi")


async def test_a_page_that_comes_late_hears_history_and_passes_it_on(
    relay: RunningRelay, tabs: Tabs
) -> None:
    html = f"""<link rel="icon" href="data:,"><script type="module">
        import {{ openRoom }} from "{relay.url}/client/roomwire.js";
        const room = openRoom({{ room: "LATE", name: "Page" }});
        const heard = [];
        room.on("snapshotReceived", ({{ value }}) => heard.push(...value));
        room.on("message", ({{ value, isHistory }}) => isHistory && heard.push(value));
        room.on("hostChanged", async () => {{
            if (room.isHost && room.state === "live") {{
                await room.giveSnapshot(heard);
                await room.send("given");
            }}
        }});
        await room.ready;
        await room.send(heard);
    </script>"""
    made = RoomOptions(history="snapshot")
    async with enter_async(relay.url, room="LATE", create=made) as bot, site(html) as url:
        await bot.send(1)
        await bot.do(lambda room: room.give_snapshot([1]))
        await bot.send(2)
        await tabs.open(url)
        told = await bot.hears(Message)
        assert told.value == [1, 2]
        await bot.do(lambda room: room.transfer(told.sender))
        await bot.hears(Message, lambda event: event.value == "given")
        async with enter_async(relay.url, room="LATE") as late:
            assert (await late.hears(SnapshotReceived)).value == [1, 2]


async def test_a_link_asks_for_a_bad_network_and_the_page_shows_it(
    relay: RunningRelay, tabs: Tabs
) -> None:
    link = f"{page_of(relay, 'BAD')}?chaos=hotel&seed=42"
    ann = await visit(tabs, link, "Ann")
    await ann.page.locator("#conditions", has_text="Bad network: hotel, seed 42").wait_for()
    bob = await visit(tabs, page_of(relay, "BAD"), "Bob", mobile=True)
    assert not await bob.page.locator("#conditions").is_visible()
    await ann.sees("room.clock.rtt > 80_000")

    relay.node.shapes.put(the_room(relay, "BAD"), 2, Shape(profile("lan"), None, 7))
    await bob.page.locator("#conditions", has_text="down lan; seed 7").wait_for()
    overflow = "document.documentElement.scrollWidth > innerWidth"
    assert not await bob.page.evaluate(overflow)
    relay.node.shapes.clear(the_room(relay, "BAD"))
    await bob.page.locator("#conditions").wait_for(state="hidden")

    # Whoever else makes the room decides: here nobody's link may ask for it.
    await visit(tabs, page_of(relay, "CALM"), "Cid")
    dan = await visit(tabs, f"{page_of(relay, 'CALM')}?chaos=hotel", "Dan", mobile=True)
    badge = dan.page.locator("#conditions", has_text="No bad network: this room allows no such")
    await badge.wait_for()
    assert "chaos=hotel changes nothing" in await dan.look("room.ignored")
    assert not await dan.page.evaluate(overflow)
    eve = await visit(tabs, f"{page_of(relay, 'BAD')}?chaos=motel", "Eve")
    await eve.page.locator("#conditions", has_text="the relay knows none of this name").wait_for()
