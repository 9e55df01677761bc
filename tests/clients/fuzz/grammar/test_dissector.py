"""The dissector in a real tshark: what it shows of a session, and what it says is wrong."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from clients.fuzz.inputs.cases import cases
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import Deliver, Error, ErrorDetail, Live, Property, Send, Volatile
from roomwire import EVERYONE, Message, connect
from roomwire.testing import Case, Reader
from tests.helpers import capture, tshark
from tests.helpers.capture import Segment, packet, unmasked
from tests.helpers.relay import running_relay

REFUSED = ("roomwire.refused.code", "roomwire.refused.offset", "roomwire.refused.rule")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.pcap"


async def test_a_real_session_is_shown(file: Path) -> None:
    async with (
        running_relay() as relay,
        capture.recording(relay.url) as recorded,
        connect(recorded.url, room="R", name="Ada") as ada,
    ):
        await ada.send({"say": "hi"}, to=EVERYONE)
        with anyio.fail_after(10):
            async for event in ada:
                if isinstance(event, Message):
                    break
    capture.write(file, recorded.segments)
    names = ("roomwire.opcode", "roomwire.by", "roomwire.hellooptions.name", "roomwire.send.target")
    more = ("roomwire.send.payload", "roomwire.deliver.payload", *REFUSED)
    shown = await anyio.to_thread.run_sync(lambda: tshark.fields(file, *names, *more))
    all_of = {name: [value for packet in shown for value in packet[name]] for name in shown[0]}
    assert all_of["roomwire.opcode"][:2] == ["0x01", "0x02"]
    assert {"0x10", "0x11", "0x20"} <= set(all_of["roomwire.opcode"])
    assert all_of["roomwire.by"][:2] == ["client", "relay"]
    assert all_of["roomwire.hellooptions.name"] == ["Ada"]
    assert all_of["roomwire.send.target"] == ["true"]
    assert (
        all_of["roomwire.send.payload"]
        == all_of["roomwire.deliver.payload"]
        == ["81a3736179a26869"]
    )
    assert [all_of[name] for name in REFUSED] == [[], [], []]


@pytest.mark.parametrize(
    ("reader", "many"), [(Reader.CLIENT_FRAME, 1500), (Reader.RELAY_FRAME, 1500)]
)
def test_it_refuses_what_the_spec_refuses(reader: Reader, many: int, file: Path) -> None:
    """It reads by the grammar alone: one more reader to agree with all others.

    An empty message is none to Wireshark, and a long one would take several packets.
    """
    tried = [case for case in islice(cases(14, reader), many) if 0 < len(case.data) < 20_000]
    by_client = reader is Reader.CLIENT_FRAME
    capture.write(file, [*capture.upgrade(), *(packet(case.data, by_client) for case in tried)])
    shown = tshark.fields(file, *REFUSED)
    assert len(shown) == len(tried) > many * 0.9
    wrong = [
        (case.data.hex(), said, answer)
        for case, told in zip(tried, shown, strict=True)
        if (said := [*map("".join, told.values())]) != (answer := expected(case))
    ]
    assert wrong[:3] == []


def expected(case: Case) -> list[str]:
    """Return the code, offset and rule of a refusal; empty strings where there is none."""
    assert case.verdict is not None
    if case.verdict.code is None:
        return ["", "", ""]
    return [case.verdict.code, str(case.verdict.offset), case.rule]


SHOWN = [
    (Send((2, 3), b"\xca\xfe"), "roomwire.send.target", "[2, 3]"),
    (Send(-7, b"\xca\xfe"), "roomwire.send.payload", "ca:fe"),
    (Volatile(9, None, b""), "roomwire.volatile.key", "9"),
    (Deliver(2**53 - 1, 0, b""), "roomwire.deliver.seq", "9007199254740991"),
    (Deliver(12, 5, b""), "roomwire.seq", "12"),
    (Property(7, 0, "map", False, 1, 5), "roomwire.property.key", "map"),
    (Error(0, 66, "no", ErrorDetail(limit=-5, retry=True)), "roomwire.errordetail.limit", "-5"),
    (Error(0, 66, "no", ErrorDetail(retry=True)), "roomwire.errordetail.retry", "1"),
]


def test_fields_can_be_filtered_by(file: Path) -> None:
    segments = [packet(encode(frame), isinstance(frame, Send | Volatile)) for frame, _, _ in SHOWN]
    capture.write(file, [*capture.upgrade(), *segments])
    names = [name for _, name, _ in SHOWN]
    shown = tshark.fields(file, *dict.fromkeys(names))
    told = [packet[name] for packet, name in zip(shown, names, strict=True)]
    assert told == [[value.replace(":", "")] for _, _, value in SHOWN]
    assert len(tshark.fields(file, "roomwire.seq", only="roomwire.seq == 12")) == 1


def test_bytes_errors_and_names_are_in_the_tree(file: Path) -> None:
    error = Error(0, ErrorCode.NOT_HOST, "only the host", ErrorDetail(op=0x24))
    torn = encode(Send(None, b"hello"))[:-2]
    segments = [packet(encode(error), False), packet(torn, True), packet(b"\x92\x50\xc0", False)]
    capture.write(file, [*capture.upgrade(), *segments])
    tree = tshark.dissected(file, "-Y", "roomwire", "-O", "roomwire,websocket")
    assert "Roomwire, ERROR" in tree
    assert "code: 66 (NOT_HOST)" in tree
    assert "op: 36 (KICK)" in tree
    assert "NOT_HOST: only the host" in tree
    assert "TRUNCATED at 8 (SPEC 3.3.3.7)" in tree
    assert "Clients ignore this frame" in tree
    assert "[Expert Info (Error/Malformed)" in tree
    listed = tshark.dissected(file, "-Y", "roomwire")
    assert "SEND [TRUNCATED]" in listed
    assert "Roomwire" in listed


def test_the_bytes_to_blame_are_highlighted(file: Path) -> None:
    message = encode(Send(None, b"hello"))
    capture.write(file, [*capture.upgrade(), packet(message[:-2], True), packet(message, True)])
    places = tshark.dissected(file, "-Y", "roomwire", "-T", "pdml").split("<packet>")[1:]
    torn, whole = places
    assert 'name="roomwire.refused.code" ' in torn
    (line,) = (line for line in whole.splitlines() if "roomwire.send.payload" in line)
    assert 'size="5"' in line
    assert 'value="68656c6c6f"' in line


def test_all_messages_of_one_packet_are_listed(file: Path) -> None:
    both = unmasked(encode(Deliver(3, 1, b"x"))) + unmasked(encode(Live(3)))
    capture.write(file, [*capture.upgrade(), Segment(False, both)])
    listed = tshark.dissected(file, "-Y", "roomwire")
    assert "DELIVER" in listed
    assert "LIVE" in listed
    (shown,) = tshark.fields(file, "roomwire.opcode")
    assert shown["roomwire.opcode"] == ["0x11", "0x09"]


def test_a_client_without_a_subprotocol_is_recognised(file: Path) -> None:
    others = [packet(b"\x93\x01\x02\x03", False), packet(b"hello", True)]
    ours = [packet(encode(Send(None, b"x")), True), packet(encode(Deliver(3, 1, b"x")), False)]
    capture.write(file, [*capture.upgrade(None), *others, *ours])
    shown = tshark.fields(file, "roomwire.opcode", "frame.number")
    assert [packet["roomwire.opcode"] for packet in shown] == [["0x10"], ["0x11"]]


def test_fragments_are_one_message(file: Path) -> None:
    message = encode(Deliver(3, 1, b"in three parts"))
    pieces = [
        unmasked(message[:4], 0x02),
        unmasked(message[4:9], 0x00),
        unmasked(message[9:], 0x80),
    ]
    capture.write(file, [*capture.upgrade(), *(Segment(False, piece) for piece in pieces)])
    (shown,) = tshark.fields(file, "roomwire.deliver.payload", *REFUSED)
    assert shown["roomwire.deliver.payload"] == [b"in three parts".hex()]
    assert not shown["roomwire.refused.code"]
