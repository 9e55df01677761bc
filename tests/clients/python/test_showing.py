"""What a program sees that prints an event."""

from __future__ import annotations

import pytest

from clients.python.core.room_state import Properties, Property
from clients.python.events import (
    Closed,
    Event,
    HostChanged,
    Joined,
    Left,
    Lost,
    Message,
    Notice,
    Player,
    PresenceChanged,
    PropertyChanged,
    Reconnecting,
    Refused,
    SnapshotReceived,
    Updated,
)
from protocol import frames
from protocol.close_codes import CloseCode
from protocol.codec import pack
from protocol.error_codes import ErrorCode
from protocol.frames import ErrorDetail, LeftReason, NoticeDetail, NoticeKind, PresenceState

ANN = Player(1, "Ann", is_host=True)
AWAY = Player(2, "Bob", state=PresenceState.AWAY)
NO_MSGPACK = b"\xc1"

SEEN: list[tuple[Event, str]] = [
    (Message(7, 1, pack({"say": "hi"}), ANN), "Message(seq=7, sender=1, value={'say': 'hi'})"),
    (Message(7, 1, pack(None), is_history=True), "value=None, is_history=True)"),
    (Message(7, 1, NO_MSGPACK), "value=bytes b'\\xc1'"),
    (Updated(0, 2, pack([1.5, 2])), "Updated(key=0, sender=2, value=[1.5, 2])"),
    (Joined(ANN, 3), "Joined(player=Player(number=1, name='Ann', is_host=True), seq=3)"),
    (Left(Player(3), LeftReason.KICKED, 9), "reason=LeftReason.KICKED, seq=9)"),
    (Left(Player(3), 99, 9), "reason=99,"),
    (PresenceChanged(AWAY, 4), "name='Bob', state=PresenceState.AWAY)"),
    (HostChanged(None, 2, 5), "HostChanged(player=None, term=2, seq=5)"),
    (PropertyChanged(0, "map", pack("ice"), 1, 1, 6), "key='map', value='ice', version=1,"),
    (SnapshotReceived(6, pack([1])), "SnapshotReceived(seq=6, value=[1])"),
    (
        Refused(ErrorCode.NOT_HOST, "no", ErrorDetail(frame=4), 4, 0),
        "Refused(code=ErrorCode.NOT_HOST, text='no', detail=ErrorDetail(frame=4), frame=4, seq=0)",
    ),
    (
        Notice(NoticeKind.LAG, NoticeDetail(after=500)),
        "Notice(kind=NoticeKind.LAG, detail=NoticeDetail(after=500))",
    ),
    (Notice(77, NoticeDetail()), "Notice(kind=77, detail=NoticeDetail())"),
    (Lost((frames.Send(None, pack("x")),)), "Lost(messages=(Send(target=None, value='x')))"),
    (Closed(CloseCode.KICKED, "kicked", "Out.", False), "Closed(code=CloseCode.KICKED, reason='ki"),
    (Closed(1006, "", "Out.", True), "Closed(code=1006,"),
]


@pytest.mark.parametrize(("event", "words"), SEEN, ids=[words for _, words in SEEN])
def test_a_printed_event_shows_values_and_names(event: Event, words: str) -> None:
    assert words in str(event)


@pytest.mark.parametrize(
    "event",
    [
        Message(1, 1, pack({"k" * 9999: ["v" * 9999] * 999})),
        Message(1, 1, pack([[["x" * 99] * 9] * 9] * 9)),
        SnapshotReceived(1, bytes([0xC1]) * 99_999),
        Lost((frames.Send(None, pack("x" * 9999)),) * 256),
    ],
    ids=["dict", "list", "bytes", "frames"],
)
def test_a_printed_event_is_short(event: Event) -> None:
    assert "..." in str(event)
    assert len(str(event)) < 1200


def test_a_sentence_is_shown_in_whole() -> None:
    """A part of an address would lead elsewhere."""
    lost = (
        "Nothing listens at ws://localhost:8101/relay/r/DEN: is the relay running? (`relay serve`)."
    )
    assert lost in str(Reconnecting(1, 0.5, lost))
    assert len(str(Reconnecting(1, 0.5, "x" * 9999))) < 400


def test_what_is_left_out_is_counted() -> None:
    assert str(Lost((frames.Leave(),) * 10)).endswith("Leave(), and 2 more))")


def test_properties_that_nobody_can_unpack_are_printed_all_the_same() -> None:
    held = {"bad": Property(NO_MSGPACK, 1, 2), "map": Property(pack("ice"), 1, 2)}
    assert str(Properties(held)) == "Properties({'bad': bytes b'\\xc1', 'map': 'ice'})"
