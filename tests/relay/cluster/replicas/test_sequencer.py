"""Each node's parcels come out once and in its order, in whatever order a log has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.cluster.replicas.parcels import NOBODY, Parcel
from relay.cluster.replicas.sequencer import MOST_DEAD, STASH, WINDOW, Lost, Sequencer
from relay.room.entries import Retire

EPOCH = b"an epoch"


def parcel(incarnation: int, number: int) -> Parcel:
    return Parcel(EPOCH, incarnation, number, (Retire(number),))


def copy(sequencer: Sequencer) -> Sequencer:
    other = Sequencer()
    other.restore(*sequencer.summary())
    return other


@st.composite
def logs(draw: st.DrawFn) -> list[Parcel]:
    """Draw parcels of two nodes as a log may have them: late by less than a window, and doubled."""
    count = draw(st.integers(1, 80))
    shifts = st.integers(0, WINDOW - 1)
    places = [
        (number + draw(shifts), parcel(node, number))
        for node in (1, 2)
        for number in range(1, count)
        for _ in range(draw(st.integers(1, 2)))
    ]
    return [each for _, each in sorted(places, key=lambda place: place[0])]


@given(logs(), st.integers(0, 400))
def test_what_comes_out_is_each_nodes_order_wherever_a_snapshot_is_made(
    log: list[Parcel], cut: int
) -> None:
    sequencer, out = Sequencer(), list[Parcel]()
    for index, each in enumerate(log):
        if index == cut:
            sequencer = copy(sequencer)
        out += sequencer.take(each)
    for node in (1, 2):
        numbers = [each.number for each in out if each.incarnation == node]
        assert numbers == sorted({each.number for each in log if each.incarnation == node})
    assert copy(sequencer).summary() == sequencer.summary()


def test_what_anybody_may_say_waits_for_nothing() -> None:
    sequencer, timer = Sequencer(), parcel(NOBODY, 0)
    assert [*sequencer.take(timer), *sequencer.take(timer)] == [timer, timer]


def test_a_node_that_is_taken_for_dead_says_nothing_more() -> None:
    sequencer = Sequencer()
    assert sequencer.take(parcel(1, 1))
    assert not sequencer.take(parcel(1, 3))
    sequencer.fence(1)
    assert sequencer.is_dead(1)
    for number in (2, 3, 4):
        assert not sequencer.take(parcel(1, number))
        assert not copy(sequencer).take(parcel(1, number))
    assert sequencer.take(parcel(2, 1))


def test_an_entry_that_is_lost_for_good_is_noticed() -> None:
    sequencer = Sequencer()
    sequencer.take(parcel(1, 1))
    sequencer.take(parcel(1, 2 + STASH))
    with pytest.raises(Lost):
        sequencer.take(parcel(1, 3 + STASH))


def test_of_the_dead_only_so_many_are_remembered() -> None:
    sequencer = Sequencer()
    for incarnation in range(1, MOST_DEAD + 2):
        sequencer.fence(incarnation)
    assert not sequencer.is_dead(1)
    assert sequencer.is_dead(2)
    assert not sequencer.take(parcel(1, 2 + STASH))  # and it is no entry that was lost
