"""An event gives the value that was packed, and says so if it cannot be unpacked."""

from __future__ import annotations

import pytest

from clients.python.events import Message, Player, PropertyChanged, SnapshotReceived, Updated
from protocol.codec import pack
from protocol.errors import RemoteProtocolError

VALUE = {"x": [1, 2.5, None, True, "y", b"z"]}
ANN = Player(2, "Ann")


def made(payload: bytes) -> list[Message | Updated | PropertyChanged | SnapshotReceived]:
    return [
        Message(7, 2, payload, ANN),
        Updated(0, 2, payload, ANN),
        PropertyChanged(0, "key", payload, 1, 2, 7),
        SnapshotReceived(7, payload),
    ]


@pytest.mark.parametrize("event", made(pack(VALUE)), ids=lambda event: type(event).__name__)
def test_a_payload_is_unpacked_when_it_is_read(event: Message) -> None:
    assert event.value == VALUE


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x01\x02", b"\xdd\xff\xff\xff\xff"])
def test_a_payload_that_is_not_one_value_is_read_as_bytes(payload: bytes) -> None:
    for event in made(payload):
        with pytest.raises(RemoteProtocolError):
            _ = event.value
        assert event.payload == payload


def test_a_deleted_property_has_no_value() -> None:
    assert PropertyChanged(0, "key", None, 2, 1, 8).value is None
