"""Outboxes that tests drive by hand, beside the history of a room."""

from __future__ import annotations

from collections.abc import Callable

from protocol import fast_path
from relay.delivery.fan_out import FanOut
from relay.delivery.outbox import Outbox
from relay.delivery.outlet import Outlet, write_nothing
from relay.delivery.stream import Slot, Stream
from relay.delivery.tally import UNREAD, Tally
from relay.history.history import History
from relay.history.ws_frame import split, unwrap, wrap

MAX_BYTES, MAX_FRAMES, BATCH = 80, 8, 50

ME, OTHERS = frozenset({1}), frozenset({2})


def outlet(
    note: Callable[[str], object] = lambda what: None,
    write: Callable[[bytes], object] = lambda data: None,
    try_write: Callable[[bytes], int] = write_nothing,
) -> Outlet:
    """Make a link's end that notes its calls, and takes what is written."""
    return Outlet(
        try_write=try_write,
        write=write,
        ready=lambda: note("ready"),
        behind=lambda: note("behind"),
        caught_up=lambda: note("caught up"),
    )


def by_hand(note: Callable[[str], object] = lambda what: None, tally: Tally = UNREAD) -> FanOut:
    """Make a fan-out that the test flushes. It notes when it asks for a flush."""
    return FanOut(lambda fan_out: note("told"), lambda fan_out: note("riding"), tally)


class Link:
    """One player's outbox beside the history of its room, and notes of its calls."""

    is_late = False

    def __init__(
        self,
        max_frames: int = 1000,
        max_bytes: int = MAX_BYTES,
        fan_out: FanOut | None = None,
        try_write: Callable[[bytes], int] = write_nothing,
        tally: Tally = UNREAD,
    ) -> None:
        self.log = History(max_frames=max_frames)
        self.seq = 0
        self.notes: list[str] = []
        self.values: list[bytes] = []
        self.asked: list[str] = []
        self.among = by_hand(self.asked.append, tally) if fan_out is None else fan_out
        self.written: list[bytes] = []
        self.outbox = Outbox(
            outlet(self.notes.append, self.written.append, try_write),
            max_bytes=max_bytes,
            max_frames=MAX_FRAMES,
            tally=tally,
        )

    def read(self, seq: int, max_bytes: int) -> tuple[list[bytes], int] | None:
        batch = self.log.read(seq, min(max_bytes, BATCH), 1)
        return batch and ([each for run in batch[0] for each in split(run)], batch[1])

    def finish(self, kept: dict[Slot, bytes]) -> list[bytes]:
        for slot in [slot for slot, value in kept.items() if value in self.values]:
            del kept[slot]
        return [b"live", *self.values]

    def begins(self, *prelude: bytes, follow: int | None = None) -> None:
        follow = self.seq if follow is None else follow
        self.outbox.begin(prelude, Stream((b"fact",), self, follow))

    def is_live(self) -> Link:
        self.begins()
        self.outbox.take()
        self.notes.clear()
        return self

    def tells(self, payload: bytes = b"", *, to: frozenset[int] = ME) -> bytes:
        """Let something happen in the room."""
        self.seq += 1
        message = fast_path.deliver(self.seq, 9, fast_path.tail(payload))
        self.log.append(self.seq, to, wrap(message))
        if to == ME:
            self.hears(wrap(message))
        return wrap(message)

    def hears(self, message: bytes) -> None:
        """Let the room tell a message to all."""
        if 1 in self.among and self.among[1] is self.outbox:
            self.among.tell_others(0, message)
        else:
            self.outbox.queue(message)

    def flows(self) -> Link:
        """Put the outbox into a room's fan-out, and let it flow."""
        self.is_live()
        self.among.add(1, self.outbox)
        self.outbox.flow()
        return self

    def falls_behind(self) -> list[bytes]:
        """Tell messages until the outbox has too much. Returns: the messages."""
        told = [self.tells() for _ in range(MAX_FRAMES + 1)]
        assert self.outbox.is_following
        return told

    def takes_all(self) -> list[bytes]:
        taken = []
        while self.outbox.is_waiting:
            taken += self.outbox.take()
        return taken


def update(value: bytes | int, sender: int = 1, key: int = 0) -> bytes:
    payload = bytes(value) if isinstance(value, int) else value
    return wrap(fast_path.update(key, sender, fast_path.tail(payload)))


def seq_of(message: bytes) -> int:
    return fast_path.seq(unwrap(message))


SIZE = len(update(b""))
ANSWER = b"\x82\x02\x91\x08"


def held(outbox: Outbox) -> int:
    """Count the bytes of the messages that an outbox holds."""
    return sum(map(len, outbox._queue)) + sum(map(len, outbox._values.values()))
