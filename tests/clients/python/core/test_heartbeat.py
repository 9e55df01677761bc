from clients.python.core.heartbeat import SILENCE, Heartbeat


def pings(heartbeat: Heartbeat, until: float) -> list[float]:
    """Return when it pings, if the relay answers everything."""
    sent, now = [], 0.0
    while now < until:
        heartbeat.heard = now
        if heartbeat.take_ping(now):
            sent.append(round(now, 3))
        now = heartbeat.deadline(seq=-1)
    return sent


def test_three_quick_pings_then_one_every_five_seconds() -> None:
    heartbeat = Heartbeat(0.0)
    heartbeat.live(0.0)
    assert pings(heartbeat, 16.0) == [0.0, 0.1, 0.2, 5.2, 10.2, 15.2]


def test_nothing_is_sent_before_the_stream_is_live() -> None:
    heartbeat = Heartbeat(0.0)
    assert not heartbeat.take_ping(1.0)
    assert not heartbeat.take_ack(5, 1.0)
    assert heartbeat.deadline(5) == SILENCE


def test_a_position_is_acknowledged_once_and_at_most_every_second() -> None:
    heartbeat = Heartbeat(0.0)
    heartbeat.live(0.0)
    assert heartbeat.take_ack(3, 0.0)
    assert not heartbeat.take_ack(3, 5.0)
    assert not heartbeat.take_ack(4, 0.5)
    assert heartbeat.take_ack(4, 1.0)


def test_a_position_that_advanced_is_due_for_acknowledgement() -> None:
    heartbeat = Heartbeat(0.0)
    heartbeat.live(0.0)
    pings(heartbeat, until=0.5)
    heartbeat.take_ack(3, 0.5)
    assert heartbeat.deadline(3) > 2.0
    assert heartbeat.deadline(4) == 1.5


def test_a_relay_that_says_nothing_is_given_up() -> None:
    heartbeat = Heartbeat(0.0)
    heartbeat.heard = 2.0
    assert not heartbeat.is_silent(SILENCE + 1.9)
    assert heartbeat.is_silent(SILENCE + 2.0)
