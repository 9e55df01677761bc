"""The streams of a deployment: made where they are missing, checked where they are there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from relay.cluster.nats.connection import Connection, Reminder, Unanswered
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import CannotJoin
from relay.cluster.replicas.parcels import ENVELOPE

log = logging.getLogger("relay")

API = "$JS.API"
NOT_FOUND = 10059  # JetStream's number for: there is no such stream
NOT_FOR_ACCOUNT = 10039  # for: this account has no JetStream
NO_SPACE = 10047  # for: there is less space than the stream may take
REFUSED_FOR_GOOD = (10052, 10058, 10065, 10074)
"""A configuration that is wrong, or another's: the name or the subjects are taken, or there are
replicas without a cluster."""

PERMISSIONS = "nats-permissions.conf in Roomwire's documentation lists what a relay needs"

OLDEST = (2, 11)
"""The first nats-server that answers direct reads of several messages."""

AGAIN_SECONDS = 0.5
FULL_SHARE = 0.85
"""Of a stream's bytes, from which on no room begins. The rest is for rooms that go on: a stream
that is full would refuse their entries too."""

REPLICAS = 3
"""Of each stream, where NATS is a cluster: so many servers keep an entry, and one may die."""


class ApiError(Exception):
    """JetStream refuses something."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error.get("description", "an error without a description"))
        self.code: int = error.get("err_code", 0)


@dataclass(frozen=True, slots=True)
class Stream:
    """What JetStream says of a stream.

    Attributes:
        created: when, as JetStream writes it. A stream that is made anew has another time.
        last_seq, entries, bytes: what is in it. max_bytes: how much may be.
        leader: the server that orders its entries; None if there is none.
        followers: the other servers that keep it, and how many entries each lags behind.
        offline: those of them that are not there.
        at: the leader's clock, as JetStream writes it.
    """

    name: str
    configuration: Mapping[str, Any]
    created: str
    last_seq: int
    entries: int
    bytes: int
    leader: str | None
    followers: Mapping[str, int]
    offline: tuple[str, ...]
    at: str | None

    @property
    def max_bytes(self) -> int:
        return int(self.configuration.get("max_bytes", -1))

    @property
    def peers(self) -> list[str]:
        """The servers that keep it, in one order for all who ask."""
        return sorted([*self.followers, *([self.leader] if self.leader else [])])


