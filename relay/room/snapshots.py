"""The game's own state, as the host last gave it: what late joiners need instead of all history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import Snapshot
from protocol.limits import SNAPSHOT_BYTES, SNAPSHOT_PARTS
from relay.history.history import History
from relay.history.memory_budget import OBJECT_BYTES, SNAPSHOTS, Account
from relay.history.ws_frame import wrap
from relay.room.refusals import Refusal

DUE_SHARE = 0.6
"""Share of the history's bounds after which the host is asked for a snapshot."""

AGAIN_SHARE = 0.1
"""Share after which it is asked again."""


PART_BYTES = 256
"""Bytes of memory that a part takes beside its payload while it waits for the next ones."""


class Due(NamedTuple):
    """The point from which we measure how much has happened."""

    seq: int
    grown: int


@dataclass(frozen=True, slots=True)
class Complete:
    """A snapshot of which every part is here."""

    seq: int
    """It holds everything up to this seq."""
    giver: int
    at: int
    """It also holds what its giver had sent to all others up to this seq, at which the first part
    was taken: the giver knew these frames without hearing them."""
    parts: tuple[bytes, ...]
    """The frames, wrapped."""

    @property
    def size(self) -> int:
        """Bytes of memory that it takes."""
        return sum(map(len, self.parts)) + OBJECT_BYTES * len(self.parts)


class Snapshots:
    """The newest complete snapshot, and the parts of the next."""

    def __init__(self, account: Account | None = None) -> None:
        """Args: account: is charged for them."""
        self._account = account or Account()
        self._charged = 0
        self.newest: Complete | None = None
        self.due_at = Due(0, 0)
        self._giver = 0
        self._at = 0
        self._parts: list[Snapshot] = []

    def add(self, part: Snapshot, giver: int, now: int, history: History) -> None:
        """Take the next part; with the last one, the snapshot is the newest.

        Raises:
            Refusal: it is not the part that comes next, or too much; begin again with part 0.
        """
        if part.part == 0:
            self._giver, self._at, self._parts = giver, now, []
        try:
            self._check(part, giver, now)
            self._parts.append(part)
            if len(self._parts) == part.parts:
                parts = tuple(wrap(encode(each)) for each in self._parts)
                self.newest = Complete(part.seq, giver, self._at, parts)
                self._parts = []
                self.due_at = Due(now, history.grown)
        finally:
            self._charge()

    def is_due(self, seq: int, history: History) -> bool:
        """Say whether so much has happened since the last snapshot that history may soon be
        forgotten."""
        due = self.due_at
        return (
            seq - due.seq >= DUE_SHARE * history.max_frames
            or history.grown - due.grown >= DUE_SHARE * history.max_bytes
        )

    def asked(self, seq: int, history: History) -> None:
        """The host was asked for one: ask again when a little more has happened."""
        rest = DUE_SHARE - AGAIN_SHARE
        self.due_at = Due(
            seq - int(rest * history.max_frames), history.grown - int(rest * history.max_bytes)
        )

    def summary(self) -> tuple[Complete | None, int, int, tuple[Snapshot, ...]]:
        """Return what is here as plain values, equal on every replica; see `restore`."""
        # When the next is due is left out: logs may have other bounds elsewhere.
        return self.newest, self._giver, self._at, tuple(self._parts)

    def restore(
        self, newest: Complete | None, giver: int, at: int, parts: Iterable[Snapshot], due: Due
    ) -> None:
        """Take up where a `summary` left off. Args: due: as `due_at` was."""
        self.newest, self._giver, self._at, self.due_at = newest, giver, at, due
        self._parts = list(parts)
        self._charge()

    def _charge(self) -> None:
        size = sum(len(part.payload) + PART_BYTES for part in self._parts)
        size += self.newest.size if self.newest is not None else 0
        self._account.charge(SNAPSHOTS, size - self._charged)
        self._charged = size

    def _check(self, part: Snapshot, giver: int, now: int) -> None:
        # SPEC 12.5.3: what is refused here, the host may give again from part 0.
        began = self._parts[0] if self._parts else part
        expected = len(self._parts)
        if giver != self._giver or (part.part, part.parts, part.seq) != (
            expected,
            began.parts,
            began.seq,
        ):
            raise Refusal(
                ErrorCode.NOT_AVAILABLE,
                "this part does not follow the last one",
                expected=f"part {expected} of {began.parts} as of seq {began.seq}, or part 0",
                got=f"part {part.part} of {part.parts} as of seq {part.seq}",
                retry=True,
            )
        oldest = self.newest.seq if self.newest is not None else 0
        if not oldest <= part.seq <= now:
            raise Refusal(
                ErrorCode.OUT_OF_RANGE,
                "a snapshot is of the room's present or recent past",
                expected=f"seq {oldest}..{now}",
                got=str(part.seq),
                limit=now,
            )
        size = sum(len(each.payload) for each in self._parts) + len(part.payload)
        if part.parts > SNAPSHOT_PARTS or size > SNAPSHOT_BYTES:
            raise Refusal(
                ErrorCode.NO_ROOM_LEFT,
                "the snapshot is too large",
                expected=f"up to {SNAPSHOT_PARTS} parts of up to {SNAPSHOT_BYTES} bytes together",
                got=f"{part.parts} parts, {size} bytes so far",
                limit=SNAPSHOT_BYTES,
            )
