"""Conversations of one seat, seen from both sides: who may say what when, and what a resume needs.

Each step is a client's frame, a relay's, or a new connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.conversations import CONVERSATIONS, recorded
from protocol.codec import Role, decode, encode
from protocol.conversation import Conversation
from protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from protocol.frames import Frame, HelloOptions, Welcome
from protocol.opcodes import is_counted
from protocol.resume import ResumeState
from tests.fuzz.mutating import steps

CLIENT, RELAY, ANEW = b"crn"
ROLES: Final = {CLIENT: Role.CLIENT, RELAY: Role.RELAY}
READERS: Final = {CLIENT: Reader.CLIENT_FRAME, RELAY: Reader.RELAY_FRAME}
STIRRER: Final = steps.Stirrer((CLIENT, RELAY, ANEW), READERS.get)
SEAT: Final = bytes(range(16))


def check(data: bytes) -> None:
    """Both sides are in the same state, and the client's books are in order."""
    seat = Seat()
    for mark, message in steps.read(data):
        if mark in ROLES:
            seat.hear(message, ROLES[mark])
        else:
            seat.connect()


class Seat:
    """A client's seat, and both ends of its connection."""

    def __init__(self) -> None:
        self.resume = ResumeState(HelloOptions(seat=SEAT))
        self.connect()

    def connect(self) -> None:
        """Begin a connection. Its HELLO must be one that a relay can read."""
        self.client, self.relay = Conversation(Role.CLIENT), Conversation(Role.RELAY)
        hello = self.resume.hello()
        assert decode(encode(hello), Role.CLIENT) == hello

    def hear(self, message: bytes, by: Role) -> None:
        try:
            frame = decode(message, by)
        except RemoteProtocolError:
            return
        if not self.advance(frame, by):
            return
        if by is Role.RELAY:
            self.follow(frame)
        elif is_counted(message) and not self.resume.window.is_full:
            self.resume.window.add(message)
        self.check_books()

    def advance(self, frame: Frame, by: Role) -> bool:
        """Let both sides follow a frame. Returns: whether it was legal, which they agree about."""
        before = self.client.state
        own, other = (self.client, self.relay) if by is Role.CLIENT else (self.relay, self.client)
        faults = said_of(own, frame, by), said_of(other, frame, by)
        assert self.client.state is self.relay.state
        if faults == (None, None):
            return True
        local, remote = faults
        assert isinstance(local, LocalProtocolError)
        assert isinstance(remote, RemoteProtocolError)
        assert local.code is remote.code
        assert self.client.state is before
        return False

    def follow(self, frame: Frame) -> None:
        resume = self.resume
        pending, seq = resume.window.pending(), resume.seq
        if isinstance(frame, Welcome):
            continued = resume.welcomed(frame)
            # Each message is taken, lost, or sent again.
            left = [*continued.lost, *continued.resend]
            assert left == pending[len(pending) - len(left) :]
            assert resume.seq == frame.seq
            assert resume.window.taken == frame.session.taken
            return
        try:
            resume.received(frame)
        except RemoteProtocolError:
            assert resume.window.pending() == pending
        assert resume.seq >= seq

    def check_books(self) -> None:
        resume, window = self.resume, self.resume.window
        assert window.sent - window.taken == len(window.pending())
        assert resume.position in (None, (resume.epoch, resume.seq))


def said_of(side: Conversation, frame: Frame, by: Role) -> ProtocolError | None:
    try:
        side.advance(frame, by)
    except ProtocolError as error:
        return error
    return None


def seeds() -> Iterator[bytes]:
    told = {title: recorded(said) for title, said in CONVERSATIONS.items()}
    yield from told.values()
    again = steps.join([(ANEW, b"")])
    for title in ("resume", "refused-resume", "snapshot"):
        yield told["play"] + again + told[title]


def mutated(rng: Random, data: bytes, size: int) -> bytes:
    """Change a frame, or the order of frames."""
    return STIRRER.stirred(rng, data, size)
