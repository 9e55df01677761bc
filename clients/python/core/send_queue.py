"""Messages that wait for the relay. A newer volatile value replaces the older one of its slot."""

from __future__ import annotations

from clients.python import events
from clients.python.core.commands import Slot, is_for_all, names
from protocol.codec import Role, decode
from protocol.window import Window


class SendQueue:
    """Messages that wait for the next write, or for the next connection.

    The seat's window holds counted messages until the relay has taken them. So only the ones that
    this connection has not sent wait here.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._is_open = False
        # Keys: a count for a counted message, a slot for a volatile one, a word for our own.
        self._waiting: dict[int | Slot | str, bytes] = {}
        self._newest: dict[Slot, bytes] = {}
        """The newest volatile message of each slot, sent or not."""

    def counted(self, message: bytes) -> int:
        """Add a counted message; return its number."""
        count = self._window.add(message)
        if self._is_open:
            self._waiting[count] = message
        return count

    def volatile(self, slot: Slot, message: bytes) -> None:
        """Add a volatile message, in place of an older one of its slot."""
        # Slots may share a receiver and a key: what was said last has to be said last again.
        self._newest.pop(slot, None)
        self._newest[slot] = message
        if self._is_open:
            self._waiting.pop(slot, None)
            self._waiting[slot] = message

    def forget(self, player: int) -> None:
        """Forget volatile values for a player who has left: nobody has their number again."""
        self._newest = {
            slot: message for slot, message in self._newest.items() if not names(slot, player)
        }

    def own(self, word: str, message: bytes) -> None:
        """Add a message about the connection or the seat, in place of an older one of its kind."""
        if self._is_open:
            self._waiting[word] = message

    def open(self, resend: tuple[bytes, ...], *, is_same_seat: bool) -> None:
        """Begin to send: first what the relay has not taken, then the newest volatile values."""
        self._is_open = True
        if not is_same_seat:
            self._newest = {
                slot: message for slot, message in self._newest.items() if is_for_all(slot)
            }
        # SPEC 13.5: frames that were not taken go again, before anything newer.
        first = self._window.taken + 1
        self._waiting.update(enumerate(resend, start=first))
        # SPEC 14.3: also those that were sent. Nobody acknowledges them; the lost line may have
        # them, and a relay that was started anew has none.
        self._waiting.update(self._newest.items())

    def close(self) -> None:
        """Stop sending: the next connection is told what to send again."""
        self._is_open = False
        self._waiting.clear()

    def take(self) -> list[bytes]:
        """Take the messages to send now, in order."""
        if not self._is_open:
            return []
        messages = list(self._waiting.values())
        self._waiting.clear()
        return messages


def lost(messages: tuple[bytes, ...]) -> events.Lost:
    """Return the event for frames of ours that no relay will take."""
    return events.Lost(tuple(decode(message, by=Role.CLIENT) for message in messages))
