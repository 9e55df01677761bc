"""What is under test: a relay that is there already, or a client that is started."""

from __future__ import annotations

import socket
from typing import Protocol
from urllib.parse import urlsplit

from clients.fuzz.peers.faults import Fault
from clients.fuzz.peers.hostile_client import Attack
from clients.fuzz.peers.hostile_relay import Ambush
from clients.fuzz.peers.memory import server_of
from clients.fuzz.peers.plan.as_relay import ROOM
from clients.fuzz.peers.plan.parts import Kept, count_of, steps_of, visits_of
from clients.fuzz.peers.plan.steps import Drain
from clients.fuzz.peers.program import Program
from clients.fuzz.peers.transcript import Transcript

ENTRY = (0, 1)
"""The parts of a story in which two players enter."""

DRAINED = 0
"""The seed of the story whose players are in the room when the relay is told to end."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Side(Protocol):
    """One of those under test."""

    @property
    def pid(self) -> int | None:
        """Its process, where it is known."""

    def converse(self, seed: int, transcript: Transcript, kept: Kept | None = None) -> list[str]:
        """Play one conversation, or some parts of it. Returns: what was done, by name.

        Raises:
            Fault: what is under test did something wrong.
            Unsound: these parts make no conversation.
        """

    def parts(self, seed: int) -> int:
        """Return how many parts a conversation has."""

    def end(self) -> None:
        """Let go of it."""


class Server:
    """A relay, by its URL."""

    def __init__(self, url: str, patience: float, pid: int | None = None) -> None:
        self._url = url
        self._patience = patience
        parts = urlsplit(url if "//" in url else f"http://{url}")
        is_near = parts.hostname in LOOPBACK
        self.pid = pid or (server_of(parts.port or 80) if is_near else None)

    def converse(self, seed: int, transcript: Transcript, kept: Kept | None = None) -> list[str]:
        attack = Attack(self._url, seed, self._patience, transcript, kept)
        attack.play()
        return [step.what for step in attack.steps]

    def parts(self, seed: int) -> int:
        return len(steps_of(seed, None))

    def drain(self, transcript: Transcript) -> None:
        """Tell the relay to end, with players in a room.

        Raises:
            Fault: it does not close as it should; or where its process is, is not known.
        """
        if self.pid is None:
            raise Fault("unreachable", "the relay's process", "none on this machine: name --pid")
        attack = Attack(self._url, DRAINED, self._patience, transcript, ENTRY)
        attack.steps.append(Drain(self.pid))
        attack.play()

    def end(self) -> None:
        """It goes on: somebody else has started it."""


class Client:
    """A program, which is started anew once it has done something wrong."""

    def __init__(self, command: str, patience: float) -> None:
        """Raises:
        NoProgram: the command cannot be started, or says no hello.
        """
        self._command = command
        self._patience = patience
        self._former: bytes | None = None
        self._is_at_fault = False
        self._start()

    def _start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        url = f"ws://127.0.0.1:{port}/r/{ROOM}"
        try:
            self._program = Program(self._command, url, self._patience)
        except Exception:
            self._listener.close()
            raise

    @property
    def pid(self) -> int | None:
        return self._program.process.pid

    def parts(self, seed: int) -> int:
        return count_of(visits_of(seed, None))

    def converse(self, seed: int, transcript: Transcript, kept: Kept | None = None) -> list[str]:
        if self._is_at_fault:
            self._anew()
        if self._program.has_ended:
            self._is_at_fault = True
            told = self._program.last_words()
            raise Fault("died", "a program that goes on", told, "the conversation before")
        ambush = Ambush(self._listener, self._program, seed, transcript, self._former, kept)
        try:
            ambush.play()
        except Fault:
            self._is_at_fault = True
            raise
        self._former = ambush.seat
        return [visit.finish.what for visit in ambush.visits]

    def _anew(self) -> None:
        self.end()
        self._former, self._is_at_fault = None, False
        self._start()

    def end(self) -> None:
        self._program.end()
        self._listener.close()
