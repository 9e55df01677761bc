"""The figure of `make fuzz`, with fewer messages."""

import pytest

from tests.fuzz.agreement import READERS, judged


@pytest.mark.parametrize("reader", READERS)
def test_python_and_typescript_agree(reader: str) -> None:
    report = judged(reader, 1000, 1, None)
    assert report["findings"] == []
    assert report["executions"] - report["damages"]["none"] >= 1000
