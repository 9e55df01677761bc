"""Which rule a refusal names: the one that the judge of the codec lab finds, or what holds it."""

from __future__ import annotations

import pytest

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.judge import judge
from protocol.codec import Role, decode
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from relay.inspect.rules import rule_of
from relay.room.refusals import check_size
from tests.helpers import vectors

MALFORMED = [
    each
    for each in vectors.load("malformed")
    if vectors.role(each) is Role.CLIENT and each["code"] != "TOO_BIG"
]


@pytest.mark.parametrize("vector", MALFORMED)
def test_the_rule_is_the_judges(vector: dict[str, object]) -> None:
    data = vectors.message(vector["hex"])
    with pytest.raises(RemoteProtocolError) as caught:
        decode(data, Role.CLIENT)
    error = caught.value
    rule = rule_of(error.code, error.offset, error.text)
    found, _ = judge(data, Reader.CLIENT_FRAME)
    assert rule is not None
    assert f"{found}.".startswith(f"{rule}.")


def test_size_is_the_first_rule() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        check_size(b"12345", 4)
    assert rule_of(caught.value.code, caught.value.offset, caught.value.text) == "3.3.1"


def test_what_no_single_rule_forbids_has_none() -> None:
    assert rule_of(ErrorCode.STALE_VERSION, None, "it is at 3") is None
    assert rule_of(ErrorCode.OUT_OF_RANGE, None, "the room takes less") is None
    assert rule_of(999, None, "of a newer relay") is None
