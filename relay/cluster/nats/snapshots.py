"""Snapshots of rooms in a stream: in chunks, as a message has at most 1 MiB.

The chunks of one snapshot have a subject each, `snap.SHARD.ROOM.NUMBER`, and the stream keeps the
newest few messages of a subject. So of each snapshot all chunks are kept, or the last ones go first
when a later snapshot is shorter. One whose chunks are not all there is none.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from relay.cluster.nats import direct
from relay.cluster.nats.connection import Connection
from relay.cluster.nats.direct import Kept
from relay.cluster.nats.layout import SNAPSHOTS, Layout
from relay.cluster.nats.streams import ApiError
from relay.cluster.replicas.parcels import ENVELOPE

if TYPE_CHECKING:
    from nats.aio.msg import Msg

CHUNK = 256 * 1024
MOST_CHUNKS = 4096  # of all kept snapshots of a room that are read: 1 GiB
HEADER = "Roomwire-Snapshot"
"""Says which snapshot a chunk is of, and which chunk it is: the snapshot's seq, a word of its own,
the chunk's number, how many there are, and when the stream was made that the seq is of."""
ABOUT = re.compile(r"(\d+) (\w+) (\d+) (\d+)(?: (\S+))?")

TRIES = 3
SECONDS = 2.0  # for one try
READ_SECONDS = 10.0  # for all snapshots of a room


class Written(NamedTuple):
    """A snapshot that is kept."""

    seq: int
    data: bytes
    created: str
    """When the stream was made that `seq` is of; "" if that is not known."""


class Snapshots:
    """Writes and reads them."""

    def __init__(self, connection: Connection, layout: Layout) -> None:
        self._connection = connection
        self._layout = layout

    async def put(self, room: str, seq: int, data: bytes, created: str = "") -> None:
        """Store a snapshot.

        Args: created: when the stream was made whose seq this is.

        Raises:
            OSError: it is not stored.
        """
        size = min(CHUNK, self._connection.most_bytes - ENVELOPE)
        chunks = [data[start : start + size] for start in range(0, len(data), size)] or [b""]
        word = secrets.token_hex(4)  # two nodes may write the same snapshot at a time
        for number, chunk in enumerate(chunks):
            about = f"{seq} {word} {number} {len(chunks)} {created}".rstrip()
            await self._store(f"{self._layout.snapshots(room)}.{number}", about, chunk)

    async def _store(self, subject: str, about: str, chunk: bytes) -> None:
        headers = {HEADER: about, "Nats-Msg-Id": f"{subject} {about}"}
        for tries in reversed(range(TRIES)):
            try:
                await store(self._connection, subject, chunk, headers, SECONDS)
            except OSError:
                if not tries:
                    raise
                await asyncio.sleep(0.1)
            except ApiError as error:
                raise OSError(f"a snapshot is not stored: {error}") from None
            else:
                return

    async def newest(self, room: str) -> list[Written]:
        """Return the kept snapshots, the newest first.

        Raises:
            OSError: they cannot be read.
        """
        subject = f"{self._layout.snapshots(room)}.>"
        kept = await direct.read_from(
            self._connection, SNAPSHOTS, subject, 1, MOST_CHUNKS, READ_SECONDS
        )
        return sorted(_whole(kept), reverse=True)


async def store(
    connection: Connection, subject: str, data: bytes, headers: dict[str, str], seconds: float
) -> None:
    """Publish a message to a stream, and return once it is stored.

    Raises:
        ApiError: the stream does not take it.
        OSError: nobody answers.
    """
    answer: dict[str, object] = {}

    def take(message: Msg) -> bool:
        answer.update(json.loads(message.data))
        return True

    await connection.gather(subject, data, take, seconds, headers)
    if isinstance(error := answer.get("error"), dict):
        raise ApiError(error)


def _whole(chunks: Iterable[Kept]) -> Iterator[Written]:
    """Yield the snapshots of which every chunk is there."""
    found: defaultdict[tuple[str, ...], dict[int, bytes]] = defaultdict(dict)
    for chunk in chunks:
        about = ABOUT.fullmatch(chunk.headers.get(HEADER, ""))
        if about is not None:  # else an operator may have put it there
            seq, word, number, count, created = about.groups()
            found[seq, word, count, created or ""][int(number)] = chunk.data
    for (seq, _, count, created), parts in found.items():
        if len(parts) == int(count):
            data = b"".join(parts[number] for number in range(len(parts)))
            yield Written(int(seq), data, created)
