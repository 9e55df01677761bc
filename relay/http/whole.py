"""Refuses to be one of several relays behind one port that do not know of each other.

Each would have rooms of its own, and players of one room would meet only by luck. The first
process that is asked for anything serves, and the others refuse everything, as long as it lives.
A server that starts a new process before it ends the old one comes to no harm.
"""

from __future__ import annotations

import logging

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.http import listeners

log = logging.getLogger("relay")

RETRY_SECONDS = 2
DENIAL = "websocket.http.response"
"""Of the servers that let an app answer a WebSocket's request with a response of its own."""

WHY = (
    "another process serves this port too, and rooms of one name would be apart: start one "
    "process, as with `uvicorn --workers 1`, or use `relay serve --workers N`"
)


class Whole:
    """ASGI middleware, outside of all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._is_sure = False
        self._has_complained = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, if nobody else serves the port."""
        if self._is_sure or scope["type"] == "lifespan" or self._may_serve(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "http" or DENIAL in scope.get("extensions", {}):
            await _refusal()(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1013, "reason": ""})

    def _may_serve(self, scope: Scope) -> bool:
        server = scope.get("server")
        if not server:
            return True
        try:
            self._is_sure = listeners.claim((server[0], server[1]))
        except OSError as error:
            log.warning("whether other processes serve this port cannot be seen: %s", error)
            self._is_sure = True
        if not self._is_sure and not self._has_complained:
            self._has_complained = True
            log.error("refuses to serve: %s", WHY)
        return self._is_sure


def _refusal() -> JSONResponse:
    problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": WHY}
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return JSONResponse(problem, 503, headers, media_type="application/problem+json")
