"""Few lines in a flood, and none of it lost."""

from __future__ import annotations

from relay.policy.flood import MAX_KINDS, Flood
from relay.policy.rate_limits import TokenBucket


def test_a_burst_passes_and_then_few_that_count_the_rest() -> None:
    flood = Flood(1.0, 3.0)
    assert [flood.passes("open", 0.0) for _ in range(10)] == [""] * 3 + [None] * 7
    assert flood.passes("open", 1.0) == "; 7 more like it"
    assert flood.passes("open", 1.5) is None
    assert flood.passes("open", 2.0) == "; 1 more like it"


def test_another_kind_passes_meanwhile() -> None:
    flood = Flood(1.0, 1.0)
    assert [flood.passes(kind, 0.0) for kind in ("open", "open", "gone")] == ["", None, ""]


def test_all_kinds_together_have_a_bound_of_their_own() -> None:
    flood = Flood(1.0, 2.0, of_all=TokenBucket(1.0, 3.0))
    passed = [flood.passes(kind, 0.0) for _ in range(3) for kind in ("open", "gone")]
    assert passed == ["", "", "", None, None, None]
    assert flood.passes("gone", 1.0) == "; 2 more like it"


def test_kinds_are_not_remembered_for_ever() -> None:
    flood = Flood(1.0, 1.0)
    for number in range(10 * MAX_KINDS):
        flood.passes(f"kind {number}", 0.0)
    assert len(flood) <= MAX_KINDS
