"""A broker for rooms that several nodes share: every node folds the same log.

What a node proposes goes into the log, and comes back in its place to every node that has the
room. Nodes that have no player in a room need not have it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable
from typing import Final

from relay.broker import Follower, Keeper
from relay.cluster.beginnings import Beginnings, check_known
from relay.cluster.bus import Bus
from relay.cluster.counts import CountedProposals, Counts
from relay.cluster.log import Log
from relay.cluster.pulse import BEAT_SECONDS, Pulse
from relay.cluster.replicas.parcels import Parcel, pack_create
from relay.cluster.replicas.replica import Replica
from relay.cluster.running import Tasks
from relay.cluster.values import Values
from relay.room.entries import CONNECTION_BITS, Create, Entry, Join, NodeGone, incarnation_of
from relay.room.room import Room

log = logging.getLogger("relay")

SNAPSHOT_EVERY: Final = 200
"""Entries of a log between two snapshots. A log keeps five times as many of each room."""
STAND_IN: Final = 4
"""After so many times as many, nodes write one that need not: who should may be cut off."""
SNAPSHOT_SECONDS: Final = 180.0
"""Seconds after which what happened is in a snapshot. A log keeps entries three times as long."""
SNAPSHOT_AGAIN: Final = 6 * 3600.0
"""Seconds after which a quiet room's snapshot is written again, before it is too old."""

AUDIT_SECONDS: Final = 0.5
QUIET_SECONDS: Final = 0.3
AUDITED: Final = 500
"""Rooms that one question to the log is about."""

IDLE_SECONDS: Final = 10.0
"""Seconds for which a room is kept that nobody here needs."""

SETTLE_SECONDS: Final = 0.02

BEAT: Final = "beat"
CONNECTIONS: Final = 1 << CONNECTION_BITS


