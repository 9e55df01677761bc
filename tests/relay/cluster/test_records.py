"""What is added up of streams for an operator."""

from __future__ import annotations

from relay.cluster.nats.watch import TROUBLE_SECONDS, Watch
from relay.cluster.records import LOST_SECONDS, Records, Trips


def ranges(trips: Trips) -> dict[str, int]:
    return dict(trips.spread.ranges())


def test_trips_are_counted_up_to_each_bound() -> None:
    trips = Trips()
    for number, seconds in enumerate((0.0015, 0.004, 0.004, 60.0)):
        trips.begin(str(number), 100.0)
        trips.end(100.0 + seconds)
    found = ranges(trips)
    assert (found["0.001"], found["0.002"], found["0.005"]) == (0, 1, 3)
    assert (found["10.0"], found["+Inf"]) == (3, 4)
    assert round(trips.spread.sum, 4) == 60.0095


def test_one_trip_at_a_time_is_timed_from_when_the_entry_was_first_sent() -> None:
    trips = Trips()
    trips.begin("a", 0.0)
    trips.begin("b", 0.5)
    trips.begin("a", 1.0)
    assert trips.is_awaited("a")
    assert not trips.is_awaited("b")
    trips.end(1.5)
    assert trips.spread.sum == 1.5
    assert not trips.is_awaited("a")
    assert not trips.is_awaited(None)


def test_an_entry_that_never_comes_back_holds_nothing_up() -> None:
    trips = Trips()
    trips.begin("lost", 0.0)
    trips.begin("next", LOST_SECONDS + 1)
    assert trips.is_awaited("next")
    assert ranges(trips)["+Inf"] == 0


def test_the_time_counts_for_which_entries_wait_and_no_other() -> None:
    records, watch = Records(["A", "B"]), Watch()
    watch.connected(0)
    watch.wants("A", 10)
    for now in (10.5, 12.0, 13.0, 14.0):
        records.note_trouble(watch.troubled_since(now), now)
    watch.acknowledged("A", 14.1)
    records.note_trouble(watch.troubled_since(20), 20)
    assert records.waited == {"A": 4.0, "B": 0.0}
    watch.wants("A", 30)
    now = 30 + TROUBLE_SECONDS + 1
    records.note_trouble(watch.troubled_since(now), now)
    assert records.waited == {"A": 4.0 + TROUBLE_SECONDS + 1, "B": 0.0}


def test_another_leader_is_a_change_and_none_is_no_leader() -> None:
    records = Records(["A"])
    for before, now in ((None, "n1"), ("n1", "n1"), ("n1", None), ("n1", "n2")):
        records.note_leader("A", before, now)
    assert records.leader_changes == {"A": 1}
