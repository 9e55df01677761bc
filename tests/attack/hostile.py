"""Hostile players, on plain blocking sockets. They run in processes of their own."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

from protocol.codec import Role, decode, encode
from protocol.frames import Hello, HelloOptions, Taken, Update
from tests.attack.seat import frame_at, upgrade
from tests.helpers.raw import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame

HELLO = frame(BINARY, encode(Hello(1, HelloOptions())))
PATIENCE = 20.0
CUT_SECONDS = 8.0
"""Seconds that each client may go on, so that one that began just before the end is cut, too. It is
two seconds less than the kernel needs to cut off a client that does not read."""
SMALL_WINDOW = 4096
FRAME_CAP = 64 * 1024
PIECES = 5000
SEND_BUFFER = 64 * 1024
LAST_ACK = 0.5
"""Seconds in which the relay says of the last counted message that it is taken."""
BACK_SECONDS = 0.05
"""Seconds after which a client that was cut comes back."""


@contextlib.contextmanager
def connected(port: int, *, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    end = socket.socket()
    if receive_buffer is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    # Without buffers of the kernel on this side, which would hide what the relay does.
    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    end.settimeout(PATIENCE)
    with end:
        end.connect(("127.0.0.1", port))
        yield end


@contextlib.contextmanager
def inside(port: int, room: str, *, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """Be in a room. Everything up to LIVE has been read."""
    with connected(port, receive_buffer=receive_buffer) as end:
        end.sendall(upgrade(room))
        read_until(end, b"\r\n\r\n")
        end.sendall(HELLO)
        read_until(end, b"\x92\x09")  # LIVE
        yield end


def read_until(end: socket.socket, mark: bytes) -> bytes:
    heard = b""
    while mark not in heard:
        data = end.recv(65536)
        if not data:
            raise ConnectionError("not let in")
        heard += data
    return heard


def floods(port: int, room: str, burst: bytes, seconds: float) -> list[float]:
    """Send a burst again and again, and come back after each cut.

    Returns: for each connection the seconds until it was cut; infinite if it was not.
    """
    cuts: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), inside(port, room) as end:
            cuts.append(float("inf"))
            began = time.monotonic()
            sends_until_cut(end, burst, max(until, began + CUT_SECONDS))
            cuts[-1] = time.monotonic() - began
        time.sleep(BACK_SECONDS)  # as a determined attacker would
    return cuts


def sends_until_cut(end: socket.socket, burst: bytes, until: float) -> None:
    """Send, and read nothing.

    Raises:
        TimeoutError: it was not cut until the end.
    """
    end.settimeout(0.05)
    left = memoryview(burst)
    while time.monotonic() < until:
        try:
            left = left[end.send(left) :] or memoryview(burst)
        except TimeoutError:
            continue
        except OSError:
            return
    raise TimeoutError


def sits(port: int, room: str) -> None:
    """Sit in a room until killed."""
    with inside(port, room):
        time.sleep(120)  # until killed: that is the attack


def floods_unread(port: int) -> float:
    """Send pings and read nothing. Returns: seconds until the cut; infinite if there was none."""
    with inside(port, "STUCK", receive_buffer=SMALL_WINDOW) as end:
        began = time.monotonic()
        try:
            sends_until_cut(end, frame(PING, b"p" * 125) * 500, began + CUT_SECONDS)
        except TimeoutError:
            return float("inf")
        return time.monotonic() - began


def fragments(port: int, many: int) -> tuple[int, int]:
    """Send messages of endless fragments. Returns: how many were answered, and how many cut."""
    answers = cut = 0
    for payload in (b"", b"x"):
        burst = frame(BINARY, payload, is_last=False)
        burst += frame(CONTINUATION, payload, is_last=False) * PIECES
        with contextlib.ExitStack() as stack:
            ends = [stack.enter_context(inside(port, "PIECES")) for _ in range(many)]
            for end in ends:
                with contextlib.suppress(OSError):
                    end.sendall(burst)
            for end in ends:
                heard = closes(end)
                cut += heard in (1002, 1008, 1009, 1006)
                answers += heard == 0
    return answers, cut


def too_large(port: int) -> tuple[int, int]:
    """Send a message that is too large, and the head of one. Returns: the close codes."""
    codes = []
    head = b"\x82\xff\x7f" + b"\xff" * 7 + bytes(4)
    for data in (frame(BINARY, bytes(FRAME_CAP + 1)), head):
        with inside(port, "LARGE") as end:
            with contextlib.suppress(OSError):
                end.sendall(data)
            codes.append(closes(end))
    return codes[0], codes[1]


def unfinished(port: int, many: int, seconds: float) -> None:
    """Hold this many messages that lack their last byte."""
    with contextlib.ExitStack() as stack:
        for number in range(many):
            end = stack.enter_context(inside(port, f"ENDLESS{number % 10}"))
            end.sendall(frame(BINARY, bytes(FRAME_CAP))[:-1])
        time.sleep(seconds)  # holding them is the attack


def goes(port: int, many: int) -> None:
    """Come this many times, one after another, and go in the middle of a message."""
    for number in range(many):
        with inside(port, f"GONE{number % 10}") as end:
            end.sendall(frame(BINARY, bytes(FRAME_CAP))[:-1])


def races(port: int, room: str, hz: float, seconds: float) -> tuple[int, float]:
    """Send frames at a rate. Returns: how many came back, and the seconds until the end."""
    message = frame(BINARY, b"\x93\x10\xc3\xc4\x10" + bytes(16))  # to all, the sender too
    heard = left = b""
    with inside(port, room) as end:
        end.setblocking(False)
        began = time.monotonic()
        sent = 0
        while (elapsed := time.monotonic() - began) < seconds:
            due = int(elapsed * hz) - sent
            sent, left = sent + due, left + message * due
            with contextlib.suppress(OSError):  # the relay may stop reading, or cut it
                left = left[end.send(left) :]
            with contextlib.suppress(OSError):
                heard += end.recv(1 << 20)
            time.sleep(0.002)  # `due` keeps the rate, however long this takes
    return heard.count(b"\xc4\x10" + bytes(16)), elapsed


def asks(port: int, room: str, message: bytes, hz: float, seconds: float) -> tuple[int, float]:
    """Send one message again and again, at a rate, and take what comes.

    Returns: how many the relay has taken, of counted ones, or passed on, of volatile ones; and
    after how long it ended.
    """
    wrapped, heard, left, sent = frame(BINARY, message), b"", b"", 0
    with inside(port, room) as end:
        end.setblocking(False)
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < seconds + LAST_ACK:
            due = int(min(elapsed, seconds) * hz) - sent
            sent, left = sent + due, left + wrapped * due
            with contextlib.suppress(OSError):  # it may be made to wait, or be cut
                left = left[end.send(left) :]
            with contextlib.suppress(OSError):
                heard += end.recv(1 << 20)
            time.sleep(0.002)  # the rate is kept by `due`, however long this takes
    told = [decode(each, by=Role.RELAY) for each in messages_in(heard)]
    taken = max((each.taken for each in told if isinstance(each, Taken)), default=0)
    return taken + sum(isinstance(each, Update) for each in told), elapsed


def messages_in(heard: bytes) -> Iterator[bytes]:
    """Yield the whole binary messages of what came."""
    at = 0
    while (found := frame_at(heard, at)) is not None:
        opcode, start, at = found
        if opcode == BINARY:
            yield heard[start:at]


def talks_nonsense(port: int, many: int) -> tuple[int, float]:
    """Returns: connections that ended with a wrong code, and the seconds that it took."""
    began = time.monotonic()
    wrong = 0
    goodbye = frame(CLOSE, (1000).to_bytes(2))
    kinds = (
        (frame(TEXT, b"hello"), 1003),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (goodbye + b"\xff" * 500, 1000),
    )
    for _ in range(many):
        for data, code in kinds:
            with inside(port, "NONSENSE") as end:
                with contextlib.suppress(OSError):
                    end.sendall(data)
                wrong += closes(end) != code
    return wrong, time.monotonic() - began


def closes(end: socket.socket) -> int:
    """Read to the close. Returns: its code; 1006 without a close frame, 0 without an end."""
    heard, at = b"", 0
    end.settimeout(PATIENCE)
    try:
        while data := end.recv(65536):
            heard += data
            while (found := frame_at(heard, at)) is not None:
                opcode, start, at = found
                if opcode == CLOSE:
                    return int.from_bytes(heard[start : start + 2])
    except TimeoutError:
        return 0
    except OSError:
        pass
    return 1006
