"""Captures of packets of every shape that is read, and what is said in them.

`python -m tests.clients.decode.captures` writes them to captures.json, with what Python finds in
them. The tests of both languages hold their readers to that file.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from protocol.codec import encode
from protocol.frames import Ack, Deliver, Live, Send
from roomwire.decoded import NotReadable, Said, read
from tests.helpers import raw
from tests.helpers.capture import Segment, ip, packet, parts, tcp, unmasked, upgrade

FILE = Path(__file__).with_name("captures.json")
LOOPBACK = Path(__file__).with_name("loopback.pcap")
"""Recorded by dumpcap on a real loopback: Ada says hi, and another client says a torn frame."""

ETHERNET, BSD, RAW, COOKED, COOKED_2 = 1, 0, 101, 113, 276
IPV4, IPV6 = b"\x08\x00", b"\x86\xdd"
ADDRESS_1, ADDRESS_2 = bytes(15) + b"\x01", bytes.fromhex("20010DB8000000000001000000000002")

SAID = [packet(encode(Send(None, b"hi")), True), packet(encode(Deliver(3, 1, b"x")), False)]
TALK = [*upgrade(), *SAID]


def ips(segments: Iterable[Segment], first: int = 1) -> Iterator[bytes]:
    """Yield the IP packets of one connection. Args: first: the number of the first byte."""
    sent = {True: first, False: first}
    for by_client, data in parts(segments):
        segment = tcp(by_client, sent[by_client] % 2**32, sent[not by_client] % 2**32, data)
        yield ip(by_client, segment)
        sent[by_client] += len(data)


def pcap(frames: Iterable[bytes], link: int = RAW, order: str = "<", nano: bool = False) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    head = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 1 << 18, link)
    packed = (
        struct.pack(f"{order}IIII", 1_700_000_000, 1000 * number, len(each), len(each)) + each
        for number, each in enumerate(frames)
    )
    return head + b"".join(packed)


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + size + body + size


def pcapng(frames: Iterable[bytes], order: str, link: int = RAW) -> bytes:
    """Return a capture with times in ns, 100 s later than they say, and a block of no interest."""
    options = struct.pack(f"{order}HHB3xHHqHH", 9, 1, 9, 14, 8, 100, 0, 0)
    blocks = [
        block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)),
        block(order, 0x0BAD, b"of no interest"),
        block(order, 1, struct.pack(f"{order}HHI", link, 0, 0) + options),
    ]
    for number, each in enumerate(frames):
        at = 1_700_000_000 * 10**9 + number * 500
        head = struct.pack(f"{order}IIIII", 0, at >> 32, at & 0xFFFFFFFF, len(each), len(each))
        blocks.append(block(order, 6, head + each))
    return b"".join(blocks)


def ipv6(packet: bytes) -> bytes:
    """Return the same packet from IPv6, behind a head for hops."""
    by_client = packet[12:16] == b"\x7f\x00\x00\x01"
    hops, segment = bytes([6, 0, 1, 4, 0, 0, 0, 0]), packet[20:]
    ends = ADDRESS_1 + ADDRESS_2 if by_client else ADDRESS_2 + ADDRESS_1
    return struct.pack(">IHBB", 6 << 28, len(hops + segment), 0, 64) + ends + hops + segment


def each(head: bytes, frames: Iterable[bytes]) -> Iterator[bytes]:
    return (head + frame for frame in frames)


def numbered(*places: int) -> bytes:
    """Return a talk whose packets come in this order; a place may come twice, or not at all."""
    whole = list(ips([*TALK, *(packet(encode(Live(seq)), False) for seq in (4, 5, 6))]))
    return pcap(whole[place] for place in places)


def cut(many: int, segments: Iterable[Segment]) -> Iterator[Segment]:
    """Cut what is said into pieces of so many bytes."""
    for by_client, data in segments:
        for start in range(0, len(data), many):
            yield Segment(by_client, data[start : start + many])


CLOSE = Segment(False, unmasked((4503).to_bytes(2) + b"enough", 0x88))
FRAGMENTS = [unmasked(SAID[1].data[2:6], 0x02), b"\x89\x00", unmasked(SAID[1].data[6:], 0x80)]
OTHER = [Segment(by, data.replace(b"/r/R", b"/vite")) for by, data in upgrade()]

CAPTURES: dict[str, Callable[[], bytes]] = {
    "recorded on loopback": LOOPBACK.read_bytes,
    "pcap": lambda: pcap(ips(TALK)),
    "pcap in nanoseconds, big-endian": lambda: pcap(ips(TALK), order=">", nano=True),
    "pcapng": lambda: pcapng(ips(TALK), "<"),
    "pcapng, big-endian": lambda: pcapng(ips(TALK), ">"),
    "Ethernet with IPv6": lambda: pcap(each(bytes(12) + IPV6, map(ipv6, ips(TALK))), ETHERNET),
    "Ethernet in a VLAN": lambda: pcap(
        each(bytes(12) + b"\x81\x00\x00\x07" + IPV4, ips(TALK)), ETHERNET
    ),
    "a loopback of BSD": lambda: pcap(each(b"\x02\x00\x00\x00", ips(TALK)), BSD),
    "cooked": lambda: pcap(each(bytes(14) + IPV4, ips(TALK)), COOKED),
    "cooked 2": lambda: pcap(each(IPV4 + bytes(18), ips(TALK)), COOKED_2),
    "from the middle on": lambda: pcap(ips([*SAID, packet(encode(Ack(3)), True)])),
    "byte by byte, over the end of numbers": lambda: pcap(ips(cut(1, TALK), 2**32 - 150)),
    "out of order and twice": lambda: numbered(0, 1, 3, 2, 3, 5, 4, 0, 6),
    "a packet is missing": lambda: numbered(0, 1, 2, 3, 5, 6),
    "text, close and what follows": lambda: pcap(
        ips([*upgrade(), Segment(True, raw.frame(1, b"hello")), CLOSE, SAID[1]])
    ),
    "fragments": lambda: pcap(ips([*upgrade(), *(Segment(False, part) for part in FRAGMENTS)])),
    "no frame": lambda: pcap(ips([*upgrade(), Segment(False, b"\xf2\x00"), *SAID])),
    "no room": lambda: pcap(ips([*OTHER, *SAID])),
    "no messages": lambda: pcap(ips([Segment(True, b"POST / HTTP/1.1\r\n\r\n")])),
    "a head that is cut off": lambda: pcap(ips(TALK))[: -len(SAID[1].data) - 40 - 5],
    "another link": lambda: pcap(ips(TALK), 105),
}


def told(content: bytes) -> dict[str, Any]:
    """Return what is found in a capture, or that nothing can be."""
    try:
        return {"said": [plain(said) for said in read(content)]}
    except NotReadable:
        return {"refused": True}


def plain(said: Said) -> dict[str, Any]:
    """Return it as JSON. A note's words are those of each language."""
    found = said._asdict() | {"data": said.data.hex().upper()}
    return {name: value for name, value in found.items() if said.kind != "note" or name != "data"}


def main() -> None:
    made = {name: make() for name, make in CAPTURES.items()}
    vectors = [{"name": name, "hex": data.hex(), **told(data)} for name, data in made.items()]
    lines = ",\n".join(f"  {json.dumps(vector)}" for vector in vectors)
    FILE.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
