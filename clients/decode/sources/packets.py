"""A capture of packets: makes of pcap or pcapng the bytes of each TCP connection, in their order.

dpkt reads the file and the packets. It comes with `roomwire[capture]`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from clients.decode.sources.said import NotReadable

MAGICS: Final = (
    *(bytes.fromhex(magic) for magic in ("A1B2C3D4", "D4C3B2A1", "A1B23C4D", "4D3CB2A1")),
    bytes.fromhex("0A0D0D0A"),
)
"""First bytes of pcap, in micro- and nanoseconds and either byte order, and of pcapng."""

HALF: Final = 1 << 31
WRAP: Final = 1 << 32

MOST_EARLY: Final = 256
"""Segments that may wait for an earlier one. If more wait, the capture has missed it."""

End = tuple[str, int]
"""Address and port."""


class Piece(NamedTuple):
    """Bytes of a connection, in one direction."""

    source: End
    target: End
    opens: bool
    """Whether a connection begins here."""
    data: bytes
    at: float
    is_torn: bool = False
    """Whether the capture has missed bytes here, and the rest of this direction is lost."""


class Packet(NamedTuple):
    source: End
    target: End
    seq: int
    syn: bool
    ack: bool
    data: bytes
    at: float


def is_capture(head: bytes) -> bool:
    return head[:4] in MAGICS


def pieces(content: bytes) -> Iterator[Piece]:
    """Yield the bytes of all connections as TCP hands them to programs.

    Raises:
        NotReadable: this is no capture, or there is no dpkt.
    """
    directions: dict[tuple[End, End], Direction] = {}
    for packet in packets(content):
        way = (packet.source, packet.target)
        if packet.syn or way not in directions:
            directions[way] = Direction((packet.seq + packet.syn) % WRAP)
            if packet.syn and not packet.ack:
                yield Piece(*way, True, b"", packet.at)
        directions[way].at = packet.at
        for data in directions[way].take(packet.seq + packet.syn, packet.data):
            yield Piece(*way, False, data, packet.at)
    for way, direction in directions.items():
        if direction.is_torn:
            yield Piece(*way, False, b"", direction.at, is_torn=True)


class Direction:
    """Puts the segments of one direction into their order, each byte once."""

    def __init__(self, seq: int) -> None:
        self.next = seq
        self.at = 0.0
        self.early: dict[int, bytes] = {}

    @property
    def is_torn(self) -> bool:
        """Whether a segment is missing, as those after it still wait."""
        return bool(self.early)

    def take(self, seq: int, data: bytes) -> Iterator[bytes]:
        """Yield what comes next: of this segment, and of those that came too early."""
        if not data or len(self.early) > MOST_EARLY:
            return
        self.early[seq % WRAP] = max(data, self.early.get(seq % WRAP, b""), key=len)
        while (ready := self._ready()) is not None:
            held = self.early.pop(ready)
            fresh = held[(self.next - ready) % WRAP :]
            self.next = (self.next + len(fresh)) % WRAP
            if fresh:
                yield fresh

    def _ready(self) -> int | None:
        """Return the number of a segment that begins at the next byte, or before it."""
        return next((seq for seq in self.early if (self.next - seq) % WRAP < HALF), None)


def packets(content: bytes) -> Iterator[Packet]:
    """Yield the TCP packets of a capture, in its order."""
    try:
        import dpkt
    except ModuleNotFoundError as missing:
        raise NotReadable(
            "captures need the package dpkt: `pip install roomwire[capture]` brings it"
        ) from missing
    try:
        reader = dpkt.pcap.UniversalReader(io.BytesIO(content))
        for at, frame in reader:
            if (found := packet_of(dpkt, reader.datalink(), frame, at)) is not None:
                yield found
    except (ValueError, dpkt.Error) as error:
        raise NotReadable(f"this is no whole capture: {error}") from error


def packet_of(dpkt: Any, link: int, frame: bytes, at: float) -> Packet | None:
    """Return the TCP packet within what a link carried, if there is one."""
    try:
        ip = unwrapped(dpkt, link)(frame)
        while ip is not None and not isinstance(ip, dpkt.ip.IP | dpkt.ip6.IP6):
            ip = ip.data if isinstance(ip.data, dpkt.Packet) else None
    except (dpkt.Error, ValueError):
        return None
    if ip is None or not isinstance(tcp := ip.data, dpkt.tcp.TCP):
        return None
    flags = tcp.flags
    return Packet(
        (dpkt.utils.inet_to_str(ip.src), tcp.sport),
        (dpkt.utils.inet_to_str(ip.dst), tcp.dport),
        tcp.seq,
        bool(flags & dpkt.tcp.TH_SYN),
        bool(flags & dpkt.tcp.TH_ACK),
        bytes(tcp.data),
        float(at),
    )


def unwrapped(dpkt: Any, link: int) -> Callable[[bytes], Any]:
    """Return what reads the packets of such a link."""
    pcap = dpkt.pcap
    known: dict[int, Callable[[bytes], Any]] = {
        pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
        pcap.DLT_NULL: dpkt.loopback.Loopback,
        pcap.DLT_LOOP: dpkt.loopback.Loopback,
        pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
        pcap.DLT_LINUX_SLL2: dpkt.sll2.SLL2,
    }
    raw = {pcap.DLT_RAW, pcap.DLT_IPV4, pcap.DLT_IPV6, 12, 101}
    if link in raw:
        return lambda frame: (dpkt.ip6.IP6 if frame[:1] >= b"\x60" else dpkt.ip.IP)(frame)
    if link not in known:
        raise NotReadable(f"captures of link type {link} cannot be read: capture loopback instead")
    return known[link]
