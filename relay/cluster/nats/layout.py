"""Which streams and subjects there are, and how the streams are set up."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from relay.cluster.log import SAME_SECONDS

SECOND = 1_000_000_000  # nanoseconds, which JetStream counts in

SNAPSHOTS = "SNAP"
"""The stream of all rooms' snapshots."""

SNAPSHOTS_KEPT = 3
"""Newest snapshots of a room that are kept."""

PROBE = "probe"
"""In place of a room's token, in messages that only ask whether something works. A token is in
capitals."""

SNAPSHOT_SECONDS = 24 * 3600

SHARDS = "roomwire-streams"
"""The number of streams in a stream's metadata. Relays that differ in it would split rooms."""

MUST_BE = ("subjects", "retention", "discard", "allow_direct", "republish", "max_msgs_per_subject")
"""Fields that the log relies on. An operator may change the others."""

ALL_ROOMS = 65536
"""Names whose subjects are kept at hand."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rooms' log is spread over streams, and what these keep.

    Every relay of a deployment must have the same number of streams.
    """

    streams: int = 8
    replicas: int = 1
    max_bytes: int = 1024**3
    """Bytes of all rooms' entries; as many again are for snapshots."""
    max_entries: int = 1000
    """Entries of one room that are kept."""
    max_seconds: float = 600
    """Seconds for which an entry is kept."""

    @property
    def rooms(self) -> tuple[str, ...]:
        """Names of the streams that hold entries."""
        return tuple(f"ROOMS{shard}" for shard in range(self.streams))

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.rooms, SNAPSHOTS)

    def stream_of(self, room: str) -> str:
        """Return the stream that orders a room."""
        return f"ROOMS{shard_of(room, self.streams)}"

    def entries(self, room: str) -> str:
        """Return the subject that a room's entries are published to."""
        return f"in.{shard_of(room, self.streams)}.{token_of(room)}"

    def delivered(self, room: str) -> str:
        """Return the subject that stored entries are republished to."""
        return f"out.{shard_of(room, self.streams)}.{token_of(room)}"

    def snapshots(self, room: str) -> str:
        """Return what the subjects of a room's snapshots begin with; a chunk's number follows."""
        return f"snap.{shard_of(room, self.streams)}.{token_of(room)}"

    def probes(self) -> Iterator[str]:
        """Yield a subject of each kind that relays publish to, for none of the rooms."""
        for shard in range(self.streams):
            yield f"in.{shard}.{PROBE}"
            yield f"snap.{shard}.{PROBE}.0"
        for stream in self.all:
            yield f"$JS.API.DIRECT.GET.{stream}"

    def heard_probes(self) -> Iterator[str]:
        """Yield a subject of each kind under which relays hear of entries."""
        return (f"out.{shard}.{PROBE}" for shard in range(self.streams))

    def configuration(self, stream: str) -> Mapping[str, Any]:
        """Return how a stream is to be set up, as JetStream writes it."""
        return self._for_snapshots() if stream == SNAPSHOTS else self._for_rooms(stream)

    def _for_rooms(self, stream: str) -> Mapping[str, Any]:
        shard = stream.removeprefix("ROOMS")
        return {
            **self._common(stream),
            "subjects": [f"in.{shard}.>"],
            # Another room is refused then. `old` would cut off the past of rooms that go on.
            "discard": "new",
            "max_bytes": self.max_bytes // self.streams,
            "max_msgs_per_subject": self.max_entries,
            "max_age": int(self.max_seconds * SECOND),
            "duplicate_window": SAME_SECONDS * SECOND,
            "republish": {"src": f"in.{shard}.>", "dest": f"out.{shard}.>"},
        }

    def _for_snapshots(self) -> Mapping[str, Any]:
        return {
            **self._common(SNAPSHOTS),
            "subjects": ["snap.>"],
            "discard": "old",
            "max_bytes": self.max_bytes,
            "max_msgs_per_subject": SNAPSHOTS_KEPT,
            "max_age": SNAPSHOT_SECONDS * SECOND,
        }

    def _common(self, stream: str) -> Mapping[str, Any]:
        return {
            "name": stream,
            "storage": "file",
            "num_replicas": self.replicas,
            "retention": "limits",
            "allow_direct": True,
            "metadata": {SHARDS: str(self.streams)},
        }

    def differences(self, stream: str, found: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with a stream that is there, each as a part of a sentence."""
        wanted = self.configuration(stream)
        wrong = [
            f"its {name} is {found.get(name)!r} and not {wanted.get(name)!r}"
            for name in MUST_BE
            if _plain(found.get(name)) != _plain(wanted.get(name))
        ]
        shards = (found.get("metadata") or {}).get(SHARDS)
        if shards != str(self.streams):
            wrong.append(f"it is one of {shards or 'unknown'} and not of {self.streams} streams")
        return wrong


def _plain(value: Any) -> Any:
    """Drop what JetStream adds to a republish that only carries its defaults."""
    if isinstance(value, Mapping):
        return {name: each for name, each in value.items() if each}
    return value


@lru_cache(ALL_ROOMS)
def token_of(room: str) -> str:
    """Spell a room's name as a token of a subject, whatever is in it."""
    return base64.b32encode(room.encode()).decode().rstrip("=")


@lru_cache(ALL_ROOMS)
def shard_of(room: str, shards: int) -> int:
    return zlib.crc32(room.encode()) % shards
