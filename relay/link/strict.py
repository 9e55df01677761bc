"""uvicorn's WebSocket protocol, with bounds on what one client can make it do and keep.

Links, outboxes and rates are about messages. Below them uvicorn answers pings, and collects the
pieces of a message, for as long as a client sends: the answers to one that does not read pile up,
so do pieces, and a flood of either takes all the time that there is.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from relay.rates import TokenBucket

EXTRAS_PER_SECOND = 500.0
"""Frames beside whole messages: pings, pongs, pieces. A heartbeat needs one in some seconds."""

EXTRAS_BURST = 5000.0
"""Enough for the longest message that the transport takes, in pieces of a network packet each."""

MAX_PIECES = 1024
"""Pieces of a message that are kept apart: each costs more than the byte that it may hold."""


class StrictProtocol(WebSocketsSansIOProtocol):
    """Reads only from who reads, and not from who sends frames without end that say nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._extras = 0
        self._allowance = TokenBucket(EXTRAS_PER_SECOND, EXTRAS_BURST)
        self._rest: asyncio.TimerHandle | None = None

    # Reading, if nothing speaks against it: uvicorn knows of its queue alone.

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._extras:
            wait = self._allowance.take(self._extras, self.loop.time())
            self._extras = 0
            if wait and self._rest is None:
                self._rest = self.loop.call_later(wait, self._rested)
                self._settle()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._settle()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._settle()

    async def receive(self) -> ASGIReceiveEvent:
        message = await super().receive()
        self._settle()
        return message

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._rest is not None:
            self._rest.cancel()

    def _rested(self) -> None:
        self._rest = None
        self._settle()

    def _settle(self) -> None:
        if self.transport.is_closing():
            return
        if self.read_paused or self._rest is not None or not self.writable.is_set():
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    # Frames beside whole messages.

    def handle_ping(self) -> None:
        self._extras += 1
        super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        self._extras += 1
        super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        self._extras += 1
        if not event.data and not event.fin:
            return
        super().handle_cont(event)
        if len(self.frames) > MAX_PIECES:
            self.frames = [b"".join(self.frames)]
