"""Which chunks make a snapshot."""

from __future__ import annotations

from relay.cluster.nats.direct import Kept
from relay.cluster.nats.snapshots import HEADER, Written, _whole


def chunk(about: str, data: bytes) -> Kept:
    return Kept(1, "snap.0.ROOM.0", {HEADER: about}, data)


def test_a_snapshot_without_all_its_chunks_is_none() -> None:
    chunks = [
        chunk("5 aa 0 2", b"half"),
        chunk("7 bb 1 2", b"two"),
        chunk("7 cc 0 2", b"of another writer"),
        chunk("7 bb 0 2", b"one, "),
    ]
    assert list(_whole(chunks)) == [Written(7, b"one, two", "")]


def test_what_others_put_into_the_stream_is_no_snapshot() -> None:
    strange = [Kept(1, "snap.0.ROOM.0", {}, b"no header"), chunk("no numbers", b"")]
    assert list(_whole([*strange, chunk("7 bb 0 1", b"whole")])) == [Written(7, b"whole", "")]


def test_a_snapshot_tells_of_which_stream_its_seq_is() -> None:
    chunks = [chunk("7 bb 0 1 2026-01-02T03:04:05Z", b"whole")]
    assert list(_whole(chunks)) == [Written(7, b"whole", "2026-01-02T03:04:05Z")]
