"""Which rooms are shown, in which order, and which one a quick match leads to."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import RoomOptions
from relay.lobby.listing import (
    LOOKS,
    Filter,
    Listing,
    is_open,
)


@dataclass
class FakeRoom:
    name: str = "A"
    player_count: int = 0
    password_hash: str = ""
    options: RoomOptions = field(default_factory=RoomOptions)


def room(name: str = "A", players: int = 0, password: str = "", **options: object) -> FakeRoom:
    return FakeRoom(name, players, password, RoomOptions(**options))  # type: ignore[arg-type]


def listing(rooms: Iterable[FakeRoom]) -> Listing[FakeRoom]:
    made: Listing[FakeRoom] = Listing()
    for each in rooms:
        made.add(each)
    return made


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
    assert names(listing(rooms).page(Filter(), only_open=False, limit=9)[0]) == ["A", "C"]


def test_closed_rooms_are_listed_unless_only_open_ones_are_asked_for() -> None:
    rooms = [room("A", locked=True), room("B")]
    assert names(listing(rooms).page(Filter(), only_open=False, limit=9)[0]) == ["A", "B"]
    assert names(listing(rooms).page(Filter(), only_open=True, limit=9)[0]) == ["B"]


@given(st.sets(st.text("ABC", min_size=1), max_size=40), st.integers(1, 10))
def test_pages_hold_every_room_once_in_order(rooms: set[str], limit: int) -> None:
    after: str | None = ""
    seen: list[str] = []
    while after is not None:
        found, after = listing(room(name) for name in rooms).page(
            Filter(), only_open=False, limit=limit, after=after
        )
        assert len(found) <= limit
        assert after in (None, *names(found)[-1:])
        seen += names(found)
    assert seen == sorted(rooms)


def test_a_room_that_comes_between_two_pages_does_not_disturb_the_others() -> None:
    rooms = [room("A"), room("B"), room("D")]
    first, after = listing(rooms).page(Filter(), only_open=False, limit=2)
    rooms = [room("AA"), room("C"), *rooms[1:]]
    second, end = listing(rooms).page(Filter(), only_open=False, limit=2, after=after or "")
    assert names(first) == ["A", "B"]
    assert names(second) == ["C", "D"]
    assert end is None


def no_one(name: str) -> int:
    return 0


def none(room: FakeRoom) -> bool:
    return False


def test_a_match_leads_to_the_fullest_room_that_fits() -> None:
    rooms = [
        room("A", players=1, app="snake"),
        room("B", players=3, app="snake"),
        room("C", players=5, app="chess"),
        room("D", players=63, app="snake", locked=True),
        room("E", players=64, app="snake"),
        room("F", players=9, app="snake", public=False),
    ]
    found = listing(rooms).best_match(Filter(app="snake"), no_one, none)
    assert found is rooms[1]


def test_promised_places_are_not_free_and_make_a_room_fuller() -> None:
    rooms = [room("A", players=2, capacity=4), room("B", players=1, capacity=4)]
    promised = {"A": 2, "B": 2}
    found = listing(rooms).best_match(Filter(), promised.__getitem__, none)
    assert found is rooms[1]
    promised = {"A": 0, "B": 2}
    found = listing(rooms).best_match(Filter(), promised.__getitem__, none)
    assert found is rooms[1]


def test_a_match_leads_to_no_room_that_bars_the_asker() -> None:
    rooms = [room("A", players=3), room("B", players=1)]
    found = listing(rooms).best_match(Filter(), no_one, lambda room: room.name == "A")
    assert found is rooms[1]


def test_no_room_fits() -> None:
    rooms = [room("A", app="chess")]
    assert listing(rooms).best_match(Filter(app="snake"), no_one, none) is None
    rooms[0].options = replace(rooms[0].options, app="snake")
    assert listing(rooms).best_match(Filter(app="snake"), no_one, none) is rooms[0]


def test_a_room_that_is_gone_is_on_no_page() -> None:
    rooms = [room("A", app="snake", tags={"mode": "ctf"}), room("B")]
    made = listing(rooms)
    made.enter(rooms[0])
    made.remove(rooms[0])
    made.remove(room("B"))  # another one of this name
    assert names(made.page(Filter(), only_open=False, limit=9)[0]) == ["B"]
    assert made.best_match(Filter("snake", ""), no_one, none) is None
    assert {name for shelf in made._shelves.values() for name in shelf} == {"B"}


def test_what_is_asked_for_is_found_among_ten_thousand() -> None:
    many = [room(f"R{number:05}", app="flood") for number in range(10_000)]
    rare = [room("S", app="snake"), room("T", tags={"mode": "ctf"})]
    made = listing([*many, *rare])
    for wanted, name in ((Filter(app="snake"), "S"), (Filter(tags={"mode": "ctf"}), "T")):
        found, following = made.page(wanted, only_open=True, limit=9)
        assert (names(found), following) == ([name], None)


@dataclass
class CountedRoom(FakeRoom):
    """Counts how often anybody looks at it."""

    looks: list[str] = field(default_factory=list)

    def __getattribute__(self, key: str) -> object:
        if key == "password_hash":
            super().__getattribute__("looks").append(key)
        return super().__getattribute__(key)


def test_no_answer_looks_at_more_rooms_than_some() -> None:
    looks: list[str] = []
    rooms = [CountedRoom(f"R{number:05}", 64, looks=looks) for number in range(3 * LOOKS)]
    made: Listing[FakeRoom] = Listing()
    for each in rooms:
        made.add(each)
    after, pages = "", 0
    while True:
        looks.clear()
        found, following = made.page(Filter(), only_open=True, limit=9, after=after)
        assert (found, len(looks)) == ([], LOOKS)
        pages += 1
        if following is None:
            break
        after = following
    assert pages == 3
    looks.clear()
    assert made.best_match(Filter("", ""), no_one, none) is None
    assert len(looks) == LOOKS


def test_a_match_leads_to_where_someone_is_and_not_into_a_flood_of_empty_rooms() -> None:
    made = listing(room(f"R{number:05}") for number in range(2 * LOOKS))
    lively = room("Z", players=1)
    made.add(lively)
    made.enter(lively)
    assert made.best_match(Filter("", ""), no_one, none) is lively
