"""A player with the Python client, used as programs do. Only its seat is watched from inside."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection
from random import Random

from clients.python import events
from clients.python.core.address import parse
from clients.python.core.client_protocol import ClientProtocol
from clients.python.core.clock import Clock
from clients.python.errors import JoinError, Unreachable
from clients.python.io.driver import Driver
from clients.python.options import microseconds
from clients.python.room import Room
from protocol import frames
from protocol.codec import Role, decode
from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Target
from protocol.frames import HelloOptions, PresenceState, Welcome
from protocol.resume import Continued
from tests.chaos import journal, numbered
from tests.chaos.local_player import LocalPlayer
from tests.chaos.pulse import Pulse
from tests.chaos.streams import RESET_CODES

HASTE = 0.25  # share of the client's own delays between attempts, to keep a run short
DAWDLES = 0.005  # share of events after which the program pauses, as programs do
DAWDLE = 0.3  # most seconds of such a pause
TIMEOUT = 20.0  # seconds until the first entry must be live


class OfficialPlayer(LocalPlayer):
    """Connects with the same secret until it has entered once. After that the client reconnects."""

    def __init__(
        self, label: str, pulse: Pulse, url: str, options: HelloOptions, random: Random
    ) -> None:
        super().__init__(label, pulse)
        self._url = url
        self._options = options
        self._random = random
        self._driver = self._make_driver()
        self._room = Room(self._driver)
        self._returns: deque[journal.Began | journal.Resumed] = deque()
        """The meaning of each WELCOME, until the program hears of it."""
        self._refusal = ""
        self._last_seat = (b"", 0)
        self._is_in = self._is_leaving = False

    # What a client is.

    @property
    def me(self) -> int:
        return self._room.me

    @property
    def others(self) -> Collection[int]:
        return self._room.players.keys() - {self.me}

    @property
    def position(self) -> int:
        return self._driver.protocol.resume.seq

    @property
    def taken(self) -> int:
        return self._driver.protocol.resume.window.taken

    @property
    def was_live(self) -> bool:
        return self._is_in

    @property
    def is_settled(self) -> bool:
        is_empty = not self._driver.protocol.resume.window.pending()
        return is_empty and self._room.state == "live"

    async def run(self) -> None:
        if not await self._enter():
            return
        is_told = False
        # The program hears nothing of a stream that ended before LIVE, except that one began anew.
        while len(self._returns) > 1:
            self._returns.popleft()
            is_told = True
        if not is_told:
            self.hear(self._returns.popleft())
        async for event in self._room:
            self._tell(event)
            if self._random.random() < DAWDLES:
                await asyncio.sleep(self._random.random() * DAWDLE)

    async def _leave(self) -> None:
        self._is_leaving = True
        await self._room.leave()

    async def _send(self, payload: bytes, to: Target) -> int:
        return await self._room.send_bytes(payload, to)

    async def _set(self, key: str, payload: bytes, expected: int | None) -> int:
        return await self._room.set_property(key, payload, expected=expected)

    async def _subscribe(self, add: frozenset[int], remove: frozenset[int]) -> int:
        return await (self._room.subscribe(*add) if add else self._room.unsubscribe(*remove))

    async def _transfer(self, player: int) -> int:
        return await self._room.transfer(player)

    async def _kick(self, player: int) -> int:
        return await self._room.kick(player)

    async def presence(self, state: PresenceState) -> None:
        self._room.presence(state)

    def _volatile(self, key: int, payload: bytes) -> None:
        self._room.volatile_bytes(key, payload)

    # The client, watched.

    async def _enter(self) -> bool:
        while True:
            try:
                await self._driver.open(TIMEOUT)
            except Unreachable:
                self._begin_anew()
                await asyncio.sleep(self._random.random() * HASTE)
            except JoinError as error:
                if not error.closed.may_return:
                    self.end(error.closed.code, str(error))
                    return False
                self._begin_anew()
            else:
                self._room = Room(self._driver)
                self._is_in = True
                self.pulse.beat()
                return True

    def _begin_anew(self) -> None:
        self._returns.clear()
        self._driver = self._make_driver()

    def _make_driver(self) -> Driver:
        protocol = ClientProtocol(
            self._options,
            clock=Clock(microseconds),
            random=lambda: self._random.random() * HASTE,
        )
        self._watch(protocol)
        return Driver(protocol, [parse(self._url, None)], None)

    def _watch(self, protocol: ClientProtocol) -> None:
        receive, welcomed = protocol.receive, protocol.resume.welcomed

        def watched_receive(data: bytes, now: float) -> None:
            if data[1] == frames.Error.opcode:
                self._refused(decode(data, Role.RELAY))
            receive(data, now)
            self.pulse.beat()

        def watched_welcomed(welcome: Welcome) -> Continued:
            self.journal.said.append(journal.Acknowledged(protocol.resume.window.taken))
            continued = welcomed(welcome)
            self._welcomed(welcome, continued)
            return continued

        protocol.receive = watched_receive  # type: ignore[method-assign]
        protocol.resume.welcomed = watched_welcomed  # type: ignore[method-assign]

    def _refused(self, frame: frames.Frame) -> None:
        if isinstance(frame, frames.Error) and frame.code in RESET_CODES:
            self._refusal = ErrorCode(frame.code).name

    def _welcomed(self, welcome: Welcome, continued: Continued) -> None:
        epoch, seat = welcome.session.epoch.hex(), (welcome.session.epoch, welcome.player)
        self.journal.said.append(journal.Seated(epoch, welcome.player))
        self.give_up([decode(message, Role.CLIENT) for message in continued.lost])
        if self.groups and seat != self._last_seat:  # the client will ask for them by itself
            count, groups = welcome.session.taken + 1, frozenset(self.groups)
            self.journal.said.append(journal.Asked(count, welcome.seq, add=groups))
        self._last_seat = seat
        if continued.resumed:
            self._returns.append(journal.Resumed())
        else:
            self._returns.append(journal.Began(epoch, welcome.player, self._refusal))
        self._refusal = ""

    # Events of the program.

    def _tell(self, event: events.Event) -> None:
        match event:
            case events.Resumed():
                self.hear(self._returns.popleft())
            case events.Live(seq):
                self.hear(journal.Live(seq, self._room.complete_from))
            case events.Message(seq, sender, payload):
                self.hear(journal.Delivered(seq, sender, *numbered.read(payload)))
            case events.Updated(key, _, payload):
                self.hear(journal.Updated(key, *numbered.read(payload)))
            case events.Refused(code=code, frame=count, seq=seq):
                self.hear(journal.Refused(seq, count or 0, ErrorCode(code).name))
            case events.Notice(kind):
                self.hear(journal.Noticed(kind))
            case events.Lost(messages):
                self.announce(messages)
            case events.Closed(code=code, text=text):
                if not self._is_leaving:
                    self.end(code, text)
            case _:
                self._tell_of_room(event)

    def _tell_of_room(self, event: events.Event) -> None:
        match event:
            case events.Joined(player, seq):
                self.hear(journal.Joined(seq, player.number))
            case events.Left(player, _, seq):
                self.hear(journal.Left(seq, player.number))
            case events.HostChanged(host, term, seq):
                self.hear(journal.Hosted(seq, host.number if host else 0, term))
            case events.PresenceChanged(player, seq):
                self.hear(journal.Told(seq, f"presence {player.number} {int(player.state)}"))
            case events.PropertyChanged(by=by, seq=seq):
                self.hear(journal.Delivered(seq, by, *numbered.read(event.value)))
