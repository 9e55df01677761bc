"""In which process a room lives."""

from __future__ import annotations

from collections import Counter

import pytest

from protocol.error_codes import ErrorCode
from relay.lobby.homes import ALONE, Homes
from relay.lobby.registry import ALPHABET, RoomRegistry
from relay.lobby.rooms import check_home
from relay.room.refusals import Refusal

NAMES = [f"ROOM-{number}" for number in range(3000)]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_every_room_lives_in_one_process_and_each_has_its_share(count: int) -> None:
    homes = [Homes(count, number) for number in range(count)]
    for name in NAMES[:100]:
        assert [each.own for each in homes if each.is_own(name)] == [homes[0].of(name)]
    shares = Counter(homes[0].of(name) for name in NAMES)
    assert set(shares) == set(range(count))
    assert max(shares.values()) < 1.25 * len(NAMES) / count


def test_all_processes_agree_in_every_start() -> None:
    assert [Homes(4).of(name) for name in ("K7QF2M", "DEMO", "ROOM")] == [0, 2, 1]


def test_a_process_alone_has_all_rooms() -> None:
    assert all(ALONE.is_own(name) for name in NAMES)


def test_a_generated_name_is_of_a_room_that_lives_here() -> None:
    signs = iter(ALPHABET * 1000)
    for number in range(3):
        registry = RoomRegistry(Homes(3, number))
        for _ in range(5):
            assert Homes(3).of(registry.new_name(lambda _: next(signs))) == number


def test_a_room_that_lives_elsewhere_is_not_made_here() -> None:
    homes = Homes(2, 0)
    for name in NAMES[:20]:
        if homes.is_own(name):
            check_home(homes, name)
            continue
        with pytest.raises(Refusal) as refused:
            check_home(homes, name)
        assert refused.value.code == ErrorCode.RELAY_FULL
        assert refused.value.detail["retry"]
