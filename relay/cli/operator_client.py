"""What the operator's commands share: their options, and REST with the operator's token."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import quote, urlsplit

from cyclopts import Parameter

from relay.policy.operators import find_token, read_token
from relay.policy.origins import parse_authority

HERE: Final = "http://127.0.0.1:8000"
SECONDS: Final = 15.0
OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks the relay itself: a proxy would see the token."""
LINE_SECONDS: Final = 60.0
"""Most seconds between two lines of a stream: a watched room says something each second."""

Flag = Annotated[bool, Parameter(negative=())]
TokenFile = Annotated[Path | None, Parameter(env_var="RELAY_OPERATOR_TOKEN_FILE")]


class Problem(Exception):
    """Why the relay did not do something, in one sentence."""


@dataclass(frozen=True, slots=True)
class OperatorClient:
    """A relay, and the token by which it knows its operator."""

    url: str
    token: str

    @classmethod
    def find(cls, url: str | None, token_file: Path | None) -> Self:
        """Find the token: in the operator's file, or where a relay of this user keeps it.

        Args: url: of the relay; if left out, one on this machine, at port 8000.

        Raises:
            Problem: there is none.
        """
        url = _with_scheme(url or HERE).rstrip("/")
        if token_file is not None:
            try:
                return cls(url, read_token(token_file))
            except ValueError as error:
                raise Problem(f"--token-file {token_file}: {error}") from None
        port = _port_here(url)
        token = find_token(port)
        if token is None:
            raise Problem(
                f"no relay of yours runs at port {port} of this machine: --url names another, "
                "and --token-file the file with its operator's token"
            )
        return cls(url, token)

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Ask for something. Returns: what the relay answers, as JSON.

        Raises:
            Problem: the relay refuses, or cannot be reached.
        """
        with self._open(method, path, body, SECONDS) as answer:
            return json.loads(_read(answer))

    def lines(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Yield the lines of a stream, until it ends.

        Raises:
            Problem: the relay refuses, or the connection is lost.
        """
        with self._open("GET", path, None, LINE_SECONDS) as answer:
            while line := _read_line(answer):
                yield json.loads(line)

    def _open(self, method: str, path: str, body: object, seconds: float) -> HTTPResponse:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            answer: HTTPResponse = OPENER.open(request, timeout=seconds)
        except urllib.error.HTTPError as error:
            raise Problem(_said(error)) from None
        except (OSError, HTTPException) as error:
            why = getattr(error, "reason", None) or error
            raise Problem(f"{self.url} cannot be reached: {why}") from None
        return answer


def path_of(room: str) -> str:
    """Return the path of a room in REST."""
    return f"/api/rooms/{quote(room, safe='')}"


def _with_scheme(url: str) -> str:
    """Return a URL with its scheme: the token travels in clear to this machine alone."""
    if "://" in url:
        return url
    authority = parse_authority(url.partition("/")[0])
    is_here = authority is not None and authority.is_loopback
    return f"{'http' if is_here else 'https'}://{url}"


def _port_here(url: str) -> int:
    """Return the port of a relay on this machine: no other may see the token that is kept here."""
    parts = urlsplit(url)
    authority = parse_authority(parts.netloc)
    if parts.scheme not in ("http", "https") or authority is None:
        raise Problem(f"--url {url} is no URL of a relay, such as {HERE}")
    if not authority.is_loopback:
        raise Problem(f"{url} is not this machine: --token-file names its operator's token")
    return authority.port_for(parts.scheme)


def _said(error: urllib.error.HTTPError) -> str:
    """Return the relay's own sentence, if it has said one."""
    with error:
        try:
            return str(json.loads(error.read())["detail"])
        except (OSError, HTTPException, ValueError, LookupError, TypeError):
            return f"the relay answers {error.code} {error.reason}"


def _read(answer: HTTPResponse) -> bytes:
    try:
        return answer.read()
    except (OSError, HTTPException) as error:
        raise Problem(f"the answer broke off: {error}") from None


def _read_line(answer: HTTPResponse) -> bytes:
    try:
        return answer.readline()
    except (OSError, HTTPException) as error:
        raise Problem(f"the stream broke off: {error}") from None
