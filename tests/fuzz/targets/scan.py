"""The scan, against the lab's judge, which shares no code with it, and against msgpack."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgpack

from clients.fuzz.inputs.case import Reader, Verdict
from clients.fuzz.inputs.judge import ACCEPTED, judge
from clients.fuzz.inputs.writing.heads import Kind
from clients.fuzz.inputs.writing.nodes import Node
from protocol.errors import RemoteProtocolError
from protocol.fields.mismatch import Key, Path
from protocol.scan import locate, scan, skip
from tests.fuzz.mutating.messages import another
from tests.fuzz.mutating.reading import written
from tests.fuzz.targets.codec import cases


def check(data: bytes) -> None:
    """It says what SPEC 3.3.3 says, and msgpack reads what it lets through."""
    said = verdict(data)
    rule, right = judge(data, Reader.PAYLOAD)
    assert said == right, f"scan: {said}, SPEC {rule}: {right}"
    if said == ACCEPTED:
        msgpack.unpackb(data)
        assert skip(data, 0) == len(data)
        check_path(data, written(data, Reader.PAYLOAD).nodes[0], ())


def check_path(data: bytes, node: Node, path: Path) -> None:
    """A value, and each container around it, is found where the lab finds it."""
    assert locate(data, path) == node.start, path
    if not node.children:
        return
    which = data[-1] % len(node.children)  # one of them: each costs those before it
    if node.kind is Kind.ARRAY:
        return check_path(data, node.children[which], (*path, which))
    key, value = node.children[which & ~1], node.children[which | 1]
    name = data[key.body : key.end].decode()
    assert locate(data, (*path, Key(name))) == key.start, (path, name)
    return check_path(data, value, (*path, name))


def verdict(data: bytes) -> Verdict:
    try:
        scan(data)
    except RemoteProtocolError as error:
        return Verdict(error.code.name, error.offset)
    return ACCEPTED


def seeds() -> Iterator[bytes]:
    for case in cases():
        yield case.data


def mutated(rng: Random, data: bytes, size: int) -> bytes:
    """Damage a payload with the lab's engine."""
    return another(rng, data, Reader.PAYLOAD)[:size]
