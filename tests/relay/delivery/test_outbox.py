"""An outbox hands over what it was told in order, after what its stream begins with."""

from __future__ import annotations

from relay.delivery.outbox import BATCH_BYTES
from relay.delivery.stream import Stream
from relay.history.ws_frame import wrap
from tests.helpers.outboxes import BATCH, MAX_FRAMES, ME, OTHERS, Link, update

# Keeping up.


def test_messages_come_out_in_the_order_in_which_they_went_in() -> None:
    outbox = Link().is_live().outbox
    outbox.queue(wrap(b"--1"))
    outbox.replace((1, 0), b"2")
    outbox.say(b"3")
    outbox.queue(wrap(b"--4"))
    assert outbox.take() == [wrap(b"--1"), b"2", b"3", wrap(b"--4")]
    assert outbox.take() == []


def test_a_newer_value_takes_the_place_of_the_older() -> None:
    outbox = Link().is_live().outbox
    outbox.replace((1, 0), b"old")
    outbox.replace((1, 1), b"another key")
    outbox.replace((2, 0), b"another sender")
    outbox.queue(wrap(b"reliable"))
    outbox.replace((1, 0), b"new")
    assert outbox.take() == [b"new", b"another key", b"another sender", wrap(b"reliable")]


def test_a_value_that_was_taken_has_no_place_any_more() -> None:
    outbox = Link().is_live().outbox
    outbox.replace((1, 0), b"old")
    outbox.take()
    outbox.queue(wrap(b"reliable"))
    outbox.replace((1, 0), b"new")
    assert outbox.take() == [wrap(b"reliable"), b"new"]


def test_the_link_is_told_when_something_waits_where_nothing_did() -> None:
    link = Link().is_live()
    for put in (
        link.tells,
        lambda: link.outbox.say(b"1"),
        lambda: link.outbox.replace((1, 0), b""),
    ):
        for _ in range(2):
            put()
            assert link.notes == ["ready"]
        link.outbox.take()
        link.notes.clear()


def test_before_welcome_nothing_is_in_a_log() -> None:
    link = Link()
    for _ in range(MAX_FRAMES * 2):
        link.outbox.say(b"no")
    assert link.notes == ["ready"]
    link.begins(b"welcome")
    assert link.takes_all() == [*[b"no"] * MAX_FRAMES * 2, b"welcome", b"fact", b"live"]
    assert link.notes == ["ready", "caught up"]


# Streams.


def test_a_stream_is_what_is_said_first_then_the_log_then_live() -> None:
    link = Link()
    history = [link.tells(b"%d" % number, to=ME) for number in range(3)]
    link.outbox.take()
    link.begins(b"welcome", follow=1)
    meanwhile = link.tells(b"meanwhile")
    assert link.takes_all() == [b"welcome", b"fact", *history[1:], meanwhile, b"live"]
    assert link.takes_all() == []


def test_a_long_stream_comes_in_batches_and_live_with_the_last() -> None:
    link = Link()
    history = [link.tells(bytes(BATCH // 2), to=OTHERS) for _ in range(2)]
    history = [link.tells(bytes(BATCH // 2)) for _ in range(6)]
    link.outbox.take()
    link.begins(follow=0)
    batches = []
    while link.outbox.is_waiting:
        batches.append(link.outbox.take())
    assert batches == [[b"fact", *history[:2]], history[2:4], [*history[4:], b"live"]]


def test_a_position_is_that_of_the_stream_while_it_lasts() -> None:
    link = Link()
    for _ in range(4):
        link.tells(bytes(BATCH))
    link.outbox.take()
    link.begins(follow=1)
    assert link.outbox.position(link.seq) == 0, "facts wait, which are as young as the room"
    positions = []
    while link.outbox.is_waiting:
        link.outbox.take()
        positions.append(link.outbox.position(link.seq))
    assert positions == [2, 3, 4]
    link.tells(to=OTHERS)
    assert link.outbox.position(link.seq) == 5


def test_a_position_does_not_count_what_may_be_let_go_of() -> None:
    """An answer goes out before what is read from the history again."""
    link = Link().is_live()
    link.tells()
    assert link.outbox.position(link.seq) == 0
    link.outbox.take()
    assert link.outbox.position(link.seq) == 1
    link.outbox.replace((1, 0), update(b""))
    link.outbox.say(b"answer")
    link.tells(to=OTHERS)
    assert link.outbox.position(link.seq) == 2


def test_values_that_live_brings_are_not_told_twice() -> None:
    link = Link()
    known, own = update(b"for all"), update(b"for me alone", key=1)
    link.values = [known]
    link.outbox.begin((), Stream((), link, 0))
    link.outbox.replace((1, 0), known)
    link.outbox.replace((1, 1), own)
    assert link.takes_all() == [b"live", known, own]


def test_many_values_come_in_batches_and_none_after_its_player_left() -> None:
    """Ten thousand of them at once would hold everybody up, and wait for whoever does not read."""
    link = Link()
    link.values = [update(BATCH_BYTES // 4, sender=sender) for sender in (1, 2, 3) * 4]
    link.begins()
    assert link.outbox.take() == [b"fact", b"live", *link.values[:4]]
    assert link.outbox.is_following
    told = link.tells()
    link.outbox.forget(2)
    mine = [value for value in link.values[4:] if value != link.values[1]]
    assert link.outbox.take() == mine[:4]
    link.outbox.replace((1, 0), update(b"newer"))
    assert link.outbox.take() == [*mine[4:], told, update(b"newer")]
    assert not link.outbox.is_following
