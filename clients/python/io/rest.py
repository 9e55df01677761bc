"""Requests to the relay's REST, over urllib. A call blocks: an async program needs a thread."""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlencode, urlsplit
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from clients.python.core.address import Relay
from clients.python.errors import LobbyRefused, Unreachable
from clients.python.io.unreachable import MEANING, describe, described_by

JSON = "application/json"
MOST = 4 * 1024 * 1024  # most bytes of an answer: a page of 200 rooms with all their tags has 2 MiB

Query = list[tuple[str, str]]


class Rest:
    """Sends requests to one relay."""

    def __init__(self, relay: Relay, timeout: float, tls: ssl.SSLContext | None) -> None:
        """Args: timeout: seconds to wait for each read from the socket."""
        self._relay = relay
        self._timeout = timeout
        self._opener = _opener(relay, tls)
        self._base, self._headers = _without_user(relay.url)

    def ask(self, path: str, *, query: Query | None = None, body: object = None) -> Any:
        """Return what the relay answers to GET, or to POST where there is a body.

        Raises:
            LobbyRefused: the relay refuses, and says why.
            Unreachable: nothing that could be a relay answers.
        """
        url = f"{self._base}{path}"
        asked = f"{url}?{urlencode(query)}" if query else url
        try:
            return self._answer(self._request(asked, body), url)
        except Unreachable:
            raise
        except (OSError, HTTPException, ValueError) as error:
            raise self._unreachable(error, url) from error

    def _answer(self, request: Request, url: str) -> Any:
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return _understood(response.read(MOST), response.headers, url)
        except HTTPError as error:
            with error:
                raise _refusal(error, url) from None

    def _request(self, url: str, body: object) -> Request:
        data = None if body is None else json.dumps(body).encode()
        return Request(url, data, {**self._headers, "Accept": JSON, "Content-Type": JSON})

    def _unreachable(self, error: Exception, url: str) -> Unreachable:
        cause = error.reason if isinstance(error, URLError) else error
        if isinstance(cause, HTTPException) and not isinstance(cause, OSError):
            return Unreachable(f"{url} does not speak HTTP: {cause!r}")
        known = cause if isinstance(cause, Exception) else error
        return Unreachable(describe(known, url, is_loopback=self._relay.is_loopback))


def _opener(relay: Relay, tls: ssl.SSLContext | None) -> OpenerDirector:
    # As for the WebSocket: no proxy to this machine, the environment's proxies to others.
    straight = [ProxyHandler({})] if relay.is_loopback else []
    return build_opener(*straight, HTTPSHandler(context=tls))


def _without_user(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL without its user, and the header that names the user instead."""
    parts = urlsplit(url)
    if parts.username is None:
        return url, {}
    known = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return plain, {"Authorization": f"Basic {b64encode(known).decode()}"}


def _refusal(error: HTTPError, url: str) -> LobbyRefused | Unreachable:
    said = described_by(error.headers.get("Content-Type", ""), error.read(MOST))
    if said:
        return LobbyRefused(error.code, said, _seconds(error.headers.get("Retry-After", "")))
    meaning = MEANING.get(error.code, "is it a Roomwire relay?")
    return Unreachable(f"{url} answers HTTP {error.code}: {meaning}")


def _understood(data: bytes, headers: Message, url: str) -> Any:
    if headers.get_content_type() == JSON:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            pass
    raise no_relay(url)


def no_relay(url: str) -> Unreachable:
    """Return the error for an answer that no relay would give."""
    return Unreachable(f"{url} answers, but not as a Roomwire relay: is the address right?")


def _seconds(header: str) -> int | None:
    return int(header) if header.isascii() and header.isdecimal() else None
