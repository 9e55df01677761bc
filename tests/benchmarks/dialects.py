"""The dialects of socket.io and Colyseus. All other peers pass binary messages on as they are."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

from clients.bench.sockets import wire
from clients.bench.sockets.dialect import Entering, Mark, Plain, Refused


class SocketIo(Plain):
    """Engine.IO 4 over WebSocket, Socket.IO 5: a text message announces each binary one."""

    OPEN, CONNECTED, JOINED = b"0", b"40", b"430"
    PING, PONG = b"2", wire.frame(wire.TEXT, b"3")
    EVENT = b'451-["message",{"_placeholder":true,"num":0}]'

    prelude = bytes((wire.TEXT, len(EVENT))) + EVENT

    def url(self, room: int) -> str:
        return f"{self.base}/socket.io/?EIO=4&transport=websocket"

    def enter(self, room: int) -> Entering:
        yield from _until(self.OPEN, b"")
        yield from _until(self.CONNECTED, wire.frame(wire.TEXT, b"40"))
        join = f'420["join","room{room}"]'.encode()
        return (yield from _until(self.JOINED, wire.frame(wire.TEXT, join)))

    def send(self, payload: bytes) -> bytes:
        return wire.frame(wire.TEXT, self.EVENT) + super().send(payload)

    def answer(self, message: bytes) -> bytes:
        return self.PONG if message == self.PING else b""


class Colyseus(Plain):
    """Colyseus 0.17: a seat by HTTP, then JOIN_ROOM back and forth, then typed bytes."""

    JOIN_ROOM, ERROR, BYTES = 10, 11, 17
    TYPE = b"\xa7message"

    mark: Mark | None = Mark(0, BYTES)

    def url(self, room: int) -> str:
        parts = urlsplit(self.base)
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        try:
            body = json.dumps({"table": f"room{room}"})
            head = {"Content-Type": "application/json"}
            connection.request("POST", "/matchmake/joinOrCreate/relay", body, head)
            seat = json.load(connection.getresponse())
        finally:
            connection.close()
        if "sessionId" not in seat:
            raise Refused(f"Colyseus gives no seat: {seat}")
        return f"{self.base}/{seat['processId']}/{seat['roomId']}?sessionId={seat['sessionId']}"

    def enter(self, room: int) -> Entering:
        message = yield b""
        while message[0] != self.JOIN_ROOM:
            if message[0] == self.ERROR:
                raise Refused(f"Colyseus refuses: {message!r}")
            message = yield b""
        return wire.frame(wire.BINARY, bytes((self.JOIN_ROOM,)))

    def send(self, payload: bytes) -> bytes:
        return super().send(bytes((self.BYTES,)) + self.TYPE + payload)


def _until(beginning: bytes, first: bytes) -> Entering:
    """Write `first`, and read until a message begins like this."""
    message = yield first
    while not message.startswith(beginning):
        message = yield b""
    return b""
