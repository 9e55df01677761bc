"""Names of rooms: which there can be, and which room has one."""

from collections.abc import Iterator

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import RoomOptions
from relay.lobby.registry import (
    ALPHABET,
    CODE_LENGTH,
    RoomRegistry,
    canonical,
)
from relay.room.refusals import Refusal
from relay.room.room import Room


def room(name: str) -> Room:
    return Room(name, b"an epoch", RoomOptions())


def test_a_room_is_found_by_its_name_in_any_case() -> None:
    registry = RoomRegistry()
    registry.add(lobby := room("LOBBY"))
    assert registry.find("lobby") is registry.find("LoBBy") is registry.get("LOBBY") is lobby
    assert registry.get("lobby") is registry.find("other") is None


def test_a_room_that_is_removed_is_not_found() -> None:
    registry = RoomRegistry()
    registry.add(lobby := room("LOBBY"))
    registry.add(other := room("OTHER"))
    assert (list(registry), len(registry)) == ([lobby, other], 2)
    registry.remove("LOBBY")
    registry.remove("LOBBY")
    assert (list(registry), len(registry)) == ([other], 1)


def test_the_alphabet_has_28_signs_of_which_none_is_mistaken_for_another() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 28
    for alike in ("0OQ", "1IL", "5S", "2Z", "UV"):
        assert sum(sign in ALPHABET for sign in alike) <= 1
    assert canonical(ALPHABET) == ALPHABET


def test_a_generated_name_is_new() -> None:
    signs: Iterator[str] = iter("AAAAAAAAAAAB")
    registry = RoomRegistry()
    registry.add(room("AAAAAA"))
    assert registry.new_name(lambda alphabet: next(signs)) == "AAAAAB"
    assert len("AAAAAB") == CODE_LENGTH


@pytest.mark.parametrize("name", ["a", "K7QF2M", "my-game_2", "x" * 32, "0", "-"])
def test_a_name_is_canonical_in_capitals(name: str) -> None:
    assert canonical(name) == name.upper()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 33,
        "a b",
        "a/b",
        "..",
        "é",
        "K\N{KELVIN SIGN}",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "a\n",
    ],
)
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(Refusal) as refusal:
        canonical(name)
    assert refusal.value.code == ErrorCode.NO_SUCH_ROOM
    assert refusal.value.close == CloseCode.NO_SUCH_ROOM
    assert refusal.value.error().detail.expected == "1..32 of A-Z a-z 0-9 _ -"
