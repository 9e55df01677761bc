"""Each target holds for the whole corpus, and notices where something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest

from protocol import scan
from protocol.fields.field_types import Text
from protocol.window import Window
from relay.link import inbound
from relay.room.effects import Effect
from relay.room.room import Room
from relay.server.http_protocol import HttpProtocol
from tests.fuzz.targets import TARGETS, Target, kept, load
from tests.fuzz.targets import scan as scan_target


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_the_corpus_holds(name: str) -> None:
    target = load(name)
    inputs = [*target.seeds(), *kept(name)]
    assert len(inputs) > 10
    for data in inputs:
        try:
            target.check(data)
        except Exception as error:
            error.add_note(f"the input is {data.hex()}")
            raise


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_search_begins_with_is_the_same_every_time(name: str) -> None:
    target = load(name)
    assert [*target.seeds()] == [*target.seeds()]


# Faults that are put in on purpose, one for each target.


def shorten(text: Text, value: Any) -> Any:
    return value[:-1]


def count_on_without_a_look(window: Window, taken: int) -> None:
    window.sent = window.taken = taken


def forgetful() -> Callable[[Room, Any], Sequence[Effect]]:
    """Make a room pass over every 50th entry, which no replay does alike."""
    whole, calls = Room.apply, count(1)
    return lambda room, entry: whole(room, entry) if next(calls) % 50 else ()


FAULTS: dict[str, tuple[Any, str, Any]] = {
    "codec": (Text, "dump", shorten),
    "verdicts": (scan, "FORBIDDEN_KEY", b"another"),
    "scan": (scan_target, "scan", lambda data: None),
    "conversation": (Window, "count_on", count_on_without_a_look),
    "room": (Room, "apply", forgetful()),
    "room_model": (Room, "apply", forgetful()),
    "inbound": (inbound, "unmask", lambda data, mask: data),
    "http_head": (HttpProtocol, "_is_done", property(lambda self: self._asks_for_websocket)),
}


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_finds_a_fault(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = load(name)
    owner, attribute, wrong = FAULTS[name]
    monkeypatch.setattr(owner, attribute, wrong)
    assert any(is_wrong(target, data) for data in target.seeds())


def is_wrong(target: Target, data: bytes) -> bool:
    try:
        target.check(data)
    except Exception:
        return True
    return False
