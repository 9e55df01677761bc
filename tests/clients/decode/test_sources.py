"""Where messages come from: text, files, exports of a browser, captures of packets."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.decode.sources.packets import Direction
from clients.decode.sources.text import bytes_of
from protocol.codec import encode
from protocol.frames import Ack, Deliver, Live, Send
from roomwire import EVERYONE, Message, connect
from roomwire.decoded import NotReadable, Said, decode, read
from tests.clients.decode.captures import CAPTURES, FILE, LOOPBACK, told
from tests.helpers import capture, raw, tshark
from tests.helpers.capture import Segment, packet, unmasked
from tests.helpers.relay import running_relay

SENT = bytes.fromhex("9310C3C4026869")


@pytest.mark.parametrize(
    "text",
    [
        "9310C3C4026869",
        "93 10 c3 c4 02 68 69",
        "0x93, 0x10, 0xC3, 0xC4, 0x02, 0x68, 0x69",
        r"\x93\x10\xc3\xc4\x02\x68\x69",
        "93:10:c3:c4:02:68:69",
        "kxDDxAJoaQ==",
        "kxDDxAJoaQ",
        repr(SENT),
    ],
)
def test_text_is_read_in_the_forms_that_programs_print(text: str) -> None:
    assert bytes_of(text) == SENT
    assert [said.data for said in read(f"{text}\n{text}\n".encode())] == [SENT, SENT]


def test_what_is_hex_and_base64_is_what_one_says() -> None:
    assert bytes_of("93100000") == b"\x93\x10\x00\x00"
    assert bytes_of("93100000", "base64") == base64.b64decode("93100000")


@pytest.mark.parametrize("text", ["what?", "b'\\x9", "b'' + b''"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(NotReadable, match="no hex, base64 or file"):
        bytes_of(text)


def test_a_file_may_be_the_bytes_of_one_message() -> None:
    assert read(SENT) == [Said(SENT)]
    assert read(b"") == [Said(b"")]


# A browser's export.


def har(*messages: dict[str, Any], url: str = "ws://h/r/R") -> bytes:
    entry = {"request": {"url": url}, "_webSocketMessages": list(messages)}
    return json.dumps({"log": {"entries": [{"request": {"url": "http://h/"}}, entry]}}).encode()


def of(kind: str, opcode: int, data: str) -> dict[str, Any]:
    return {"type": kind, "time": 1700000000.5, "opcode": opcode, "data": data}


def test_an_export_has_binary_and_text_messages() -> None:
    sent = of("send", 2, base64.b64encode(SENT).decode())
    assert read(har(sent, of("receive", 1, "hi"))) == [
        Said(SENT, "client", "binary", 1700000000.5, "ws://h/r/R"),
        Said(b"hi", "relay", "text", 1700000000.5, "ws://h/r/R"),
    ]


def test_other_web_sockets_of_the_page_are_left_out() -> None:
    (said,) = read(har(of("send", 1, "reload"), of("send", 1, "again"), url="ws://h/vite"))
    assert (said.kind, said.data) == ("note", b"left out: this is no room")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{}", "no HAR export"),
        (b"{", "no HAR export"),
        (har(), "no WebSocket messages"),
        (har(of("send", 2, "?")), "no HAR export"),
    ],
)
def test_what_is_no_export_says_so(content: bytes, why: str) -> None:
    with pytest.raises(NotReadable, match=why):
        read(content)


# A capture of packets.

VECTORS = json.loads(FILE.read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_captures_of_every_shape_are_read(vector: dict[str, Any]) -> None:
    """The page's reader is held to the same file."""
    expected = {name: value for name, value in vector.items() if name not in ("name", "hex")}
    assert told(bytes.fromhex(vector["hex"])) == expected


def test_the_file_has_every_capture() -> None:
    assert [vector["name"] for vector in VECTORS] == [*CAPTURES]


def names(found: list[Said]) -> list[tuple[str | None, str]]:
    return [
        (said.by, decode(said.data, said.by).name if said.kind == "binary" else said.kind)
        for said in found
    ]


def test_a_real_capture_of_loopback_is_read() -> None:
    found = read(LOOPBACK.read_bytes())
    ada, other = dict.fromkeys(said.connection for said in found)
    assert ada.endswith(" /r/R")
    assert [name for said, name in zip(found, names(found), strict=True)
            if said.connection == other] == [
        ("client", "HELLO"), ("relay", "WELCOME"), ("relay", "JOINED"), ("relay", "HOST"),
        ("relay", "JOINED"), ("relay", "LIVE"), ("client", "SEND"), ("relay", "ERROR"),
        ("client", "close"), ("relay", "close"),
    ]  # fmt: skip
    (torn,) = (fault for said in found if said.kind == "binary"
               and (fault := decode(said.data, said.by).fault))  # fmt: skip
    assert (torn.code, torn.offset, torn.rule) == ("TRUNCATED", 8, "3.3.3.7")
    assert [said.at for said in found] == sorted(said.at or 0 for said in found)


