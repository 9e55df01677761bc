"""What only the blocking client promises: that no call waits, and that the room stands still."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from clients.python import (
    Message,
    PresenceState,
    PropertyChanged,
    RoomClosed,
    WindowFull,
    blocking,
)
from clients.python.blocking import BlockingRoom
from clients.python.events import Closed, Event, Lost
from protocol.codec import pack
from protocol.frames import Send
from tests.helpers.relay import RelayProcess, relay_process

PATIENCE = 30.0  # seconds, on a busy machine
NAP = 0.005


@pytest.fixture(scope="module")
def relay() -> Iterator[RelayProcess]:
    with relay_process() as relay:
        yield relay


@contextmanager
def asleep(room: BlockingRoom) -> Iterator[None]:
    """Let the thread in the background do nothing meanwhile."""
    asleep, awake = threading.Event(), threading.Event()

    def sleep() -> None:
        asleep.set()
        awake.wait()

    room._background.call(sleep)
    asleep.wait()
    try:
        yield
    finally:
        awake.set()


def read(room: BlockingRoom, count: int) -> list[object]:
    """Poll until so many messages have come; return what they said."""
    ends, said = time.monotonic() + PATIENCE, list[object]()
    while len(said) < count:
        assert time.monotonic() < ends, f"only {len(said)} of {count} messages came"
        said += [event.value for event in room.poll() if isinstance(event, Message)]
        time.sleep(NAP)
    return said


def test_no_call_waits_for_the_other_thread(relay: RelayProcess) -> None:
    with (
        blocking.connect(relay.url, room="CALLS") as room,
        blocking.connect(relay.url, room="CALLS") as other,
    ):
        with asleep(room):
            room.poll()
            assert [room.send(n) for n in range(3)] == [1, 2, 3]
            room.volatile(0, 1.5)
            room.presence(PresenceState.AWAY)
            assert room.subscribe(1) == 4
            assert room.set_property("map", "ice") == 5
        assert read(other, 3) == [0, 1, 2]


def test_a_full_window_says_so_and_what_was_sent_before_arrives(relay: RelayProcess) -> None:
    with (
        blocking.connect(relay.url, room="WINDOW") as room,
        blocking.connect(relay.url, room="WINDOW") as other,
    ):
        with asleep(room):
            for n in range(room.limits.window):
                room.send(n)
            with pytest.raises(WindowFull, match="256"):
                room.send("one too many")
            room.volatile(0, "has no window")
        assert read(other, room.limits.window) == list(range(room.limits.window))
        assert send_when_possible(room, "again") == room.limits.window + 1
        assert read(other, 1) == ["again"]


def test_a_snapshot_goes_as_a_whole_or_not_at_all(relay: RelayProcess) -> None:
    with blocking.connect(relay.url, room="WHOLE") as room:
        parts = bytes(3 * room.limits.max_frame)
        with asleep(room):
            for n in range(room.limits.window - 3):
                room.send(n)
            with pytest.raises(WindowFull):
                room.give_snapshot_bytes(parts)  # of four frames
            assert room.give_snapshot_bytes(parts[: len(parts) // 2]) == room.limits.window - 1


def send_when_possible(room: BlockingRoom, value: object) -> int:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        try:
            return room.send(value)
        except WindowFull:
            time.sleep(NAP)
    pytest.fail("the window stayed full")


def test_the_room_stands_still_between_two_polls(relay: RelayProcess) -> None:
    with blocking.connect(relay.url, room="STILL", name="Ann") as room:
        room.poll()
        with blocking.connect(relay.url, room="STILL", name="Bob") as bob:
            bob.send("hello")
            ends = time.monotonic() + PATIENCE
            while not room._driver.queue:
                assert time.monotonic() < ends
                time.sleep(NAP)
            assert set(room.players) == {1}
            read(room, 1)
            assert set(room.players) == {1, 2}


def test_after_the_end_polls_are_empty_and_sending_says_why(relay: RelayProcess) -> None:
    with blocking.connect(relay.url, room="END") as room:
        room.leave()
        events: list[Event] = room.poll()
        assert isinstance(events[-1], Closed)
        assert room.poll() == []
        for act in (lambda: room.send(1), lambda: room.volatile(0, 1), lambda: room.kick(2)):
            with pytest.raises(RoomClosed, match="left"):
                act()


def test_what_is_sent_in_the_instant_of_the_end_is_told_as_lost(
    relay: RelayProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        blocking.connect(relay.url, room="INSTANT") as host,
        blocking.connect(relay.url, room="INSTANT") as room,
    ):
        room.poll()
        # The other thread hears of the end before it gets to what was sent.
        monkeypatch.setattr(room._background, "call", lambda *_: None)
        assert room.send("taken by nobody") == 1
        host.kick(room.me)
        lost, closed = read_to_the_end(room)[-2:]
        monkeypatch.undo()
        assert isinstance(lost, Lost)
        assert lost.messages == (Send(None, pack("taken by nobody")),)
        assert isinstance(closed, Closed)
        with pytest.raises(RoomClosed):
            room.send("too late")


def read_to_the_end(room: BlockingRoom) -> list[Event]:
    ends, told = time.monotonic() + PATIENCE, list[Event]()
    while not any(isinstance(event, Closed) for event in told):
        assert time.monotonic() < ends
        time.sleep(NAP)
        told += room.poll()
    return told


def test_an_exception_leaves_the_room(relay: RelayProcess) -> None:
    with pytest.raises(ZeroDivisionError), blocking.connect(relay.url, room="CRASH") as room:
        _ = 1 / 0
    assert room.state == "closed"
    assert not any(thread.name == "roomwire" for thread in threading.enumerate())


def test_a_program_that_forgets_to_leave_can_still_exit(relay: RelayProcess) -> None:
    program = (
        "from clients.python import blocking\n"
        f"room = blocking.connect({relay.url!r}, room='FORGOT').open()\n"
        "print(room.me)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout == "1\n"


def test_every_change_of_a_property_is_an_event(relay: RelayProcess) -> None:
    with (
        blocking.connect(relay.url, room="TWICE") as room,
        blocking.connect(relay.url, room="TWICE") as other,
    ):
        room.poll()
        other.set_property("map", "first")
        other.set_property("map", "second")
        other.delete_property("map")
        other.set_property("all", "written")
        ends = time.monotonic() + PATIENCE
        while "all" not in room._driver.queue.room.properties.get(0, {}):
            assert time.monotonic() < ends
            time.sleep(NAP)
        changes = [event for event in room.poll() if isinstance(event, PropertyChanged)]
        told = [(change.key, change.value) for change in changes]
        assert told == [("map", "first"), ("map", "second"), ("map", None), ("all", "written")]
        assert dict(room.properties) == {"all": "written"}
