"""What the log does when its one nats-server is full, killed, frozen or without its past."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import pytest

from relay.cluster.log import LogFull, Logged
from relay.cluster.nats import jetstream_log
from relay.cluster.nats.joining import Membership, joined
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import CannotJoin, Servers
from relay.cluster.nats.streams import FULL_SHARE, made
from tests.helpers.logs import LAYOUT, nodes_at
from tests.helpers.nats import FILES, NatsServer, nats_server, until

ROOM = "ROOM"

SMALL = (FILES / "nats-single.conf").read_text().replace("max_payload: 4MB", "max_payload: 64KB")
"""The configuration of a server that takes short messages alone."""

FOR_ALL = "listen: $NATS_LISTEN\njetstream { store_dir: $NATS_DATA }\n"
"""The configuration of a server that allows everybody everything."""


@pytest.fixture
async def server() -> AsyncIterator[NatsServer]:
    with nats_server() as server:
        yield server


class Followed:
    """A room as one node hears it, and what it has published there and not heard."""

    def __init__(self, node: Membership, room: str = ROOM) -> None:
        self.entries: dict[int, Logged] = {}
        self.troubles: list[bool] = []
        self.room = room
        self._log = node.log
        self._log.on_trouble = self.troubles.append
        self._log.follow(room, self._hear)

    @property
    def heard(self) -> list[bytes]:
        return [entry.data for _, entry in sorted(self.entries.items())]

    def _hear(self, entry: Logged) -> None:
        self.entries[entry.seq] = entry

    def say(self, word: str) -> None:
        self._log.publish(self.room, word, word.encode())

    async def say_until_heard(self, word: str) -> None:
        """Say it again and again, as a replica does."""

        def is_heard() -> bool:
            self.say(word)
            return word.encode() in self.heard

        await until(is_heard)


async def test_a_server_that_dies_loses_nothing(server: NatsServer) -> None:
    async with nodes_at(server, 1) as (node,):
        room = Followed(node)
        await room.say_until_heard("before")
        server.kill()
        await until(lambda: room.troubles == [True], why="nobody is told of the trouble")
        server.start()
        await room.say_until_heard("after")
        await until(lambda: room.troubles == [True, False])
        kept = await node.log.read(ROOM, 0)
        assert [entry.data for entry in kept] == [b"before", b"after"]


async def test_a_frozen_server_is_trouble_until_it_thaws(server: NatsServer) -> None:
    async with nodes_at(server, 1) as (node,):
        room = Followed(node)
        await room.say_until_heard("before")
        server.freeze()
        room.say("meanwhile")
        await until(lambda: room.troubles == [True])
        server.thaw()
        await room.say_until_heard("after")
        await until(lambda: room.troubles == [True, False])


async def test_a_room_that_is_longer_than_what_is_kept_says_so(server: NatsServer) -> None:
    async with nodes_at(server, 1, replace(LAYOUT, max_entries=10)) as (node,):
        room = Followed(node)
        for number in range(25):
            await room.say_until_heard(f"word {number}")
        kept = await node.log.read(ROOM, 0)
        first = min(room.entries)
        assert [entry.data for entry in kept] == [b"word %d" % number for number in range(15, 25)]
        # After an entry that is forgotten there is no telling what came next.
        assert (await node.log.read(ROOM, first))[0] == replace(kept[0], previous=0)
        assert (await node.log.read(ROOM, kept[0].seq))[0] == kept[1]
        assert kept[1].previous == kept[0].seq


async def test_a_full_stream_takes_no_further_room_and_others_are_told_when_they_wait(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jetstream_log, "LOOK_SECONDS", 0.05)
    small = Layout(streams=1, max_bytes=1024**2)
    async with nodes_at(server, 1, small) as (node,):
        room = Followed(node)
        await node.log.publish_first(ROOM, "birth", b"")
        words = 0
        while True:
            words += 1
            node.log.publish(ROOM, f"{words}", bytes(10_000))
            try:
                await node.log.publish_first(f"ANOTHER-{words}", "birth", b"")
            except LogFull:
                break
        stream = await node.streams.look_at("ROOMS0")
        assert stream.bytes < small.max_bytes
        assert stream.bytes > FULL_SHARE * small.max_bytes / 2
        await room.say_until_heard("a room that is there goes on")
        further = count()

        def is_said() -> bool:
            for _ in range(5):
                node.log.publish(ROOM, f"further {next(further)}", bytes(10_000))
            return "ROOMS0 is full: rooms wait" in caplog.text

        await until(is_said)
        assert node.log.is_troubled(ROOM)


async def test_a_stream_that_somebody_has_changed_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jetstream_log, "LOOK_SECONDS", 0.05)
    with nats_server(FOR_ALL) as server:
        async with nodes_at(server, 1) as (node,):
            changed = {**node.streams.layout.configuration("ROOMS0"), "max_msgs_per_subject": 10}
            await node.connection.ask("$JS.API.STREAM.UPDATE.ROOMS0", json.dumps(changed).encode())
            await until(lambda: "NATS is not as it was: the stream ROOMS0" in caplog.text)
    assert "Traceback" not in caplog.text


async def test_a_stream_that_has_lost_its_past_is_noticed(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream_log, "LOOK_SECONDS", 0.05)
    async with nodes_at(server, 1) as (node,):
        room, lost = Followed(node), []
        node.log.on_restart = lambda is_affected: lost.append(is_affected(ROOM))
        await room.say_until_heard("before")
        await until(lambda: "SNAP" in node.log.streams)
        server.kill()
        shutil.rmtree(server.folder / "data")
        server.start()
        await until(lambda: bool(lost))
        assert lost[0]
        await room.say_until_heard("after")


async def test_a_snapshot_of_a_stream_that_was_lost_is_used_by_nobody(
    server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Its seq says nothing of the stream that is there: a room would wait for ever."""
    async with nodes_at(server, 2) as (one, two):
        room = Followed(one)
        await until(lambda: bool(one.log.streams))
        for number in range(5):
            await room.say_until_heard(f"word {number}")
        await one.log.put_snapshot(ROOM, max(room.entries), b"of the first stream")
        assert await two.log.snapshots(ROOM) == [(max(room.entries), b"of the first stream")]
        server.kill()
        (stream,) = (server.folder / "data").rglob(LAYOUT.stream_of(ROOM))
        shutil.rmtree(stream)
        server.start()
        await until(lambda: one.connection.is_up and two.connection.is_up)
        await made(one.streams)
        assert await two.log.snapshots(ROOM) == []
        for number in range(9):
            await room.say_until_heard(f"another word {number}")
        assert await two.log.snapshots(ROOM) == []
        assert "NATS has lost its entries" in caplog.text


