"""What README.md shows works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from protocol.close_codes import CloseCode
from roomwire import Message, Updated
from tests.helpers.browser import Tabs
from tests.helpers.peers import party
from tests.helpers.players import enter_async
from tests.helpers.relay import RunningRelay, running_relay
from tests.helpers.site import site

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
RELAY = "localhost:8000"
"""Where the examples believe the relay to be."""


def block(section: str, *languages: str) -> str:
    """Return the first block of code of a section, in one of the languages."""
    (body,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", README, re.M | re.S)
    found = re.search(rf"^```(?:{'|'.join(languages)})\n(.*?)^```$", body, re.M | re.S)
    assert found, f"no example under {section}"
    return found[1]


@pytest.fixture
async def relay() -> AsyncIterator[RunningRelay]:
    async with running_relay() as relay:
        yield relay


def address_of(relay: RunningRelay) -> str:
    return relay.url.removeprefix("http://")


async def test_the_python_example_plays(relay: RunningRelay, tmp_path: Path) -> None:
    example = block("Python", "python")
    assert RELAY in example
    script = tmp_path / "play.py"
    script.write_text(example.replace(RELAY, address_of(relay)))
    ended = await anyio.to_thread.run_sync(
        lambda: subprocess.run(
            [sys.executable, "-W", "error", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,  # which ends only what hangs
        )
    )
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == ["Ann is here", "Ann says {'say': 'hello'}"]


async def test_the_browser_example_plays(relay: RunningRelay, tabs: Tabs) -> None:
    example = block("Browser", "html", "js", "javascript")
    assert RELAY in example
    html = f'<link rel="icon" href="data:,">{example.replace(RELAY, address_of(relay))}'
    printed: list[str] = []
    async with enter_async(relay.url, room="HELLO", name="Bot") as bot, site(html) as url:
        page = await tabs.open(url)
        page.on("console", lambda message: printed.append(message.text))
        said = await bot.hears(Message)
        assert (said.player.name, said.value) == ("Bea", {"say": "hello"})
        await page.mouse.move(120, 80)
        assert (await bot.hears(Updated)).value == [120, 80]
        async with page.expect_console_message(lambda message: "Bot says" in message.text):
            await bot.send("hi")
        assert printed == ["Bot says hi"]


async def test_the_hook_example_admits_ticket_holders() -> None:
    names: dict[str, Any] = {}
    exec(block("In your own app", "python"), names)
    async with party(names["on_join"]) as at:
        await at.enters("R", ticket="let-me-in")
        stranger = await at.connects("R")
        stranger.greets()
        error, code = await stranger.is_turned_away()
        assert (error.text, code) == ("this game is for ticket holders", CloseCode.NOT_ADMITTED)
    names["app"].state.node.close()


PROSE = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text())
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_readme_is_read_in_three_minutes() -> None:
    assert len(README.split()) <= 700
