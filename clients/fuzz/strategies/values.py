"""What a game packs into payloads: values within the interop profile of SPEC 3.2."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from protocol import limits


@cache
def game_values() -> st.SearchStrategy[Any]:
    """Return values that every client can pack, send and unpack.

    They hold None, bools, ints, floats, strings, bytes, lists, and dicts with strings as keys.
    There is no NaN, so that a value equals itself.

    >>> from hypothesis import find
    >>> find(game_values(), lambda value: isinstance(value, dict))
    {}
    """
    return st.recursive(
        _leaves(),
        lambda inner: st.lists(inner, max_size=6) | st.dictionaries(map_keys(), inner, max_size=6),
        max_leaves=20,
    )


@cache
def map_keys() -> st.SearchStrategy[str]:
    """Return keys that a map may have: all strings but the one that JavaScript cannot hold."""
    texts = st.text(st.characters(codec="utf-8"), max_size=8)
    return texts.filter(lambda key: key != "__proto__")


def _leaves() -> st.SearchStrategy[Any]:
    return (
        st.none()
        | st.booleans()
        | st.integers(-limits.MAX_INT, limits.MAX_INT)
        | st.floats(allow_nan=False)
        | st.text(st.characters(codec="utf-8"), max_size=40)
        | st.binary(max_size=40)
    )