class LogBroker:
    """The rooms that this node has of those that the log orders.

    Call `start` within the node's event loop before anybody connects, and `close` at the end.

    Attributes:
        incarnation: of this node, until it is taken for dead: then it takes another.
    """

    def __init__(self, choose: Callable[[], int], snapshot_every: int = SNAPSHOT_EVERY) -> None:
        """
        Args:
            choose: picks an incarnation that no node ever had.
            snapshot_every: entries of a room's log between two snapshots.
        """
        self.incarnation = choose()
        self.replicas: dict[str, Replica] = {}
        self.fenced_times = 0
        self.counts = Counts()
        self._choose = choose
        self._snapshot_every = snapshot_every
        self._followers: list[Follower] = []
        self._keeper: Keeper
        self._log: Log
        self._loop: asyncio.AbstractEventLoop
        self._pulse: Pulse
        self._proposals: CountedProposals
        self._values: Values
        self._connections = 0
        self._beginnings = Beginnings()
        self._written: dict[str, float] = {}
        self._needed: dict[str, float] = {}
        self._tasks = Tasks()
        self._writing: set[str] = set()
        self._ends: set[str] = set()
        """Rooms that have ended, and of which no snapshot says so yet."""
        self._is_in_trouble = False
        self._stalled: set[str] = set()

    def start(self, log: Log, bus: Bus | None) -> None:
        """Begin to listen for other nodes, and to look after rooms.

        Args: bus: to the other nodes; without it there are none.
        """
        self._log = log
        self._values = Values(bus, lambda: self.incarnation, self._room)
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse(self._loop.time())
        self._proposals = CountedProposals(log, self.incarnation, self.counts)
        log.on_trouble = self._note_trouble
        self._tasks.repeat(AUDIT_SECONDS, self._audit)
        if bus is not None:
            bus.subscribe(BEAT, self._hear_beat)
            self._tasks.repeat(BEAT_SECONDS, functools.partial(self._beat, bus))

    async def settled(self, seconds: float) -> None:
        """Return when the log has all that was proposed here, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._proposals.are_waiting:  # noqa: ASYNC110 - on rooms that come and go
                    await asyncio.sleep(SETTLE_SECONDS)

    def close(self) -> None:
        """Follow no room any more."""
        for replica in self.replicas.values():
            replica.close()
        self._proposals.stop()
        self._tasks.stop()

    # What a node asks of any broker.

    @property
    def held(self) -> int:
        return self._proposals.held

    def follow(self, follower: Follower) -> None:
        self._followers.append(follower)

    def keep(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def append(self, room: str, entry: Entry) -> None:
        if not self._proposals.add(room, entry):
            attachment = entry[0] if isinstance(entry, tuple) else getattr(entry, "attachment", 0)
            self._keeper.overwhelmed(attachment)

    async def attach(self, name: str) -> None:
        if name in self.replicas and self.replicas[name].is_too_new:
            self._let_go(name)  # that room may have ended: look once more
        replica: Replica | None = None
        while replica is None or replica is not self.replicas.get(name):
            replica = self._replica(name)
            await replica.ready.wait()
        check_known(replica)
        # After a freeze, a HELLO and the end of its connection may wait to be read: let both be.
        await asyncio.sleep(0)

    def _replica(self, name: str) -> Replica:
        self._needed[name] = self._loop.time()
        if name not in self.replicas:
            self.replicas[name] = Replica(name, self._log, self._apply, self._keeper, self)
        return self.replicas[name]

    def release(self, name: str) -> None:
        if name in self.replicas and self._may_release(name):
            self._let_go(name)

    async def create(self, create: Create) -> None:
        await self.attach(create.name)
        if self._keeper.room(create.name) is not None:
            return
        name = f"{create.name}/{create.epoch.hex()}"
        with self._beginnings.awaited(create.name) as begun:
            await self._log.publish_first(create.name, name, pack_create(create))
            await begun.wait()
        check_known(self.replicas.get(create.name))

    def rules(self, name: str) -> int:
        return self.replicas[name].rules

    def next_attachment(self) -> int:
        self._connections = self._connections % (CONNECTIONS - 1) + 1
        return self.incarnation << CONNECTION_BITS | self._connections

    def skip_attachments(self, until: int) -> None:
        pass  # those of an incarnation that nobody ever had are new

    def is_ours(self, attachment: int) -> bool:
        return incarnation_of(attachment) == self.incarnation

    # What replicas tell.

    def begun(self, replica: Replica) -> None:
        assert replica.create is not None
        name, room = replica.name, self._keeper.room(replica.name)
        assert room is not None
        self._proposals.open(name, replica.create.epoch)
        self._proposals.passed(name, replica.sequencer.expected(self.incarnation))
        self._values.open(room)
        self._ends.discard(name)
        self._written[name] = self._loop.time()
        for attachment in room.seats.attached:
            self._expect(incarnation_of(attachment), name)
        self._beginnings.note(name)
        if replica.sequencer.is_dead(self.incarnation):
            self.fenced(self.incarnation)

    def unknown(self, replica: Replica) -> None:
        self._beginnings.note(replica.name)

    def seen(self, replica: Replica, parcel: Parcel, data: bytes) -> None:
        is_fenced = replica.sequencer.is_dead(parcel.incarnation)
        self.counts.take(parcel, data, is_fenced=is_fenced)
        self._proposals.seen(replica.name, parcel, data)

    def taken(self, replica: Replica) -> None:
        every = self._snapshot_every
        if replica.since_snapshot >= every and (
            self._is_writer(replica.name) or replica.since_snapshot >= STAND_IN * every
        ):
            self._write(replica)

    def asked(self, replica: Replica) -> None:
        if replica.create is not None:
            self._write(replica)

    def ended(self, replica: Replica) -> None:
        self._proposals.close(replica.name)
        self._forget(replica.name)
        # Once its log has forgotten the end, an older snapshot would bring the room back.
        self._ends.add(replica.name)
        self._write(replica)

    def fenced(self, incarnation: int) -> None:
        if incarnation == self.incarnation:
            log.error("other nodes take this one for dead: all connections are closed")
            self.fenced_times += 1
            self.incarnation = self._choose()
            self._proposals.begin_anew(self.incarnation)
            self._keeper.fenced()

    def _apply(self, name: str, entry: Entry) -> None:
        room = self._room(name)
        if not isinstance(entry, Join) or room is None:
            self._hand_on(name, entry)
            return
        self._expect(incarnation_of(entry.attachment), name)
        before = self._values.joining(room, entry)
        self._hand_on(name, entry)
        self._values.joined(room, entry, before)

    def _hand_on(self, name: str, entry: Entry) -> None:
        for follower in self._followers:
            follower(name, entry)

    # Snapshots.

    def _is_writer(self, name: str) -> bool:
        """Whether this node writes a room's snapshots: one does, while players are connected."""
        room = self._room(name)
        if room is None or not room.seats.attached:
            return True
        host = room.seats.get(room.host)
        if host is not None and host.is_attached:
            return self.is_ours(host.attachment)
        return self.is_ours(min(room.seats.attached))

    def _write(self, replica: Replica) -> None:
        """Write down what a room is now, one snapshot after another."""
        if replica.name in self._writing:
            return
        replica.since_snapshot = 0
        self._written[replica.name] = self._loop.time()
        self._writing.add(replica.name)
        seq, data = replica.chain.applied, replica.snapshot()
        self._tasks.begin(self._put(replica, seq, data, is_end=replica.create is None))

    async def _put(self, replica: Replica, seq: int, data: bytes, *, is_end: bool) -> None:
        try:
            await self._log.put_snapshot(replica.name, seq, data)
        except OSError:
            replica.since_snapshot += self._snapshot_every  # at the next entry
        else:
            if is_end:
                self._ends.discard(replica.name)
        finally:
            self._writing.discard(replica.name)

    # Rounds.

    async def _audit(self) -> None:
        """Find entries that were stored and never delivered, and what is due otherwise."""
        now = self._loop.time()
        quiet = [
            replica.name
            for replica in self.replicas.values()
            if now - replica.moved > QUIET_SECONDS
        ]
        for start in range(0, len(quiet), AUDITED) or (0,):
            await self._audit_some(quiet[start : start + AUDITED])
        self._sweep(self._loop.time())

    async def _audit_some(self, names: list[str]) -> None:
        try:
            newest = await self._log.last(names)
        except OSError:
            return
        self._pulse.echoed(self._loop.time())
        for name, seq in newest.items():
            if name in self.replicas:
                self.replicas[name].heard_of(seq)

    def _sweep(self, now: float) -> None:
        for name, replica in list(self.replicas.items()):
            if not replica.ready.is_set() or replica.chain.is_behind:
                continue
            if name in self._ends:
                self._write(replica)
            age = now - self._written.get(name, now)
            is_old = age > SNAPSHOT_SECONDS and replica.since_snapshot > 0
            if (is_old or age > SNAPSHOT_AGAIN) and self._is_writer(name):
                self._write(replica)
            if not self._may_release(name):
                self._needed[name] = now
            elif now - self._needed.get(name, now) > IDLE_SECONDS:
                self.release(name)

    def _may_release(self, name: str) -> bool:
        """Whether others look after a room, or there is none."""
        is_busy = name in self._beginnings or name in self._writing or name in self._ends
        if is_busy or self._proposals.is_waiting(name):
            return False
        room = self._room(name)
        if room is None:
            return True
        attached = room.seats.attached
        return bool(attached) and not any(map(self.is_ours, attached))

    # Heartbeats.

    async def _beat(self, bus: Bus) -> None:
        bus.publish(BEAT, self.incarnation.to_bytes(4, "big"))
        for incarnation in self._pulse.beat(self._loop.time()):
            log.warning("nothing is heard of node incarnation %d", incarnation)
            for name in list(self.replicas):
                self._declare_gone(incarnation, name)
        if self._is_in_trouble:
            self._tell_stalled()

    def _hear_beat(self, sender: str, data: bytes) -> None:
        self._pulse.heard(int.from_bytes(data, "big"), self._loop.time())

    def _expect(self, incarnation: int, name: str) -> None:
        """A room has players at a node: see that it lives."""
        if incarnation == self.incarnation:
            return
        self._pulse.expect(incarnation, self._loop.time())
        if self._pulse.is_suspect(incarnation):
            self._loop.call_soon(self._declare_gone, incarnation, name)

    def _declare_gone(self, incarnation: int, name: str) -> None:
        room = self._room(name)
        if room is not None and incarnation in map(incarnation_of, room.seats.attached):
            self._proposals.add(name, NodeGone(incarnation))

    # Trouble.

    def missed(self) -> None:
        """Messages of the bus may have been lost."""
        self._values.missed()

    def restart(self, is_affected: Callable[[str], bool]) -> None:
        """The log has lost what it held of some rooms: let go of them. They begin anew."""
        for name in filter(is_affected, list(self.replicas)):
            self._let_go(name)

    def _note_trouble(self, is_in_trouble: bool) -> None:
        self._is_in_trouble = is_in_trouble
        self._tell_stalled()

    def _tell_stalled(self) -> None:
        """See which rooms' entries wait for the log, and which do so no more."""
        for name in list(self.replicas):
            is_stalled = self._is_in_trouble and self._log.is_troubled(name)
            if is_stalled != (name in self._stalled) and self._room(name) is not None:
                (self._stalled.add if is_stalled else self._stalled.discard)(name)
                self._keeper.stalled(name, is_stalled)

    # Odds and ends.

    def _let_go(self, name: str) -> None:
        replica = self.replicas.pop(name)
        replica.close()
        self.counts.filled += replica.filled
        self._proposals.close(name)
        self._forget(name)
        if self._keeper.room(name) is not None:
            self._keeper.lose(name)

    def _room(self, name: str) -> Room | None:
        return self._keeper.room(name)

    def _forget(self, name: str) -> None:
        self._values.close(name)
        self._written.pop(name, None)
        self._needed.pop(name, None)
        self._stalled.discard(name)
