"""A WebSocket class with a fault, for the suite to find."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class CarelessProtocol(WebSocketsSansIOProtocol):
    """Takes any text for text."""

    def send_receive_event_to_app(self) -> None:
        joined = b"".join(self.frames)
        self.frames = [joined.decode(errors="replace").encode()]
        super().send_receive_event_to_app()
