"""What is still to be sent to one connection: bounded, in order, newest values in place.

An outbox flows, keeps up or follows. While it flows, everything is written in the same turn of the
event loop (fan_out.py), so that nothing is counted and nothing waits here. While it keeps up,
messages queue in it until its link takes them. When more waits than the limits allow, it lets go of
what is in the room's log anyway and follows: it only remembers how far its player has read, and
refills from the log as fast as the link takes. So a slow player costs a number, not a copy, and a
resume or a late join is the same thing begun further back.

Messages are wrapped (ws_frame.py) on their way in, and come out as they went in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

from protocol import hot
from protocol.opcodes import Opcode
from relay.history.ws_frame import is_logged, opcode, unwrap

Slot = tuple[int, int]
"""Sender and key of a volatile value."""

BATCH_BYTES = 64 * 1024
"""Bytes that one refill reads at most, so that one who catches up takes turns with the others."""


NO_DESCRIPTOR: Final = -1


class Flow:
    """What flows, gathered for all outboxes of a room. `FanOut` is one.

    It is a class and no `Protocol`, so that compiled code calls it without a lookup.
    """

    def open(self, player: int) -> None:
        """Let an outbox flow from now on."""
        raise NotImplementedError

    def shut(self, player: int) -> list[bytes]:
        """Let an outbox flow no more. Returns: what is gathered for it, which it must keep."""
        raise NotImplementedError

    def share(self, player: int) -> list[bytes]:
        """Return what is gathered for one that flows."""
        raise NotImplementedError

    def answer(self, player: int, message: bytes) -> None:
        """Tell one that flows something."""
        raise NotImplementedError

    def ride(self, player: int, message: bytes) -> None:
        """Tell one that flows something with what comes next."""
        raise NotImplementedError


class Source(Protocol):
    """The room's log, as one player reads it."""

    @property
    def seq(self) -> int:
        """Where the log is now."""

    @property
    def is_late(self) -> bool:
        """Whether the player is kept behind the room, so that its outbox never stops following."""

    def read(self, seq: int, max_bytes: int) -> tuple[list[bytes], int] | None:
        """Return what follows `seq` for the player, in runs, and up to where; None if it is
        gone."""

    def finish(self, kept: dict[Slot, bytes]) -> Iterable[bytes]:
        """Return what to say once, when all of the log is read for the first time, and take what is
        in that out of the values that are `kept` for the player."""


class Stream(NamedTuple):
    """How a connection begins: read at the pace of its link, so that none stalls the room."""

    facts: tuple[bytes, ...]
    """What is said before anything from the log."""
    source: Source
    follow: int
    """The seq after which to read on from the log."""
    complete_from: int = 0
    """A stream that begins anew has everything that was for all players after this seq."""


def _nothing() -> None:
    pass


def _nowhere(data: bytes) -> None:
    pass


