"""One room, as this node makes it from the room's log.

A replica first follows the log, then loads the newest snapshot, reads the log's tail, and takes the
entries that were delivered meanwhile. From then on it is behind only while an entry is missing,
which it reads. If the log has, or may have, forgotten a missing entry, the replica begins anew with
a newer snapshot. If there is none, it asks the other replicas for one, and is not ready meanwhile.
If no node that lives has the room, the room has ended. A room with missing entries is never opened.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from typing import Final, Protocol

from relay.broker import Follower, Keeper
from relay.cluster.log import Log, Logged
from relay.cluster.replicas import loading, parcels, snapshots
from relay.cluster.replicas.asking import Asking
from relay.cluster.replicas.chain import MOST, Chain
from relay.cluster.replicas.loading import Unsure
from relay.cluster.replicas.parcels import Parcel, Signal, Unreadable, What, pack_signal
from relay.cluster.replicas.sequencer import Lost, Sequencer
from relay.cluster.replicas.snapshots import DIGEST_BYTES, Saved
from relay.room.entries import RULES, Create, NodeGone

log = logging.getLogger("relay")

PAUSES: Final = (0.03, 0.06, 0.12, 0.25, 0.5)
"""Seconds between reads that bring nothing: a server may lag behind the one that delivers."""

SURE_SECONDS: Final = 360.0
"""Seconds for which a log surely keeps an entry. A replica that had all entries so recently misses
none."""


class Witness(Protocol):
    """What a replica tells its broker, and asks it.

    Attributes:
        most_missed: how many entries of a room a log surely keeps, whatever their age.
    """

    most_missed: int

    async def furthest(self, name: str) -> int | None:
        """Return how far other nodes are in a room's log: 0 where no other has the room.

        Returns: None if a node that may have the room does not answer.
        """

    def begun(self, replica: Replica) -> None:
        """There is a room: a new one, or a loaded one."""

    def unknown(self, replica: Replica) -> None:
        """There is a room that obeys newer rules: see `is_too_new`."""

    def seen(self, replica: Replica, parcel: Parcel, data: bytes) -> None:
        """The log has this parcel. It may have come before, and may be of another room."""

    def taken(self, replica: Replica) -> None:
        """An entry of the log is applied, and all its effects are done."""

    def asked(self, replica: Replica) -> None:
        """Another node wants a snapshot."""

    def bridged(self, replica: Replica) -> None:
        """The log has forgotten the entries before some entry. A newer replica may not know
        that."""

    def ended(self, replica: Replica) -> None:
        """There is no room any more."""

    def fenced(self, incarnation: int) -> None:
        """A node is taken for dead."""


class Replica:
    """A room's name, and the room that the log makes.

    Attributes:
        chain: how far this replica is in the log.
        create: the entry with which the present room began.
        digest: equal on all replicas that applied the same.
        is_too_new: there is a room with newer rules than this version knows. This replica cannot
            see when that room ends; one that loads anew may see it.
        moved: when an entry was taken last, in seconds of the loop's clock.
        ready: set while the room is here as far as the log can be read, and after `close`.
    """

    def __init__(
        self, name: str, log: Log, apply: Follower, keeper: Keeper, witness: Witness
    ) -> None:
        """Args: apply: hands an entry to everyone who follows."""
        self.name = name
        self.chain = Chain()
        self.create: Create | None = None
        self.is_too_new = False
        self.sequencer = Sequencer()
        self.digest = bytes(DIGEST_BYTES)
        self.since_snapshot = 0
        """Entries of the log since the snapshot that this replica began with, or wrote."""
        self.filled = 0
        """Entries that were read because they had been missed."""
        self.loop = asyncio.get_running_loop()
        self.moved = self.loop.time()
        self.ready = asyncio.Event()
        self._log = log
        self._apply = apply
        self._keeper = keeper
        self._witness = witness
        self._is_closed = False
        self._early: list[Logged] = []
        self._asking = Asking()
        self._end_of_log = 0
        self._has_asked = False
        """Whether the log has a replica's request for a snapshot."""
        self._current_at = self.moved
        """When this replica last knew that no entry was missing."""
        self._work: asyncio.Task[None] | None = None
        self._unfollow: Callable[[], None] = log.follow(name, self._deliver)
        self._begin_work()

    @property
    def rules(self) -> int:
        """Version of the room's rules; 0 while there is no room."""
        return 0 if self.create is None else self.create.rules

    def close(self) -> None:
        """Follow the log no more, and wake all that wait for the room."""
        self._unfollow()
        self._is_closed = True
        self.ready.set()
        if self._work is not None:
            self._work.cancel()

    def heard_of(self, seq: int) -> None:
        """The log has an entry with this seq: read up to it if it is missing.

        Args: seq: the newest, as far as the log says; 0 if it keeps none of the room.
        """
        if self.ready.is_set():
            self.chain.heard_of(seq)
            self._note_current(is_sure=seq == self.chain.applied)
            self._fill()

    @property
    def is_vain(self) -> bool:
        """Whether players who wait for the room should come again later: no node can give all of
        it."""
        return self._asking.is_vain(self.loop.time())

    def snapshot(self) -> bytes:
        """Return what the room is now."""
        room = self._keeper.room(self.name) if self.create is not None else None
        create = self.create if room is not None else None
        return snapshots.write(self.chain.applied, self.digest, create, room, self.sequencer)

    # What comes.

    def _deliver(self, logged: Logged) -> None:
        if self._is_closed:  # it was on its way
            return
        if not self.ready.is_set():
            if len(self._early) < MOST:  # the others can be read
                self._early.append(logged)
            return
        try:
            for each in self.chain.deliver(logged):
                self._take(each)
                self._note_current(is_sure=True)
        except Lost as error:
            self._begin_anew(error)
        self._fill()

    def _note_current(self, *, is_sure: bool) -> None:
        """Take note that nothing is missing now, if the log could tell."""
        if not self.chain.is_behind and (is_sure or self._was_current):
            self._current_at = self.loop.time()

    @property
    def _was_current(self) -> bool:
        """Whether the log must still have all that came since nothing was missing."""
        return self.loop.time() - self._current_at < SURE_SECONDS

    def _fill(self) -> None:
        if self.chain.is_behind and self._work is None and self.ready.is_set():
            self._begin_work()

    def _begin_work(self) -> None:
        self._work = self.loop.create_task(self._catch_up())
        self._work.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._work = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("room %s: its replica stopped", self.name, exc_info=error)

    def _begin_anew(self, error: Lost) -> None:
        if not self._asking.has_begun:
            log.warning("room %s is loaded anew: %s", self.name, error)
        self.ready.clear()
        if self.create is not None:
            self.create = None
            self._keeper.lose(self.name)
        if self._work is None:
            self._begin_work()

    # Reading.

    async def _catch_up(self) -> None:
        """Read until nothing is missing, also when the log sometimes fails."""
        idle = 0
        while not self.ready.is_set() or self.chain.is_behind:
            try:
                found = await (self._read() if self.ready.is_set() else self._load())
            except OSError:
                found = False
            except Lost as error:
                self._begin_anew(error)
                await self._ask(is_unsure=isinstance(error, Unsure))
                found = False
            except Exception:  # nothing else would start reading again
                log.exception("room %s: its log cannot be read", self.name)
                found = False
            if found:
                idle = 0
            else:
                await asyncio.sleep(PAUSES[min(idle, len(PAUSES) - 1)])
                idle += 1

    async def _read(self) -> bool:
        before = self.chain.applied
        entries = await self._log.read(self.name, before)
        is_bridge = bool(before and entries and not entries[0].previous)
        if is_bridge and not await self._is_whole(len(entries)):
            return False
        for logged in self.chain.read(entries):
            self._take(logged)
            self.filled += 1
        self._note_current(is_sure=bool(entries))
        if is_bridge:
            self._witness.bridged(self)
        return self.chain.applied > before

    async def _is_whole(self, following: int) -> bool:
        """Say whether nothing is missing before the first entry that is kept.

        The log cannot say. But it keeps entries for a while, and other nodes may know more. If no
        node does, no node knows of entries between.

        Raises:
            Lost: something is missing.
        """
        saved, applied = await loading.newest(self._log, self.name), self.chain.applied
        if saved is not None and applied < saved.seq:
            raise Lost(f"there is a snapshot of entry {saved.seq}")
        if self._was_current and following < self._witness.most_missed:
            return True
        furthest = await self._witness.furthest(self.name)
        if furthest is not None and furthest > applied:
            raise Unsure(f"the log has forgotten entry {applied}, and another node is further")
        return furthest is not None

    async def _load(self) -> bool:
        """Begin with the newest snapshot. Returns: whether that was possible."""
        found = await loading.find(self._log, self.name)
        self._end_of_log, self._has_asked = found.end, found.has_asked
        found.check()
        self._restore(None if found.is_reset else found.saved, found.applied)
        self.ready.set()
        for logged in self.chain.read(found.tail):
            self._take(logged)
        self.since_snapshot = len(found.tail)
        early, self._early = self._early, []
        for logged in early:
            for each in self.chain.deliver(logged):
                self._take(each)
        self._asking.stop()
        self._current_at = self.loop.time()
        return True

    async def _ask(self, *, is_unsure: bool) -> None:
        """Ask for a snapshot, and when nobody has the room, for a new beginning."""
        now = self.loop.time()
        if not self._asking.is_due(now, is_heard=self._has_asked):
            return
        is_over = self._asking.may_end(now, is_unsure=is_unsure)
        if is_over and await self._witness.furthest(self.name) == 0:
            log.error("room %s is lost: its log has forgotten it, and no node has it", self.name)
            self._signal(What.RESET)
        else:
            self._signal(What.SNAPSHOT_WANTED)

    def _signal(self, what: What) -> None:
        # Every node that cannot load says the same: once is enough.
        seq = self._end_of_log
        self._log.publish(self.name, f"{self.name}/{what}/{seq}", pack_signal(Signal(what, seq)))

    def _restore(self, saved: Saved | None, applied: int) -> None:
        self.chain = Chain(applied)
        self.create = None
        self.sequencer = Sequencer() if saved is None else saved.sequencer
        self.digest = bytes(DIGEST_BYTES) if saved is None else saved.digest
        self.is_too_new = False
        if saved is not None and saved.create is not None and saved.room is not None:
            if saved.create.rules > RULES:
                self._pass_by(saved.create)
                return
            self.create = saved.create
            self._keeper.adopt(saved.room, saved.create)
            self._witness.begun(self)

    # Taking.

    def _take(self, logged: Logged) -> None:
        self.moved = self.loop.time()
        self.since_snapshot += 1
        try:
            message = parcels.read(logged.data)
        except Unreadable as error:
            log.error("room %s: entry %d is skipped: %s", self.name, logged.seq, error)
            return
        match message:
            case Create():
                self._begin(message)
            case Signal():
                self._hear(message)
            case Parcel():
                self._open(message, logged.data)
        self._witness.taken(self)

    def _hear(self, signal: Signal) -> None:
        if signal.what is What.SNAPSHOT_WANTED:
            self._witness.asked(self)
        elif self.is_too_new:
            self.is_too_new = False
        elif self.create is not None:
            self._keeper.lose(self.name)
            self._end()

    def _begin(self, create: Create) -> None:
        if self.create is not None or self.is_too_new or create.name != self.name:
            return  # the first wins
        if create.rules > RULES:
            self._pass_by(create)
            return
        self.create = create
        self.sequencer = Sequencer()
        self._keeper.make(create)
        self._witness.begun(self)

    def _pass_by(self, create: Create) -> None:
        """Do not serve this room, nor let another of its name begin here."""
        log.error("room %s obeys rules %d, this node %d", self.name, create.rules, RULES)
        self.is_too_new = True
        self._witness.unknown(self)

    def _open(self, parcel: Parcel, data: bytes) -> None:
        self._witness.seen(self, parcel, data)
        if self.create is None or parcel.epoch != self.create.epoch:
            return
        for each in self.sequencer.take(parcel):
            self._apply_all(each)

    def _apply_all(self, parcel: Parcel) -> None:
        for entry in parcel.entries:
            if isinstance(entry, NodeGone):
                self.sequencer.fence(entry.incarnation)
            try:
                self._apply(self.name, entry)
            except Exception:  # the same happens on all replicas, and the next entry is sound
                log.exception("room %s: an entry failed", self.name)
            if isinstance(entry, NodeGone):
                self._witness.fenced(entry.incarnation)
            if self._keeper.room(self.name) is None:
                self._end()
                return
        self._count(parcel)

    def _count(self, parcel: Parcel) -> None:
        room = self._keeper.room(self.name)
        assert room is not None
        done = (parcel.incarnation, parcel.number, room.seq, room.host, room.term, room.joins)
        digest = hashlib.blake2b(repr(done).encode(), digest_size=DIGEST_BYTES, key=self.digest)
        self.digest = digest.digest()

    def _end(self) -> None:
        self.create = None
        self._witness.ended(self)
