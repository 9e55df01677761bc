"""Our blocking Python client under test: `python -m clients.conform.testees.python_blocking`."""

from __future__ import annotations

import queue
import threading
from collections import deque
from contextlib import suppress

from clients.conform.testees import lines
from roomwire import BlockingRoom, LocalProtocolError, RoomwireError, WindowFull, blocking

PATIENCE = 60.0  # seconds for `connect`: a case may take its time with WELCOME
FRAME = 0.005  # seconds of one turn of the loop, as a game has it


class Game:
    """One client, in a thread of its own, with a loop that polls as a game's does."""

    def __init__(self, line: lines.Command) -> None:
        self._line = line
        self._work: queue.SimpleQueue[lines.Command] = queue.SimpleQueue()
        self._waiting: deque[lines.Command] = deque()
        self._is_over = threading.Event()
        self._reads = True
        self.thread = threading.Thread(target=self._play, daemon=True)
        self.thread.start()

    def do(self, line: lines.Command) -> None:
        """Do something in the next turn; whether the program reads is said at once."""
        if line["do"] in ("hold", "go_on"):
            self._reads = line["do"] == "go_on"
        else:
            self._work.put(line)

    def end(self) -> None:
        """Forget the client: nothing that it does is told any more."""
        self._is_over.set()

    def _play(self) -> None:
        options = lines.options(self._line["options"])
        try:
            room = blocking.connect(self._line["url"], timeout=PATIENCE, **options).open()
        except (RoomwireError, LocalProtocolError) as error:
            if not self._is_over.is_set():
                lines.not_entered(error)
            return
        while not self._is_over.is_set():
            for event in room.poll() if self._reads else ():
                lines.happened(room, event)
            self._obey(room)
        room.leave()

    def _obey(self, room: BlockingRoom) -> None:
        with suppress(queue.Empty):
            self._waiting.append(self._work.get(timeout=FRAME))
        while self._waiting:
            try:
                self._do(room, self._waiting[0])
            except WindowFull:
                return  # it is tried again in the next turn
            except (RoomwireError, LocalProtocolError) as error:
                lines.tell("error", do=self._waiting[0]["do"], text=str(error))
            self._waiting.popleft()

    def _do(self, room: BlockingRoom, line: lines.Command) -> None:
        match line["do"]:
            case "leave":
                # It waits for the answer, and the loop must go on to tell what comes.
                threading.Thread(target=room.leave, daemon=True).start()
            case "clock":
                lines.clock(room)
            case _:
                lines.sending(room, line)


def main() -> None:
    """Obey until the input ends."""
    lines.hello("Roomwire for Python, blocking")
    game: Game | None = None
    while (line := lines.command()) is not None:
        if line["do"] == "connect":
            if game is not None:
                game.end()
            game = Game(line)
        elif line["do"] == "reset":
            if game is not None:
                game.end()
            game = None
            lines.tell("reset")
        elif game is not None:
            game.do(line)


if __name__ == "__main__":
    main()
