"""What each node tells the others about itself: values by key, of which every node has copies.

A node sends its changes. As a bus may lose them, it sometimes sends a digest of all its values. A
copy with another digest is made anew, a page at a time. A newer value is right, whatever was lost
before it.
"""

from __future__ import annotations

import asyncio
import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgpack

from relay.cluster.bus import Bus, Unheard

PAGE_BYTES: Final = 32 * 1024
"""Bytes of one message, roughly: every bus carries so many."""
ASK_SECONDS: Final = 2.0
HASH_BYTES: Final = 8

Changes = dict[str, bytes | None]
Digest = list[int]


class Sheet:
    """Values by key, and their digest."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self._hash = 0

    @property
    def digest(self) -> Digest:
        """Equal digests mean equal sheets: how many values there are, and a hash of all."""
        return [len(self.values), self._hash]

    def put(self, key: str, value: bytes | None) -> bool:
        """Set a value; None removes it. Returns: whether that changes anything."""
        old = self.values.get(key)
        if old == value:
            return False
        if old is not None:
            self._hash ^= _hash(key, self.values.pop(key))
        if value is not None:
            self.values[key] = value
            self._hash ^= _hash(key, value)
        return True


class Board:
    """A node's own sheet, and copies of those of the others."""

    def __init__(self, bus: Bus, subject: str, changed: Callable[[str], None]) -> None:
        """Args: changed: called with each key for which another node has another value."""
        self._bus = bus
        self._subject = subject
        self._changed = changed
        self._own = Sheet()
        self._untold: Changes = {}
        self._copies: dict[str, Sheet] = {}
        self._wanted: set[str] = set()
        self._anew: dict[str, Sheet] = {}
        """Copies that are just being made anew, by the name of the node."""
        bus.subscribe(subject, self._hear)
        bus.answer(subject, self._answer)

    @property
    def is_behind(self) -> bool:
        """Whether a copy is known to be wrong, or missing."""
        return bool(self._wanted | self._anew.keys() | self._bus.others - self._copies.keys())

    def of(self, key: str) -> Mapping[str, bytes]:
        """Return the values of a key, by the names of the other nodes that have one."""
        found = ((node, copy.values.get(key)) for node, copy in self._copies.items())
        return {node: value for node, value in found if value is not None}

    def put(self, key: str, value: bytes | None) -> None:
        """Set a value of this node; None removes it."""
        if self._own.put(key, value):
            self._untold[key] = value

    def tell(self, *, all_is_told: bool = False) -> None:
        """Tell the others what has changed.

        Args: all_is_told: let them compare digests, even if nothing has changed.
        """
        changes, self._untold = self._untold, {}
        if changes or all_is_told:
            *pages, last = _pages(changes)
            for page in pages:
                self._publish(page, None)
            self._publish(last, self._own.digest)

    async def mend(self) -> None:
        """Forget the nodes that are gone, and get what was missed of the others."""
        others = self._bus.others
        for node in self._copies.keys() - others:
            self._replace(node, Sheet())
            del self._copies[node]
        self._wanted &= others
        wanted = (self._wanted | (others - self._copies.keys())) - self._anew.keys()
        await asyncio.gather(*map(self._copy, wanted))

    # Copies.

    def _publish(self, changes: Changes, digest: Digest | None) -> None:
        self._bus.publish(self._subject, msgpack.packb([changes, digest]))

    def _hear(self, sender: str, data: bytes) -> None:
        try:
            told, digest, *_ = msgpack.unpackb(data)
            changes, digest = _known(told), None if digest is None else list(digest)[:2]
        except (ValueError, TypeError, msgpack.UnpackException):
            return
        anew = self._anew.get(sender)
        copy = self._copies.get(sender)
        for key, value in changes.items():
            if anew is not None:
                anew.put(key, value)
            if copy is not None and copy.put(key, value):
                self._changed(key)
        if copy is not None and anew is None and self._wants(copy, digest):
            self._wanted.add(sender)

    def _wants(self, copy: Sheet, digest: Digest | None) -> bool:
        """Say whether a copy is to be made anew."""
        return digest is not None and digest != copy.digest

    async def _copy(self, node: str) -> None:
        """Make the copy of a node's sheet anew; if that fails, it is wanted again."""
        anew = self._anew[node] = Sheet()
        after: str | None = ""
        try:
            while after is not None:
                page = await self._bus.ask(node, self._subject, after.encode(), ASK_SECONDS)
                values, after = _unpacked(page)
                for key, value in values.items():
                    anew.put(key, value)
            self._wanted.discard(node)
            self._replace(node, anew)
        except (OSError, Unheard, ValueError, TypeError, msgpack.UnpackException):
            self._wanted.add(node)
        finally:
            del self._anew[node]

    def _replace(self, node: str, copy: Sheet) -> None:
        old = self._copies.get(node, Sheet()).values
        self._copies[node] = copy
        for key in old.keys() | copy.values.keys():
            if old.get(key) != copy.values.get(key):
                self._changed(key)

    async def _answer(self, asker: str, data: bytes) -> bytes:
        keys = sorted(self._own.values)
        size, page = 0, dict[str, bytes]()
        for key in keys[bisect_right(keys, data.decode()) :]:
            if size >= PAGE_BYTES:
                return _packed(page, next(reversed(page)))
            page[key] = value = self._own.values[key]
            size += len(key) + len(value)
        return _packed(page, None)


def _pages(changes: Changes) -> Iterator[Changes]:
    """Yield one page at least."""
    size, page = 0, Changes()
    for key, value in changes.items():
        if size >= PAGE_BYTES:
            yield page
            size, page = 0, Changes()
        page[key] = value
        size += len(key) + len(value or b"")
    yield page


def _packed(page: Mapping[str, bytes], after: str | None) -> bytes:
    packed: bytes = msgpack.packb([page, after])
    return packed


def _unpacked(page: bytes) -> tuple[Changes, str | None]:
    values, after, *_ = msgpack.unpackb(page)
    return _known(values), None if after is None else str(after)


def _known(changes: Any) -> Changes:
    """Return changes as they were told, without kinds of values that only newer versions know.

    Raises:
        TypeError, ValueError: they are none.
    """
    return {
        key: value
        for key, value in dict(changes).items()
        if type(key) is str and type(value) in (bytes, type(None))
    }


def _hash(key: str, value: bytes) -> int:
    digest = hashlib.blake2b(key.encode() + b"\0" + value, digest_size=HASH_BYTES).digest()
    return int.from_bytes(digest)