class Outbox:
    """Messages for one connection, until its link takes them.

    Attributes:
        write: takes what flows, joined; called at the end of a turn.
        descriptor: of the socket to which all of that goes as it is. While the outbox flows, what
            the kernel takes goes there past `write`, which gets the rest. So the outbox must flow
            no more when something waits on that way, and before the socket is closed.
        on_ready: called when something waits where nothing did; in the middle of a room's fan-out,
            so that it may do no more than make a note.
        on_behind: called likewise when the outbox falls behind.
        on_caught_up: called when it keeps up again.
        is_following: it refills from the log.
        is_lost: it cannot go on, and its connection must end: the log no longer reaches back to
            where it was, or too many answers wait that are in no log.
        dropped: volatile values that were not kept while it followed.
    """

    __slots__ = (
        "_bytes",
        "_flowing",
        "_is_finished",
        "_max_frames",
        "_outboxes",
        "_parts",
        "_player",
        "_queue",
        "_said",
        "_said_bytes",
        "_seq",
        "_slots",
        "_source",
        "_values",
        "descriptor",
        "dropped",
        "is_following",
        "is_lost",
        "max_bytes",
        "on_behind",
        "on_caught_up",
        "on_ready",
        "write",
    )

    def __init__(
        self, on_ready: Callable[[], None], *, max_bytes: int = 256 * 1024, max_frames: int = 512
    ) -> None:
        """Args: max_bytes, max_frames: of all that waits; one message alone may have any size."""
        self.write: Callable[[bytes], None] = _nowhere
        self.descriptor = NO_DESCRIPTOR
        self.on_ready = on_ready
        self.on_behind: Callable[[], None] = _nothing
        self.on_caught_up: Callable[[], None] = _nothing
        self.is_following = False
        self.is_lost = False
        self.dropped = 0
        self.max_bytes = max_bytes
        self._max_frames = max_frames
        self._outboxes: Flow | None = None
        self._flowing: Flow | None = None
        self._player = 0
        self._source: Source | None = None
        self._seq = 0
        self._is_finished = False
        self._parts: deque[bytes] = deque()
        """Of what a stream begins or ends with: told in batches, as there may be much of it."""
        self._queue: list[bytes] = []
        self._slots: dict[Slot, int] = {}
        self._said: list[int] = []
        self._said_bytes = 0
        self._values: dict[Slot, bytes] = {}
        self._bytes = 0

    @property
    def is_flowing(self) -> bool:
        """Whether everything is written in the turn in which it is told."""
        return self._flowing is not None

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to take."""
        return bool(self._queue) or (
            self.is_following and not self.is_lost and self._has_more_to_read()
        )

    def _has_more_to_read(self) -> bool:
        source = self._source
        if source is None or not source.is_late or not self._is_finished:
            return True
        return self._seq < source.seq or bool(self._values) or bool(self._parts)

    def position(self, head: int) -> int:
        """Return up to where all that was for the player has been put in order to be sent.

        What waits here from the log does not count yet: it may be let go of, and be read from the
        log again, behind the answer that says so.
        """
        if self._flowing is not None:
            share = self._flowing.share(self._player)
            if not share:
                return head
            return next((_before(message) for message in share if is_logged(message)), head)
        is_all_ours = len(self._queue) == len(self._said) + len(self._slots)
        return head if is_all_ours and not self.is_following else self._seq

    # What goes in.

    def begin(self, prelude: Iterable[bytes], stream: Stream) -> None:
        """Queue what a connection begins with, then follow the room's log."""
        was_waiting = self.is_waiting
        self._queue.extend(prelude)
        self._parts = deque(stream.facts)
        self._source, self._seq, self._is_finished = stream.source, stream.follow, False
        self.is_following = True
        if not was_waiting:
            self.on_ready()

    def queue(self, message: bytes) -> None:
        """Take a message of the room while the outbox does not flow."""
        if opcode(message) == Opcode.UPDATE:
            self.replace(_slot(message), message)
        elif not self.is_following:
            self._queue_up(message)

    def _queue_up(self, message: bytes) -> None:
        queue = self._queue
        queue.append(message)
        self._bytes += len(message)
        if len(queue) == 1:
            self.on_ready()
        elif self._bytes > self.max_bytes or len(queue) > self._max_frames:
            self._fall_behind()

    def say(self, message: bytes, *, rides: bool = False) -> None:
        """Queue a message that is in no log: an answer to this connection alone.

        Args: rides: while the outbox flows, it may wait for what comes next.
        """
        if self._flowing is not None:
            tell = self._flowing.ride if rides else self._flowing.answer
            tell(self._player, message)
            return
        was_waiting = self.is_waiting
        self._said.append(len(self._queue))
        self._queue.append(message)
        self._bytes += len(message)
        self._said_bytes += len(message)
        if not was_waiting:
            self.on_ready()
        elif self.is_following:
            if self._said_bytes > self.max_bytes and not self.is_lost:
                self._lose()
        elif self._bytes > self.max_bytes or len(self._queue) > self._max_frames:
            self._fall_behind()

    def replace(self, slot: Slot, message: bytes) -> None:
        """Queue a volatile message, in the place of an older one of its slot that still waits."""
        if self.is_following:
            self._keep(slot, message)
            return
        index = self._slots.get(slot)
        if index is None:
            self._slots[slot] = len(self._queue)
            self._queue_up(message)
            return
        self._bytes += len(message) - len(self._queue[index])
        self._queue[index] = message
        if self._bytes > self.max_bytes and len(self._queue) > 1:
            self._fall_behind()

    def forget(self, sender: int) -> None:
        """Drop the values of a player who leaves: LEFT might overtake them. Call it first."""
        for slot in [slot for slot in self._values if slot[0] == sender]:
            self._bytes -= len(self._values.pop(slot))
        if self._is_finished and self._parts:
            self._parts = deque(part for part in self._parts if _sender(part) != sender)
        for slot in [slot for slot in self._slots if slot[0] == sender]:
            del self._slots[slot]

    def end(self) -> None:
        """Follow no more, as the connection ends: what waits now is the last."""
        self.hold()
        self.is_following = False
        self._source = None
        self._parts.clear()
        self._values.clear()

    # What flows.

    def meet(self, outboxes: Flow | None, player: int) -> None:
        """Take note of the fan-out that this outbox is in, and of the player it has there."""
        self._outboxes, self._player = outboxes, player

    def flow(self) -> None:
        """Let everything flow from now on, if nothing waits."""
        outboxes = self._outboxes
        is_ready = self._source is not None and not self.is_following and not self.is_waiting
        if outboxes is not None and is_ready and self._flowing is None:
            self._flowing = outboxes
            outboxes.open(self._player)

    def hold(self) -> None:
        """Let what comes wait from now on, and with it what is not yet written."""
        flowing, self._flowing = self._flowing, None
        for message in flowing.shut(self._player) if flowing is not None else ():
            if opcode(message) == Opcode.LEFT:
                self.forget(hot.pair(unwrap(message))[1])
            (self.queue if _is_of_room(message) else self.say)(message)

    # What comes out.

    def take(self) -> list[bytes]:
        """Hand over what waits, in order; all of it, or one batch while the outbox follows.

        What comes from the log comes in runs: `ws_frame.split` makes messages of them.
        """
        taken = self._queue
        self._queue = []
        self._said.clear()
        self._said_bytes = 0
        if self.is_following:
            self._bytes = sum(map(len, self._values.values()))
            return taken if self.is_lost else taken + self._refill()
        self._slots.clear()
        self._bytes = 0
        if self._source is not None:
            self._seq = self._source.seq
        return taken

    def _refill(self) -> list[bytes]:
        source = self._source
        assert source is not None, "an outbox follows from `begin` on"
        parts = self._next_parts()
        return parts if self._parts else parts + self._read_on(source)

    def _next_parts(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while self._parts and size < BATCH_BYTES:
            part = self._parts.popleft()
            batch.append(part)
            size += len(part)
        return batch

    def _read_on(self, source: Source) -> list[bytes]:
        batch = source.read(self._seq, BATCH_BYTES)
        if batch is None:
            self._lose()
            return []
        messages, self._seq = batch
        return messages if self._seq < source.seq else messages + self._keep_up(source)

    def _keep_up(self, source: Source) -> list[bytes]:
        """The player has caught up: say what was kept back, and queue again."""
        told: list[bytes] = []
        if not self._is_finished:
            self._is_finished = True
            self._parts.extend(source.finish(self._values))
            self._bytes = sum(map(len, self._values.values()))
            told = self._next_parts()
            if self._parts:
                return told
        values, self._values, self._bytes = self._values, {}, 0
        if not source.is_late:
            self.is_following = False
            self.on_caught_up()
        return told + list(values.values())

    def _fall_behind(self) -> None:
        if self._source is None:
            return  # before WELCOME nothing is in a log; there is little, and all of it is ours
        # SPEC 12.6.1: only values that newer ones replaced are left out.
        queue = self._queue
        self._seq = self._before_the_first(self._source)
        self._values = {slot: queue[index] for slot, index in self._slots.items()}
        self._queue = [queue[index] for index in self._said]
        self._slots.clear()
        self._bytes = sum(map(len, self._queue)) + sum(map(len, self._values.values()))
        self.is_following = True
        self.dropped = 0
        self.on_behind()

    def _before_the_first(self, source: Source) -> int:
        """Return the seq before that of the first message here that is in the log.

        The last take is no measure: since then the log may have let go of much that was for others.
        """
        said = set(self._said)
        for index, message in enumerate(self._queue):
            if index not in said and opcode(message) != Opcode.UPDATE:
                return _before(message)
        return source.seq

    def _lose(self) -> None:
        self.is_lost = True
        self._values.clear()
        self.on_behind()

    def _keep(self, slot: Slot, message: bytes) -> None:
        older = self._values.pop(slot, b"")
        self._bytes -= len(older)
        self.dropped += bool(older)
        if self.is_lost or self._bytes + len(message) > self.max_bytes:
            self.dropped += 1
            return
        self._values[slot] = message
        self._bytes += len(message)


def _before(message: bytes) -> int:
    """Return the seq before that of a message which has one."""
    return hot.seq(unwrap(message)) - 1


def _is_of_room(message: bytes) -> bool:
    return is_logged(message) or opcode(message) == Opcode.UPDATE


def _sender(message: bytes) -> int:
    """Return who an UPDATE is of; 0 for anything else."""
    return _slot(message)[0] if opcode(message) == Opcode.UPDATE else 0


def _slot(message: bytes) -> Slot:
    """Return the slot of an UPDATE."""
    key, sender = hot.pair(unwrap(message))
    return sender, key
