"""What the pages offer, in headless Chromium; tests/integration plays on them with others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from clients.python import EVERYONE, HOST, Message, RoomOptions, connect
from protocol.frames import Notice, NoticeDetail, NoticeKind
from tests.helpers.browser import Tabs
from tests.helpers.cable import cable_to
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.reverse_proxy import reverse_proxy
from tests.helpers.visitors import Visitor, visit

IN_A_ROOM = re.compile("/r/")


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


@pytest.fixture
def url(relay: RunningRelay) -> str:
    """The address of a room. Ask for it before `tabs`: what goes first, ends last."""
    return f"{relay.url}/r/R"


async def arrive(visitor: Visitor, name: str) -> None:
    """Say a name in the room that the home page led to."""
    await visitor.page.wait_for_url(IN_A_ROOM)
    await visitor.answers(name)
    await visitor.is_live()


async def arrive_again(visitor: Visitor) -> None:
    """Be in the room that the home page led to, under the name that the page knows."""
    await visitor.page.wait_for_url(IN_A_ROOM)
    await visitor.is_live()


class TestTheRoom:
    async def test_the_host_gives_an_orb_to_who_grabs_it(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        async with connect(url, name="Bot") as bot:
            async for event in bot:
                match event:
                    # Ann has a score, too, if there was an orb where her comet began.
                    case Message(value={"t": "orbs", "scores": scores}) if str(bot.me) in scores:
                        assert scores[str(bot.me)] == 1
                        break
                    case Message(value={"t": "orbs", "orbs": [[orb, x, y], *_]}):
                        bot.volatile(0, [x, y, 0, 0])
                        await ann.sees("game.ships.get(2)?.distanceTo(it) < 1", {"x": x, "y": y})
                        await bot.send({"t": "grab", "orb": orb}, to=HOST)
            await ann.page.locator("#players li", has_text="Bot").locator("text=1").wait_for()

    async def test_a_tab_that_is_duplicated_has_a_seat_of_its_own(
        self, url: str, tabs: Tabs
    ) -> None:
        ann = await visit(tabs, url, "Ann")
        # A window that a page opens has a copy of its session storage, as a duplicated tab has.
        async with ann.page.context.expect_page() as opened:
            await ann.page.evaluate("void window.open(location.href)")
        copy = Visitor(await opened.value)
        await copy.is_live()
        assert await copy.number == 2
        await ann.sees("room.state === 'live' && room.players.size === 2")

    async def test_a_lost_connection_comes_back_and_says_so(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        await ann.look("room.drop()")
        await ann.reads("Back, and nothing missed")
        await ann.is_live()
        assert await ann.number == 1

    async def test_what_the_relay_gives_notice_of_is_shown(
        self, relay: RunningRelay, url: str, tabs: Tabs
    ) -> None:
        ann = await visit(tabs, url, "Ann")
        (connection,) = relay.node.connections.values()
        for detail, words, line in (
            (NoticeDetail(after=60_000), "You read too slowly cut off in", "You read too slowly"),
            (NoticeDetail(dropped=2), "Live", "You keep up again; 2 movements"),
        ):
            connection.send(Notice(NoticeKind.LAG, detail))
            await ann.page.wait_for_selector(f"#status:has-text('{words}')")
            await ann.reads(line)
        for kind, line in {
            NoticeKind.TRIMMED: "the room forgot some of its past",
            NoticeKind.MEMORY: "The relay is short of memory",
            NoticeKind.OPERATOR: "The relay's operator says: We restart",
        }.items():
            connection.send(Notice(kind, NoticeDetail(seq=7, said="We restart")))
            await ann.reads(line)
        connection.drain(60_000)
        await ann.page.wait_for_selector("#status[data-state=restarting]")
        assert "back in" in await ann.page.locator("#status").inner_text()

    async def test_who_leaves_may_come_back_as_another(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        await ann.page.click("#leave")
        await ann.page.click("text=Come back")
        await ann.is_live()
        assert await ann.number == 2

    async def test_the_game_goes_on_behind_the_question_for_a_name(
        self, url: str, tabs: Tabs
    ) -> None:
        async with connect(url, name="Bot") as bot:
            ann = Visitor(await tabs.open(url))
            await ann.page.wait_for_selector("#ask")
            for x in (300, 900):
                bot.volatile(0, [x, 400, 0, 0])
                await ann.sees("Math.abs(game.ships.get(1)?.at.x - it) < 1", x)
            assert await ann.page.is_visible("#ask")
            assert await ann.look("room.players.get(room.me).role") == "spectator"
            await ann.page.locator("#count", has_text="1 of 64, and 1 watching").wait_for()
            await ann.answers("Ann")
            await ann.is_live()
            await ann.sees("room.players.size === 2")  # who watched is gone
            assert await ann.look("room.players.get(room.me).role") == "player"


class TestStrangersWords:
    async def test_a_name_neither_turns_its_neighbours_around_nor_empties_them(
        self, url: str, tabs: Tabs
    ) -> None:
        ann = await visit(tabs, url, "Ann")
        async with (
            connect(url, name="\u202eevil\u2066\x07") as evil,
            connect(url, name="\u200b\u3164\u200d") as nobody,
            connect(url, name="\u05d3\u05df") as dan,
        ):
            for number, shown in (
                (evil.me, "evil"),
                (nobody.me, "Player 3"),
                (dan.me, "\u05d3\u05df"),
            ):
                await ann.sees("room.players.has(it)", number)
                row = ann.page.locator("#players li").nth(number - 1)
                name = row.locator(".who bdi")
                await name.wait_for()
                assert await name.text_content() == shown
                line = ann.page.locator("#log li").nth(number - 1)  # after "You are host now"
                await line.wait_for()
                assert await line.text_content() == f"{shown} joined"
                assert await line.locator("bdi").text_content() == shown
            # Digits beside Hebrew would be drawn on its other side.
            row = ann.page.locator("#players li", has_text="\u05d3\u05df")
            boxes = [await row.locator(part).bounding_box() for part in (".who bdi", ".score")]
            assert boxes[0]
            assert boxes[1]
            assert boxes[0]["x"] < boxes[1]["x"]
            await nobody.send({"t": "say", "text": "\u200b"}, to=EVERYONE)  # nothing to see
            await evil.send({"t": "say", "text": "\u202eyes\u2067 \n no"}, to=EVERYONE)
            await ann.reads("evil yes no")
            assert await ann.page.locator("#log li").count() == 5

    async def test_what_the_canvas_shows_is_legible(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        await ann.page.evaluate(
            """() => {
                const { fillText } = CanvasRenderingContext2D.prototype;
                window.drawn = new Set();
                CanvasRenderingContext2D.prototype.fillText = function (text, ...more) {
                    window.drawn.add(text);
                    return fillText.call(this, text, ...more);
                };
            }"""
        )
        async with (
            connect(url, name="\u202eevil\u200f") as evil,
            connect(url, name="\u2066") as other,
        ):
            for bot in (evil, other):
                bot.volatile(0, [300, 300, 0, 0])
            family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
            await evil.send({"t": "say", "text": "\u202e" + family * 12}, to=EVERYONE)
            await ann.page.wait_for_function(
                "it => it.every((text) => window.drawn.has(text))",
                arg=["evil", "Player 3", family * 12],
            )
        drawn = "".join(await ann.page.evaluate("[...window.drawn]"))
        assert not {"\u202e", "\u200f", "\u2066"} & {*drawn}

    async def test_the_home_page_shows_titles_and_hosts_apart(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        made = RoomOptions(title="\u202eden", public=True)
        unseen = RoomOptions(title="\u200b", public=True)
        async with (
            connect(f"{relay.url}/r/DEN", name="\u202eAnn", create=made),
            connect(f"{relay.url}/r/LAIR", name="\u2066", create=unseen),
        ):
            home = await tabs.open(relay.url)
            rows = home.locator("#rooms li")
            await rows.nth(1).wait_for()
            assert await rows.nth(0).text_content() == "den1 / 64DEN · host: Ann"
            assert await rows.nth(0).locator("bdi").all_text_contents() == ["den", "Ann"]
            assert await rows.nth(1).text_content() == "LAIR1 / 64host: a player without a name"
            room = Visitor(await tabs.open(f"{relay.url}/r/DEN"))
            await room.answers("\u2067")  # who has typed nothing that can be seen gets a name
            await room.is_live()
            assert await room.page.locator("#title").text_content() == "den"
            assert await room.page.title() == "den · Roomwire"
            assert await room.look("room.players.get(room.me).name")  # and not the mark


class TestTheHostsControls:
    async def test_the_crown_is_not_offered_to_who_cannot_wear_it(
        self, url: str, tabs: Tabs
    ) -> None:
        ann = await visit(tabs, url, "Ann")
        await visit(tabs, url, "Bob")
        async with (
            connect(url, name="Watcher", role="spectator"),
            connect(url, name="Server", can_host=False),
        ):
            for name in ("Bob", "Watcher", "Server"):
                await ann.page.click(f"li:has-text('{name}') .toggle")
                await ann.page.wait_for_selector(f"li:has-text('{name}') >> text=Remove")
            assert await ann.page.is_visible("li:has-text('Bob') >> text=Make host")
            assert not await ann.page.is_visible("li:has-text('Watcher') >> text=Make host")
            assert not await ann.page.is_visible("li:has-text('Server') >> text=Make host")

    async def test_removing_a_player_for_good(self, url: str, tabs: Tabs) -> None:
        ann, bob = await visit(tabs, url, "Ann"), await visit(tabs, url, "Bob")
        await ann.page.click("li:has-text('Bob') .toggle")
        await ann.page.click("li:has-text('Bob') >> text=Remove")
        await bob.page.wait_for_selector("#ended >> text=You were removed")
        await bob.page.reload()
        await bob.page.wait_for_selector("#ended >> text=barred")

    async def test_handing_the_crown_over(self, url: str, tabs: Tabs) -> None:
        ann, bob = await visit(tabs, url, "Ann"), await visit(tabs, url, "Bob")
        await ann.page.click("li:has-text('Bob') .toggle")
        await ann.page.click("li:has-text('Bob') >> text=Make host")
        await bob.reads("You are host now")
        await bob.page.wait_for_selector("li:has-text('Ann') .toggle")
        await ann.page.wait_for_selector("li:has-text('Bob') .toggle", state="hidden")

    async def test_locking_the_room(self, url: str, tabs: Tabs) -> None:
        ann = await visit(tabs, url, "Ann")
        await ann.page.check("#lock")
        await ann.sees("room.properties.get('@locked') === true")
        bob = Visitor(await tabs.open(url))
        await bob.answers("Bob")
        await bob.page.wait_for_selector("#ended >> text=The room is locked")
        await ann.page.uncheck("#lock")
        await ann.sees("room.properties.get('@locked') === false")
        await bob.page.click("text=Try again")
        await bob.is_live()


class TestTheHomePage:
    async def test_a_room_that_is_made_is_listed_for_others(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        ann, bob = Visitor(await tabs.open(relay.url)), Visitor(await tabs.open(relay.url))
        await ann.page.fill("#make-name", "Ann's <b>own</b>")
        await ann.page.fill("#make-capacity", "3")
        await ann.page.click("text=Make it")
        await arrive(ann, "Ann")
        assert await ann.page.inner_text("#title") == "Ann's <b>own</b>"
        await bob.page.wait_for_selector("#rooms >> text=1 / 3")
        await bob.page.click("#rooms >> text=Ann's <b>own</b>")
        await arrive(bob, "Bob")
        await ann.sees("room.players.size === 2")

    async def test_a_code_may_be_typed_in_small_letters(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        await visit(tabs, f"{relay.url}/r/QUIET", "Ann")
        bob = Visitor(await tabs.open(relay.url))
        await bob.page.fill("#join-code", "quiet")
        await bob.page.click("#join button")
        await arrive(bob, "Bob")
        await bob.sees("room.players.size === 2")

    async def test_an_impossible_code_is_explained(self, relay: RunningRelay, tabs: Tabs) -> None:
        home = await tabs.open(relay.url)
        await home.fill("#join-code", "game night!")
        await home.click("#join button")
        await home.wait_for_selector("#join-error >> text=“GAME NIGHT!”")
        assert "letters from A to Z, digits" in await home.inner_text("#join-error")
        assert home.url == f"{relay.url}/"
        for path in ("game%20night!", "%E0%A4%A", "x" * 33):
            room = await tabs.open(f"{relay.url}/r/{path}")
            await room.wait_for_selector("#ended-title >> text=There is no such room")
            assert "letters from A to Z, digits" in await room.inner_text("#ended-text")
            assert not await room.is_visible("#ask")
            assert not await room.is_visible("#ended-again")
            await room.click("#ended >> text=Other rooms")
            await room.wait_for_url(f"{relay.url}/")

    async def test_who_makes_a_room_is_not_asked_for_its_password(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        ann = Visitor(await tabs.open(relay.url))
        await ann.page.fill("#make-password", "sesame")
        await ann.page.click("text=Make it")
        await arrive(ann, "Ann")
        await ann.page.reload()
        await ann.is_live()

    async def test_quick_match_brings_strangers_together(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        ann, bob = Visitor(await tabs.open(relay.url)), Visitor(await tabs.open(relay.url))
        for visitor, name in ((ann, "Ann"), (bob, "Bob")):
            await visitor.page.click("text=Play now")
            await arrive(visitor, name)
        await ann.sees("room.players.size === 2")


class TestBehindAProxy:
    async def test_all_of_it_works_below_a_prefix_that_the_relay_does_not_know(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        async with reverse_proxy(relay.url, "/rt") as proxy, tabs.closed_first():
            ann = Visitor(await tabs.open(f"{proxy.url}/"))
            await ann.page.wait_for_selector("#relay >> text=online")  # REST answers
            assert f"{proxy.url}/client/roomwire.js" in await ann.page.inner_text("#snippet")
            await ann.page.fill("#make-name", "Ann's")
            await ann.page.click("text=Make it")
            await arrive(ann, "Ann")
            code = await ann.look("room.code")
            assert ann.page.url == f"{proxy.url}/r/{code}"
            link = await ann.page.input_value("#link")
            assert link == f"{proxy.url}/r/{code}"
            assert await ann.page.get_attribute("#qr svg", "aria-label") == f"QR code of {link}"
            bob = await visit(tabs, f"{link}/", "Bob")  # some add a slash
            await ann.sees("room.players.size === 2")
            assert await bob.page.input_value("#link") == link
            number = await bob.number
            await bob.page.reload()
            await bob.is_live()
            assert await bob.number == number
            await bob.page.click(".brand")
            await bob.page.click("#rooms >> text=Ann's")
            await arrive_again(bob)
            await ann.page.goto(f"{proxy.url}/")
            await ann.page.click("text=REST API")
            await ann.page.wait_for_url(f"{proxy.url}/docs")  # and what it loads
            schema = await ann.page.evaluate("document.querySelector('main a').href")
            assert schema == f"{proxy.url}/schema.yml"
            assert (
                await ann.page.evaluate("getComputedStyle(document.body).backgroundColor")
                == "rgb(11, 13, 30)"
            )  # its style has loaded, too

    async def test_a_proxy_that_eats_the_upgrade_is_the_suspect(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        tabs.expected = ("WebSocket connection to", "Failed to load resource")
        async with reverse_proxy(relay.url, passes_upgrade=False) as proxy:
            ann = Visitor(await tabs.open(f"{proxy.url}/r/R"))
            await ann.answers("Ann")
            await ann.page.wait_for_selector("#suspect-title >> text=No WebSocket opens")
            assert "a proxy in between" in await ann.page.inner_text("#suspect-text")
            assert "Upgrade $http_upgrade" in await ann.page.inner_text("#suspect-lines")
            await ann.page.wait_for_selector("#status >> text=No WebSocket opens")
            proxy.passes_upgrade = True
            await ann.is_live()
            assert not await ann.page.is_visible("#suspect")

    async def test_a_host_that_was_rewritten_is_named(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        tabs.expected = ("WebSocket connection to", "Failed to load resource")
        async with reverse_proxy(relay.url, passes_host=False) as proxy:
            here = f"play.example:{proxy.port}"
            ann = Visitor(await tabs.open(f"http://{here}/"))
            await ann.page.click("text=Play now")
            await ann.page.wait_for_selector("#match-error >> text=rewrites the header Host")
            await ann.page.goto(f"http://{here}/r/R")
            await ann.answers("Ann")
            await ann.page.wait_for_selector("#suspect-title >> text=another site")
            words = await ann.page.inner_text("#suspect-text")
            assert f"This page is at {here}" in words
            assert f"Origin http://{here} is no page of this relay" in words
            assert "Host $http_host" in await ann.page.inner_text("#suspect-lines")

    async def test_nobody_is_suspected_where_the_relay_is_away(
        self, relay: RunningRelay, tabs: Tabs
    ) -> None:
        tabs.expected = ("WebSocket connection to", "Failed to load resource")
        async with cable_to(relay.url) as cable:
            ann = Visitor(await tabs.open(f"{cable.url}/r/R"))
            cable.unplug()
            await ann.answers("Ann")
            await ann.page.wait_for_selector("#status >> text=No relay answers")
            assert not await ann.page.is_visible("#suspect")
            cable.plug()
            await ann.is_live()
