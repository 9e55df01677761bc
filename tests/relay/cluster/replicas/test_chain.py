"""Deliveries that are lost, doubled and out of order, and reads: each entry comes out once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.cluster.log import Logged
from relay.cluster.replicas.chain import MOST, Chain
from relay.cluster.replicas.sequencer import Lost


def entries(count: int, gap: int = 3) -> list[Logged]:
    """Make a room's log. Other rooms have the seqs between."""
    return [Logged(n * gap, (n - 1) * gap, b"%d" % n) for n in range(1, count + 1)]


@given(st.integers(1, 30), st.data())
def test_all_come_out_once_and_in_order(count: int, data: st.DataObject) -> None:
    log, chain, out = entries(count), Chain(), list[Logged]()
    for each in data.draw(st.lists(st.sampled_from(log), max_size=60)):
        out += chain.deliver(each)
        if data.draw(st.booleans()):  # the log lags behind, and gives a few at a time
            known = [each for each in log if chain.applied < each.seq <= chain.newest]
            out += chain.read(known[: data.draw(st.integers(0, 4))])
    chain.heard_of(log[-1].seq)
    while chain.is_behind:
        out += chain.read([each for each in log if each.seq > chain.applied][:5])
    assert out == log


def test_what_follows_waits_until_the_gap_is_read() -> None:
    first, second, third = entries(3)
    chain = Chain()
    assert list(chain.deliver(first)) == [first]
    assert list(chain.deliver(third)) == []
    assert chain.is_behind
    assert list(chain.read([second])) == [second, third]
    assert not chain.is_behind


def test_entries_that_the_log_has_forgotten_are_missed() -> None:
    first, _, third = entries(3)
    chain = Chain()
    assert list(chain.deliver(first)) == [first]
    with pytest.raises(Lost):
        list(chain.read([third]))


def test_an_entry_before_which_nothing_is_kept_is_looked_at_twice() -> None:
    chain, alone = Chain(9), Logged(20, 0, b"")
    assert list(chain.deliver(alone)) == []
    assert chain.is_behind
    assert list(chain.read([alone])) == [alone]


def test_only_so_many_wait() -> None:
    log, chain = entries(MOST + 10), Chain()
    for each in log[1:]:
        assert not list(chain.deliver(each))
    assert list(chain.read(log[:1])) == log[: MOST + 1]
    assert chain.is_behind
