"""The operator's token: whoever sends it may see what the relay keeps from strangers.

The operator chooses it in a file (`--operator-token-file`). Else each start makes one, and keeps
it in a file that only this user can read, where the command line of the same user finds it by the
relay's port.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relay.policy.folders import runtime_folder
from relay.policy.origins import parse_authority
from relay.policy.proxies import is_forwarding
from relay.policy.rate_limits import is_loopback

log = logging.getLogger("relay")

LEAST = 16
"""Characters of a token: it cannot be guessed at the rate of requests that is allowed."""
SCHEME = "bearer "


# Who asks. A request is Responder's or Starlette's, or a WebSocket, that passed the Guard.


def is_operator(request: Any) -> bool:
    """Say whether a request comes with the token: `Authorization: Bearer TOKEN`."""
    said = request.headers.get("authorization") or ""
    if not said.lower().startswith(SCHEME):
        return False
    # In constant time: how long it took would tell how much of a guess was right.
    return hmac.compare_digest(said[len(SCHEME) :].strip().encode(), request.state.token.encode())


def is_at_machine(request: Any) -> bool:
    """Say whether a program on this machine asks, and asks directly.

    A proxy on this machine comes from loopback too, with strangers' requests: it leaves its marks
    in headers. A web page that is shown on this machine has an Origin, or a name for its Host.
    """
    caller = request.state.caller
    host = parse_authority(caller.host or "")
    return (
        is_loopback(caller.client or "")
        and host is not None
        and host.is_loopback
        and caller.origin is None
        and not any(is_forwarding(name.lower().encode()) for name in request.headers)
    )


# The token.


def new_token() -> str:
    return secrets.token_urlsafe(32)


def read_token(path: Path) -> str:
    """Read the token that the operator has chosen.

    Raises:
        ValueError: the file cannot be read, or what it holds can be guessed.
    """
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ValueError(f"it cannot be read: {why}") from None
    if len(token) < LEAST or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(
            f"expected {LEAST} or more letters, digits and signs in it, without blanks"
        )
    return token


def token_of(chosen: Path | None) -> str:
    """Return the token: the one that the operator has chosen in a file, or a new one."""
    return new_token() if chosen is None else read_token(chosen)


@contextlib.contextmanager
def known(chosen: Path | None, token: str, port: int) -> Iterator[None]:
    """Let this user's command line find the token, unless the operator knows it already."""
    with contextlib.nullcontext() if chosen is not None else kept(token, port):
        yield


@contextlib.contextmanager
def kept(token: str, port: int) -> Iterator[None]:
    """Keep the token where this user's command line finds it, while the relay runs."""
    try:
        path = _path(port)
        path.unlink(missing_ok=True)  # what a relay left that was killed
        with open(path, "x", opener=_private, encoding="utf-8") as file:
            file.write(token)
    except OSError as error:
        log.warning("the operator's token is not kept: %s; --operator-token-file names one", error)
        yield
        return
    try:
        yield
    finally:
        if find_token(port) == token:  # else another relay has the port, at another address
            path.unlink(missing_ok=True)


def find_token(port: int) -> str | None:
    """Return the token of this user's relay at this port, if one runs and keeps it."""
    try:
        return _path(port).read_text(encoding="utf-8")
    except OSError:
        return None


def _path(port: int) -> Path:
    return runtime_folder() / f"operator-{port}"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
