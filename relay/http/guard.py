"""Stands before the app: it refuses pages of other sites, and requests that are not fit to parse.

It also tells the app where it is mounted, and tells browsers which answers other sites may read.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from urllib.parse import quote

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.http import media
from relay.policy.flood import Flood
from relay.policy.origins import Caller, Policy

log = logging.getLogger("relay")

SCHEME = "scheme"
"""Key of a scope's `state`: http or https, if a trusted proxy says which one its user asked by."""
READS = ("GET", "HEAD", "OPTIONS")
ROOM = re.compile(r"/r/[^/]+")
"""The path of a room's WebSocket, within the app."""
NO_ROOM_THERE = "it asks for a WebSocket at a path that is no room's: those are at /r/NAME"
HEALTH = "/healthz"
SHARED = ("/api", "/schema.yml", HEALTH)
"""Paths, with all paths below, that a page of another site may use if it may open a WebSocket."""

TITLES = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 415: "Unsupported Media Type"}


class Refusals:
    """Logs why a request was refused, in one line, and not too often."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        keep: Callable[[str, str], None] | None = None,
    ) -> None:
        """Args: keep: takes note of an address and a reason, for operators who ask later."""
        self._now = now
        self._keep = keep
        self._flood = Flood(1, 10)  # a stranger could fill the disk otherwise

    def say(self, caller: Caller, why: str) -> None:
        """Log it. Nothing of the URL is in it: a query may hold secrets."""
        if self._keep is not None:
            self._keep(caller.client or "", why)
        more = self._flood.passes("refused", self._now())
        if more is not None:
            log.warning("refused a request from %s: %s%s", caller.client or "nowhere", why, more)


class Guard:
    """ASGI middleware for HTTP. WebSockets have the same check in the app's hook."""

    def __init__(self, app: ASGIApp, policy: Policy, refusals: Refusals, token: str) -> None:
        """Args: token: the operator's, which `operators.is_operator` asks for."""
        self._app = app
        self._policy = policy
        self._refusals = refusals
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is allowed. Its state has the keys of `known`."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        caller = caller_of(scope)
        known = {
            "caller": caller,
            "root": root_of(scope),
            "asked": path_asked(scope),
            "home": way_home(scope),
            "port": port_of(scope),
            "token": self._token,
        }
        state = {**scope.get("state", {}), **known}
        within = {**scope, "path": path_within(scope), "state": state}
        is_link = scope["type"] == "websocket"
        # The app answers it as any path that it does not know: with 403, and no word of why.
        if is_link and ROOM.fullmatch(within["path"]) is None:
            self._refusals.say(caller, NO_ROOM_THERE)
        app = self._app if is_link else self._answering(within, caller)
        await app(within, receive, send)

    def _answering(self, scope: Scope, caller: Caller) -> ASGIApp:
        """Return the app that answers an HTTP request."""
        method, path = scope["method"], scope["path"]
        # Load balancers ask for the health without the relay's name, so that needs no allowed Host.
        why = None if path == HEALTH else self._refuse(method, caller)
        if why is not None:
            self._refusals.say(caller, why)
            return _problem(403, why)
        app = self._app
        refused = media.refuse_path(path) or media.refuse(
            method, scope["headers"], scope["query_string"]
        )
        if refused is not None:
            app = _problem(*refused)
        scope["headers"] = media.readable(scope["headers"])
        return self._shared(app, caller) if is_shared(path) else app

    def _refuse(self, method: str, caller: Caller) -> str | None:
        """Any page may send a read: it does no harm, as the browser hides the answer."""
        return (self._policy.refuse_host if method in READS else self._policy.refuse_link)(caller)

    def _shared(self, app: ASGIApp, caller: Caller) -> ASGIApp:
        """Let a page of another site read the answer, if it may open a WebSocket.

        Each request has a middleware of its own, as the decision needs more than the origin: a page
        on loopback may read if it asks from loopback.
        """
        may = caller.origin is not None and self._policy.refuse_link(caller) is None
        return CORSMiddleware(
            app,
            allow_origins=(caller.origin or "",) if may else (),
            allow_methods=("GET", "HEAD", "POST"),
            expose_headers=("Location", "Retry-After"),
        )


def caller_of(scope: Scope) -> Caller:
    """Read who asks from an ASGI scope."""
    client, server = scope.get("client"), scope.get("server")
    return Caller(
        _header(scope, b"origin"),
        _header(scope, b"host"),
        client[0] if client else None,
        server[0] if server else None,
        scope.get("state", {}).get(SCHEME),
    )


def _header(scope: Scope, wanted: bytes) -> str | None:
    values = [value for name, value in scope["headers"] if name == wanted]
    # No browser sends a header twice. Joined, two values are malformed, and so are refused.
    return b", ".join(values).decode("latin-1") if values else None


def root_of(scope: Scope) -> str:
    """Return the path that the app is mounted under, without a slash at its end."""
    root: str = scope.get("root_path", "")
    return root.rstrip("/")


def port_of(scope: Scope) -> int:
    """Return the port at which the relay was reached; 0 where there is none."""
    server = scope.get("server")
    return server[1] or 0 if server else 0


def path_within(scope: Scope) -> str:
    """Return the path below that, also without a slash at its end."""
    return path_asked(scope).rstrip("/") or "/"


def path_asked(scope: Scope) -> str:
    """Return the path below the root unchanged: it may end in slashes, or be empty."""
    path, root = str(scope["path"]), root_of(scope)
    # Some servers remove the root from the path.
    return path[len(root) :] if path == root or path.startswith(root + "/") else path


def way_home(scope: Scope) -> str:
    """Return the relay's home as a URL relative to the requested page.

    A proxy may have removed a prefix without telling us. A way upwards from the page is right in
    any case; the known root would not be.
    """
    path, root = path_asked(scope), root_of(scope)
    # The server knows the whole root; an app that mounts this one knows only its own part.
    told = scope.get("app_root_path", root)
    if told and path.strip("/") == "":
        return quote(root) + "/"  # a proxy may have added the slash, which the page's URL lacks
    if not path:
        return "./" + quote(root.rpartition("/")[2]) + "/"
    return "../" * (path.count("/") - 1) or "./"


def is_shared(path: str) -> bool:
    """Say whether pages of other sites may use this path."""
    return any(path == top or path.startswith(f"{top}/") for top in SHARED)


def _problem(status: int, why: str) -> JSONResponse:
    problem = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": why}
    return JSONResponse(problem, status, media_type="application/problem+json")
