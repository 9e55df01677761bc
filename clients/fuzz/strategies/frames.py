"""Frames, by who sends them and by opcode, and the messages that they are on the wire."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from clients.fuzz.strategies.fields import instances
from protocol.codec import FRAMES, Role, encode
from protocol.frames import Frame
from protocol.opcodes import Opcode


def roles() -> st.SearchStrategy[Role]:
    """Return who may send a frame: a client or a relay."""
    return st.sampled_from(Role)


@cache
def frames(by: Role, *opcodes: Opcode) -> st.SearchStrategy[Frame]:
    """Return frames that `by` may send, with any legal fields.

    >>> from hypothesis import find
    >>> find(frames(Role.CLIENT, Opcode.VOLATILE), lambda frame: frame.key > 0)
    Volatile(key=255, target=None, payload=b'')

    Args:
        opcodes: of these kinds only; all kinds if there are none.

    Raises:
        ValueError: `by` never sends one of these.
    """
    if wrong := [opcode.name for opcode in opcodes if opcode not in FRAMES[by]]:
        raise ValueError(f"a {by.name.lower()} never sends {', '.join(wrong)}")
    return st.one_of(*(instances(FRAMES[by][opcode]) for opcode in opcodes or FRAMES[by]))


@cache
def messages(by: Role, *opcodes: Opcode) -> st.SearchStrategy[bytes]:
    """Return the same frames as `frames` does, encoded: each value has its shortest head.

    >>> from hypothesis import find
    >>> find(messages(Role.CLIENT, Opcode.LEAVE), lambda message: True)
    b'\\x91\\x08'
    """
    return frames(by, *opcodes).map(encode)


@cache
def spoken() -> st.SearchStrategy[tuple[Frame, Role]]:
    """Return any frame of the wire, with who sends it."""
    return st.one_of(*(st.tuples(frames(by), st.just(by)) for by in Role))
