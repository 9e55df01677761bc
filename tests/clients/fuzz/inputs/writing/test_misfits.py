"""What a field is said to take and to refuse is what its declared type takes and refuses."""

from __future__ import annotations

from collections.abc import Iterator

import msgpack
import pytest

from clients.fuzz.inputs.writing.fields import record_of
from clients.fuzz.inputs.writing.frames import FRAMES
from clients.fuzz.inputs.writing.misfits import fitting, misfits
from protocol.fields.field_types import FieldType
from protocol.fields.mismatch import Mismatch
from protocol.fields.schema import record_fields


def declared() -> Iterator[FieldType]:
    for several in FRAMES.values():
        for cls in several:
            yield from within(cls)


def within(cls: type) -> Iterator[FieldType]:
    for _, field_type, _ in record_fields(cls):
        yield field_type
        if record := record_of(field_type):
            yield from within(record.cls)


KINDS = {field.expected: field for field in declared()}
"""One field of each kind: what is expected of two fields in the same words is the same."""

FIELDS = pytest.mark.parametrize("field", KINDS.values(), ids=KINDS)


@FIELDS
def test_what_fits_is_taken(field: FieldType) -> None:
    for written in fitting(field):
        field.load(msgpack.unpackb(written))


@FIELDS
def test_what_does_not_fit_is_refused_for_the_reason_given(field: FieldType) -> None:
    assert len(misfits(field)) > 10
    for misfit in misfits(field):
        with pytest.raises(Mismatch) as refused:
            field.load(msgpack.unpackb(misfit.new))
        assert refused.value.code.name == misfit.code, misfit
        assert len(refused.value.path) == len(misfit.place), misfit
