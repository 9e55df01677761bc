"""How the relay says no."""

from __future__ import annotations

from typing import Any

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.frames import Error, ErrorDetail

NO_MEMORY = (ErrorCode.NO_ROOM_LEFT, "this relay has no memory left for more of this room's")
"""Code and text of the refusal."""


class Refusal(Exception):
    """Something is refused: this becomes an ERROR to the client that asked for it.

    Attributes:
        code: why it was refused, as ERROR carries it.
        text: one sentence for a human.
        close: the code with which the connection ends as well, if it does.
        detail: fields of `ErrorDetail`; `retry`, whether the same may succeed later, is always
            said.
    """

    def __init__(
        self,
        code: ErrorCode,
        text: str,
        *,
        close: CloseCode | None = None,
        retry: bool = False,
        **detail: Any,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.close = close
        self.detail = {"retry": retry, **detail}

    def error(self, seq: int = 0, **known: Any) -> Error:
        """Return the ERROR at this seq (0: outside the order), with what else is known."""
        return Error(seq, self.code, self.text, ErrorDetail(**{**known, **self.detail}))


def read_only(what: str) -> Refusal:
    """Refuse what a spectator tried to do."""
    return Refusal(
        ErrorCode.READ_ONLY,
        f"a spectator cannot {what}",
        expected="role player",
        got="role spectator",
    )


def slow_down(wait: float, what: str) -> None:
    """Raise if so many seconds have to pass before the address may have more of this."""
    if wait:
        raise Refusal(
            ErrorCode.TOO_FAST,
            f"too many {what} from your address",
            close=CloseCode.TOO_FAST,
            retry=True,
            after=int(wait * 1000) + 1,
        )


def check_size(message: bytes, most: int) -> None:
    """Raise if a client's message has more bytes than its room takes."""
    if len(message) > most:
        raise RemoteProtocolError(
            ErrorCode.TOO_BIG,
            "the message is longer than this relay takes",
            expected=f"at most {most} bytes",
            got=f"{len(message)} bytes",
            limit=most,
        )


def explain(error: RemoteProtocolError, message: bytes) -> Error:
    """Turn a protocol error into the ERROR that teaches its sender."""
    op = message[1] if len(message) > 1 and message[1] < 0x80 else None
    detail = ErrorDetail(
        op=op,
        offset=error.offset,
        expected=error.expected,
        got=error.got,
        limit=error.limit,
        retry=False,
    )
    return Error(0, error.code, error.text, detail)


def fresh_because(code: ErrorCode) -> Error:
    """Say why a player who wanted to resume hears the whole room instead."""
    text = {
        ErrorCode.HISTORY_TRIMMED: "history no longer reaches back to your position",
        ErrorCode.SEAT_EXPIRED: "your seat was not taken up again in time",
    }[code]
    return Error(0, code, f"{text}: the room as it stands follows", ErrorDetail(retry=False))
