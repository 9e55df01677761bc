"""Stands before the app: keeps strangers' pages out, and what nobody should have to read.

It also tells the app where it is mounted, and pages of other sites what they may ask.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from urllib.parse import quote

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.http import media
from relay.policy.origins import Caller, Policy
from relay.policy.rate_limits import TokenBucket

log = logging.getLogger("relay")

SCHEME = "scheme"
"""Key of a scope's `state`: http or https, where a trusted proxy says as what it was asked."""
READS = ("GET", "HEAD", "OPTIONS")
HEALTH = "/healthz"
SHARED = ("/api", "/schema.yml", HEALTH)
"""What pages of other sites may use, with all that is below, where they may open a WebSocket."""

TITLES = {400: "Bad Request", 403: "Forbidden", 415: "Unsupported Media Type"}


class Refusals:
    """Says why someone was refused, in one line of the log, and not too often."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._bucket = TokenBucket(1, 10)  # whoever is refused could fill the disk with it
        self._unsaid = 0

    def say(self, caller: Caller, why: str) -> None:
        """Log it. Nothing of the URL is in it: a query may hold secrets."""
        if self._bucket.ask(1, self._now()):
            self._unsaid += 1
            return
        unsaid, self._unsaid = self._unsaid, 0
        more = f"; {unsaid} more were refused" if unsaid else ""
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
        """Pass on what is allowed; its state has what `known` has."""
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
        app = self._app if scope["type"] == "websocket" else self._answering(within, caller)
        await app(within, receive, send)

    def _answering(self, scope: Scope, caller: Caller) -> ASGIApp:
        """Return what is to answer an HTTP request."""
        method, path = scope["method"], scope["path"]
        # Whoever asks for the health alone may not know by which name, as load balancers do not.
        why = None if path == HEALTH else self._refuse(method, caller)
        if why is not None:
            self._refusals.say(caller, why)
            return _problem(403, why)
        app = self._app
        if (refused := media.refuse(method, scope["headers"], scope["query_string"])) is not None:
            app = _problem(*refused)
        scope["headers"] = media.readable(scope["headers"])
        return self._shared(app, caller) if is_shared(path) else app

    def _refuse(self, method: str, caller: Caller) -> str | None:
        """Anybody's page may ask; what it does not hear, as browsers see to, does no harm."""
        return (self._policy.refuse_host if method in READS else self._policy.refuse_link)(caller)

    def _shared(self, app: ASGIApp, caller: Caller) -> ASGIApp:
        """Let a page of another site hear the answer, if it may open a WebSocket.

        One middleware for each request, as who may depends not on the origin alone: a page on
        loopback may from loopback.
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
    # No browser sends two: what comes of them together is malformed, and so refused.
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
    """Return the path below the root as it was asked for: with slashes at its end, or empty."""
    path, root = str(scope["path"]), root_of(scope)
    # Not every server leaves the root in the path.
    return path[len(root) :] if path == root or path.startswith(root + "/") else path


def way_home(scope: Scope) -> str:
    """Return the relay's home as a URL that is relative to the page that a browser asked for.

    A proxy may have taken off a prefix of which nobody told us: up from the page is right below it
    too, where the root that we know is not.
    """
    path, root = path_asked(scope), root_of(scope)
    # Who serves the app told its root; an app that mounts it knows but its own part of that.
    told = scope.get("app_root_path", root)
    if told and path.strip("/") == "":
        return quote(root) + "/"  # a proxy may have put the slash there, where the page has none
    if not path:
        return "./" + quote(root.rpartition("/")[2]) + "/"
    return "../" * (path.count("/") - 1) or "./"


def is_shared(path: str) -> bool:
    """Say whether pages of other sites may use what is at this path."""
    return any(path == top or path.startswith(f"{top}/") for top in SHARED)


def _problem(status: int, why: str) -> JSONResponse:
    problem = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": why}
    return JSONResponse(problem, status, media_type="application/problem+json")
