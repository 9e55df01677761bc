"""The WebSocket messages within the bytes of TCP connections. `websockets` reads the frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from clients.decode.sources.packets import End, Piece
from clients.decode.sources.said import Said

ASKED: Final = b"GET "
ANSWERED: Final = b"HTTP/1.1 101"
TORN: Final = b"the capture has missed bytes here: what this side said after them is not shown"
MASKED: Final = 0x80
RESERVED: Final = 0x70


def messages(pieces: Iterable[Piece]) -> Iterator[Said]:
    """Yield the messages of all connections, in the order in which they were complete."""
    connections: dict[frozenset[End], Connection] = {}
    for piece in pieces:
        ends = frozenset((piece.source, piece.target))
        if piece.opens or ends not in connections:
            connections[ends] = Connection()
        yield from connections[ends].take(piece)


class Connection:
    """One TCP connection, which may be a WebSocket."""

    def __init__(self) -> None:
        self.halves: dict[End, Half] = {}
        self.name = ""
        self.path = ""

    def take(self, piece: Piece) -> Iterator[Said]:
        half = self.halves.setdefault(piece.source, Half())
        found = list(half.take(piece.data))
        self.path = half.path or self.path
        if piece.is_torn and half.is_open:
            found.append((TORN, "note"))
        for data, kind in found:
            self.name = self.name or named(piece, half.by)
            yield Said(data, half.by, kind, piece.at, f"{self.name} {self.path}".strip())


def named(piece: Piece, by: str) -> str:
    """Return the two ends, the client's first."""
    ends = (piece.source, piece.target) if by == "client" else (piece.target, piece.source)
    return " > ".join(
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in ends
    )


class Half:
    """What one side of a connection says."""

    def __init__(self) -> None:
        self.by = ""
        self.path = ""
        self._head = bytearray()
        self._is_other = False
        self._protocol: Protocol | None = None
        self._message = bytearray()
        self._kind = ""

    @property
    def is_open(self) -> bool:
        """Whether these are WebSocket frames."""
        return self._protocol is not None and not self._is_other

    def take(self, data: bytes) -> Iterator[tuple[bytes, str]]:
        """Yield messages that are complete with these bytes: each with its kind."""
        if self._is_other:
            return
        if self._protocol is None:
            self._head += data
            data = self._after_head()
        if self._protocol is None or not data:
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                yield from self._frame(event)
        if isinstance(broken := self._protocol.parser_exc, ProtocolError | PayloadTooBig):
            self._is_other = True
            yield f"what follows is no WebSocket frame: {broken}".encode(), "note"

    def _after_head(self) -> bytes:
        """Return what follows the upgrade, once that is complete."""
        head = bytes(self._head)
        if len(head) < 2 or (len(head) < len(ANSWERED) and is_beginning(head)):
            return b""
        if head.startswith((ASKED, ANSWERED)):
            lines, end, rest = head.partition(b"\r\n\r\n")
            if not end:
                return b""
            if head.startswith(ASKED):
                self._is_other = b"upgrade: websocket" not in lines.lower()
                self.path = lines.split(maxsplit=2)[1].decode("latin-1")
            self._begin("client" if head.startswith(ASKED) else "relay")
            return rest
        # The capture began later than the connection: only clients mask what they send.
        self._is_other = bool(head[0] & RESERVED) or head[0] & 0x0F not in list(Opcode)
        self._begin("client" if head[1] & MASKED else "relay")
        return head

    def _begin(self, by: str) -> None:
        self.by = by
        if not self._is_other:
            side = Side.SERVER if by == "client" else Side.CLIENT
            self._protocol = Protocol(side, max_size=None)

    def _frame(self, frame: Frame) -> Iterator[tuple[bytes, str]]:
        if frame.opcode is Opcode.CLOSE:
            yield bytes(frame.data), "close"
        if frame.opcode in (Opcode.BINARY, Opcode.TEXT):
            self._kind = "text" if frame.opcode is Opcode.TEXT else "binary"
            self._message.clear()
        if frame.opcode in (Opcode.BINARY, Opcode.TEXT, Opcode.CONT):
            self._message += frame.data
            if frame.fin:
                yield bytes(self._message), self._kind or "binary"


def is_beginning(head: bytes) -> bool:
    return ANSWERED.startswith(head) or ASKED.startswith(head)
