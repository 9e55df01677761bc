"""The blocking client under test: `python -m clients.fuzz.peers.testees.python_blocking URL`"""

from __future__ import annotations

import contextlib
import sys
import time

from clients.fuzz.peers.testees import lines
from roomwire import Closed, JoinError, Message, RoomClosed, Unreachable, blocking

FRAME = 0.005
"""Seconds of a round of a game's loop."""


def visit(url: str) -> None:
    """Enter a room, and stay until it is closed."""
    room = blocking.connect(url, name="Testee").open()
    while True:
        for event in room.poll():
            lines.tell(event)
            if isinstance(event, Closed):
                return
            if isinstance(event, Message) and not event.is_history:
                with contextlib.suppress(RoomClosed):
                    room.send_bytes(event.payload)
                    room.volatile_bytes(1, event.payload)
        time.sleep(FRAME)


def main(url: str) -> None:
    lines.hello("python blocking")
    while True:
        try:
            visit(url)
        except JoinError as refused:
            lines.closed(int(refused.closed.code))
        except Unreachable as error:
            lines.say(event="unreachable", text=str(error))


if __name__ == "__main__":
    main(sys.argv[-1])
