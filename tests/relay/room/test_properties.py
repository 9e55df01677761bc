"""Versioned values by scope and key, within a bound for each scope."""

from hypothesis import given
from hypothesis import strategies as st

from relay.history.memory_budget import Account
from relay.room.properties import MAX_BYTES, MAX_PROPERTIES, PROPERTY_BYTES, ROOM, Kept, Properties


def test_a_property_has_the_version_at_which_it_was_set() -> None:
    properties = Properties()
    assert properties.version(ROOM, "k") == 0
    properties.set(ROOM, "k", b"", 7)
    assert properties.version(ROOM, "k") == 7
    assert properties.version(ROOM, "other") == properties.version(1, "k") == 0
    properties.delete(ROOM, "k")
    assert properties.version(ROOM, "k") == 0


def test_deleting_what_is_not_there_changes_nothing() -> None:
    properties = Properties()
    properties.delete(ROOM, "k")
    properties.drop(1)
    properties.set(ROOM, "k", b"", 1)
    properties.delete(ROOM, "other")
    assert list(properties) == [(ROOM, "k", Kept(1, 1))]


def test_a_players_properties_are_dropped_together() -> None:
    properties = Properties()
    properties.set(ROOM, "k", b"", 1)
    properties.set(1, "a", bytes(MAX_BYTES - 1), 1)
    properties.set(1, "b", b"", 1)
    assert list(properties.keys(1)) == ["a", "b"]
    properties.drop(1)
    assert list(properties.keys(1)) == []
    assert list(properties) == [(ROOM, "k", Kept(1, 1))]
    assert properties.fits(1, "a", bytes(MAX_BYTES - 1))


def test_a_scope_holds_so_many_properties() -> None:
    properties = Properties()
    for number in range(MAX_PROPERTIES):
        assert properties.fits(ROOM, str(number), b"")
        properties.set(ROOM, str(number), b"", 1)
    assert not properties.fits(ROOM, "one more", b"")
    assert properties.fits(ROOM, "0", b"instead")
    assert properties.fits(1, "one more", b"")
    properties.delete(ROOM, "0")
    assert properties.fits(ROOM, "one more", b"")


def test_a_scope_holds_so_many_bytes_of_keys_and_values() -> None:
    properties = Properties()
    assert properties.fits(ROOM, "é", bytes(MAX_BYTES - 2))
    assert not properties.fits(ROOM, "é", bytes(MAX_BYTES - 1))
    properties.set(ROOM, "é", bytes(MAX_BYTES - 2), 1)
    assert not properties.fits(ROOM, "k", b"")
    assert properties.fits(ROOM, "é", bytes(MAX_BYTES - 2))
    properties.set(ROOM, "é", b"", 1)
    assert properties.fits(ROOM, "k", bytes(MAX_BYTES - 3))


def test_it_says_how_much_more_a_value_would_take() -> None:
    properties = Properties()
    assert properties.growth(ROOM, "k", bytes(100)) > PROPERTY_BYTES + 100
    properties.set(ROOM, "k", bytes(100), 1)
    assert properties.growth(ROOM, "k", bytes(130)) == 30
    assert properties.growth(ROOM, "k", b"") == -100


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["set", "delete", "drop"]),
        st.integers(0, 1),
        st.sampled_from(["a", "b", "ü"]),
        st.sampled_from([0, 1, MAX_BYTES // 2, MAX_BYTES - 1, MAX_BYTES]),
    )
)


@given(STEPS)
def test_a_scope_is_never_above_its_bounds_nor_refuses_below_them(
    steps: list[tuple[str, int, str, int]],
) -> None:
    account = Account()
    properties = Properties(account)
    model: dict[tuple[int, str], bytes] = {}
    for what, scope, key, size in steps:
        match what:
            case "set":
                after = {**model, (scope, key): bytes(size)}
                assert properties.fits(scope, key, bytes(size)) == (held(after, scope) <= MAX_BYTES)
                if properties.fits(scope, key, bytes(size)):
                    properties.set(scope, key, bytes(size), 1)
                    model = after
            case "delete":
                properties.delete(scope, key)
                model.pop((scope, key), None)
            case _:
                properties.drop(scope)
                model = {place: data for place, data in model.items() if place[0] != scope}
        sizes = {(scope, key): each.size for scope, key, each in properties}
        assert sizes == {name: len(name[1].encode()) + len(data) for name, data in model.items()}
        assert account.used == PROPERTY_BYTES * len(model)


def held(model: dict[tuple[int, str], bytes], scope: int) -> int:
    return sum(len(k.encode()) + len(data) for (where, k), data in model.items() if where == scope)