async def test_a_session_is_read_from_pcap_and_from_pcapng(tmp_path: Path) -> None:
    """The second file is written by tshark."""
    async with (
        running_relay() as relay,
        capture.recording(relay.url) as recorded,
        connect(recorded.url, room="R", name="Ada") as ada,
    ):
        await ada.send({"say": "hi"}, to=EVERYONE)
        async for event in ada:
            if isinstance(event, Message):
                break
    pcap, pcapng = tmp_path / "a.pcap", tmp_path / "a.pcapng"
    capture.write(pcap, recorded.segments)
    tshark.dissected(pcap, "-w", str(pcapng), "-F", "pcapng")
    found = read(pcap.read_bytes())
    assert {("client", "HELLO"), ("relay", "DELIVER"), ("client", "LEAVE")} <= {*names(found)}
    assert [said.data for said in read(pcapng.read_bytes())] == [said.data for said in found]


def written(tmp_path: Path, *segments: Segment) -> list[Said]:
    path = tmp_path / "made.pcap"
    capture.write(path, segments)
    return read(path.read_bytes())


def test_a_capture_may_begin_in_the_middle(tmp_path: Path) -> None:
    segments = [packet(encode(Ack(3)), True), packet(encode(Deliver(3, 1, b"x")), False)]
    assert names(written(tmp_path, *segments)) == [("client", "ACK"), ("relay", "DELIVER")]


def test_frames_are_found_however_they_are_cut(tmp_path: Path) -> None:
    both = unmasked(encode(Deliver(3, 1, b"x"))) + unmasked(encode(Live(3)))
    opening = b"".join(each.data for each in capture.upgrade() if not each.by_client)
    ask = b"".join(each.data for each in capture.upgrade() if each.by_client)
    singly = [Segment(False, bytes([byte])) for byte in opening + both]
    found = written(tmp_path, *[Segment(True, bytes([byte])) for byte in ask], *singly)
    assert names(found) == [("relay", "DELIVER"), ("relay", "LIVE")]
    assert found[0].connection == "127.0.0.1:50000 > 127.0.0.2:8000 /r/R"


def test_fragments_are_one_message(tmp_path: Path) -> None:
    message = encode(Deliver(3, 1, b"in two parts"))
    parts = [unmasked(message[:4], 0x02), b"\x89\x00", unmasked(message[4:], 0x80)]
    found = written(tmp_path, *capture.upgrade(), *(Segment(False, part) for part in parts))
    assert [said.data for said in found] == [message]


def test_what_is_no_frame_ends_a_connection(tmp_path: Path) -> None:
    bad = Segment(False, b"\xf2\x00")
    after = packet(encode(Send(None, b"x")), True)
    found = written(tmp_path, *capture.upgrade(), bad, bad, after)
    assert names(found) == [("relay", "note"), ("client", "SEND")]
    assert b"no WebSocket frame" in found[0].data


def test_other_protocols_and_closes(tmp_path: Path) -> None:
    close = Segment(False, unmasked((4503).to_bytes(2) + b"kicked", 0x88))
    text = Segment(True, raw.frame(1, b"hello"))
    assert names(written(tmp_path, *capture.upgrade(), text, close)) == [
        ("client", "text"),
        ("relay", "close"),
    ]
    with pytest.raises(NotReadable, match="no messages of a room"):
        written(
            tmp_path, Segment(True, b"POST / HTTP/1.1\r\n\r\n"), Segment(False, b"\x16\x03\x01")
        )


def test_a_packet_that_was_missed_is_told(tmp_path: Path) -> None:
    whole = tmp_path / "whole.pcap"
    deliver = [packet(encode(Deliver(seq, 1, b"x")), False) for seq in (3, 4, 5)]
    capture.write(whole, [*capture.upgrade(), *deliver])
    content = whole.read_bytes()
    one = 16 + 40 + len(deliver[0].data)
    found = read(content[: -2 * one] + content[-one:])
    assert names(found) == [("relay", "DELIVER"), ("relay", "note")]
    assert b"missed bytes" in found[1].data


def test_a_damaged_capture_is_no_traceback() -> None:
    """It may be cut anywhere, and any of its bytes may be wrong."""
    whole, rng = LOOPBACK.read_bytes(), Random(1)
    damaged = [whole[: rng.randrange(len(whole))] for _ in range(40)]
    for _ in range(160):
        at = rng.randrange(len(whole))
        damaged.append(whole[:at] + rng.randbytes(4) + whole[at + 4 :])
    refused = [content for content in damaged if not is_read(content)]
    assert 0 < len(refused) < len(damaged) / 2


def is_read(content: bytes) -> bool:
    try:
        return bool(read(content))
    except NotReadable:
        return False


@given(st.binary(max_size=60), st.data(), st.integers(0, 2**32 - 1))
def test_segments_are_put_into_their_order(stream: bytes, data: st.DataObject, first: int) -> None:
    """They may come twice, overlap, come late, and their numbers may wrap."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    edges = [0, *cuts, len(stream)]
    whole = [(start, stream[start:end]) for start, end in pairwise(edges)]
    again = [(start, stream[start : start + 7]) for start in cuts]
    direction = Direction(first)
    taken = b""
    for start, piece in data.draw(st.permutations(whole + again)):
        taken += b"".join(direction.take(first + start, piece))
    assert taken == stream
