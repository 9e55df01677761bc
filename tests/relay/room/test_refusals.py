"""A refusal becomes an ERROR that says what is known."""

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Error, ErrorDetail
from protocol.opcodes import Opcode
from relay.room.refusals import Refusal, slow_down


def test_a_refusal_says_whether_to_retry_even_if_nobody_thought_of_it() -> None:
    refusal = Refusal(ErrorCode.NOT_HOST, "only the host may")
    assert refusal.error() == Error(
        0, ErrorCode.NOT_HOST, "only the host may", ErrorDetail(retry=False)
    )


def test_what_is_known_where_it_is_told_is_added() -> None:
    refusal = Refusal(ErrorCode.TOO_FAST, "slow down", retry=True, after=20)
    assert refusal.error(7, frame=3, op=Opcode.SET).detail == ErrorDetail(
        frame=3, op=Opcode.SET, retry=True, after=20
    )


def test_a_refusal_reads_as_its_text() -> None:
    assert str(Refusal(ErrorCode.NOT_HOST, "only the host may")) == "only the host may"


def test_who_is_too_fast_is_told_when_to_come_back() -> None:
    slow_down(0.0, "joins")
    with pytest.raises(Refusal) as refusal:
        slow_down(0.25, "joins")
    assert (refusal.value.code, refusal.value.close) == (ErrorCode.TOO_FAST, CloseCode.TOO_FAST)
    detail = refusal.value.error().detail
    assert (detail.retry, detail.after) == (True, 251)
