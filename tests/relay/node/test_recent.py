"""What is kept of ends is bounded, whatever strangers do."""

from __future__ import annotations

from itertools import count

from relay.node.recent import MOST_ENDS, MOST_ROOMS, MOST_TEXT, Recent


def test_the_newest_ends_of_a_room_are_kept() -> None:
    recent = Recent(count().__next__)
    for attachment in range(MOST_ENDS + 3):
        recent.add("room", 1, attachment, 4503, "KICKED")
    kept = recent.ends("ROOM")
    assert [each.attachment for each in kept] == [*range(3, MOST_ENDS + 3)]
    assert [each.at for each in kept] == sorted(each.at for each in kept)
    recent.forget("ROOM")
    assert recent.ends("ROOM") == []


def test_strangers_push_out_no_ends_of_players() -> None:
    recent = Recent()
    recent.add("ROOM", 1, 1, None, "LOST")
    for number in range(MOST_ROOMS + 5):
        recent.add(f"R-{number}", None, number, 4508, "NOT_ADMITTED", "x" * 5000)
    assert [each.name for each in recent.ends("ROOM")] == ["LOST"]
    assert recent.ends("R-0") == []
    (last,) = recent.ends(f"R-{MOST_ROOMS + 4}")
    assert len(last.text) == MOST_TEXT


def test_nothing_is_kept_of_what_is_no_name() -> None:
    recent = Recent()
    for name in ("", "a b", "x" * 33):
        recent.add(name, None, 1, 4000, "NO_HELLO")
        assert recent.ends(name.upper()) == []
