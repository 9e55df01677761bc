"""The conversations are legal from both sides, and cover what a connection can go through."""

from __future__ import annotations

import pytest

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.conversations import CONVERSATIONS, recorded, replayed
from protocol.codec import Role, decode
from protocol.conversation import Conversation
from protocol.frames import (
    CLIENT_FRAMES,
    RELAY_FRAMES,
    Deliver,
    Desync,
    Host,
    Joined,
    Left,
    PresenceChanged,
    Property,
    Tick,
    Welcome,
)
from tests.helpers.answers import ROLES

FACTS = (Deliver, Joined, Left, PresenceChanged, Host, Property, Tick, Desync)


@pytest.mark.parametrize("name", CONVERSATIONS)
@pytest.mark.parametrize("ours", Role)
def test_every_frame_comes_when_it_may(name: str, ours: Role) -> None:
    conversation = Conversation(ours)
    for by, frame in CONVERSATIONS[name]:
        conversation.advance(frame, ROLES[by])


@pytest.mark.parametrize("name", sorted(CONVERSATIONS.keys() - {"late-join"}))
def test_facts_come_in_growing_order(name: str) -> None:
    """A late joiner's stream tells the room as it stands before the history, with lower seqs."""
    seqs: list[int] = []
    for _, frame in CONVERSATIONS[name]:
        if isinstance(frame, Welcome):
            seqs = [frame.seq]
        elif isinstance(frame, FACTS):
            seqs.append(frame.seq)
    assert seqs == sorted(set(seqs))


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_record_gives_back_what_was_said(name: str) -> None:
    said = CONVERSATIONS[name]
    frames = [(by, decode(data, ROLES[by])) for by, data in replayed(recorded(said))]
    assert frames == list(said)


def test_every_frame_is_said_by_each_side_that_may() -> None:
    said = {(by, type(frame)) for story in CONVERSATIONS.values() for by, frame in story}
    wanted = {(Reader.CLIENT_FRAME, cls) for cls in CLIENT_FRAMES}
    wanted |= {(Reader.RELAY_FRAME, cls) for cls in RELAY_FRAMES}
    assert wanted - said == set()
