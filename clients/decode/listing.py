"""Messages in their order, as people or programs read them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from clients.decode.decoded import decode
from clients.decode.message import Decoded
from clients.decode.showing import show
from clients.decode.sources.said import Said
from clients.decode.spelling import as_json
from protocol.close_codes import CloseCode
from protocol.legible import isolated

TEXT_REFUSED = "a text message, which is refused (SPEC 2.5)"


class Listing:
    """Prints messages, and says what their connections are."""

    def __init__(self, full: bool, as_lines: bool) -> None:
        self._full = full
        self._as_lines = as_lines
        self._began: float | None = None
        self._connections: dict[str, int] = {}

    def show(self, found: Iterable[Said], sender: str | None) -> int:
        """Print messages. Args: sender: of those that do not say it. Returns: the exit status."""
        bad = 0
        for count, said in enumerate(found):
            message = decode(said.data, said.by or sender) if said.kind == "binary" else None
            bad |= said.kind == "text" or (message is not None and message.fault is not None)
            if self._as_lines:
                print(json.dumps(told(said, message)))
            else:
                self._print(said, message, is_first=count == 0)
        return int(bad)

    def _print(self, said: Said, message: Decoded | None, is_first: bool) -> None:
        if said.connection and said.connection not in self._connections:
            self._connections[said.connection] = len(self._connections) + 1
            number = self._connections[said.connection]
            print("" if is_first else "\n", f"#{number} is {isolated(said.connection)}", sep="")
        shown = f"{said.by or ''} {other(said)}" if message is None else show(message, self._full)
        gap = "" if is_first and not said.connection else "\n"
        print(f"{gap}{self._place(said)}{shown.strip()}")

    def _place(self, said: Said) -> str:
        """Return where and when it was said, if that is known."""
        number = self._connections.get(said.connection)
        place = "" if number is None else f"#{number} "
        if said.at is None:
            return place
        self._began = said.at if self._began is None else self._began
        return f"{place}+{said.at - self._began:.3f} s "


def told(said: Said, message: Decoded | None) -> dict[str, Any]:
    """Return a message as JSON, with where and when it was said."""
    where: dict[str, Any] = {} if said.at is None else {"time": said.at}
    where |= {"connection": said.connection} if said.connection else {}
    if message is not None:
        return {**where, **as_json(message)}
    return {**where, "from": said.by, said.kind: other(said)}


def other(said: Said) -> str:
    """Return what a text, a close or a note says."""
    words = isolated(said.data.decode("utf-8", "replace"))
    if said.kind == "text":
        return f"{TEXT_REFUSED}: {words}"
    return close(said.data) if said.kind == "close" else words


def close(data: bytes) -> str:
    """Return a close frame in words: its code, and the code's name or reason."""
    if len(data) < 2:
        return "close without a code"
    code = int.from_bytes(data[:2])
    name = CloseCode(code).name if code in list(CloseCode) else ""
    reason = isolated(data[2:].decode("utf-8", "replace"))
    said = "" if reason in ("", name.lower()) else f'"{reason}"'
    return " ".join(filter(None, ("close", str(code), name, said)))
