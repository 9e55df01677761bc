"""Asks a relay as its operator does: over HTTP, with the token."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from relay.policy.operators import find_token, read_token

URL: Final = "http://127.0.0.1:8000"
SECONDS: Final = 10.0
"""For which the relay may say nothing."""
TOKEN_FILE: Final = "RELAY_OPERATOR_TOKEN_FILE"


class Problem(Exception):
    """What the relay did not do, in one sentence."""


@dataclass(frozen=True, slots=True)
class OperatorClient:
    """A relay, and the token of its operator."""

    url: str
    token: str

    @classmethod
    def find(cls, url: str | None, token_file: Path | None) -> Self:
        """Find the relay, and the token for it: in a file, or where a relay of this user keeps it.

        Raises:
            Problem: there is no token. It says what to do.
        """
        url = (url or URL).rstrip("/")
        named = token_file or os.environ.get(TOKEN_FILE)
        if named is not None:
            try:
                return cls(url, read_token(Path(named)))
            except ValueError as error:
                raise Problem(f"the token in {named}: {error}") from None
        parts = urlsplit(url)
        token = find_token(parts.port or (443 if parts.scheme == "https" else 80))
        if token is None:
            raise Problem(
                f"no relay of yours runs at {url} on this machine: start one, name another one "
                "with --url, or its operator's token with --token-file"
            )
        return cls(url, token)

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Return the relay's answer.

        Raises:
            Problem: the relay refuses, or does not answer.
        """
        with self._asked(method, path, body) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    def lines(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Yield the lines of a stream, until the relay ends it.

        Raises:
            Problem: the relay refuses, or says nothing more.
        """
        with self._asked("GET", path, None) as answer:
            yield from map(json.loads, answer)

    def _asked(self, method: str, path: str, body: object) -> AbstractContextManager[Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        data = None
        if body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, headers, method=method)
        return _explained(asked, self.url)


@contextmanager
def _explained(asked: urllib.request.Request, url: str) -> Iterator[Any]:
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        raise Problem(_detail(error)) from None
    except (OSError, ValueError) as error:
        raise Problem(f"{url} does not answer: {error}") from None


def _detail(error: urllib.error.HTTPError) -> str:
    with error:
        try:
            return str(json.loads(error.read())["detail"])
        except (ValueError, KeyError, TypeError):
            return f"the relay answers {error.code} {error.reason}"
