"""Frames that wait for one operator: a bounded number. Those that do not fit are counted."""

from __future__ import annotations

from binascii import b2a_base64
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgpack

from protocol import fast_path
from protocol.opcodes import Opcode
from relay.history.packed_frames import Addressees
from relay.history.ws_frame import unwrap
from relay.inspect.printable import said
from relay.inspect.watched_audience import Noted

MOST_WAITING: Final = 1024
MOST_BYTES: Final = 1024 * 1024
"""Frames and bytes that may wait for one watcher. More are skipped."""

LINE_FRAMES: Final = 64
LINE_BYTES: Final = 64 * 1024
"""Frames and bytes of a line, at most; one frame alone may have any size. There are 10 lines a
second, so this bounds what a busy room costs."""

LINE_LOOKS: Final = 256
"""Frames that are searched for a word for one line, at most."""

ADDRESSEE_BYTES: Final = 4
"""Bytes of a line for each player whom a frame is for."""

NAMES: Final = {int(op): op.name for op in Opcode}
OF_A_PLAYER: Final = frozenset(
    {Opcode.DELIVER, Opcode.UPDATE, Opcode.JOINED, Opcode.LEFT, Opcode.PRESENCE}
)
"""Frames whose second field is a player: who sent it, or whom it is about."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which frames an operator wants to see, and how. Without a condition, all frames."""

    senders: frozenset[int] = frozenset()
    ops: frozenset[int] = frozenset()
    text: str = ""
    """A text that the frame contains."""
    has_frames: bool = True
    has_data: bool = True
    """Whether to show the frames' bytes, too."""


class Watcher:
    """Takes a room's frames, and hands them over as lines of JSON.

    Attributes: skipped: wanted frames that were not shown since the last line.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.skipped = 0
        self._wanted = wanted
        self._waiting: deque[Noted] = deque()
        """The wanted frames, no longer wrapped."""
        self._bytes = 0
        self._wants_all = not (wanted.ops or wanted.senders)

    def take(self, noted: Sequence[Noted]) -> None:
        """Take the room's messages, as far as there is place for them."""
        for index, (at, to, message) in enumerate(noted):
            if self._is_full and self._wants_all:
                self.skipped += len(noted) - index
                return
            frame = unwrap(message)
            if self._wants_all or self._wants(frame):
                self._keep(at, to, frame)

    def frames(self, groups: Mapping[int, int]) -> list[str]:
        """Hand over the frames of the next line, as JSON. Args: groups: see `Groups.by_set`."""
        shown: list[str] = []
        text, size = self._wanted.text, 0
        for _ in range(min(len(self._waiting), LINE_LOOKS if text else LINE_FRAMES)):
            at, to, frame = self._waiting.popleft()
            self._bytes -= (cost := _cost(to, frame))
            if not text or text in said(frame):
                size += cost
                group = groups.get(id(to))
                shown.append(show(at, to, frame, group, has_data=self._wanted.has_data))
            if size >= LINE_BYTES or len(shown) >= LINE_FRAMES:
                break
        return shown

    @property
    def _is_full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING or self._bytes >= MOST_BYTES

    def _wants(self, frame: bytes) -> bool:
        wanted = self._wanted
        return (not wanted.ops or frame[1] in wanted.ops) and (
            not wanted.senders or sender(frame) in wanted.senders
        )

    def _keep(self, at: int, to: Addressees, frame: bytes) -> None:
        if self._is_full:
            self.skipped += 1
            return
        self._waiting.append((at, to, frame))
        self._bytes += _cost(to, frame)


def opcodes(names: Collection[str]) -> frozenset[int]:
    """Return the opcodes of these names.

    Raises:
        ValueError: no frame has this name.
    """
    known = {name: op for op, name in NAMES.items()}
    if unknown := [name for name in names if name.upper() not in known]:
        every = ", ".join(sorted(known))
        raise ValueError(f"op: there is no frame {unknown[0][:32]!a}; there are {every}")
    return frozenset(known[name.upper()] for name in names)


def show(
    at: int, to: Addressees, frame: bytes, group: int | None = None, *, has_data: bool = True
) -> str:
    """Describe a room's frame as JSON. `json.dumps` would take three times as long.

    Args: group: which it is for, if that is known.
    """
    op, by = frame[1], sender(frame)
    seq = "null" if op == Opcode.UPDATE else fast_path.seq(frame)
    if isinstance(to, int):
        way = '"others"' if to else '"all"'
    else:
        way = f"[{','.join(map(str, sorted(to)))}]"
        way += f',"group":{group}' if group is not None else ""
    data = f',"data":"{b2a_base64(frame, newline=False).decode()}"' if has_data else ""
    return (
        f'{{"at":{at},"seq":{seq},"op":"{NAMES[op]}","from":{"null" if by is None else by},'
        f'"to":{way},"size":{len(frame)}{data}}}'
    )


def sender(frame: bytes) -> int | None:
    """Return the player who sent a frame, or whom it is about; None if it is the relay's."""
    op = frame[1]
    if op in OF_A_PLAYER:
        return fast_path.pair(frame)[1]
    if op == Opcode.PROPERTY:
        return msgpack.unpackb(frame)[-1] or None
    return None


def _cost(to: Addressees, frame: bytes) -> int:
    return len(frame) + (0 if isinstance(to, int) else ADDRESSEE_BYTES * len(to))
