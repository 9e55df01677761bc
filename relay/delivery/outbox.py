"""What is still to be sent to one connection: bounded, in order, newest values in place.

An outbox is always in one of the modes of mode.py. While it flows, everything is written in the
same turn of the event loop (fan_out.py), so that nothing is counted and nothing waits here. While
it queues, messages wait in it until its link takes them. When more waits than the limits allow, it
lets go of what is in the room's history anyway and follows: it only remembers how far its player
has read, and refills from the history as fast as the link takes. So a slow player costs a number,
not a copy, and a resume or a late join is the same thing begun further back.

Messages are wrapped (ws_frame.py) on their way in, and come out as they went in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from protocol import fast_path
from protocol.opcodes import Opcode
from relay.delivery.flow import Flow
from relay.delivery.mode import TRANSITIONS, Mode, Move
from relay.delivery.outlet import SHUT, Outlet
from relay.delivery.stream import Slot, Source, Stream
from relay.delivery.tally import UNREAD, Tally
from relay.history.ws_frame import is_logged, opcode, unwrap

BATCH_BYTES = 64 * 1024
"""Bytes that one refill reads at most, so that all who catch up take turns."""


FOLLOWING: Final = Mode.FOLLOWING
QUEUEING: Final = Mode.QUEUEING
FLOWING: Final = Mode.FLOWING
LOST: Final = Mode.LOST


class Outbox:
    """Messages for one connection, until its link takes them.

    Attributes:
        outlet: the link's end.
        mode: what becomes of what the room tells. Only `_move` changes it.
        dropped: volatile values that were not kept while it followed.
    """

    __slots__ = (
        "_bytes",
        "_fan_out",
        "_is_finished",
        "_max_frames",
        "_parts",
        "_player",
        "_queue",
        "_said",
        "_said_bytes",
        "_seq",
        "_slots",
        "_source",
        "_tally",
        "_values",
        "dropped",
        "max_bytes",
        "mode",
        "outlet",
    )

    def __init__(
        self,
        outlet: Outlet,
        *,
        max_bytes: int = 256 * 1024,
        max_frames: int = 512,
        tally: Tally = UNREAD,
    ) -> None:
        """
        Args:
            max_bytes, max_frames: of all that waits; one message alone may have any size.
            tally: counts what is taken.
        """
        self.outlet = outlet
        self.mode = Mode.OPENING
        self.dropped = 0
        self.max_bytes = max_bytes
        self._max_frames = max_frames
        self._tally = tally
        self._fan_out: Flow | None = None
        self._player = 0
        self._source: Source | None = None
        self._seq = 0
        self._is_finished = False
        self._parts: list[bytes] = []
        """What a stream begins or ends with, the next one last: there may be much of it, so it is
        told in batches. A `deque` would take 760 bytes of each idle connection."""
        self._queue: list[bytes] = []
        self._slots: dict[Slot, int] = {}
        self._said: list[int] = []
        self._said_bytes = 0
        self._values: dict[Slot, bytes] = {}
        self._bytes = 0

    @property
    def is_flowing(self) -> bool:
        """Whether a message is written in the turn of the loop in which it comes."""
        return self.mode is FLOWING

    @property
    def is_following(self) -> bool:
        """Whether it refills from the history."""
        return self.mode is FOLLOWING

    @property
    def is_lost(self) -> bool:
        """Whether it cannot go on, so that its connection must end."""
        return self.mode is LOST

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to take."""
        return bool(self._queue) or (self.mode is FOLLOWING and self._has_more_to_read())

    @property
    def waiting(self) -> tuple[int, int]:
        """How many messages wait here, and their bytes, without those of the history."""
        return len(self._queue), sum(map(len, self._queue))

    def _has_more_to_read(self) -> bool:
        source = self._source
        if source is None or not source.is_late or not self._is_finished:
            return True
        return self._seq < source.seq or bool(self._values) or bool(self._parts)

    def _move(self, move: Move) -> None:
        self.mode = TRANSITIONS[self.mode][move]

    def position(self, head: int) -> int:
        """Return up to where all that was for the player has been put in order to be sent.

        Messages here that are also in the history do not count yet: the outbox may drop them, and
        read them from the history again, after the answer that has this seq.
        """
        fan_out = self._fan_out
        if self.mode is FLOWING and fan_out is not None:
            share = fan_out.share(self._player)
            if not share:
                return head
            return next((_before(message) for message in share if is_logged(message)), head)
        if self._parts and not self._is_finished:
            return 0  # SPEC 12.4: facts still wait that are true as of a later seq
        is_all_ours = len(self._queue) == len(self._said) + len(self._slots)
        is_behind = self.mode is FOLLOWING or self.mode is LOST
        return head if is_all_ours and not is_behind else self._seq

    # What goes in.

    def begin(self, prelude: Iterable[bytes], stream: Stream) -> None:
        """Queue what a connection begins with, then follow the room's history."""
        was_waiting = self.is_waiting
        self._queue.extend(prelude)
        self._parts = list(reversed(stream.facts))
        self._source, self._seq, self._is_finished = stream.source, stream.follow, False
        self._move(Move.BEGIN)
        if not was_waiting:
            self.outlet.ready()

    def queue(self, message: bytes) -> None:
        """Take a message of the room while the outbox does not flow."""
        if opcode(message) == Opcode.UPDATE:
            self.replace(_slot(message), message)
        elif self.mode is QUEUEING:
            self._queue_up(message)

    def _queue_up(self, message: bytes) -> None:
        queue = self._queue
        queue.append(message)
        self._bytes += len(message)
        if len(queue) == 1:
            self.outlet.ready()
        elif self._bytes > self.max_bytes or len(queue) > self._max_frames:
            self._fall_behind()

    def say(self, message: bytes, *, rides: bool = False) -> None:
        """Queue a message that is in no history: an answer to this connection alone.

        Args: rides: while the outbox flows, it may wait for what comes next.
        """
        fan_out = self._fan_out
        if self.mode is FLOWING and fan_out is not None:
            if rides:
                fan_out.ride(self._player, message)
            else:
                fan_out.answer(self._player, message)
            return
        was_waiting = self.is_waiting
        self._said.append(len(self._queue))
        self._queue.append(message)
        self._bytes += len(message)
        self._said_bytes += len(message)
        if not was_waiting:
            self.outlet.ready()
        elif self.mode is FOLLOWING:
            if self._said_bytes > self.max_bytes:
                self._lose()
        elif self._bytes > self.max_bytes or len(self._queue) > self._max_frames:
            self._fall_behind()

    def replace(self, slot: Slot, message: bytes) -> None:
        """Queue a volatile message, in the place of an older one of its slot that still waits."""
        if self.mode is not QUEUEING:
            self._keep(slot, message)
            return
        index = self._slots.get(slot)
        if index is None:
            self._slots[slot] = len(self._queue)
            self._queue_up(message)
            return
        self._tally.conflated += 1
        self._bytes += len(message) - len(self._queue[index])
        self._queue[index] = message
        if self._bytes > self.max_bytes and len(self._queue) > 1:
            self._fall_behind()

    def forget(self, sender: int) -> None:
        """Drop the values of a player who leaves: LEFT might overtake them. Call it first."""
        for slot in [slot for slot in self._values if slot[0] == sender]:
            self._bytes -= len(self._values.pop(slot))
        if self._is_finished and self._parts:
            self._parts = [part for part in self._parts if _sender(part) != sender]
        for slot in [slot for slot in self._slots if slot[0] == sender]:
            del self._slots[slot]

    def end(self) -> None:
        """Follow no more, as the connection ends: nothing comes after what waits now."""
        self.hold()
        self._move(Move.END)
        self._source = None
        self._parts.clear()
        self._values.clear()

    def discard(self) -> None:
        """Let go of what waits, and of the link: nobody is there any more to take it."""
        self.outlet = SHUT
        self._queue.clear()
        self._said.clear()
        self._slots.clear()

    # What flows.

    def meet(self, fan_out: Flow | None, player: int) -> None:
        """Take note of the fan-out that this outbox is in, and of the player it has there."""
        self._fan_out, self._player = fan_out, player

    def flow(self) -> None:
        """Let everything flow from now on, if nothing waits."""
        if self.mode is QUEUEING and self._fan_out is not None and not self._queue:
            self._move(Move.FLOW)
            self._fan_out.open(self._player)

    def hold(self) -> None:
        """From now on let messages wait here, also those that are gathered and not yet written."""
        fan_out = self._fan_out
        if self.mode is not FLOWING or fan_out is None:
            return
        self._move(Move.HOLD)
        for message in fan_out.shut(self._player):
            self._tally.untell(message)
            if opcode(message) == Opcode.LEFT:
                self.forget(fast_path.pair(unwrap(message))[1])
            (self.queue if _is_of_room(message) else self.say)(message)

    # What comes out.

    def take(self) -> list[bytes]:
        """Hand over what waits, in order; all of it, or one batch while the outbox follows.

        What comes from the history comes in runs: `ws_frame.split` makes messages of them.
        """
        taken = self._queue
        self._tally.tell_all(taken)
        self._queue = []
        self._said.clear()
        self._said_bytes = 0
        if self.mode is LOST:
            return taken
        if self.mode is FOLLOWING:
            self._bytes = sum(map(len, self._values.values()))
            return taken + self._refill()
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
            part = self._parts.pop()
            batch.append(part)
            size += len(part)
        self._tally.tell_all(batch)
        return batch

    def _read_on(self, source: Source) -> list[bytes]:
        batch = source.read(self._seq, BATCH_BYTES)
        if batch is None:
            self._lose()
            return []
        messages, self._seq = batch
        self._tally.history_bytes += sum(map(len, messages))
        return messages if self._seq < source.seq else messages + self._keep_up(source)

    def _keep_up(self, source: Source) -> list[bytes]:
        """The player has caught up: hand over the values that were kept back, and queue again."""
        told: list[bytes] = []
        if not self._is_finished:
            self._is_finished = True
            self._parts = list(source.finish(self._values))
            self._parts.reverse()
            self._bytes = sum(map(len, self._values.values()))
            told = self._next_parts()
            if self._parts:
                return told
        values, self._values, self._bytes = list(self._values.values()), {}, 0
        self._tally.tell_all(values)
        if not source.is_late:
            self._move(Move.CATCH_UP)
            self.outlet.caught_up()
        return told + values

    def _fall_behind(self) -> None:
        if self.mode is not QUEUEING or self._source is None:
            return  # before WELCOME, and at the end: what waits is little, and in no history
        # SPEC 12.6.1: only values that newer ones replaced are left out.
        queue = self._queue
        self._seq = self._before_the_first(self._source)
        self._values = {slot: queue[index] for slot, index in self._slots.items()}
        self._queue = [queue[index] for index in self._said]
        self._slots.clear()
        self._bytes = sum(map(len, self._queue)) + sum(map(len, self._values.values()))
        self._move(Move.FALL_BEHIND)
        self.dropped = 0
        self.outlet.behind()

    def _before_the_first(self, source: Source) -> int:
        """Return the seq before that of the first message here that is in the history.

        The seq of the last take is too old: since then the history may have trimmed much that was
        for others.
        """
        said = set(self._said)
        for index, message in enumerate(self._queue):
            if index not in said and opcode(message) != Opcode.UPDATE:
                return _before(message)
        return source.seq

    def _lose(self) -> None:
        self._move(Move.LOSE)
        self._values.clear()
        self.outlet.behind()

    def _keep(self, slot: Slot, message: bytes) -> None:
        older = self._values.pop(slot, b"")
        self._bytes -= len(older)
        self.dropped += bool(older)
        if self.mode is not FOLLOWING or self._bytes + len(message) > self.max_bytes:
            self.dropped += 1
            self._tally.dropped += 2 if older else 1
            return
        self._tally.conflated += bool(older)
        self._values[slot] = message
        self._bytes += len(message)


def _before(message: bytes) -> int:
    """Return the seq before that of a message which has one."""
    return fast_path.seq(unwrap(message)) - 1


def _is_of_room(message: bytes) -> bool:
    return is_logged(message) or opcode(message) == Opcode.UPDATE


def _sender(message: bytes) -> int:
    """Return the sender of an UPDATE; 0 for anything else."""
    return _slot(message)[0] if opcode(message) == Opcode.UPDATE else 0


def _slot(message: bytes) -> Slot:
    """Return the slot of an UPDATE."""
    key, sender = fast_path.pair(unwrap(message))
    return sender, key
