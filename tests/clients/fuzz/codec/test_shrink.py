"""The smallest input that still shows a difference."""

from __future__ import annotations

from collections.abc import Sequence

from clients.fuzz.codec.pieces import elements, pruned
from clients.fuzz.codec.shrink import shrink


def test_what_is_not_needed_goes() -> None:
    data = bytes(range(1, 200))

    def holds(batch: Sequence[bytes]) -> list[bool]:
        return [77 in one and 150 in one for one in batch]

    assert shrink(data, holds) == bytes([77, 150])


def test_a_length_goes_down_with_what_it_counts() -> None:
    def is_whole(one: bytes) -> bool:
        """A byte of length for each text, and as many bytes as it says; the first is not empty."""
        at, count = 1, 0
        while at < len(one):
            at += 1 + (one[at] & 31)
            count += 1
        return at == len(one) and count == 2 and len(one) > 1 and one[1] & 31 > 0

    data = b"\x81\xa5hello\xa7filling"
    assert is_whole(data)
    assert len(shrink(data, lambda batch: [is_whole(one) for one in batch])) == 4


def test_elements_are_found_up_to_the_damage() -> None:
    assert elements(b"\x92\x01\x81\xa1k\x02") == [(0, 1, 2), (2, 3, 6), (0, 2, 6)]
    assert elements(b"\x92\x01\x81\xa1k\xc1") == [(0, 1, 2)]
    assert elements(b"\xc0\x91\x01") == elements(b"\xdc\x00") == []


def test_an_element_goes_with_its_count() -> None:
    assert list(pruned(b"\xdd\x00\x00\x00\x02\x90\xa1k")) == [
        b"\xdd\x00\x00\x00\x01\x90",
        b"\xdd\x00\x00\x00\x01\xa1k",
    ]
    assert next(pruned(b"\x82\xa1a\x01\xa1b\x02")) == b"\x81\xa1b\x02"


def test_a_long_text_is_cut_with_its_length() -> None:
    data = b"\x92\xda\x10\x00" + b"x" * 4096 + b"\xc4\x03abc"

    def is_whole(one: bytes) -> bool:
        length = int.from_bytes(one[2:4])
        return one[:2] == b"\x92\xda" and one[4 + length : 5 + length] == b"\xc4"

    assert len(shrink(data, lambda batch: [is_whole(one) for one in batch])) == 5


def test_the_candidates_are_bounded() -> None:
    tried = 0

    def holds(batch: Sequence[bytes]) -> list[bool]:
        nonlocal tried
        tried += len(batch)
        return [False] * len(batch)

    assert shrink(bytes(range(64)), holds, most=100, at_once=10) == bytes(range(64))
    assert tried == 100
