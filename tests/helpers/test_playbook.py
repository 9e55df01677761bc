"""A playbook must fail when it should. Otherwise no script that uses it would prove anything."""

import gc

import pytest

from protocol.frames import Deliver
from tests.helpers.playbook import Playbook, a_room, hears, room_of, sends


def test_another_frame_than_expected_fails_with_a_diff() -> None:
    with pytest.raises(AssertionError) as failure:
        assert room_of(2) >> sends(1, None, b"a") << hears(2, Deliver(4, 1, b"b"))
    assert "- << 2 hears Deliver(seq=4, sender=1, payload=b'b')" in str(failure.value)
    assert "+ << 2 hears Deliver(seq=4, sender=1, payload=b'a')" in str(failure.value)


def test_what_was_not_expected_fails_before_the_next_entry() -> None:
    with pytest.raises(AssertionError, match="2 hears Deliver"):
        room_of(2) >> sends(1, None) >> sends(1, None)


def test_what_is_left_over_at_the_end_fails() -> None:
    with pytest.raises(AssertionError, match="2 hears Deliver"):
        assert room_of(2) >> sends(1, None)


def test_what_does_not_come_fails() -> None:
    with pytest.raises(AssertionError, match="2 hears Deliver"):
        assert room_of(2) >> sends(1, 1) << hears((1, 2), Deliver(4, 1, b""))


def test_a_script_that_nobody_asserts_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[str] = []
    monkeypatch.setattr("sys.unraisablehook", lambda args: raised.append(str(args.exc_value)))
    room_of(2) >> sends(1, 2)
    gc.collect()
    assert "a script without an assert" in raised[0]


def test_a_seq_that_does_not_increase_fails() -> None:
    witness = room_of(2).witness
    witness.room.seq -= 1
    witness.apply(sends(1, None))
    with pytest.raises(AssertionError):
        witness.hear()


def test_a_room_that_is_no_fold_of_its_entries_fails() -> None:
    playbook = Playbook(a_room())
    playbook.witness.room.term += 1
    with pytest.raises(AssertionError):
        assert playbook
