"""What is counted of messages: each once, whichever way it takes to its player."""

from __future__ import annotations

import pytest

from protocol import fast_path
from protocol.opcodes import Opcode
from relay.delivery.tally import Tally
from relay.history.packed_frames import Addressees
from relay.history.ws_frame import opcode, split, unwrap, wrap
from tests.helpers.outboxes import ANSWER, MAX_BYTES, SIZE, Link, by_hand, update


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
    link.hears(update(b"y"))
    link.outbox.hold()
    assert went(tally, Opcode.UPDATE) == (0, 0)
    assert went(tally, Opcode.DELIVER) == (0, 0)
    message, value = link.outbox.take()
    assert went(tally, Opcode.DELIVER) == (1, len(message) - 2)
    assert went(tally, Opcode.UPDATE) == (1, len(value) - 2)


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


@pytest.mark.parametrize("size", [1, 200, 70_000])
def test_each_share_is_counted_as_it_is_written(tally: Tally, size: int) -> None:
    room = by_hand(tally=tally)
    written: list[bytes] = []
    for player in range(1, 5):
        link = Link(fan_out=room, max_bytes=1 << 20, tally=tally)
        link.is_live()
        room.add(player, link.outbox)
        link.outbox.flow()
        link.outbox.outlet = link.outbox.outlet._replace(write=written.append)
    payload = fast_path.tail(bytes(size))
    for seq, sender in enumerate((1, 1, 2, 0, 9, 1, 3), start=1):
        room.tell_others(sender, wrap(fast_path.deliver(seq, max(sender, 1), payload)))
    room.answer(2, ANSWER)
    room.tell_others(2, update(bytes(size)))
    room.tell_others(1, update(bytes(size)))
    room.flush()
    messages = [message for share in written for message in split(share)]
    assert len(messages) == 3 * 7 + 2 + 2 * 3 + 1
    for op in (Opcode.DELIVER, Opcode.UPDATE, Opcode.LEAVE):
        those = [unwrap(message) for message in messages if opcode(message) == op]
        assert went(tally, op) == (len(those), sum(map(len, those)))
    assert tally.writes == 4


@pytest.mark.parametrize(
    ("to", "reached"), [(2, 2), (0, 3), (4, 3), (frozenset((1, 2, 4, 9)), 2), (frozenset(), 0)]
)
def test_it_is_told_to_how_many_a_send_goes(tally: Tally, to: Addressees, reached: int) -> None:
    room = by_hand(tally=tally)
    room.look(0)
    assert dict(tally.fan_out.ranges())["+Inf"] == 0  # nobody is here
    for player in range(1, 5):
        link = Link(fan_out=room, max_bytes=1 << 20, tally=tally)
        link.is_live()
        room.add(player, link.outbox)
        if player < 4:  # the last one is still entering
            link.outbox.flow()
    room.look(to)
    assert (dict(tally.fan_out.ranges())["+Inf"], tally.fan_out.sum) == (1, reached)


def test_what_is_timed_begins_when_it_came() -> None:
    assert Tally(lambda: 7.0).begin() == 7.0


def test_where_entries_take_their_time_none_is_timed() -> None:
    assert not Tally(lambda: 7.0, times=False).begin()


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
