"""Whole conversations of one connection, legal from HELLO to the end: what comes when, and which
numbers it may name. SPEC 9, 12, 13 and 15 are the sections that they keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st

from clients.fuzz.strategies.frames import frames
from clients.fuzz.strategies.story import Said, Story
from protocol.codec import Role
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Frame,
    Hash,
    Input,
    Kick,
    LeftReason,
    Notice,
    Ping,
    Pong,
    Presence,
    PresenceChanged,
    PresenceState,
    Property,
    Ready,
    Send,
    Set,
    Subscribe,
    Transfer,
    Update,
    Volatile,
)
from protocol.opcodes import Opcode

LONGEST: Final = 20
"""Acts of a conversation at most, between its entrance and its end."""

PAYLOADS: Final = st.binary(max_size=8)
KEYS: Final = st.sampled_from(("map", "score", "é"))


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Said, ...]:
    """Return what client and relay say in turn, as pairs of a role and a frame.

    A client enters a room, or takes its seat up again. Then both act: payloads, answers, players
    who come and go, properties, refusals, acknowledgements. In the end the client may leave.

    A test feeds a client of its own with the relay's frames, and expects nothing worse than news:

    >>> from hypothesis import find
    >>> talk = find(conversations(), lambda talk: any(type(said) is Send for _, said in talk))
    >>> [said.opcode.name for _, said in talk]
    ['HELLO', 'WELCOME', 'JOINED', 'LIVE', 'ACK', 'SEND', 'DELIVER', 'ACK']
    """
    story = Story(draw)
    story.enter()
    for act in draw(st.lists(st.sampled_from(ACTS), max_size=LONGEST)):
        act(story)
    if draw(st.booleans()):
        story.leave()
    return tuple(story.said)


def _is_sent(story: Story) -> None:
    payload = story.draw(PAYLOADS)
    target = story.draw(st.sampled_from((True, None, story.me, (story.me,))))
    story.count(Send(target, payload))
    if target is not None:
        story.tell(Deliver(story.next_seq(), story.me, payload))
    story.take()


def _is_told(story: Story) -> None:
    sender = story.draw(st.sampled_from([0, *story.others]))
    story.tell(Deliver(story.next_seq(), sender, story.draw(PAYLOADS)))


def _goes_unheard(story: Story) -> None:
    """Only others hear what happens at the next place of the order."""
    story.next_seq()


def _is_volatile(story: Story) -> None:
    key = story.draw(st.integers(0, 255))
    story.say(Volatile(key, None, story.draw(PAYLOADS)))
    if story.others:
        sender = story.draw(st.sampled_from(story.others))
        story.tell(Update(key, sender, story.draw(PAYLOADS)))


def _is_timed(story: Story) -> None:
    asked = story.draw(st.integers(0, 2**40))
    story.say(Ping(asked))
    story.tell(Pong(asked, 5_000_000, 5_000_001, story.taken, story.seq))


def _subscribes(story: Story) -> None:
    groups = st.lists(st.integers(1, 255), max_size=3).map(tuple)
    story.count(Subscribe(story.draw(groups), story.draw(groups)))
    story.take(at=story.next_seq())


def _another_joins(story: Story) -> None:
    story.joins()


def _another_leaves(story: Story) -> None:
    if story.others:
        player = story.draw(st.sampled_from(story.others))
        story.gone(player, story.draw(st.sampled_from((LeftReason.LEFT, LeftReason.EXPIRED))))


def _looks_away(story: Story) -> None:
    state = story.draw(st.sampled_from((PresenceState.HERE, PresenceState.AWAY)))
    story.say(Presence(state))
    story.tell(PresenceChanged(story.next_seq(), story.me, state))


def _another_is_lost(story: Story) -> None:
    if story.others:
        player = story.draw(st.sampled_from(story.others))
        story.tell(PresenceChanged(story.next_seq(), player, PresenceState.LOST))


def _host_changes(story: Story) -> None:
    story.is_led_by(story.draw(st.sampled_from([story.me, *story.others])))


def _hands_over(story: Story) -> None:
    heir = _subject(story)
    story.count(Transfer(heir))
    story.is_led_by(heir)
    story.take()


def _kicks(story: Story) -> None:
    player = _subject(story)
    story.count(Kick(player, story.draw(st.sampled_from(("", "too loud")))))
    story.gone(player, LeftReason.KICKED)
    story.take()


def _subject(story: Story) -> int:
    """Let the client be host of somebody, and return who that is."""
    if not story.others:
        story.joins()
    if not story.is_host:
        story.is_led_by(story.me)
    return story.draw(st.sampled_from(story.others))


def _kicks_without_right(story: Story) -> None:
    if not story.is_host:
        story.count(Kick(story.me))
        story.refuse(ErrorCode.NOT_HOST, Opcode.KICK)


def _sets(story: Story) -> None:
    scope, key = story.draw(st.sampled_from((0, story.me))), story.draw(KEYS)
    value = story.draw(st.just(False) | PAYLOADS)
    story.count(Set(scope, key, value))
    version = story.versions[scope, key] = story.versions.get((scope, key), 0) + 1
    story.tell(Property(story.next_seq(), scope, key, value, version, story.me))
    story.take()


def _sets_too_late(story: Story) -> None:
    key = story.draw(KEYS)
    story.count(Set(0, key, b"late", story.versions.get((0, key), 0) + 1))
    story.refuse(ErrorCode.STALE_VERSION, Opcode.SET)


def _asks_for_lockstep(story: Story) -> None:
    asked: Frame = story.draw(st.sampled_from((Input(1, b"up"), Hash(1, b"\x07"), Ready(True))))
    story.count(asked)
    story.refuse(ErrorCode.NOT_AVAILABLE, asked.opcode)


def _acknowledges(story: Story) -> None:
    story.acknowledge()


def _is_noticed(story: Story) -> None:
    notice = story.draw(frames(Role.RELAY, Opcode.NOTICE))
    assert isinstance(notice, Notice)
    story.tell(notice)


ACTS: Final[tuple[Callable[[Story], None], ...]] = (
    *(_is_sent, _is_told, _goes_unheard, _is_volatile, _is_timed, _subscribes),
    *(_another_joins, _another_leaves, _looks_away, _another_is_lost, _host_changes),
    *(_hands_over, _kicks, _kicks_without_right, _sets, _sets_too_late, _asks_for_lockstep),
    *(_acknowledges, _is_noticed),
)
"""What may happen in a room. An act that makes no sense at the moment does nothing."""
