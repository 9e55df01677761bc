"""The numbers of error codes tell clients what to do with ones that they do not know."""

from __future__ import annotations

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode


def test_every_code_is_in_a_range_with_a_meaning() -> None:
    assert all(1 <= code < 32 or 32 <= code < 48 or 48 <= code < 96 for code in ErrorCode)


def test_refusals_of_entry_are_those_that_have_a_close_code() -> None:
    named = {code.name for code in CloseCode}
    shared = {code for code in ErrorCode if code.name in named}
    # TOO_BIG is an error of one message; the close code is for one that the transport cannot take.
    assert shared - {ErrorCode.TOO_BIG} == {code for code in ErrorCode if 48 <= code < 64}