async def test_a_frame_that_nats_does_not_take_is_refused_at_the_start() -> None:
    with nats_server(SMALL) as server:
        servers = Servers((server.url,))
        with pytest.raises(CannotJoin, match=r"max_payload: 66560 .*--max-frame 64512"):
            async with Membership(servers, "node", LAYOUT, max_frame=65536).joined():
                pass
        async with Membership(servers, "node", LAYOUT, max_frame=64512).joined():
            pass


async def test_snapshots_are_as_long_as_they_may_be() -> None:
    with nats_server(SMALL) as server:
        async with nodes_at(server, 1) as (node,):
            assert node.log.most_bytes == 64 * 1024
            room = Followed(node)
            await room.say_until_heard("before")
            seq, data = max(room.entries), bytes(range(256)) * 1024
            await node.log.put_snapshot(ROOM, seq, data)
            assert await node.log.snapshots(ROOM) == [(seq, data)]


async def test_relays_with_another_number_of_streams_are_refused(server: NatsServer) -> None:
    async with nodes_at(server, 1, LAYOUT):
        with pytest.raises(CannotJoin, match="one of 2 and not of 3 streams"):
            async with joined(Servers((server.url,)), "other", replace(LAYOUT, streams=3)):
                pass


async def test_three_replicas_need_a_cluster(server: NatsServer) -> None:
    with pytest.raises(CannotJoin, match="replicas"):
        async with joined(Servers((server.url,)), "node", LAYOUT, 3):
            pass


async def test_a_room_is_followed_over_connections_that_end(server: NatsServer) -> None:
    async with nodes_at(server, 2) as (one, two):
        room, other = Followed(one), Followed(two)
        await other.say_until_heard("before")
        for number in range(3):
            await moved(one)
            word = f"word {number}"
            await other.say_until_heard(word)
            await room.say_until_heard(word + " of the other")
        assert other.heard[-1] == b"word 2 of the other"


async def moved(node: Membership) -> None:
    before = node.connection.times_cut
    node.connection.move()
    await until(lambda: node.connection.times_cut > before)
    await until(lambda: node.connection.is_up)
