"""What is read back of a message is what its writer knew of it."""

from __future__ import annotations

from random import Random

import pytest

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.cases import READERS
from clients.fuzz.inputs.writing.frames import message
from clients.fuzz.inputs.writing.nodes import Node, Written
from tests.fuzz.mutating.messages import another
from tests.fuzz.mutating.reading import written

KNOWN = [name for name in Node.__slots__ if name != "children"]


def known(message: Written) -> list[list[object]]:
    return [
        [*(getattr(node, name) for name in KNOWN), [child.number for child in node.children]]
        for node in message.nodes
    ]


@pytest.mark.parametrize("reader", READERS)
def test_nodes_are_read_back(reader: Reader) -> None:
    rng = Random(7)
    for _ in range(400):
        one = message(rng, reader)
        other = written(one.data, reader)
        assert known(other) == known(one), one.data.hex()
        assert other.frame is one.frame


@pytest.mark.parametrize("reader", READERS)
def test_any_bytes_become_others(reader: Reader) -> None:
    rng = Random(7)
    data = b""
    several = set()
    for _ in range(500):
        data = another(rng, data, reader)[:300]
        several.add(data)
    assert len(several) > 400
