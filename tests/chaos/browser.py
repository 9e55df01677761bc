"""Players with the browser client, in Node or in a page. browser_player.mjs is their other half."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from protocol.fields.field_types import Target
from protocol.frames import HelloOptions, PresenceState, RoomOptions
from tests.chaos import journal
from tests.chaos.player import NOBODY, Out, Player
from tests.chaos.pulse import Pulse
from tests.helpers.node import LIBRARY, NODE_OPTIONS, find_node
from tests.helpers.site import site

if TYPE_CHECKING:
    from tests.helpers.browser import Tabs

HERE = Path(__file__).parent
LINE = 64 * 1024 * 1024  # bytes: a line from Node may hold all that a player heard

OTHER_ROOM = "the room is not the one that this was sent to"

News = dict[str, Any]


class Stage(ABC):
    """Where browser clients run."""

    def __init__(self) -> None:
        self.players: dict[str, BrowserPlayer] = {}

    @abstractmethod
    async def do(self, command: dict[str, Any]) -> News:
        """Let a player do something; return the result."""

    def hear(self, news: News) -> None:
        """Pass on what a player tells."""
        self.players[news["player"]].learn(news)


class BrowserPlayer(Player):
    """Acts on a stage. It knows of its own state what the stage told last."""

    def __init__(
        self,
        stage: Stage,
        label: str,
        pulse: Pulse,
        url: str,
        options: HelloOptions,
        random: Random,
    ) -> None:
        super().__init__(label, pulse)
        self._stage = stage
        self._url = url
        self._options = options
        self._state: dict[str, Any] = {}
        self._serial = 0
        self._early: dict[int, News] = {}
        """Entries that belong before those that came earlier."""
        self._is_leaving = False
        self._ended = asyncio.Event()
        stage.players[label] = self

    # How it stands.

    @property
    def me(self) -> int:
        return int(self._state.get("me", 0))

    @property
    def others(self) -> Collection[int]:
        return set(self._state.get("others", ()))

    @property
    def taken(self) -> int:
        return int(self._state.get("taken", 0))

    @property
    def was_live(self) -> bool:
        return bool(self._state.get("wasLive"))

    @property
    def is_settled(self) -> bool:
        return bool(self._state.get("isSettled"))

    # What it does.

    async def run(self) -> None:
        assert isinstance(self._options.create, RoomOptions)
        assert self._options.seat is not None
        create = self._options.create
        given = {
            "label": self.journal.label,
            "url": self._url,
            "seat": self._options.seat.hex(),
            "create": {key: getattr(create, key) for key in ("hold", "keep", "history")},
        }
        await self._do("enter", given)
        await self._ended.wait()

    async def send(self, target: Target, size: int = 0) -> int:
        expected = "refused" if target == NOBODY else "taken"
        return int(await self._do("send", target, size, expected))

    async def set_property(self, key: str, expected: int | None = None) -> None:
        await self._do("setProperty", key, expected)

    async def transfer(self, player: int) -> None:
        await self._do("transfer", player)

    async def kick(self, player: int) -> None:
        await self._do("kick", player)

    async def subscribe(self, add: Collection[int] = (), remove: Collection[int] = ()) -> None:
        self.groups = (self.groups | set(add)) - set(remove)
        await self._do("subscribe", sorted(add), sorted(remove))

    async def volatile(self, key: int) -> None:
        await self._do("volatile", key)

    async def presence(self, state: PresenceState) -> None:
        await self._do("presence", int(state))

    async def leave(self) -> None:
        self._is_leaving = True
        with contextlib.suppress(Out):
            await self._do("leave")

    def finish(self, is_complete: bool) -> None:
        if is_complete:
            self.journal.said.append(journal.Acknowledged(self.taken))
        super().finish(is_complete)

    async def _do(self, act: str, *given: object) -> Any:
        command = {"player": self.journal.label, "act": act, "given": given}
        answer = await self._stage.do(command)
        if (error := answer["error"]) is None:
            return answer["result"]
        if self._state["closed"] or OTHER_ROOM in error:
            raise Out(error)
        raise RuntimeError(f"{self.journal.label} could not {act} {given}: {error}")

    # What it tells.

    def learn(self, news: News) -> None:
        """Take its news, in the order in which it told them."""
        self._early[news["serial"]] = news
        while (following := self._early.pop(self._serial, None)) is not None:
            self._serial += 1
            self._take_up(following)
        self.pulse.beat()

    def _take_up(self, news: News) -> None:
        self._state = news["state"]
        if not self._is_finished:
            self.journal.said += [entry_of(entry) for entry in news["said"]]
        for entry in news["heard"]:
            self.hear(entry_of(entry))
        if self._state["closed"] and not self._ended.is_set():
            self._ended.set()
            if not self._is_leaving:
                self.end(*self._state["closed"])


def entry_of(entry: list[Any]) -> Any:
    """Turn an entry of a journal from JSON into a class of journal.py."""
    kind, *fields = entry
    freeze = frozenset if kind == "Asked" else tuple
    return getattr(journal, kind)(*(freeze(f) if isinstance(f, list) else f for f in fields))


class NodeStage(Stage):
    """A Node process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__()
        self._process = process
        self._answers: dict[int, asyncio.Future[News]] = {}
        self._ids = count(1)

    async def do(self, command: dict[str, Any]) -> News:
        assert self._process.stdin is not None
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": number, **command}).encode() + b"\n")
        news: News = await answer
        return news

    async def listen(self) -> None:
        """Read the process until its end."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            news = json.loads(line)
            self.hear(news)
            if "id" in news and not (answer := self._answers.pop(news["id"])).done():
                answer.set_result(news)


@contextlib.asynccontextmanager
async def node_stage() -> AsyncIterator[Stage]:
    """Run one Node process for all its players."""
    process = await asyncio.create_subprocess_exec(
        find_node(), *NODE_OPTIONS, str(HERE / "node_players.mjs"), LIBRARY.as_uri(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=LINE,
    )  # fmt: skip
    stage = NodeStage(process)
    try:
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(stage.listen())
            yield stage
            listening.cancel()
    finally:
        process.kill()
        await process.wait()


class PageStage(Stage):
    """A page in a browser."""

    def __init__(self, page: Any) -> None:
        super().__init__()
        self._page = page

    async def do(self, command: dict[str, Any]) -> News:
        news: News = await self._page.evaluate("command => carryOut(command)", command)
        self.hear(news)
        return news


@contextlib.asynccontextmanager
async def page_stage(tabs: Tabs, relay: str) -> AsyncIterator[Stage]:
    """Open one page for all its players.

    Args: relay: URL of the relay that serves the client.
    """
    source = (HERE / "browser_player.mjs").read_text().replace("export function", "function")
    html = f"""<script type="module">
        import * as roomwire from "{relay}/client/roomwire.js";
        {source}
        window.carryOut = stage(roomwire, (news) => tell(news));
    </script>"""
    async with site(html) as url:
        page = await tabs.open(url)
        await page.wait_for_function("() => window.carryOut")
        stage = PageStage(page)
        await page.expose_function("tell", stage.hear)
        yield stage
