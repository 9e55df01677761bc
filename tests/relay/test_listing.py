"""Which rooms are shown, in which order, and which one a quick match leads to."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import RoomOptions
from relay.listing import Filter, best_match, is_open, page


@dataclass
class FakeRoom:
    name: str = "A"
    player_count: int = 0
    password_hash: str = ""
    options: RoomOptions = field(default_factory=RoomOptions)


def room(name: str = "A", players: int = 0, password: str = "", **options: object) -> FakeRoom:
    return FakeRoom(name, players, password, RoomOptions(**options))  # type: ignore[arg-type]


def names(rooms: Iterable[FakeRoom]) -> list[str]:
    return [room.name for room in rooms]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Filter(), True),
        (Filter(app="snake"), True),
        (Filter(app=""), False),
        (Filter(app="chess"), False),
        (Filter(build="7"), True),
        (Filter(build="8"), False),
        (Filter(capacity=4), True),
        (Filter(capacity=5), False),
        (Filter(tags={"mode": "ctf"}), True),
        (Filter(tags={"mode": "ctf", "map": "ice"}), True),
        (Filter(tags={"mode": "dm"}), False),
        (Filter(tags={"mode": "ctf", "rank": "1"}), False),
        (Filter("snake", "7", 4, {"map": "ice"}), True),
    ],
)
def test_a_filter_asks_for_what_it_names_and_nothing_else(wanted: Filter, fits: bool) -> None:
    options = RoomOptions(app="snake", build="7", capacity=4, tags={"mode": "ctf", "map": "ice"})
    assert wanted.fits(options) is fits


def test_a_room_is_open_to_strangers_or_it_is_not() -> None:
    assert is_open(room(players=3, capacity=4))
    assert not is_open(room(players=4, capacity=4))
    assert not is_open(room(players=3, capacity=4), reserved=1)
    assert not is_open(room(locked=True))
    assert not is_open(room(password="$argon2id$"))


def test_only_public_rooms_are_listed() -> None:
    rooms = [room("C"), room("A"), room("B", public=False)]
    assert names(page(rooms, Filter(), only_open=False, limit=9)[0]) == ["A", "C"]


def test_closed_rooms_are_listed_unless_only_open_ones_are_asked_for() -> None:
    rooms = [room("A", locked=True), room("B")]
    assert names(page(rooms, Filter(), only_open=False, limit=9)[0]) == ["A", "B"]
    assert names(page(rooms, Filter(), only_open=True, limit=9)[0]) == ["B"]


@given(st.sets(st.text("ABC", min_size=1), max_size=40), st.integers(1, 10))
def test_pages_hold_every_room_once_in_order(rooms: set[str], limit: int) -> None:
    after: str | None = ""
    seen: list[str] = []
    while after is not None:
        found, after = page(
            [room(name) for name in rooms], Filter(), only_open=False, limit=limit, after=after
        )
        assert len(found) <= limit
        assert after in (None, *names(found)[-1:])
        seen += names(found)
    assert seen == sorted(rooms)


def test_a_room_that_comes_between_two_pages_does_not_disturb_the_others() -> None:
    rooms = [room("A"), room("B"), room("D")]
    first, after = page(rooms, Filter(), only_open=False, limit=2)
    rooms = [room("AA"), room("C"), *rooms[1:]]
    second, end = page(rooms, Filter(), only_open=False, limit=2, after=after or "")
    assert names(first) == ["A", "B"]
    assert names(second) == ["C", "D"]
    assert end is None


def no_one(room: FakeRoom) -> int:
    return 0


def test_a_match_leads_to_the_fullest_room_that_fits() -> None:
    rooms = [
        room("A", players=1, app="snake"),
        room("B", players=3, app="snake"),
        room("C", players=5, app="chess"),
        room("D", players=63, app="snake", locked=True),
        room("E", players=64, app="snake"),
        room("F", players=9, app="snake", public=False),
    ]
    found = best_match(rooms, Filter(app="snake"), no_one)
    assert found is rooms[1]


def test_promised_places_are_not_free_and_make_a_room_fuller() -> None:
    rooms = [room("A", players=2, capacity=4), room("B", players=1, capacity=4)]
    promised = {"A": 2, "B": 2}
    found = best_match(rooms, Filter(), lambda room: promised[room.name])
    assert found is rooms[1]
    promised = {"A": 0, "B": 2}
    found = best_match(rooms, Filter(), lambda room: promised[room.name])
    assert found is rooms[1]


def test_no_room_fits() -> None:
    rooms = [room("A", app="chess")]
    assert best_match(rooms, Filter(app="snake"), no_one) is None
    rooms[0].options = replace(rooms[0].options, app="snake")
    assert best_match(rooms, Filter(app="snake"), no_one) is rooms[0]
