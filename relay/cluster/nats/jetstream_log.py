"""The log of rooms in JetStream.

An entry is published to `in.SHARD.ROOM`. The stream's leader gives it its place, and once it is
stored it is republished to `out.SHARD.ROOM`, with its seq and that of the room's entry before it.
Nodes listen there as to any subject. So a room costs the servers nothing but its subscriptions.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from relay.cluster.log import READ_LIMIT, Deliver, LogFull, Logged, Trouble, Unfollow
from relay.cluster.nats import direct
from relay.cluster.nats.answers import is_nobody
from relay.cluster.nats.connection import Connection
from relay.cluster.nats.layout import PROBE
from relay.cluster.nats.options import CannotJoin
from relay.cluster.nats.snapshots import Snapshots, store
from relay.cluster.nats.streams import FULL_SHARE, ApiError, Stream, Streams
from relay.cluster.nats.watch import Shortage, Watch
from relay.cluster.records import Records
from relay.cluster.running import running

if TYPE_CHECKING:
    from nats.aio.msg import Msg

log = logging.getLogger("relay")

FULL = 10077  # JetStream's number for: the stream has no more bytes
IN_PROCESS = 10158
"""JetStream's number for: an entry with this id is not stored yet. A leader that is cut off from
its followers says so again and again. So it is no answer."""

FIRST_SECONDS = 5.0  # for a room's first entry to be stored
TRY_SECONDS = 1.0
TICK_SECONDS = 0.25
LOOK_SECONDS = 5.0  # between two looks at the streams
SPREAD_SECONDS = 60.0  # between two looks where their leaders are
NO_ROOMS = {f"in.0.{PROBE}": ""}

SEQUENCE = "Nats-Sequence"
PREVIOUS = "Nats-Last-Sequence"
ID = "Nats-Msg-Id"


class JetStreamLog:
    """Orders entries of rooms in JetStream.

    Attributes:
        on_trouble: see `Log`.
        on_restart: called when streams have lost what they held: their seqs begin anew. Takes a
            function that says whether a room is in one of them.
        streams: as they were when last looked at, by name. records: what happened to them.
    """

    def __init__(self, connection: Connection, streams: Streams) -> None:
        self.on_trouble: Trouble = _nothing
        self.on_restart: Callable[[Callable[[str], bool]], None] = _nothing
        self.streams: dict[str, Stream] = {}
        self._connection = connection
        self._manager = streams
        self._layout = streams.layout
        self._snapshots = Snapshots(connection, streams.layout)
        self.records = Records(streams.layout.all)
        self._watch = Watch()
        self._shortage = Shortage()
        self._full: set[str] = set()
        self._is_in_trouble = False
        self._wrong = ""
        self._now = time.monotonic
        self._acks = {
            stream: connection.answers.lead(stream, functools.partial(self._take_answer, stream))
            for stream in streams.layout.rooms
        }
        connection.on_connected = self._connected
        connection.on_cut = self._cut

    # What rooms use.

    @property
    def most_bytes(self) -> int:
        return self._connection.most_bytes

    def publish(self, room: str, id: str, data: bytes) -> None:
        stream, subject = self._layout.stream_of(room), self._layout.entries(room)
        reply, now = "", self._now()
        if self._connection.is_up and self._watch.wants(stream, now):
            reply = self._acks[stream]
        self.records.trips.begin(id, now)
        if self._shortage.streams:
            self._shortage.published(stream, room, id, now)
        self._connection.publish(subject, data, reply, {ID: id})

    async def publish_first(self, room: str, id: str, data: bytes) -> None:
        """Store an entry with which a room may begin.

        Raises:
            LogFull: there is no place for another room.
            TimeoutError: the stream does not answer; it may have stored the entry.
        """
        stream, subject = self._layout.stream_of(room), self._layout.entries(room)
        if stream in self._full:
            raise LogFull(f"{stream} is full")
        async with asyncio.timeout(FIRST_SECONDS):
            await self._store_first(stream, subject, {ID: id}, data)

    async def _store_first(
        self, stream: str, subject: str, headers: dict[str, str], data: bytes
    ) -> None:
        while True:
            try:
                return await store(self._connection, subject, data, headers, TRY_SECONDS)
            except ApiError as error:
                if error.code == FULL:
                    raise LogFull(f"{stream} is full") from None
                log.warning("%s refused an entry: %s", stream, error)
            except OSError:
                pass
            await asyncio.sleep(TICK_SECONDS)

    def follow(self, room: str, deliver: Deliver) -> Unfollow:
        def receive(message: Msg) -> None:
            headers = message.headers or {}
            seq, previous = int(headers[SEQUENCE]), int(headers.get(PREVIOUS, 0))
            self._note_stored(room, headers)
            deliver(Logged(seq, previous, message.data))

        return self._connection.subscribe(self._layout.delivered(room), receive)

    async def read(self, room: str, after: int, limit: int = READ_LIMIT) -> Sequence[Logged]:
        stream, subject = self._layout.stream_of(room), self._layout.entries(room)
        # With the entry `after`: if that is kept, the next one follows it; if not, none before is.
        kept = await direct.read_from(self._connection, stream, subject, after, limit + 1)
        found, previous = [], 0
        for each in kept:
            if each.seq > after:
                self._note_stored(room, each.headers)
                found.append(Logged(each.seq, previous, each.data))
            previous = each.seq
        return found[:limit]

    async def last(self, rooms: Sequence[str]) -> Mapping[str, int]:
        # Without rooms it still asks: the answer shows that this node is connected.
        by_stream: dict[str, dict[str, str]] = {} if rooms else {self._layout.rooms[0]: NO_ROOMS}
        for room in rooms:
            subjects = by_stream.setdefault(self._layout.stream_of(room), {})
            subjects[self._layout.entries(room)] = room
        found: dict[str, int] = {}
        for stream, subjects in by_stream.items():
            newest = await direct.newest_of(self._connection, stream, list(subjects))
            found.update((subjects[each.subject], each.seq) for each in newest)
        return found if rooms else {}

    async def put_snapshot(self, room: str, seq: int, data: bytes) -> None:
        stream = self.streams.get(self._layout.stream_of(room))
        await self._snapshots.put(room, seq, data, "" if stream is None else stream.created)

    async def snapshots(self, room: str) -> Sequence[tuple[int, bytes]]:
        found = await self._snapshots.newest(room)
        if not found:
            return []
        stream = await self._stream_with(self._layout.stream_of(room), found[0].seq)
        # A room would wait for ever for an entry after one of a stream that was lost.
        kept = [
            (each.seq, each.data)
            for each in found
            if each.seq <= stream.last_seq and each.created in ("", stream.created)
        ]
        if len(kept) < len(found):
            log.error("room %s: NATS has lost its entries, so that it has ended", room)
        return kept

    async def _stream_with(self, name: str, seq: int) -> Stream:
        """Return a stream as it was when last looked at; if that is before this seq, look again."""
        known = self.streams.get(name)
        if known is not None and seq <= known.last_seq:
            return known
        try:
            return await self._manager.look_at(name)
        except ApiError as error:
            raise OSError(f"{name} cannot be looked at: {error}") from None

    def is_troubled(self, room: str) -> bool:
        """Say whether entries of this room wait for their stream."""
        now = self._now()
        if self._watch.is_cut(now) or self._layout.stream_of(room) in self._watch.troubled(now):
            return True
        return self._shortage.waits(room, now)

    def _note_stored(self, room: str, headers: Mapping[str, str]) -> None:
        id = headers.get(ID)
        if self.records.trips.is_awaited(id):
            self.records.trips.end(self._now())
        if self._shortage.waiting:
            self._shortage.heard(room, id)

    # Whether it works.

    async def run(self) -> None:
        """Watch the streams, until cancelled."""
        async with running(self._look_often()):
            while True:
                try:
                    self._tick(self._now())
                except Exception:
                    log.exception("the streams are not watched")
                await asyncio.sleep(TICK_SECONDS)

    async def _look_often(self) -> None:
        spread_at = float("-inf")
        while True:
            try:
                await self._look()
                if self.streams and self._now() - spread_at >= SPREAD_SECONDS:
                    spread_at = self._now()
                    await self._manager.spread(list(self.streams.values()))
            except CannotJoin as error:
                self._complain(str(error))
            except Exception:
                log.exception("the streams are not looked at")
            await asyncio.sleep(LOOK_SECONDS)

    def _complain(self, wrong: str) -> None:
        """Say once what somebody has changed. Rooms go on as well as they can."""
        if wrong != self._wrong:
            self._wrong = wrong
            log.error("NATS is not as it was: %s", wrong)

    def _tick(self, now: float) -> None:
        troubled = self._watch.troubled(now)
        self.records.note_trouble(self._watch.troubled_since(now), now)
        is_in_trouble = bool(troubled) or self._watch.is_cut(now) or self._shortage.look(now)
        if is_in_trouble != self._is_in_trouble:
            self._is_in_trouble = is_in_trouble
            self._tell(troubled)
            self.on_trouble(is_in_trouble)
        for stream in troubled:
            self._probe(stream)
        if self._watch.should_move(now):
            log.warning("NATS at %s acknowledges nothing: trying another", self._connection.url)
            self._connection.move()

    def _tell(self, troubled: frozenset[str]) -> None:
        if not self._is_in_trouble:
            log.warning("NATS stores entries again")
        elif troubled:
            log.warning("NATS stores no entries of %s: rooms wait", ", ".join(sorted(troubled)))
        elif self._shortage.streams:
            what = "%s is full: rooms wait for old entries to go, for 10 min at most; %s"
            advice = "`nats stream edit NAME --max-bytes` gives it more"
            log.warning(what, ", ".join(sorted(self._shortage.streams)), advice)
        else:
            log.warning("NATS is not reached: rooms wait")

    def _probe(self, stream: str) -> None:
        """Ask a stream to store an entry of no room: only that shows that it works again."""
        shard = stream.removeprefix("ROOMS")
        self._connection.publish(f"in.{shard}.{PROBE}", b"", self._acks[stream])

    def _take_answer(self, stream: str, message: Msg) -> None:
        now = self._now()
        if is_nobody(message):
            self._watch.refused(stream, now)
            return
        error = json.loads(message.data).get("error")
        if error is None:
            self._watch.acknowledged(stream, now)
        else:
            self._take_refusal(stream, error, now)

    def _take_refusal(self, stream: str, error: Mapping[str, Any], now: float) -> None:
        code = error.get("err_code")
        if code == IN_PROCESS:
            return
        log.warning("%s refused an entry: %s", stream, error.get("description"))
        if code == FULL:
            self._full.add(stream)
            self._shortage.refused(stream, now)
            self._watch.acknowledged(stream, now)  # it works, and is full
        else:
            self._watch.refused(stream, now)

    def _connected(self) -> None:
        self._watch.connected(self._now())

    def _cut(self) -> None:
        self._watch.cut(self._now())

    async def _look(self) -> None:
        """See how full the streams are, and whether they are the ones they were."""
        with contextlib.suppress(OSError, ApiError):  # then the next look sees it
            found = await self._manager.make()
            restarted = {each.name for each in found if _is_new(self.streams.get(each.name), each)}
            for each in found:
                self._note_leader(each)
            self.streams = {each.name: each for each in found}
            for name in self._layout.rooms:
                self._note_room(self.streams[name])
            if restarted:
                log.error("NATS has lost what it held in %s", ", ".join(sorted(restarted)))
                self.on_restart(lambda room: self._layout.stream_of(room) in restarted)

    def _note_leader(self, stream: Stream) -> None:
        before = self.streams.get(stream.name)
        if before is not None:
            self.records.note_leader(stream.name, before.leader, stream.leader)

    def _note_room(self, stream: Stream) -> None:
        if 0 < stream.max_bytes * FULL_SHARE < stream.bytes:
            if stream.name not in self._full:
                log.warning("%s is nearly full: no room begins there", stream.name)
            self._full.add(stream.name)
        else:
            self._full.discard(stream.name)


def _is_new(before: Stream | None, found: Stream) -> bool:
    if before is None:
        return False
    return found.created != before.created or found.last_seq < before.last_seq


def _nothing(_: object) -> None:
    pass
