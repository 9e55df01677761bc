"""The newest broadcast value of everyone, within a bound for each."""

from hypothesis import given
from hypothesis import strategies as st

from relay.delivery.retained_values import MAX_BYTES, RetainedValues


def test_the_newest_value_of_each_key_is_kept() -> None:
    retained = RetainedValues()
    retained.keep(1, 0, b"old")
    retained.keep(1, 1, b"other key")
    retained.keep(2, 0, b"other sender")
    retained.keep(1, 0, b"new")
    assert sorted(retained.but_of(3)) == [b"new", b"other key", b"other sender"]


def test_nobody_is_told_its_own_values() -> None:
    retained = RetainedValues()
    retained.keep(1, 0, b"mine")
    assert list(retained.but_of(1)) == []


def test_values_of_one_who_left_are_forgotten() -> None:
    retained = RetainedValues()
    retained.keep(1, 0, b"mine")
    retained.drop(1)
    retained.drop(2)
    assert list(retained.but_of(3)) == []
    retained.keep(1, 0, bytes(MAX_BYTES))
    assert len(list(retained.but_of(3))) == 1


def test_what_does_not_fit_is_not_kept_and_neither_is_the_stale_value() -> None:
    retained = RetainedValues()
    retained.keep(1, 0, b"kept")
    retained.keep(1, 1, b"stale")
    retained.keep(1, 1, bytes(MAX_BYTES))
    assert list(retained.but_of(2)) == [b"kept"]
    retained.keep(1, 2, bytes(MAX_BYTES))
    assert list(retained.but_of(2)) == [b"kept"]
    retained.keep(1, 1, bytes(MAX_BYTES - len(b"kept")))
    assert len(list(retained.but_of(2))) == 2


def test_the_bound_is_each_senders_own() -> None:
    retained = RetainedValues()
    retained.keep(1, 0, bytes(MAX_BYTES))
    retained.keep(2, 0, bytes(MAX_BYTES))
    assert len(list(retained.but_of(3))) == 2


SIZES = st.sampled_from([0, 1, MAX_BYTES // 2, MAX_BYTES // 2 + 1, MAX_BYTES])


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 2), SIZES)))
def test_what_is_kept_is_newest_and_within_the_bound(steps: list[tuple[int, int, int]]) -> None:
    retained = RetainedValues()
    newest: dict[tuple[int, int], bytes] = {}
    for number, (sender, key, size) in enumerate(steps):
        update = bytes((number % 256,)) + bytes(size)
        retained.keep(sender, key, update)
        newest[sender, key] = update
        for each in (1, 2):
            kept = list(retained.but_of(3 - each))
            assert sum(map(len, kept)) <= MAX_BYTES
            assert set(kept) <= {value for (who, _), value in newest.items() if who == each}
