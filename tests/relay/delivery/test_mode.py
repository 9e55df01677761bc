"""An outbox can always end, and never goes on once it is lost or has ended."""

from relay.delivery.mode import TRANSITIONS, Mode, Move


def reachable(start: Mode) -> set[Mode]:
    found, left = {start}, [start]
    while left:
        for mode in TRANSITIONS[left.pop()].values():
            if mode not in found:
                found.add(mode)
                left.append(mode)
    return found


def test_every_mode_can_be_reached_and_left_for_the_end() -> None:
    assert set(TRANSITIONS) == reachable(Mode.OPENING) == set(Mode)
    assert all(Mode.ENDED in reachable(mode) for mode in Mode)


def test_what_is_lost_or_ended_stays_so() -> None:
    assert reachable(Mode.LOST) == {Mode.LOST, Mode.ENDED}
    assert reachable(Mode.ENDED) == {Mode.ENDED}


def test_what_flows_waits_before_it_falls_behind() -> None:
    """Fan-out gives back what it has gathered first."""
    assert set(TRANSITIONS[Mode.FLOWING]) == {Move.HOLD}
