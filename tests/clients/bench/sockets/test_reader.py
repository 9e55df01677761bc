"""Whatever a server sends, and however it is cut into reads, each delivery counts once."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.bench.sockets import wire
from clients.bench.sockets.connection import Connection
from clients.bench.sockets.dialect import Dialect, Plain
from clients.bench.sockets.reader import Reader
from clients.bench.sockets.roomwire import Reliable
from clients.bench.sockets.stamps import unpack
from protocol import fast_path
from protocol.codec import encode
from protocol.frames import Taken
from tests.benchmarks.dialects import SocketIo


def serve(message: bytes, first: int = wire.BINARY) -> bytes:
    """Frame a message as a server does."""
    length = len(message)
    head = bytes((length,)) if length < 126 else b"\x7e" + length.to_bytes(2)
    return bytes((first,)) + head + message


@contextmanager
def players(dialect: Dialect, count: int) -> Iterator[list[tuple[Connection, socket.socket]]]:
    """Connections that have entered, each with the server's end of it."""
    opened = []
    try:
        for _ in range(count):
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            connection = Connection(ours, dialect, 0)
            connection.has_entered = True
            opened.append((connection, theirs))
        yield opened
    finally:
        for connection, theirs in opened:
            connection.close()
            theirs.close()


Step = tuple[int, int, bool]
"""Where the seq leaps to, the sender, and whether an acknowledgement stands before it."""

STEPS = st.lists(
    st.tuples(st.sampled_from([1, 90, 200, 70_000]), st.integers(1, 200), st.booleans()),
    min_size=1,
    max_size=40,
)


def stream(steps: list[Step], first: int, size: int) -> bytes:
    """What one player hears: deliveries stamped from `first` on."""
    data, seq = b"", 0
    for number, (leap, sender, is_acknowledged) in enumerate(steps, first):
        seq += leap
        if is_acknowledged:
            data += serve(encode(Taken(1, seq)))
        payload = struct.pack("<I", number) + bytes(size - 4)
        data += serve(fast_path.deliver(seq, sender, fast_path.tail(payload)))
    return data


@given(st.lists(STEPS, min_size=3, max_size=3), st.sampled_from([4, 64, 300]), st.randoms())
@settings(deadline=None)
def test_every_delivery_counts_once_however_it_is_cut(
    steps: list[list[Step]], size: int, random: Random
) -> None:
    dialect = Reliable("ws://nowhere", 8)
    streams = [stream(each, 1000 * index, size) for index, each in enumerate(steps)]
    wanted = [
        1000 * room + number for room, each in enumerate(steps) for number in range(len(each))
    ]
    reader, heard = Reader(dialect, size), bytearray()
    with players(dialect, len(streams)) as opened:
        while any(streams):
            for index, (connection, theirs) in enumerate(opened):
                cut = random.choice([1, 76, 77, 152, 1000])
                theirs.sendall(streams[index][:cut])
                streams[index] = streams[index][cut:]
                if reader.read(connection):
                    heard += reader.take()
            heard += reader.take()
    assert sorted(unpack(heard)) == wanted


def test_announced_deliveries_count_once_each() -> None:
    dialect = SocketIo("ws://nowhere")
    unit = serve(SocketIo.EVENT, wire.TEXT) + serve(struct.pack("<I", 7) + bytes(60))
    reader = Reader(dialect, 64)
    with players(dialect, 1) as [(connection, theirs)]:
        heard = bytearray()
        for data in (unit * 3, unit[:50], unit[50:] + unit, unit * 5):
            theirs.sendall(data)
            reader.read(connection)
            heard += reader.take()
    assert unpack(heard) == (7,) * 10


def test_a_ping_is_answered_amid_deliveries() -> None:
    dialect, reader = Plain("ws://nowhere"), Reader(Plain("ws://nowhere"), 64)
    delivery = serve(struct.pack("<I", 1) + bytes(60))
    with players(dialect, 1) as [(connection, theirs)]:
        theirs.sendall(delivery * 2 + serve(b"still there?", wire.PING) + delivery)
        reader.read(connection)
        assert unpack(reader.take()) == (1, 1, 1)
        assert theirs.recv(100) == wire.frame(wire.PONG, b"still there?")


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_client_frame_tells_its_length_and_is_masked_with_zeros(size: int) -> None:
    frame = wire.frame(wire.BINARY, bytes(size))
    assert frame[1] & 0x80
    assert len(frame) == size + 6 + (0 if size < 126 else 2 if size < 65_536 else 8)
    assert frame.endswith(wire.NO_MASK + bytes(size))
