"""Any mixture comes out of an outbox as a naive relay would send it, one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from relay.delivery.stream import Slot
from tests.helpers.outboxes import MAX_BYTES, ME, OTHERS, Link, held, seq_of, update


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
