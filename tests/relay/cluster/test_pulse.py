"""Who is suspected: nobody while we ourselves may be the one who is cut off or stood still."""

from __future__ import annotations

from relay.cluster.pulse import BEAT_SECONDS, FORGET_SECONDS, PATIENCE, Pulse


class Heart:
    """Beats a pulse, and notes whom it suspects."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pulse = Pulse(self.now)
        self.suspects: list[int] = []

    def beats(self, seconds: float, *others: int, echo: bool = True) -> list[int]:
        """Beat for so long, while these are heard. Returns: who is suspected since."""
        self.suspects = []
        until = self.now + seconds
        while self.now < until:
            self.now += BEAT_SECONDS
            for other in others:
                self.pulse.heard(other, self.now)
            if echo:
                self.pulse.echoed(self.now)
            self.suspects += self.pulse.beat(self.now)
        return self.suspects


def test_a_node_that_falls_silent_is_suspected_once() -> None:
    heart = Heart()
    assert heart.beats(3, 1, 2) == []
    assert heart.beats(PATIENCE - BEAT_SECONDS, 2) == []
    assert heart.beats(3, 2) == [1]
    assert heart.pulse.is_suspect(1)


def test_a_node_that_is_heard_again_may_be_suspected_again() -> None:
    heart = Heart()
    heart.beats(3, 1)
    assert heart.beats(3) == [1]
    assert heart.beats(1, 1) == []
    assert not heart.pulse.is_suspect(1)
    assert heart.beats(3) == [1]


def test_a_node_that_was_never_heard_is_suspected_if_a_room_expects_it() -> None:
    heart = Heart()
    assert heart.beats(3) == []
    heart.pulse.expect(7, heart.now)
    heart.pulse.expect(7, heart.now + 1)
    assert heart.beats(PATIENCE + 2 * BEAT_SECONDS) == [7]


def test_a_node_that_is_gone_for_long_is_forgotten() -> None:
    heart = Heart()
    heart.beats(1, 1)
    assert heart.beats(FORGET_SECONDS + PATIENCE) == [1]
    assert not vars(heart.pulse)["_heard"]
    heart.pulse.expect(1, heart.now)  # a room still has players there
    assert heart.beats(PATIENCE + 2 * BEAT_SECONDS) == [1]


def test_who_is_cut_off_suspects_nobody() -> None:
    heart = Heart()
    heart.beats(3, 1)
    assert heart.beats(20, echo=False) == []
    assert heart.beats(PATIENCE - BEAT_SECONDS) == []  # the others have their time again
    assert heart.beats(1) == [1]


def test_who_stood_still_suspects_nobody() -> None:
    heart = Heart()
    heart.beats(3, 1)
    heart.now += 20
    heart.pulse.echoed(heart.now)
    assert heart.pulse.beat(heart.now) == []
    assert heart.beats(PATIENCE - BEAT_SECONDS) == []
    assert heart.beats(1) == [1]
