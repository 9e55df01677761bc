"""An outbox hands over what a naive relay would send one by one, and holds no more than a share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import fast_path
from protocol.codec import encode
from protocol.frames import Left, LeftReason
from relay.delivery.fan_out import FanOut
from relay.delivery.outbox import BATCH_BYTES, Outbox
from relay.delivery.outlet import write_nothing
from relay.delivery.stream import Slot, Stream
from relay.history.history import History
from relay.history.ws_frame import split, unwrap, wrap
from tests.helpers.outboxes import by_hand, held, outlet

MAX_BYTES, MAX_FRAMES, BATCH = 80, 8, 50

ME, OTHERS = frozenset({1}), frozenset({2})


class Link:
    """One player's outbox beside the log of its room, and the notes that it takes."""

    is_late = False

    def __init__(
        self,
        max_frames: int = 1000,
        max_bytes: int = MAX_BYTES,
        fan_out: FanOut | None = None,
        try_write: Callable[[bytes], int] = write_nothing,
    ) -> None:
        self.log = History(max_frames=max_frames)
        self.seq = 0
        self.notes: list[str] = []
        self.values: list[bytes] = []
        self.asked: list[str] = []
        self.among = by_hand(self.asked.append) if fan_out is None else fan_out
        self.written: list[bytes] = []
        self.outbox = Outbox(
            outlet(self.notes.append, self.written.append, try_write),
            max_bytes=max_bytes,
            max_frames=MAX_FRAMES,
        )

    def read(self, seq: int, max_bytes: int) -> tuple[list[bytes], int] | None:
        batch = self.log.read(seq, min(max_bytes, BATCH), 1)
        return batch and ([each for run in batch[0] for each in split(run)], batch[1])

    def finish(self, kept: dict[Slot, bytes]) -> list[bytes]:
        for slot in [slot for slot, value in kept.items() if value in self.values]:
            del kept[slot]
        return [b"live", *self.values]

    def begins(self, *prelude: bytes, follow: int | None = None) -> None:
        follow = self.seq if follow is None else follow
        self.outbox.begin(prelude, Stream((b"fact",), self, follow))

    def is_live(self) -> Link:
        self.begins()
        self.outbox.take()
        self.notes.clear()
        return self

    def tells(self, payload: bytes = b"", *, to: frozenset[int] = ME) -> bytes:
        """Let something happen in the room."""
        self.seq += 1
        message = fast_path.deliver(self.seq, 9, fast_path.tail(payload))
        self.log.append(self.seq, to, wrap(message))
        if to == ME:
            self.hears(wrap(message))
        return wrap(message)

    def hears(self, message: bytes) -> None:
        """Let the room tell a message to all."""
        if 1 in self.among and self.among[1] is self.outbox:
            self.among.tell_others(0, message)
        else:
            self.outbox.queue(message)

    def flows(self) -> Link:
        """Let it be among a room's outboxes, and flow."""
        self.is_live()
        self.among.add(1, self.outbox)
        self.outbox.flow()
        return self

    def falls_behind(self) -> list[bytes]:
        """Tell just so much that it is too much. Returns: it."""
        told = [self.tells() for _ in range(MAX_FRAMES + 1)]
        assert self.outbox.is_following
        return told

    def takes_all(self) -> list[bytes]:
        taken = []
        while self.outbox.is_waiting:
            taken += self.outbox.take()
        return taken


def update(value: bytes | int, sender: int = 1, key: int = 0) -> bytes:
    payload = bytes(value) if isinstance(value, int) else value
    return wrap(fast_path.update(key, sender, fast_path.tail(payload)))


def seq_of(message: bytes) -> int:
    return fast_path.seq(unwrap(message))


SIZE = len(update(b""))
ANSWER = b"\x82\x02\x91\x08"


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
    """An answer goes out before what is read from the log again."""
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


# Falling behind.


@pytest.mark.parametrize("count", [MAX_FRAMES, MAX_FRAMES + 1])
def test_who_has_too_many_frames_to_read_falls_behind(count: int) -> None:
    link = Link().is_live()
    for _ in range(count):
        link.tells()
    assert link.outbox.is_following == (count > MAX_FRAMES)


