"""What a call takes of memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable


def peak_of(call: Callable[[], object]) -> int:
    """Return the bytes that a call takes at its peak: the least of three times.

    What is made once and kept is no cost of the call. Python's table of interned strings, which
    keys of maps come into, takes 2 MB when it grows; that may be at any call, but not at each.
    """
    return min(_peak_of(call) for _ in range(3))


def _peak_of(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
