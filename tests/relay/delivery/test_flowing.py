"""What flows is written at once when its turn ends, and waits where that cannot be."""

from __future__ import annotations

import os
from functools import partial

from protocol.codec import encode
from protocol.frames import Left, LeftReason
from relay.history.ws_frame import wrap
from tests.helpers.outboxes import ANSWER, MAX_BYTES, ME, Link, update


def test_what_flows_is_written_at_once_when_its_turn_ends() -> None:
    link = Link().flows()
    told = [link.tells(), update(b"1"), update(b"2")]
    for value in told[1:]:
        link.hears(value)
    assert link.outbox.position(link.seq) == 0
    link.outbox.say(ANSWER)
    told += [ANSWER, link.tells()]
    assert not link.outbox.is_waiting
    assert link.written == []
    assert link.notes == []
    link.among.flush()
    assert link.written == [b"".join(told)]
    assert link.outbox.position(link.seq) == 2


def test_what_the_kernel_does_not_take_goes_the_long_way() -> None:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    link = Link(max_bytes=1 << 20, try_write=partial(os.write, theirs)).flows()
    first = link.tells(b"some")
    link.among.flush()
    assert (os.read(ours, 1 << 20), link.written) == (first, [])
    much, more = link.tells(bytes(200_000)), link.tells(b"more")
    link.among.flush()
    taken = os.read(ours, 1 << 20)
    assert taken
    assert taken + b"".join(link.written) == much + more
    os.close(ours)
    last = link.tells(b"none is there")
    link.among.flush()
    assert link.written[1:] == [last]
    os.close(theirs)


def test_nothing_flows_past_what_waits() -> None:
    link = Link()
    link.among.add(1, link.outbox)
    link.begins()
    link.outbox.flow()
    assert not link.outbox.is_flowing
    link.takes_all()
    told = link.tells()
    link.outbox.flow()
    assert not link.outbox.is_flowing
    assert link.takes_all() == [told]
    link.outbox.flow()
    assert link.outbox.is_flowing


def test_nothing_is_written_that_was_taken_before_it_flowed() -> None:
    link = Link().flows()
    other = Link().is_live()
    link.among.add(2, other.outbox)
    told = link.tells()
    assert other.takes_all() == [told]
    other.outbox.flow()
    more = link.tells()
    link.among.flush()
    assert (link.written, other.written) == ([told + more], [more])


def test_what_flowed_waits_like_all_else_once_it_does_not_flow() -> None:
    link = Link().flows()
    told = [link.tells() for _ in range(2)]
    for value in (update(b"old"), update(b"new")):
        link.hears(value)
    link.outbox.hold()
    link.among.flush()
    assert link.written == []
    assert link.takes_all() == [*told, update(b"new")]


def test_who_is_no_longer_told_anything_keeps_what_was_told() -> None:
    link = Link().flows()
    told = link.tells()
    link.among.remove(1)
    link.among.tell_others(0, update(b"later"))
    link.among.flush()
    link.outbox.flow()
    assert not link.outbox.is_flowing
    assert link.written == []
    assert link.takes_all() == [told]


def test_what_is_too_much_to_write_at_once_waits() -> None:
    link = Link().flows()
    told = [link.tells(bytes(MAX_BYTES // 2)) for _ in range(2)]
    link.among.flush()
    assert link.written == []
    assert not link.outbox.is_flowing
    assert link.takes_all() == told


def test_what_rides_goes_with_what_comes_next() -> None:
    link = Link().flows()
    notes = link.asked
    for _ in range(2):
        link.outbox.say(ANSWER, rides=True)
    assert notes == ["riding"]
    told = link.tells()
    link.outbox.say(ANSWER, rides=True)
    assert notes == ["riding", "told"]
    link.among.flush()
    link.outbox.say(ANSWER, rides=True)
    assert notes == ["riding", "told", "riding"]
    link.among.flush()
    assert link.written == [ANSWER * 2 + told + ANSWER, ANSWER]


def test_no_value_that_flowed_is_told_after_its_player_left() -> None:
    link = Link().flows()
    link.hears(update(b"last", sender=7))
    link.seq += 1
    left = encode(Left(link.seq, 7, LeftReason.LEFT))
    link.log.append(link.seq, ME, wrap(left))
    link.hears(wrap(left))
    link.outbox.hold()
    told = link.falls_behind()
    assert link.takes_all() == [wrap(left), *told]
