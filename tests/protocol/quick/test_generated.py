"""What the generated readers make is what the classes themselves make."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from itertools import islice

import pytest

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.cases import cases_of
from protocol.codec import FRAMES, Role, decode, decode_slowly, encode
from protocol.fields.schema import record_fields
from protocol.frames import Frame, Hello, HelloOptions, RoomOptions, Session, Welcome
from protocol.quick.generated import FLAT, generated, source

READ_AS = {Role.CLIENT: Reader.CLIENT_FRAME, Role.RELAY: Reader.RELAY_FRAME}
CLASSES = [(by, cls) for by, classes in FRAMES.items() for cls in classes.values()]
IDS = [f"{by.name} {cls.__name__}" for by, cls in CLASSES]


@pytest.mark.parametrize(("by", "cls"), CLASSES, ids=IDS)
def test_a_frame_is_read_as_the_slow_way_reads_it(by: Role, cls: type[Frame]) -> None:
    read, taken = generated(cls), 0
    for case in islice(cases_of(1, READ_AS[by], cls), 600):
        if case.damage == "none" and b"__proto__" not in case.data:
            frame = decode_slowly(case.data, by)
            assert repr(decode(case.data, by)) == repr(frame)
            if encode(frame) == case.data:
                assert repr(read(case.data)) == repr(frame)
                taken += 1
    assert taken > 0


@pytest.mark.parametrize(("by", "cls"), CLASSES, ids=IDS)
def test_a_frame_that_was_read_is_as_frozen_as_any(by: Role, cls: type[Frame]) -> None:
    case = next(cases_of(2, READ_AS[by], cls))
    frame = decode(case.data, by)
    assert type(frame) is cls
    assert pickle.loads(pickle.dumps(frame)) == copy.deepcopy(frame) == frame
    for field in record_fields(cls):
        with pytest.raises(FrozenInstanceError):
            setattr(frame, field.name, None)


def test_no_two_frames_share_what_may_change() -> None:
    hello = encode(Hello(1, HelloOptions(create=RoomOptions(title="x"))))
    one, other = decode(hello, Role.CLIENT), decode(hello, Role.CLIENT)
    assert isinstance(one, Hello)
    assert isinstance(other, Hello)
    assert isinstance(one.options.create, RoomOptions)
    assert isinstance(other.options.create, RoomOptions)
    assert one.options.create.tags == {}
    assert one.options.create.tags is not other.options.create.tags


def test_a_default_that_cannot_change_is_shared() -> None:
    welcome = decode(encode(Welcome(1, 1, 0, Session(bytes(8), "ROOM"))), Role.RELAY)
    assert isinstance(welcome, Welcome)
    assert welcome.session == Session(bytes(8), "ROOM")
    assert welcome.session.limits is Session(bytes(8), "ROOM").limits


@pytest.mark.parametrize(("by", "cls"), CLASSES, ids=IDS)
def test_a_frame_has_no_more_elements_than_may_be_claimed(by: Role, cls: type[Frame]) -> None:
    assert 1 + len(record_fields(cls)) <= FLAT


def test_the_text_of_a_reader_can_be_read() -> None:
    text = source(FRAMES[Role.CLIENT][0x05], {})
    assert text.splitlines()[-4:] == [
        "    made = OpenPing()",
        "    made.t = t",
        "    made.__class__ = Ping",
        "    return made",
    ]
