"""What was proposed goes together, goes again until it is seen, and only so much at once."""

from __future__ import annotations

from itertools import pairwise

import pytest

from protocol import fast_path
from relay.cluster.replicas.outgoing import AGAIN_SECONDS, MAX_PARCEL, Outgoing
from relay.cluster.replicas.parcels import NOBODY, Parcel, read
from relay.cluster.replicas.sequencer import WINDOW
from relay.room.entries import Detach, Entry, Expire

EPOCH, ME = b"an epoch", 77


def outgoing() -> Outgoing:
    return Outgoing("ROOM", EPOCH, ME)


def parcels(out: Outgoing, now: float) -> list[Parcel]:
    found = [read(data) for _, data in out.due(now)]
    assert all(isinstance(each, Parcel) for each in found)
    return [each for each in found if isinstance(each, Parcel)]


def send(size: int) -> Entry:
    return (1, None, fast_path.tail(bytes(size)))


def test_what_is_proposed_in_one_turn_goes_together() -> None:
    out = outgoing()
    out.add(send(1))
    out.add(Detach(1))
    assert parcels(out, 0) == [Parcel(EPOCH, ME, 1, (send(1), Detach(1)))]
    out.add(Detach(2))
    assert parcels(out, 0) == [Parcel(EPOCH, ME, 2, (Detach(2),))]


def test_a_parcel_has_only_so_many_bytes() -> None:
    out = outgoing()
    for _ in range(5):
        out.add(send(MAX_PARCEL // 2 - 100))
    out.add(send(2 * MAX_PARCEL))
    assert [len(each.entries) for each in parcels(out, 0)] == [2, 2, 1, 1]
    assert out.size == 0


def test_a_parcel_goes_again_later_each_time_until_it_is_seen() -> None:
    out, times, now = outgoing(), list[float](), 0.0
    out.add(Detach(1))
    while now < 20:
        if out.due(now):
            times.append(now)
        now = round(now + 0.1, 1)
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses[:5] == pytest.approx([AGAIN_SECONDS * n for n in range(1, 6)], abs=0.11)
    assert max(pauses) < AGAIN_SECONDS * 5 + 0.11
    assert out.resent == len(times) - 1
    out.seen(ME, 1, b"")
    assert not out.due(1000)
    assert not out


def test_only_so_many_are_on_their_way_and_the_rest_waits_together() -> None:
    out = outgoing()
    for number in range(WINDOW + 10):
        out.add(Detach(number))
        out.due(0)
    assert out.size > 0
    out.seen(ME, 1, b"")
    (last,) = parcels(out, 0)
    assert (last.number, len(last.entries)) == (WINDOW + 1, 10)


def test_what_all_nodes_say_has_one_id_whoever_says_it() -> None:
    mine, theirs = outgoing(), Outgoing("ROOM", EPOCH, ME + 1, 9)
    for out in (mine, theirs):
        out.add(Expire(5))
        out.add(Expire(5))
    (one,), (other,) = mine.due(0), theirs.due(0)
    assert one == other
    assert read(one.data) == Parcel(EPOCH, NOBODY, 0, (Expire(5),))
    mine.seen(NOBODY, 0, one.data)
    assert not mine
    assert theirs


def test_ids_differ_with_the_room_the_epoch_the_incarnation_and_the_number() -> None:
    ids = set()
    for room, epoch, incarnation in (
        ("A", EPOCH, 1),
        ("B", EPOCH, 1),
        ("A", b"8 others", 1),
        ("A", EPOCH, 2),
    ):
        out = Outgoing(room, epoch, incarnation)
        for entry in (Detach(1), Expire(1)):
            out.add(entry)
        ids |= {each.id for each in out.due(0)}
        out.add(Detach(1))
        ids |= {each.id for each in out.due(0)}
    # What any node may say has the same id in two incarnations.
    assert len(ids) == 4 * 3 - 1
