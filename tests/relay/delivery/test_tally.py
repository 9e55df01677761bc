"""What is counted of messages: each once, whichever way it takes to its player."""

from __future__ import annotations

import pytest

from protocol.codec import encode
from protocol.frames import Deliver
from protocol.opcodes import Opcode
from relay.delivery.tally import SAMPLED, SEND, Tally
from relay.history.ws_frame import wrap
from tests.helpers.outboxes import MAX_BYTES, SIZE, Link, by_hand, update

MESSAGE = wrap(encode(Deliver(1, 1, b"x")))


@pytest.fixture
def tally() -> Tally:
    return Tally(lambda: 7.0)


def went(tally: Tally, op: Opcode) -> tuple[int, int]:
    """Return how many frames of an opcode went out, and their bytes."""
    return tally.went.frames[op], tally.went.bytes[op]


def test_what_flows_is_counted_for_all_whom_it_is_for(tally: Tally) -> None:
    room = by_hand(tally=tally)
    players = [Link(fan_out=room, max_bytes=1 << 20, tally=tally) for _ in range(3)]
    for player, link in enumerate(players, start=1):
        link.is_live()
        room.add(player, link.outbox)
        link.outbox.flow()
    room.tell_others(2, update(b"new"))
    room.tell_others(0, update(b"new"))
    assert went(tally, Opcode.UPDATE) == (5, 5 * (len(update(b"new")) - 2))
    room.flush()
    assert tally.writes == 3


def test_what_was_told_and_has_to_wait_is_counted_when_it_goes(tally: Tally) -> None:
    link = Link(tally=tally).flows()
    link.tells(b"x")
    assert went(tally, Opcode.DELIVER)[0] == 1
    link.outbox.hold()
    assert went(tally, Opcode.DELIVER) == (0, 0)
    (message,) = link.outbox.take()
    assert went(tally, Opcode.DELIVER) == (1, len(message) - 2)


def test_a_value_that_a_newer_one_replaces_does_not_go(tally: Tally) -> None:
    link = Link(tally=tally).is_live()
    for value in (b"1", b"2", b"3"):
        link.outbox.queue(update(value))
    link.outbox.take()
    assert (went(tally, Opcode.UPDATE)[0], tally.conflated, tally.dropped) == (1, 2, 0)


def test_a_value_for_which_there_is_no_place_is_dropped(tally: Tally) -> None:
    link = Link(tally=tally).is_live()
    link.falls_behind()
    link.outbox.queue(update(b"", key=1))
    link.outbox.queue(update(b"", key=1))
    assert (tally.conflated, tally.dropped) == (1, 0)
    link.outbox.queue(update(MAX_BYTES + 1 - SIZE, key=1))
    assert (tally.conflated, tally.dropped) == (1, 2)
    link.takes_all()
    assert went(tally, Opcode.UPDATE)[0] == 0


def test_one_who_catches_up_reads_bytes_of_the_past(tally: Tally) -> None:
    link = Link(tally=tally).is_live()
    before = tally.history_bytes
    told = link.falls_behind()
    link.takes_all()
    assert tally.history_bytes - before == sum(map(len, told))
    assert went(tally, Opcode.DELIVER)[0] == 0


@pytest.mark.parametrize(("sender", "reached"), [(2, 2), (0, 3)])
def test_it_is_told_to_how_many_a_send_goes(tally: Tally, sender: int, reached: int) -> None:
    room = by_hand(tally=tally)
    for player in range(1, 5):
        link = Link(fan_out=room, max_bytes=1 << 20, tally=tally)
        link.is_live()
        room.add(player, link.outbox)
        if player < 4:  # the last one is still entering
            link.outbox.flow()
    room.tell_others(0, MESSAGE)
    for _ in range(SAMPLED - 1):
        assert not tally.take_send(10)
    came = tally.take_send(10)
    room.tell_others(sender, MESSAGE)
    room.time(came)
    assert tally.fan_out.sum == reached
    counts = dict(tally.fan_out.ranges())
    assert (counts["1.0"], counts["5.0"], counts["+Inf"]) == (0, 1, 1)


def test_one_send_of_many_is_to_be_timed() -> None:
    tally = Tally(lambda: 7.0)
    times = [tally.take_send(10) for _ in range(2 * SAMPLED)]
    assert [number for number, time in enumerate(times, start=1) if time] == [SAMPLED, 2 * SAMPLED]
    assert (tally.came.frames[SEND], tally.came.bytes[SEND]) == (2 * SAMPLED, 20 * SAMPLED)


def test_where_entries_take_their_time_none_is_timed() -> None:
    tally = Tally(lambda: 7.0, times=False)
    assert not any(tally.take_send(10) for _ in range(2 * SAMPLED))


def test_only_what_is_written_next_is_timed(tally: Tally) -> None:
    link = Link(tally=tally, max_bytes=1 << 20).flows()
    link.among.time(6.0)  # nothing was told
    link.among.flush()
    assert dict(tally.latency.ranges())["+Inf"] == 0
    link.tells(b"x")
    link.among.time(6.5)
    link.among.time(6.9)  # one at a time
    link.among.flush()
    assert (dict(tally.latency.ranges())["+Inf"], tally.latency.sum) == (1, 0.5)
    link.tells(b"y")
    link.among.flush()
    assert dict(tally.latency.ranges())["+Inf"] == 1
