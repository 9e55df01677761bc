"""How a cluster is, and what to do about it. Pure: what was seen comes in, sentences come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from protocol import limits
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.streams import FULL_SHARE, OLDEST, REPLICAS, Stream, numbers_of

LAG = 1000  # entries that a server may be behind
CLOCK_SECONDS = 1.0  # that a clock may be off
PAYLOAD = 2 * limits.FRAME_IN_MAX  # bytes that a message must be able to have


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it answered, or why it did not."""

    url: str
    name: str | None
    version: str | None
    cluster: str | None
    max_payload: int | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not as it should be, and what to do."""

    level: Literal["error", "warning"]
    what: str
    do: str


@dataclass(frozen=True, slots=True)
class Report:
    """How a cluster is.

    Attributes:
        missing: streams that were not seen, and why: "" is that they are not there.
        clocks: how many seconds the clock of each leader is ahead of this machine's.
        nodes: the relays that beat.
    """

    servers: Sequence[Server]
    streams: Sequence[Stream]
    missing: Mapping[str, str]
    clocks: Mapping[str, float]
    nodes: frozenset[str]
    layout: Layout

    def findings(self) -> list[Finding]:
        return [*self._of_servers(), *self._of_streams(), *self._of_all_streams(), *self._clocks()]

    def as_json(self) -> dict[str, Any]:
        """Return all of it, in types that JSON has."""
        streams = [
            {**asdict(stream), "configuration": dict(stream.configuration)}
            for stream in self.streams
        ]
        return {
            "servers": [asdict(server) for server in self.servers],
            "streams": streams,
            "missing": [f"{name}: {why}" if why else name for name, why in self.missing.items()],
            "clocks": dict(self.clocks),
            "nodes": sorted(self.nodes),
            "findings": [asdict(finding) for finding in self.findings()],
        }

    def _of_servers(self) -> Iterator[Finding]:
        for server in self.servers:
            if server.failure is not None:
                what = f"{server.url} is not reached: {server.failure}"
                yield Finding(
                    "error", what, "start it, or name another, or another user, with --nats"
                )
            elif numbers_of(server.version or "0") < OLDEST:
                oldest = ".".join(map(str, OLDEST))
                what = f"{server.url} is nats-server {server.version}"
                yield Finding("error", what, f"take {oldest} or newer")
            elif server.max_payload is not None and server.max_payload < PAYLOAD:
                what = f"{server.url} takes messages of {server.max_payload} bytes at most"
                yield Finding("warning", what, "max_payload: 4MB in its file, for long frames")
        versions = sorted({server.version for server in self.servers if server.version})
        if len(versions) > 1:
            what = f"the servers have different versions: {', '.join(versions)}"
            yield Finding("warning", what, "take the newest for all, one after another")

    def _of_streams(self) -> Iterator[Finding]:
        for why in dict.fromkeys(filter(None, self.missing.values())):
            what = f"streams cannot be looked at: {why}"
            yield Finding("error", what, "mend that first, and look again")
        for name, why in self.missing.items():
            if not why:
                what = f"a stream is missing: {name}"
                yield Finding("error", what, "start a relay: it makes the streams that are missing")
        for stream in self.streams:
            yield from self._of(stream)

    def _of(self, stream: Stream) -> Iterator[Finding]:
        name = stream.name
        for wrong in self.layout.differences(name, stream.configuration):
            do = "give all relays the same --nats-streams, or NATS an account for each deployment"
            yield Finding("error", f"{name}: {wrong}", do)
        if stream.followers and stream.leader is None:
            what = f"{name} has no leader: its rooms wait"
            yield Finding("error", what, "an election takes up to 9 s; then start missing servers")
        for server in stream.offline:
            what = f"{name}: {server} keeps it, and is not there"
            yield Finding("warning", what, "start it: while two of three are there, rooms go on")
        for server, lag in stream.followers.items():
            if lag > LAG:
                what = f"{name}: {server} is {lag} entries behind"
                yield Finding("warning", what, "look at that server's disk and network")
        if name in self.layout.rooms and 0 < stream.max_bytes * FULL_SHARE < stream.bytes:
            what = f"{name} is nearly full: {stream.bytes} of {stream.max_bytes} bytes"
            do = f"nats stream edit {name} --max-bytes, as no new room begins there"
            yield Finding("warning", what, do)

    def _of_all_streams(self) -> Iterator[Finding]:
        in_cluster = any(server.cluster for server in self.servers)
        few = [each.name for each in self.streams if _replicas(each) < REPLICAS and in_cluster]
        if few:
            what = f"fewer than {REPLICAS} servers keep {', '.join(few)}"
            yield Finding("warning", what, f"nats stream edit NAME --replicas {REPLICAS}")
        led = Counter({peer: 0 for stream in self.streams for peer in stream.followers})
        led.update(stream.leader for stream in self.streams if stream.followers and stream.leader)
        if led and max(led.values()) - min(led.values()) > 1:
            each = ", ".join(f"{server} {count}" for server, count in sorted(led.items()))
            what = f"the leaders are spread unevenly: {each}"
            yield Finding("warning", what, "relays spread them within a minute: look again")

    def _clocks(self) -> Iterator[Finding]:
        for server, seconds in self.clocks.items():
            if abs(seconds) > CLOCK_SECONDS:
                what = f"the clock of {server} is {seconds:+.1f} s off this machine's"
                yield Finding("warning", what, "set both by NTP")


def _replicas(stream: Stream) -> int:
    return int(stream.configuration.get("num_replicas", 1))
