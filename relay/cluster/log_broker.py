"""A broker for rooms that several nodes share: every node applies the entries of one log.

What a node proposes goes into the log, and comes back in its place to every node that has the
room. Nodes that have no player in a room need not have it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from relay.broker import Follower, Keeper
from relay.cluster.beginnings import Beginnings, check_known, check_whole
from relay.cluster.bus import Bus
from relay.cluster.counts import CountedProposals, Counts
from relay.cluster.gaps import Gaps
from relay.cluster.heartbeats import Heartbeats
from relay.cluster.log import Log
from relay.cluster.pulse import BEAT_SECONDS
from relay.cluster.replicas.asking import REFUSE_SECONDS
from relay.cluster.replicas.parcels import Parcel, pack_create
from relay.cluster.replicas.replica import Replica
from relay.cluster.replicas.snapshot_writer import SNAPSHOT_EVERY, SnapshotWriter
from relay.cluster.replicas.whereabouts import Whereabouts
from relay.cluster.running import Tasks
from relay.cluster.values import Values
from relay.room.entries import CONNECTION_BITS, Create, Entry, Join, incarnation_of
from relay.room.room import Room

log = logging.getLogger("relay")

AUDIT_SECONDS: Final = 0.5
QUIET_SECONDS: Final = 0.3
AUDITED: Final = 500
"""Rooms that one question to the log is about."""

IDLE_SECONDS: Final = 10.0
"""Seconds for which a room that nobody here needs is kept."""

SETTLE_SECONDS: Final = 0.02

CONNECTIONS: Final = 1 << CONNECTION_BITS


class LogBroker:
    """The rooms that this node has of those that the log orders.

    Call `start` within the node's event loop before anybody connects, and `close` at the end.

    Attributes:
        incarnation: of this node, until it is taken for dead: then it takes another.
        most_missed: entries of a room that may be missed while the log surely keeps them.
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
        self.most_missed = 2 * snapshot_every
        self._followers: list[Follower] = []
        self._keeper: Keeper
        self._log: Log
        self._loop: asyncio.AbstractEventLoop
        self._proposals: CountedProposals
        self._values: Values
        self._whereabouts: Whereabouts
        self._heartbeats: Heartbeats
        self._gaps: Gaps
        self._snapshots: SnapshotWriter
        self._connections = 0
        self._beginnings = Beginnings()
        self._needed: dict[str, float] = {}
        self._tasks = Tasks()
        self._is_in_trouble = False
        self._stalled: set[str] = set()

    def start(self, log: Log, bus: Bus | None) -> None:
        """Begin to listen for other nodes, and to look after rooms.

        Args: bus: to the other nodes; without it there are none.
        """
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._proposals = CountedProposals(log, self.incarnation, self.counts)
        self._whereabouts = Whereabouts(bus, self.replicas)
        self._values = Values(bus, self._own, self._room)
        self._heartbeats = Heartbeats(
            bus, self._own, self.replicas, self._room, self._proposals.add
        )
        self._gaps = Gaps(bus, self.missed)
        self._snapshots = SnapshotWriter(
            log, self._tasks, self._room, self.is_ours, self._snapshot_every
        )
        log.on_trouble = self._note_trouble
        self._tasks.repeat(AUDIT_SECONDS, self._audit)
        self._tasks.repeat(BEAT_SECONDS, self._beat)

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
            await self._ready(replica)
        check_known(replica)
        # After a freeze, a HELLO and the end of its connection may both wait: have both read.
        await asyncio.sleep(0)

    async def _ready(self, replica: Replica) -> None:
        while not replica.ready.is_set():
            check_whole(replica)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFUSE_SECONDS):
                    await replica.ready.wait()

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
        self._snapshots.begun(name)
        for attachment in room.seats.attached:
            self._heartbeats.expect(incarnation_of(attachment), name)
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
        if replica.since_snapshot >= self._snapshot_every:
            self._snapshots.due(replica)

    def asked(self, replica: Replica) -> None:
        if replica.create is not None:
            self._snapshots.write(replica)

    def bridged(self, replica: Replica) -> None:
        if replica.create is not None:
            self._snapshots.bridged(replica)

    async def furthest(self, name: str) -> int | None:
        return await self._whereabouts.furthest(name)

    def ended(self, replica: Replica) -> None:
        self._proposals.close(replica.name)
        self._forget(replica.name)
        self._snapshots.ended(replica)

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
        self._heartbeats.expect(incarnation_of(entry.attachment), name)
        before = self._values.joining(room, entry)
        self._hand_on(name, entry)
        self._values.joined(room, entry, before)

    def _hand_on(self, name: str, entry: Entry) -> None:
        for follower in self._followers:
            follower(name, entry)

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
        self._heartbeats.answered()
        for name in names:
            if name in self.replicas:
                self.replicas[name].heard_of(newest.get(name, 0))

    async def _beat(self) -> None:
        self._heartbeats.beat()
        self._gaps.tick()
        if self._is_in_trouble:
            self._tell_stalled()

    def _sweep(self, now: float) -> None:
        for name, replica in list(self.replicas.items()):
            if not replica.ready.is_set() or replica.chain.is_behind:
                continue
            self._snapshots.review(replica)
            if not self._may_release(name):
                self._needed[name] = now
            elif now - self._needed.setdefault(name, now) > IDLE_SECONDS:
                self.release(name)

    def _may_release(self, name: str) -> bool:
        """Whether others look after a room, or there is none."""
        is_waiting = name in self._beginnings or self._proposals.is_waiting(name)
        if is_waiting or self._snapshots.is_busy(name):
            return False
        room = self._room(name)
        if room is None:
            return True
        attached = room.seats.attached
        return bool(attached) and not any(map(self.is_ours, attached))

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
        """See which rooms' entries wait for the log, and which wait no more."""
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

    def _own(self) -> int:
        return self.incarnation

    def _room(self, name: str) -> Room | None:
        return self._keeper.room(name)

    def _forget(self, name: str) -> None:
        self._values.close(name)
        self._snapshots.forget(name)
        self._needed.pop(name, None)
        self._stalled.discard(name)
