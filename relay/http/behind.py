"""Undoes what proxies changed, so that the app sees each request as the page's user made it.

It runs before all other parts of the app, under every ASGI server. A trusted proxy tells it the
user's address, and the name, scheme and path that they asked for. It also answers upgrades that a
proxy has spoiled: no other part of the app would recognize them.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.http.guard import (
    ROOM,
    SCHEME,
    Refusals,
    caller_of,
    path_asked,
    path_within,
    root_of,
)
from relay.policy.proxies import Asker, Proxies

log = logging.getLogger("relay")

MAX_REMARKS = 16
"""Most different lines in the log about proxies. Each is written once."""

OWN = re.compile(
    r"/(?:(?:r|api|client|assets|guide)/|(?:docs|guide|schema\.yml|healthz|metrics)?/?$)"
)
"""The app's own paths begin like this."""

SPOILED = (
    "it asks for a WebSocket, but {lack}: a proxy in front of the relay must pass on the headers "
    "Upgrade and Connection, and speak HTTP/1.1 to the relay (nginx: proxy_http_version 1.1; "
    "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;)"
)


class Behind:
    """ASGI middleware for a relay that may stand behind proxies."""

    def __init__(self, app: ASGIApp, proxies: Proxies, root: str, refusals: Refusals) -> None:
        """Args: root: path below which a proxy shows the app, if the proxy does not tell it."""
        self._app = app
        self._proxies = proxies
        self._root = root
        self._refusals = refusals
        self._remarks: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as its user made it."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        peer = scope.get("client")
        asker = self._proxies.asker(peer[0] if peer else None, scope["headers"])
        if asker.remark is not None:
            self._tell(asker.remark)
        scope = _asked(scope, asker, asker.prefix or self._root)
        if (lack := _spoiled(scope)) is not None:
            why = SPOILED.format(lack=lack)
            self._refusals.say(caller_of(scope), why)
            return await _upgrade_required(why)(scope, receive, send)
        await self._app(scope, receive, send)

    def _tell(self, remark: str) -> None:
        if remark not in self._remarks and len(self._remarks) < MAX_REMARKS:
            self._remarks.add(remark)
            log.warning("%s", remark)


def _asked(scope: Scope, asker: Asker, prefix: str) -> Scope:
    """Return the scope of the request as `asker` made it."""
    seen: dict[str, Any] = {}
    peer = scope.get("client")
    if asker.address != (peer[0] if peer else ""):
        seen["client"] = (asker.address, 0)
    if asker.scheme is not None:
        is_link = scope["type"] == "websocket"
        seen["scheme"] = asker.scheme.replace("http", "ws") if is_link else asker.scheme
        seen["state"] = {**scope.get("state", {}), SCHEME: asker.scheme}
    if asker.host is not None:
        headers = [pair for pair in scope["headers"] if pair[0] != b"host"]
        seen["headers"] = [*headers, (b"host", asker.host.encode("latin-1"))]
    if prefix:
        seen.update(_placed(scope, prefix))
    return {**scope, **seen}


def _placed(scope: Scope, prefix: str) -> dict[str, str]:
    """Return root and path with the proxy's prefix, which the path may or may not have."""
    root, path = root_of(scope), path_asked(scope)
    rest = path[len(prefix) :] if path.startswith(prefix) else None
    # A proxy's prefix may be equal to a path of our own, such as /api: then it stays.
    if rest is not None and (not rest or OWN.match(rest)):
        path = rest
    # The server may know the prefix, too, and have added it already.
    whole = root if root == prefix or root.startswith(prefix + "/") else prefix + root
    return {"root_path": whole, "path": whole + path}


def _spoiled(scope: Scope) -> str | None:
    """Say what a proxy took from the upgrade to a room's WebSocket; None for other requests."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    headers = {name: value.decode("latin-1").lower() for name, value in scope["headers"]}
    if b"sec-websocket-key" not in headers or not ROOM.fullmatch(path_within(scope)):
        return None
    if scope["http_version"] == "1.0":
        return "it came by HTTP/1.0"
    if "websocket" not in headers.get(b"upgrade", ""):
        return "it came without Upgrade: websocket"
    return "it came without Connection: Upgrade"


def _upgrade_required(why: str) -> PlainTextResponse:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    text = f"This address is a room's WebSocket, and your request cannot become one: {why}\n"
    return PlainTextResponse(text, 426, headers)
