"""A group is a set of players that stays one object until it changes."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import Subscribe
from relay.room.groups import Groups
from tests.helpers.playbook import asks, room_of, sends

CHANGES = st.lists(st.tuples(st.booleans(), st.integers(1, 3), st.integers(1, 4)))


@given(CHANGES)
def test_groups_are_sets(changes: list[tuple[bool, int, int]]) -> None:
    groups, expected = Groups(), {group: set[int]() for group in (1, 2, 3)}
    for is_added, group, player in changes:
        (groups.add if is_added else groups.discard)(group, player)
        (expected[group].add if is_added else expected[group].discard)(player)
        assert all(groups.of(each) == expected[each] for each in expected)
    assert groups.summary() == {group: sorted(held) for group, held in expected.items() if held}


def test_frames_to_a_group_share_their_addressees() -> None:
    """Each kept a set of its own: 414 MiB for 73 KB that one client sent in a minute."""
    room = room_of(3).witness.room
    for player in (2, 3):
        room.apply(asks(player, Subscribe((7,))))
    room.apply(sends(1, -7, b"one"))
    room.apply(sends(1, -7, b"two"))
    room.apply(asks(2, Subscribe((), (7,))))
    room.apply(sends(1, -7, b"three"))
    one, two, three = [to for _, to, _ in room.history][-3:]
    assert one == two
    assert two == frozenset((2, 3))
    assert three == frozenset((3,))