class Streams:
    """Asks JetStream about the streams, and has it make them."""

    def __init__(
        self, connection: Connection, layout: Layout, replicas: int | None, longest: int = 0
    ) -> None:
        """
        Args:
            replicas: of each stream; None for 3 in a cluster, and 1 else.
            longest: bytes that a message of this relay may have.
        """
        self.connection = connection
        self.layout = layout
        self._replicas = replicas
        self._longest = longest

    async def make(self) -> list[Stream]:
        """Return all streams, once they are there and have leaders.

        Raises:
            CannotJoin: one is set up otherwise than the log needs it.
            OSError, ApiError: it cannot be done at the moment.
        """
        if not self.connection.is_up:
            raise ConnectionError("NATS is not reached")
        version = self.connection.server.get("version", "0")
        if numbers_of(version) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise CannotJoin(f"nats-server {version} is too old: take {oldest} or newer")
        if (most := self.connection.most_bytes) < self._longest:
            raise CannotJoin(
                f"--max-frame needs messages of {self._longest} bytes, and NATS takes {most}: say "
                f"max_payload: {self._longest} in nats-server's configuration, or --max-frame "
                f"{max(most - ENVELOPE, 0)}"
            )
        replicas = self._replicas or (REPLICAS if self.connection.server.get("cluster") else 1)
        self.layout = replace(self.layout, replicas=replicas)
        return [await self._make(name) for name in self.layout.all]

    async def _make(self, name: str) -> Stream:
        try:
            found = await self.look_at(name)
        except ApiError as error:
            if error.code != NOT_FOUND:
                raise
            found = await self._create(name)
        if wrong := self.layout.differences(name, found.configuration):
            raise CannotJoin(
                f"the stream {name} is not as this relay needs it: {', and '.join(wrong)}. Give "
                "all relays the same --nats-streams, or NATS an account for each deployment"
            )
        if found.leader is None and self.layout.replicas > 1:
            raise Unready(f"the stream {name} has no leader")
        return found

    async def _create(self, name: str) -> Stream:
        try:
            configuration = self.layout.configuration(name)
            return _read(await self._ask(f"STREAM.CREATE.{name}", configuration))
        except ApiError as error:
            if error.code in REFUSED_FOR_GOOD:
                raise CannotJoin(f"NATS does not make the stream {name}: {error}") from None
            raise

    def explain(self, error: Exception) -> str:
        """Say why streams cannot be asked about, and what an operator can do."""
        if self.connection.denied:
            return f"it does not allow {', '.join(self.connection.denied)}: {PERMISSIONS}"
        code = error.code if isinstance(error, ApiError) else None
        if isinstance(error, Unanswered) and not self.connection.server.get("jetstream"):
            return "it is off there: `jetstream {...}` in nats-server's configuration turns it on"
        if code == NOT_FOR_ACCOUNT:
            return f"{error}: say `jetstream: enabled` in the relay's account"
        if code == NO_SPACE:
            most = 2 * self.layout.max_bytes
            return f"{error}: give it max_file of more than {most}, or relays less --nats-bytes"
        return str(error) or "no answer"

    async def look_at(self, name: str) -> Stream:
        """Return what is known of a stream.

        Raises:
            ApiError: it is not there, or JetStream is not ready.
            OSError: nobody answers.
        """
        return _read(await self._ask(f"STREAM.INFO.{name}", {}))

    async def spread(self, streams: list[Stream]) -> int:
        """Move leaders, so that no server has many more than another. Returns: how many moved.

        Several relays that do this at a time move each stream to the same server.
        """
        moves = list(_moves(streams))
        for name, to in moves:
            with contextlib.suppress(ApiError, OSError):  # then the next look moves it
                await self.step_down(name, to)
        return len(moves)

    async def step_down(self, name: str, to: str) -> None:
        """Have another server lead a stream.

        Raises:
            ApiError, OSError: it cannot be done at the moment.
        """
        await self._ask(f"STREAM.LEADER.STEPDOWN.{name}", {"placement": {"preferred": to}})

    async def _ask(self, what: str, request: Mapping[str, Any]) -> Any:
        data = json.dumps(request).encode() if request else b""
        answer = json.loads((await self.connection.ask(f"{API}.{what}", data)).data)
        if "error" in answer:
            raise ApiError(answer["error"])
        return answer


class Unready(OSError):
    """JetStream is there, and not ready yet."""


async def made(streams: Streams) -> list[Stream]:
    """Return all streams, once they are there. Say what is waited for every few seconds.

    Raises:
        CannotJoin: they cannot be as the log needs them, however long one waits.
    """
    reminder = Reminder()
    while True:
        try:
            if streams.connection.is_up:
                return await streams.make()
        except (ApiError, OSError) as error:
            if reminder.is_due():
                why = streams.explain(error)
                log.warning("waiting for JetStream at %s: %s", streams.connection.url, why)
        await asyncio.sleep(AGAIN_SECONDS)


def _read(answer: Mapping[str, Any]) -> Stream:
    state, cluster = answer["state"], answer.get("cluster") or {}
    replicas = cluster.get("replicas") or []
    return Stream(
        name=answer["config"]["name"],
        configuration=answer["config"],
        created=answer["created"],
        last_seq=state["last_seq"],
        entries=state["messages"],
        bytes=state["bytes"],
        leader=cluster.get("leader"),
        followers={each["name"]: each.get("lag", 0) for each in replicas},
        offline=tuple(each["name"] for each in replicas if each.get("offline")),
        at=answer.get("ts"),
    )


def numbers_of(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version."""
    return tuple(map(int, re.findall(r"\d+", version)[:2]))


def _moves(streams: list[Stream]) -> Iterator[tuple[str, str]]:
    """Yield each stream that should have another leader, and which one."""
    replicated = [stream for stream in streams if stream.followers and not stream.offline]
    led = Counter({peer: 0 for stream in replicated for peer in stream.peers})
    led.update(stream.leader for stream in replicated if stream.leader)
    if not led or max(led.values()) - min(led.values()) <= 1:
        return
    for number, stream in enumerate(replicated):
        wanted = stream.peers[number % len(stream.peers)]
        if stream.leader != wanted:
            yield stream.name, wanted
