"""A script that plays the relay: frames in, frames out, and time by hand."""

from __future__ import annotations

from typing import Any

from clients.python.core import commands
from clients.python.core.client_protocol import ClientProtocol
from clients.python.core.clock import Clock
from clients.python.core.commands import OTHERS
from clients.python.events import Event, Player
from protocol.codec import Role, decode, encode, pack
from protocol.frames import (
    Deliver,
    Frame,
    HelloOptions,
    Host,
    Joined,
    Live,
    PlayerInfo,
    Send,
    Session,
    Welcome,
)

SEAT = bytes(range(16))
EPOCH = b"epoch--1"
OTHER_EPOCH = b"epoch--2"

ANN = Player(1, "Ann", is_host=True)
BOB = Player(2, "Bob")


def session(**fields: Any) -> Session:
    """Return the session of a WELCOME, of room K7QF if not told otherwise."""
    return Session(**{"epoch": EPOCH, "room": "K7QF", **fields})


def welcome(player: int = 1, seq: int = 0, **fields: Any) -> Welcome:
    """Return a WELCOME."""
    return Welcome(1, player, seq, session(**fields))


def as_it_stands() -> tuple[Frame, ...]:
    """Return the facts up to LIVE of a room where Ann (player 1) is host and Bob is there, too."""
    return (
        Joined(1, 1, PlayerInfo("Ann")),
        Joined(2, 2, PlayerInfo("Bob")),
        Host(3, 1, 1),
        Live(3),
    )


def message(seq: int, value: object, sender: int = 2) -> Deliver:
    """Return the DELIVER of a packed value."""
    return Deliver(seq, sender, pack(value))


class ScriptedRelay:
    """A relay, the frames that it hears, and the events of the client's program."""

    def __init__(self, *, random: float = 0.5, **hello: Any) -> None:
        options = HelloOptions(**{"seat": SEAT, "name": "Ann", **hello})
        self.now = 100.0
        self.client = ClientProtocol(
            options, clock=Clock(lambda: int(self.now * 1e6)), random=lambda: random
        )

    def accepts(self) -> ScriptedRelay:
        """Let the client connect."""
        self.client.connected(self.now)
        return self

    def says(self, *frames: Frame) -> ScriptedRelay:
        """Send frames to the client."""
        for frame in frames:
            self.client.receive(encode(frame), self.now)
        return self

    def welcomes(self, **fields: Any) -> ScriptedRelay:
        """Accept, hear HELLO, and tell the room as it stands. Forget everything up to here."""
        self.accepts().says(welcome(**fields), *as_it_stands())
        self.heard()
        self.told()
        return self

    def closes(self, code: int = 1006, reason: str = "") -> ScriptedRelay:
        """Let the connection end."""
        self.client.disconnected(code, reason, self.now)
        return self

    def waits(self, seconds: float) -> ScriptedRelay:
        """Let time pass, and call the client's timer when it is due."""
        end = self.now + seconds
        while self.client.deadline <= end and self.client.fault is None:
            self.now = max(self.now, self.client.deadline)
            self.client.handle_timer(self.now)
        self.now = end
        return self

    def heard(self) -> list[Frame]:
        """Return the frames that the client has sent since the last call."""
        return [decode(data, by=Role.CLIENT) for data in self.client.data_to_send()]

    def told(self) -> list[Event]:
        """Return the events of the client's program since the last call."""
        return self.client.events_received()


def send(relay: ScriptedRelay, payload: bytes, to: commands.To = OTHERS) -> int:
    """Let the client send a payload. Returns: its number."""
    return relay.client.post(commands.send(payload, to))


def volatile(relay: ScriptedRelay, payload: bytes, to: commands.To = OTHERS) -> None:
    """Let the client send a volatile value of key 0."""
    relay.client.volatile(*commands.volatile(0, payload, to))


def counted(relay: ScriptedRelay) -> list[bytes]:
    """Return the payloads of the SENDs that the relay has heard since the last call."""
    return [frame.payload for frame in relay.heard() if isinstance(frame, Send)]
