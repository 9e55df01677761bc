"""Errors say whose fault it was, and what was wrong."""

from __future__ import annotations

import pytest

from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError


def test_an_error_is_always_somebodys() -> None:
    with pytest.raises(TypeError, match="LocalProtocolError or RemoteProtocolError"):
        ProtocolError(ErrorCode.ARITY, "whose?")


@pytest.mark.parametrize("cls", [LocalProtocolError, RemoteProtocolError])
def test_an_error_reads_as_one_sentence(cls: type[ProtocolError]) -> None:
    error = cls(ErrorCode.OUT_OF_RANGE, "too far", offset=0, expected="int 0..9", got="10", limit=9)
    assert isinstance(error, ProtocolError)
    assert str(error) == "out_of_range: too far, offset=0, expected=int 0..9, got=10, limit=9"


def test_an_error_is_silent_about_what_it_does_not_know() -> None:
    assert str(RemoteProtocolError(ErrorCode.ARITY, "too few")) == "arity: too few"
