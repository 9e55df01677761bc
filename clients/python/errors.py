"""
* RoomwireError           a client cannot mend this by itself
  * Unreachable           no relay answers there (also a ConnectionError)
  * JoinError             the relay answered, and the room did not let us in
    * NoSuchRoom, RoomFull, RoomLocked, WrongPassword, NotAdmitted, Kicked
    * VersionRefused, OtherApp, FrameSizeRefused
  * LobbyRefused          the relay does not do what the lobby asked of it
  * RoomClosed            the room is over for this client: see its last event, `Closed`
  * WindowFull            too many frames wait for the relay: try again later (blocking client)

A mistake in a call is a `protocol.errors.LocalProtocolError`.
"""

from __future__ import annotations

from clients.python.events import Closed
from protocol.close_codes import CloseCode
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.legible import legible

MEANING: dict[int, tuple[str, str]] = {
    CloseCode.NORMAL: ("You left the room", ""),
    CloseCode.TEXT_REFUSED: ("A text message was sent", "This wire is binary."),
    CloseCode.TOO_BIG: ("A message was larger than the relay takes", "Send less at once."),
    CloseCode.DRAIN: ("The relay is going down", "Try again in a moment."),
    CloseCode.RELAY_FULL: ("The relay is full", "Try again later."),
    CloseCode.TOO_FAST: ("This address connects or sends too fast", "Slow down."),
    CloseCode.BAD_FRAMES: ("Too many malformed frames were sent", "Mend the encoder."),
    CloseCode.VERSION: ("The relay speaks another version of the wire", "Update the older one."),
    CloseCode.REPLACED: ("Another connection took this seat", "A seat has one at a time."),
    CloseCode.KICKED: ("The host or the operator removed you from the room", ""),
    CloseCode.ROOM_FULL: ("The room is full", "Wait for a place, or join another room."),
    CloseCode.LOCKED: ("The room is locked", "Ask its host to unlock it."),
    CloseCode.WRONG_PASSWORD: ("The password is wrong", "Pass the right password=..."),
    CloseCode.NO_SUCH_ROOM: (
        "There is no such room",
        "Check its code, or make it with create=True.",
    ),
    CloseCode.NOT_ADMITTED: ("You were not admitted: check your name and ticket", ""),
    CloseCode.OTHER_APP: (
        "The room is for another app or build",
        "Pass its app=... and build=..., or join another room.",
    ),
    CloseCode.FRAME_SIZE: ("The room's frames may be too large", "Pass a larger max_frame=..."),
}
"""What each close code means, in words, and what to do."""


def explain(code: int, reason: str, said: str) -> str:
    """Return a sentence about a close: what happened, and what to do.

    Args:
        reason: the word that came with the code.
        said: a sentence of the relay, or of the network. It replaces ours. It may be a stranger's,
            such as a host's who kicks.
    """
    unknown = (f"The connection ended with code {code} {legible(reason)}".rstrip(), "")
    meaning, advice = MEANING.get(code, unknown)
    sentence = legible(said).rstrip(".") or meaning
    return f"{sentence[:1].upper()}{sentence[1:]}. {advice}".rstrip()


class RoomwireError(Exception):
    """Base of the client's errors. Mistakes in a call have another base, `LocalProtocolError`."""


class Unreachable(RoomwireError, ConnectionError):
    """No relay answers at this address."""


class JoinError(RoomwireError):
    """The relay did not let this client into the room; a subclass names the cause.

    Attributes:
        closed: code, reason, a sentence, and whether to try again.
    """

    def __init__(self, closed: Closed) -> None:
        super().__init__(closed.text)
        self.closed = closed


class NoSuchRoom(JoinError):
    """The room does not exist, and `create=False` forbids making it."""


class RoomFull(JoinError):
    """The room has no place left."""


class RoomLocked(JoinError):
    """The host has locked the room."""


class WrongPassword(JoinError):
    """The room has another password."""


class NotAdmitted(JoinError):
    """The relay's `on_join` hook said no."""


class Kicked(JoinError):
    """The host or the operator removed this seat for the room's life."""


class VersionRefused(JoinError):
    """The relay speaks another version of the wire."""


class OtherApp(JoinError):
    """The room is of another app or build."""


class FrameSizeRefused(JoinError):
    """The room's frames may be larger than this client takes."""


class RoomClosed(RoomwireError):
    """The room is over for this client; `closed` says why."""

    def __init__(self, closed: Closed) -> None:
        super().__init__(closed.text)
        self.closed = closed


class LobbyRefused(RoomwireError):
    """The relay does not do what the lobby asked of it.

    Attributes:
        status: the HTTP status. 404: no such room. 409: the name is taken. 422: the request makes
            no sense. 429: too many requests. 503: the relay is full, or goes down.
        text: why, in the relay's words.
        after: seconds to wait before the next request, where the relay says so.
    """

    def __init__(self, status: int, text: str, after: int | None = None) -> None:
        when = "" if after is None else f"; come back in {after} s"
        super().__init__(f"the relay refuses (HTTP {status}): {legible(text)}{when}")
        self.status = status
        self.text = text
        self.after = after


class WindowFull(RoomwireError):
    """The relay has not taken the last frames yet: it is away, or they come too fast.

    Nothing was sent: keep the value and try again later, or give it up.
    """


PUBLIC = RoomwireError | LocalProtocolError | RemoteProtocolError
for each in list(globals().values()):
    if isinstance(each, type) and issubclass(each, PUBLIC):
        each.__module__ = "roomwire"  # a traceback shows the name that programs import

CAUSES: dict[int, type[JoinError]] = {
    CloseCode.NO_SUCH_ROOM: NoSuchRoom,
    CloseCode.ROOM_FULL: RoomFull,
    CloseCode.LOCKED: RoomLocked,
    CloseCode.WRONG_PASSWORD: WrongPassword,
    CloseCode.NOT_ADMITTED: NotAdmitted,
    CloseCode.KICKED: Kicked,
    CloseCode.VERSION: VersionRefused,
    CloseCode.OTHER_APP: OtherApp,
    CloseCode.FRAME_SIZE: FrameSizeRefused,
}


def join_error(closed: Closed) -> JoinError:
    """Return the error for a close that comes before the room is live."""
    return CAUSES.get(closed.code, JoinError)(closed)
