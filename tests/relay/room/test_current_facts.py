"""The facts that are true now, in the order in which they became true."""

from relay.room.current_facts import CurrentFacts


def test_a_newer_fact_overrules_the_older_and_comes_last() -> None:
    standing = CurrentFacts()
    standing.tell((1, 1), b"old")
    standing.tell((1, 2), b"of another player")
    standing.tell((1, 1), b"new")
    assert list(standing) == [b"of another player", b"new"]


def test_what_is_forgotten_is_told_no_more() -> None:
    standing = CurrentFacts()
    standing.tell((1, 1), b"a")
    standing.tell((2, 1, "key"), b"b")
    standing.forget((1, 1))
    standing.forget((1, 1))
    assert list(standing) == [b"b"]
