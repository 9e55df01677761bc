"""An operator watches a room of a real relay, while real players play."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import msgpack
import pytest

from protocol.frames import (
    Deliver,
    Host,
    Joined,
    Kick,
    Leave,
    Left,
    Property,
    RoomOptions,
    Send,
    Set,
    Subscribe,
    Update,
    Volatile,
)
from relay.delivery.audience import Audience
from relay.inspect import watching
from relay.inspect.watched_audience import WatchedAudience
from relay.server import http_protocol
from tests.helpers.peers import SMALL_WINDOW, Party, new_seat, party, until
from tests.helpers.watchers import TOKEN, bytes_of, decoded, token_file, watcher


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Party]:
    async with party(profile="bench", operator_token_file=token_file(tmp_path)) as at:
        yield at


@pytest.fixture
def quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "ROUND", 0.2)


async def test_every_frame_is_shown_as_it_is_ordered(at: Party) -> None:
    ann = await at.enters("R", name="Ann")
    async with watcher(at.url, "r") as eve:
        assert eve.status == 200
        assert "content-type: application/x-ndjson" in eve.head
        room, players = await eve.hears("room"), await eve.hears("players")
        assert (room["room"]["room"], room["seq"], room["host"], room["term"]) == ("R", 2, 1, 1)
        assert room["epoch"] == at.room("R").epoch.hex()
        assert [(each["player"], each["name"]) for each in players["players"]] == [(1, "Ann")]
        bob = await at.enters("R", name="Bob")
        ann.says(
            Send(None, msgpack.packb({"say": "hi"})),
            Send(True, b"all"),
            Send((1,), b"me"),
            Set(0, "map", b"cave"),
            Volatile(1, None, b"swift"),
        )
        bob.says(Leave())
        frames = await eve.sees(7)
    assert [frame["seq"] for frame in frames if frame["seq"]] == [3, 4, 5, 6, 7, 8]
    assert [frame["op"] for frame in frames] == [type(decoded(f)).__name__.upper() for f in frames]
    assert {type(decoded(frame)) for frame in frames} == {Joined, Deliver, Property, Update, Left}
    by_seq = {frame["seq"]: frame for frame in frames}
    ways = {seq: (by_seq[seq]["from"], by_seq[seq]["to"]) for seq in (4, 5, 6, 7, None)}
    assert ways == {
        4: (1, "others"),
        5: (1, "all"),
        6: (1, [1]),
        7: (1, "all"),
        None: (1, "others"),
    }
    assert all(frame["size"] == len(bytes_of(frame)) for frame in frames)
    times = [frame["at"] for frame in frames]
    assert times == sorted(times)
    assert at.node.clock() - times[0] < 10_000_000


async def test_what_a_room_remembers_is_told_and_told_again_when_it_changes(
    at: Party, quick_rounds: None
) -> None:
    ann = await at.enters("R", create=RoomOptions(history="full"))
    ann.says(Set(0, "map", b"cave"), Set(1, "hp", b"9"), Subscribe((7,), ()))
    await ann.hears(Property, lambda told: told.key == "hp")
    await ann.catches_up()
    async with watcher(at.url, "R") as eve:
        room = await eve.hears("room")
        assert room["properties"] == [
            {"owner": 0, "key": "map", "version": 3, "data": b64encode(b"cave").decode()},
            {"owner": 1, "key": "hp", "version": 4, "data": b64encode(b"9").decode()},
        ]
        assert room["groups"] == {"7": [1]}
        assert (room["history"]["mode"], room["history"]["first"]) == ("full", 1)
        assert (room["history"]["frames"], room["history"]["bytes"]) == (
            4,
            at.room("R").history.size,
        )
        ann.says(Set(0, "map", False))
        again = await eve.hears("room")
        assert [each["key"] for each in again["properties"]] == ["hp"]


async def test_rates_are_of_all_frames_shown_or_not(at: Party, quick_rounds: None) -> None:
    ann = await at.enters("R")
    async with watcher(at.url, "R", ("stats", "true")) as eve:
        await eve.hears("players")
        ann.says(*[Send(None, b"x")] * 5, Volatile(1, None, b"v"))
        counts: Counter[str] = Counter()
        while counts.total() < 6:
            rates = await eve.hears("rates")
            assert rates["seconds"] >= 0.2
            counts.update({op: count for op, (count, _) in rates["frames"].items()})
        assert counts == {"DELIVER": 5, "UPDATE": 1}
        assert eve.frames == []


async def test_only_what_is_wanted_is_shown(at: Party) -> None:
    ann, bob = await at.enters("R"), await at.enters("R")
    async with (
        watcher(at.url, "R", ("from", 2)) as of_bob,
        watcher(at.url, "R", ("op", "update"), ("op", "PROPERTY"), ("data", "false")) as of_kinds,
        watcher(at.url, "R", ("grep", '"say": "bye"')) as of_words,
    ):
        for each in (of_bob, of_kinds, of_words):
            await each.hears("players")
        ann.says(Send(None, b"a"), Volatile(1, None, b"v"), Set(0, "key", b"of ann"))
        await ann.catches_up()
        bob.says(Send(None, msgpack.packb({"say": "bye"})), Set(2, "key", b"of bob"))
        shown = await of_bob.sees(2)
        assert [(frame["op"], frame["from"]) for frame in shown] == [
            ("DELIVER", 2),
            ("PROPERTY", 2),
        ]
        kinds = await of_kinds.sees(3)
        assert [frame["op"] for frame in kinds] == ["UPDATE", "PROPERTY", "PROPERTY"]
        assert "data" not in kinds[0]
        assert [frame["from"] for frame in await of_words.sees(1)] == [2]
        assert of_words.skipped == 0


async def test_only_the_operator_may_watch(at: Party) -> None:
    await at.enters("R")
    async with watcher(at.url, "R", token=None) as nobody, watcher(at.url, "R", token="x") as eve:
        assert (nobody.status, eve.status) == (401, 401)
        assert "www-authenticate: bearer" in nobody.head
    async with watcher(at.url, "NONE") as lost, watcher(at.url, "R", ("op", "NO")) as odd:
        assert (lost.status, odd.status) == (404, 422)
    assert type(at.room("R").audience) is Audience


async def test_no_secret_is_shown(at: Party, quick_rounds: None) -> None:
    seat, password, ticket = new_seat(), "open-sesame", "ticket-of-ann"
    made = RoomOptions(password=password)
    ann = await at.enters("R", seat=seat, password=password, ticket=ticket, create=made)
    async with watcher(at.url, "R") as eve:
        await eve.hears("players")
        bob = await at.enters("R", seat=new_seat(), password=password, ticket=ticket)
        ann.says(Kick(bob.me))
        await eve.hears("rates")
    shown = json.dumps(eve.told).encode() + b"".join(map(bytes_of, eve.frames))
    assert eve.told[0]["room"]["password"] is True
    for secret in (seat, *(word.encode() for word in (TOKEN, password, ticket))):
        for form in (secret, secret.hex().encode(), b64encode(secret)):
            assert form not in shown


async def test_a_room_is_as_before_once_the_last_has_left(at: Party) -> None:
    await at.enters("R")
    room = at.room("R")
    plain = room.audience
    async with watcher(at.url, "R") as one, watcher(at.url, "R") as other:
        await one.hears("players")
        await other.hears("players")
        assert isinstance(room.audience, WatchedAudience)
        one.leaves()
        await until(lambda: isinstance(a := room.audience, WatchedAudience) and len(a.takers) == 1)
        other.leaves()
        await until(lambda: room.audience is plain)
    assert type(plain) is Audience


async def test_who_does_not_read_loses_frames_and_slows_nobody_down(at: Party) -> None:
    ann, bob = await at.enters("R"), await at.enters("R")
    payload, count = bytes(8192), 600
    async with watcher(at.url, "R", ("op", "DELIVER"), receive_buffer=SMALL_WINDOW) as eve:
        for number in range(count):
            ann.says(Send(None, payload))
            if number % 20 == 0:
                await ann.catches_up()
        while len(bob.all(Deliver)) < count:
            await bob.hears(Deliver)
        while len(eve.frames) + eve.skipped < count:
            await eve.hears("frames")
        assert eve.skipped > 0
        shown = [frame["seq"] for frame in eve.frames]
        assert shown == sorted(set(shown))
        assert len(shown) + eve.skipped == count
        plain = at.room("R").audience
        assert isinstance(plain, WatchedAudience)
    await until(lambda: at.room("R").audience is plain.audience)


async def test_one_who_takes_nothing_for_long_is_cut_and_others_watch_on(
    at: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "ANSWER_SECONDS", 0.6)
    ann = await at.enters("R")
    room = at.room("R")
    async with watcher(at.url, "R") as eve, watcher(at.url, "R", receive_buffer=SMALL_WINDOW):
        await until(lambda: isinstance(a := room.audience, WatchedAudience) and len(a.takers) == 2)
        for _ in range(600):
            ann.says(Send(None, bytes(8192)))
        async with asyncio.timeout(20):
            while not (
                isinstance(room.audience, WatchedAudience) and len(room.audience.takers) == 1
            ):
                await eve.next()
        assert await eve.hears("rates")


async def test_a_stream_ends_with_its_room(at: Party) -> None:
    ann = await at.enters("R", create=RoomOptions(keep=0))
    async with watcher(at.url, "R") as eve:
        await eve.hears("players")
        ann.says(Leave())
        told = await eve.ends()
    assert told[-1] == {"type": "end", "why": "the room is gone"}
    assert [frame["op"] for frame in eve.frames] == ["LEFT", "HOST"]


async def test_a_stream_ends_with_its_relay(at: Party) -> None:
    ann = await at.enters("R")
    async with watcher(at.url, "R") as eve:
        await eve.hears("players")
        await asyncio.gather(at.node.drain(0), ann.ends())
        told = await eve.ends()
    assert told[-1] == {"type": "end", "why": "the relay is going down"}


async def test_spectators_who_are_kept_behind_are_kept_behind_and_groups_keep_their_own(
    at: Party,
) -> None:
    ann = await at.enters("R", create=RoomOptions(delay=1))
    bob = await at.enters("R")
    bob.says(Subscribe((5,), ()))
    await bob.catches_up()
    late = await at.enters("R", role="spectator")
    async with watcher(at.url, "R", ("op", "DELIVER"), ("op", "UPDATE")) as eve:
        async with ann.reading(), bob.reading(), late.reading():
            await eve.hears("players")
        ann.says(Send(-5, b"red"), Send(None, b"others"), Volatile(1, None, b"v"))
        frames = await eve.sees(3)
        assert [(frame["to"], frame["from"]) for frame in frames] == [
            ([2], 1),
            ("others", 1),
            ("others", 1),
        ]
        assert await late.catches_up() == []
        assert (await late.hears(Deliver)).payload == b"others"
        assert (await late.hears(Update)).payload == b"v"
        assert (await bob.hears(Deliver)).payload == b"red"


async def test_a_group_is_named_and_players_who_are_the_same_are_not(at: Party) -> None:
    ann, bob = await at.enters("R"), await at.enters("R")
    for each in (ann, bob):
        each.says(Subscribe((5, 6), ()))
        await each.catches_up()
    async with watcher(at.url, "R", ("op", "DELIVER"), ("op", "UPDATE")) as eve:
        await eve.hears("players")
        said = [Send(-5, b""), Send(-6, b""), Send((1, 2), b""), Send(-7, b"")]
        ann.says(*said, Volatile(1, -5, b""), Send(None, b""))
        frames = await eve.sees(6)
        assert [(frame["to"], frame.get("group")) for frame in frames] == [
            ([1, 2], 5),
            ([1, 2], 6),
            ([1, 2], None),
            ([], None),
            ([1, 2], 5),
            ("others", None),
        ]


async def test_a_host_who_kicks_is_watched(at: Party) -> None:
    ann, bob = await at.enters("R"), await at.enters("R")
    async with watcher(at.url, "R") as eve:
        await eve.hears("players")
        ann.says(Kick(bob.me))
        assert isinstance(decoded((await eve.sees(1))[0]), Left)
        await bob.ends()
        ann.says(Leave())
        left, host = await eve.sees(2)
    assert (left["from"], host["from"]) == (1, None)
    assert isinstance(decoded(host), Host)
