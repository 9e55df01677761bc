"""A browser's HAR export. Its WebSocket messages are an addition of browsers to the format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from clients.decode.sources.said import NotReadable, Said
from clients.decode.sources.text import from_base64

TEXT, BINARY = 1, 2
MILLISECONDS = 1e11
"""Times beyond it are in ms, as Playwright writes them. Chromium writes seconds."""

SIDES = {"send": "client", "receive": "relay"}


def is_har(head: bytes) -> bool:
    """Say whether a file begins as an export does."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read(content: bytes) -> list[Said]:
    """Return the WebSocket messages of an export, connection by connection.

    Raises:
        NotReadable: it is none, or has no such messages.
    """
    try:
        entries = json.loads(content.decode("utf-8-sig"))["log"]["entries"]
        found = [said for entry in entries for said in messages(entry)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotReadable(f"this is no HAR export: {error!r}") from error
    if not found:
        raise NotReadable(
            "the export has no WebSocket messages: open the developer tools before the page, "
            "and export with all content"
        )
    return found


def messages(entry: dict[str, Any]) -> Iterator[Said]:
    for message in entry.get("_webSocketMessages") or ():
        by, at = SIDES[message["type"]], seconds(message["time"])
        url = str(entry["request"]["url"])
        if message["opcode"] == BINARY:
            data = from_base64(message["data"])
            if data is None:
                raise ValueError("a binary message that is not base64")
            yield Said(data, by, "binary", at, url)
        elif message["opcode"] == TEXT:
            yield Said(message["data"].encode(), by, "text", at, url)


def seconds(time: float) -> float:
    return time / 1000 if time > MILLISECONDS else float(time)