@pytest.mark.parametrize("more", [0, 1])
def test_who_has_too_many_bytes_to_read_falls_behind(more: int) -> None:
    link = Link().is_live()
    size = len(link.tells(bytes(MAX_BYTES // 2)))
    link.outbox.replace((1, 0), bytes(MAX_BYTES - size + more))
    assert link.outbox.is_following == bool(more)


def test_a_value_that_grows_in_its_place_can_be_too_much() -> None:
    link = Link().is_live()
    link.outbox.replace((1, 0), update(b""))
    told = link.tells(bytes(MAX_BYTES - 2 * SIZE))
    assert not link.outbox.is_following
    link.outbox.replace((1, 0), update(MAX_BYTES))
    assert link.outbox.is_following
    assert link.takes_all() == [told, update(MAX_BYTES)]


def test_one_message_alone_may_have_any_size() -> None:
    """Or a relay whose frames may be larger than its outboxes could never deliver one."""
    link = Link().is_live()
    link.outbox.replace((1, 0), bytes(MAX_BYTES + 1))
    link.outbox.replace((1, 0), bytes(MAX_BYTES + 2))
    assert link.outbox.take() == [bytes(MAX_BYTES + 2)]
    told = link.tells(bytes(MAX_BYTES + 1))
    assert link.outbox.take() == [told]
    link.outbox.say(bytes(MAX_BYTES + 1))
    assert link.outbox.take() == [bytes(MAX_BYTES + 1)]
    assert not link.outbox.is_following


def test_nobody_needs_to_listen() -> None:
    link = Link()
    link.outbox = Outbox(outlet(), max_frames=MAX_FRAMES)
    assert link.is_live().falls_behind() == link.takes_all()


def test_who_falls_behind_lets_go_and_reads_on_in_the_log() -> None:
    link = Link().is_live()
    link.tells()
    link.outbox.take()
    link.notes.clear()
    told = link.falls_behind()
    assert held(link.outbox) == 0
    told += [link.tells(b"more") for _ in range(20)]
    assert (link.notes, held(link.outbox)) == (["ready", "behind"], 0)
    assert link.takes_all() == told
    assert link.notes == ["ready", "behind", "caught up"]
    link.tells()
    assert link.notes[3:] == ["ready"]


def test_answers_stay_whole() -> None:
    link = Link().is_live()
    link.outbox.say(b"1")
    told = [link.tells(), link.tells()]
    link.outbox.say(b"2")
    told += link.falls_behind()
    link.outbox.say(b"3")
    assert link.takes_all() == [b"1", b"2", b"3", *told]


def test_the_newest_values_come_after_what_was_read() -> None:
    link = Link().is_live()
    link.outbox.replace((1, 0), update(b"old"))
    link.outbox.replace((2, 0), update(b"kept"))
    told = link.falls_behind()
    link.outbox.replace((1, 0), update(b"new"))
    link.outbox.replace((3, 0), update(b"more"))
    told.append(link.tells())
    assert link.takes_all() == [*told, update(b"kept"), update(b"new"), update(b"more")]
    assert link.outbox.dropped == 1


def test_values_are_dropped_rather_than_held_beyond_the_bound() -> None:
    link = Link().is_live()
    told = link.falls_behind()
    for key in range(100):
        link.outbox.replace((1, key), update(b"1234567890", key=key))
        assert held(link.outbox) <= MAX_BYTES
    link.outbox.replace((1, 0), update(MAX_BYTES))  # drops what it takes the place of, too
    kept = MAX_BYTES // len(update(b"1234567890")) - 1
    assert link.outbox.dropped == 101 - kept
    assert len(link.takes_all()) == len(told) + kept


def test_a_count_of_dropped_values_begins_with_each_fall() -> None:
    link = Link().is_live()
    for _ in range(2):
        link.falls_behind()
        for _ in range(3):
            link.outbox.replace((1, 0), update(b""))
        link.takes_all()
        assert link.outbox.dropped == 2


@pytest.mark.parametrize("is_behind", [False, True])
def test_no_value_of_a_player_is_told_after_that_player_left(is_behind: bool) -> None:
    link = Link().is_live()
    told = link.falls_behind() if is_behind else []
    link.outbox.replace((1, 0), update(b"gone"))
    link.outbox.replace((2, 0), update(b"here"))
    link.outbox.forget(1)
    if not is_behind:
        told = link.falls_behind()
    assert held(link.outbox) == len(update(b"here"))
    assert link.takes_all() == [*told, update(b"here")]


def test_a_value_of_a_player_who_left_keeps_its_place_before_that() -> None:
    link = Link().is_live()
    link.outbox.replace((1, 0), update(b"last"))
    link.outbox.forget(1)
    left = link.tells(b"left")
    assert link.outbox.take() == [update(b"last"), left]


def test_too_many_answers_make_one_fall_behind_and_then_end_it() -> None:
    link = Link().is_live()
    for _ in range(MAX_FRAMES + 1):
        link.outbox.say(b"1")
    assert link.notes == ["ready", "behind"]
    for _ in range(MAX_BYTES - MAX_FRAMES - 1):
        link.outbox.say(b"1")
    assert not link.outbox.is_lost
    for _ in range(2):
        link.outbox.say(b"1")
    assert link.outbox.is_lost
    assert link.notes == ["ready", "behind", "behind"]


def test_too_many_bytes_of_answers_make_one_fall_behind() -> None:
    link = Link().is_live()
    link.outbox.say(bytes(MAX_BYTES))
    link.outbox.say(b"1")
    assert link.outbox.is_following
    assert link.takes_all() == [bytes(MAX_BYTES), b"1"]
    assert link.notes == ["ready", "behind", "caught up"]


# Flowing.


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


# Lost.


def test_who_reads_slower_than_the_log_forgets_is_lost() -> None:
    link = Link(max_frames=3).is_live()
    link.outbox.say(b"answer")
    link.falls_behind()
    link.outbox.replace((1, 0), update(b""))
    assert link.outbox.take() == [b"answer"]
    assert (link.outbox.is_lost, link.outbox.is_waiting, held(link.outbox)) == (True, False, 0)
    assert link.notes == ["ready", "behind", "behind"]
    link.tells()
    link.outbox.replace((1, 0), update(b""))
    assert not link.outbox.is_waiting
    link.outbox.say(b"the last")
    assert link.notes == ["ready", "behind", "behind", "ready"]
    assert link.takes_all() == [b"the last"]


def test_what_was_for_others_loses_nobody() -> None:
    """A log forgets what happened since the last take, but none of it was for this player."""
    link = Link(max_frames=20).is_live()
    link.outbox.say(b"answer")
    for _ in range(100):
        link.tells(to=OTHERS)
    told = link.falls_behind()
    assert link.takes_all() == [b"answer", *told]


def test_nobody_is_lost_who_has_nothing_to_read() -> None:
    link = Link(max_frames=1).is_live()
    for _ in range(10):
        link.tells(to=OTHERS)
    for key in range(MAX_FRAMES + 1):
        link.outbox.replace((1, key), update(b"", key=key))
    assert link.outbox.is_following
    assert len(link.takes_all()) == MAX_FRAMES + 1


def test_at_the_end_what_waits_is_the_last() -> None:
    link = Link().is_live()
    link.falls_behind()
    link.outbox.say(b"answer")
    link.outbox.replace((1, 0), update(b""))
    link.outbox.end()
    assert link.takes_all() == [b"answer"]


# Against a list.


@dataclass
class Naive:
    """What one player is to be told, without a thought for speed."""

    reliable: list[bytes] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
    values: dict[Slot, list[bytes]] = field(default_factory=dict)
    droppable: set[Slot] = field(default_factory=set)
    """Slots whose newest value found no room."""
    positions: dict[bytes, int] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)

    def check(self) -> None:
        """Whatever came so far came in order, once, and not before what it speaks of."""
        assert self.told(self.reliable) == self.reliable[: len(self.told(self.reliable))]
        assert self.told(self.said) == self.said
        for values in self.values.values():
            places = [values.index(message) for message in self.told(values)]
            assert places == sorted(set(places))
        for answer, seq in self.positions.items():
            before = self.heard[: self.heard.index(answer)]
            assert all(message in before for message in self.reliable if seq_of(message) <= seq)

    def check_end(self) -> None:
        """All that was to be told was told, and of values the newest."""
        assert self.told(self.reliable) == self.reliable
        for slot, values in self.values.items():
            assert self.told(values)[-1:] == values[-1:] or slot in self.droppable

    def told(self, messages: Iterable[bytes]) -> list[bytes]:
        wanted = set(messages)
        return [message for message in self.heard if message in wanted]


PAYLOADS = st.integers(0, 12) | st.integers(MAX_BYTES - 12, MAX_BYTES + 12)
SLOTS = st.tuples(st.integers(1, 2), st.integers(0, 1))
STEPS = st.lists(
    st.tuples(st.just("tell"), st.sampled_from([ME, ME, OTHERS]), PAYLOADS)
    | st.tuples(st.just("replace"), SLOTS, st.integers(0, 3))
    | st.sampled_from([("say",), ("say",), ("take",), ("leave", 1), ("burst", 1), ("burst", 12)]),
    min_size=5,
    max_size=60,
)


@given(st.integers(0, 10), st.integers(0, 10), STEPS)
def test_any_mixture_comes_out_as_from_a_naive_relay(
    history: int, follow: int, steps: list[tuple[str, frozenset[int] | Slot | int, int]]
) -> None:
    link, naive = Link(), Naive()
    past = [link.tells() for _ in range(history)]
    link.outbox.take()
    naive.reliable += [message for message in past if seq_of(message) > follow]
    link.notes.clear()
    link.begins(follow=min(follow, history))
    for number, step in enumerate(steps):
        outbox = link.outbox
        was = (outbox.is_waiting, outbox.is_following)
        link.notes.clear()
        match step:
            case ("tell", frozenset(to), size):
                message = link.tells(bytes(size), to=to)
                naive.reliable += [message] if to == ME else []
            case ("burst", int(times)):
                naive.reliable += [link.tells() for _ in range(times)]
            case ("replace", (sender, key), size):
                value = update(b"%d" % number + bytes(size), sender, key)
                naive.values.setdefault((sender, key), []).append(value)
                has_room = not outbox.is_following or held(outbox) + len(value) <= MAX_BYTES
                (naive.droppable.discard if has_room else naive.droppable.add)((sender, key))
                outbox.replace((sender, key), value)
            case ("leave", sender):
                outbox.forget(sender)
                for slot in [slot for slot in naive.values if slot[0] == sender]:
                    del naive.values[slot]
            case ("say",) if sum(map(len, outbox._queue)) < MAX_BYTES - 20:
                answer = b"answer %d" % number
                naive.said.append(answer)
                naive.positions[answer] = outbox.position(link.seq)
                outbox.say(answer)
            case ("take",):
                naive.heard += outbox.take()
                naive.check()
        check_notes(link, was, step[0])
        assert not outbox.is_lost
        check_held(link)
    naive.heard += link.takes_all()
    naive.check()
    naive.check_end()
    assert link.outbox.position(link.seq) == link.seq


def check_notes(link: Link, was: tuple[bool, bool], step: str) -> None:
    """Nothing waits unnoticed, and nobody is told what is no news."""
    was_waiting, was_following = was
    is_waiting, is_following = link.outbox.is_waiting, link.outbox.is_following
    expected = []
    if is_waiting and not was_waiting and step != "take":
        expected.append("ready")
    if is_following and not was_following:
        expected.append("behind")
    if was_following and not is_following:
        expected.append("caught up")
    assert link.notes == expected


def check_held(link: Link) -> None:
    answers, largest = MAX_BYTES, MAX_BYTES + 20
    # What an outbox begins with is the stream's: it is held once for all who join.
    assert held(link.outbox) <= MAX_BYTES + largest + answers + len(b"fact")
