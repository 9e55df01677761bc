"""Bytes that nobody vouches for: only implementations can be compared on them."""

from __future__ import annotations

from hypothesis import strategies as st

from clients.fuzz.inputs.damages import splices

TRAPS = (bytes([0x91]) * 20, *splices.TRAPS)
"""Pieces that a reader should stumble over; the first is deeper than a message may be."""

HEADS = (b"\x93\x10", b"\x93\x01\x01", b"\x94\x12", b"\x92\x14\x9f", b"")
"""Beginnings of frames: SEND, HELLO, VOLATILE, SUBSCRIBE; and none, for a payload."""


@st.composite
def mutants(draw: st.DrawFn, originals: st.SearchStrategy[bytes]) -> bytes:
    """Return messages that were right until something was cut, overwritten, repeated or slipped in.

    A reader must accept such a message or refuse it with an error, and do nothing else.

    >>> from hypothesis import find
    >>> find(mutants(st.just(b"\\x91\\x08")), lambda data: not data)
    b''
    """
    data = draw(originals)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(len(data), start + 12)))
        patch = draw(
            st.binary(max_size=4)
            | st.sampled_from(TRAPS)
            | st.just(data[start:stop] * 2)
            | st.integers(0, 255).map(lambda byte: bytes([byte]))
        )
        data = data[:start] + patch + data[stop:]
    return data


@st.composite
def piles(draw: st.DrawFn) -> bytes:
    """Return a frame's beginning, and a few chunks many times over: depth, breadth and claims."""
    chunk = st.sampled_from(TRAPS) | st.binary(min_size=1, max_size=4)
    parts = draw(st.lists(st.tuples(chunk, st.integers(1, 1500)), max_size=4))
    return draw(st.sampled_from(HEADS)) + b"".join(part * times for part, times in parts)
