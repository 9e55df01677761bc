"""A second client, small and impatient, on the `websockets` library and `protocol.resume` alone.

The same checker judges it and the Python client. A fault that both show is a fault of `protocol` or
of the relay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from random import Random

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from protocol import SUBPROTOCOL, frames
from protocol.close_codes import may_return
from protocol.codec import Role, decode, encode, pack, unpack
from protocol.conversation import RESUME_REFUSALS
from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Target
from protocol.fields.numbers import NoticeKind
from protocol.frames import Frame, HelloOptions, PresenceState
from protocol.resume import ResumeState
from tests.chaos import journal, numbered
from tests.chaos.local_player import LocalPlayer
from tests.chaos.player import Out
from tests.chaos.pulse import Pulse
from tests.chaos.streams import RELOADED, RESET_CODES

PATIENCE = 1.0  # seconds of silence before a ping, and then before it gives up the connection
COUNTED = (journal.Sent, journal.Asked)
RETRY = 0.1  # most seconds between attempts


class PlainPlayer(LocalPlayer):
    """Connects whenever it is not connected, and sends unacknowledged frames again."""

    def __init__(
        self, label: str, pulse: Pulse, url: str, options: HelloOptions, random: Random
    ) -> None:
        super().__init__(label, pulse)
        self._url = url
        self._options = options
        self._seat = ResumeState(options)
        self._random = random
        self._players: set[int] = set()
        self._send_queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._refusal = ""
        self._connection: ClientConnection | None = None
        self._unsure: list[journal.Sent | journal.Asked] = []
        """Frames that were not acknowledged before a reload."""
        self._complete_from = 0
        self._is_seated = self._is_live = self._was_live = self._is_leaving = False

    # What a client is.

    @property
    def me(self) -> int:
        return self._seat.player

    @property
    def others(self) -> Collection[int]:
        return self._players - {self.me}

    @property
    def position(self) -> int:
        return self._seat.seq

    @property
    def taken(self) -> int:
        return self._seat.window.taken

    @property
    def was_live(self) -> bool:
        return self._was_live

    @property
    def is_settled(self) -> bool:
        return self._is_live and not self._seat.window.pending()

    def reload(self) -> bool:
        if not self._seat.is_live or self._refusal:
            return False
        pending = len(self._seat.window.pending())
        counted = (said for said in self.journal.said if isinstance(said, COUNTED))
        self._unsure = list(counted)[-pending:] if pending else []
        self.journal.said.append(journal.Acknowledged(self.taken))
        self._seat = ResumeState(self._options)
        self._refusal = RELOADED
        self._is_seated = False
        if self._connection is not None:
            self._connection.transport.abort()
            self._connection = None
        return True

    async def _leave(self) -> None:
        """Say LEAVE, and let the relay close. Without a connection, leave without a word."""
        self._is_leaving = True
        self._post(frames.Leave())

    async def _send(self, payload: bytes, to: Target) -> int:
        return await self._count(frames.Send(to, payload))

    async def _set(self, key: str, payload: bytes, expected: int | None) -> int:
        version = False if expected is None else expected
        return await self._count(frames.Set(0, key, pack(payload), version))

    async def _subscribe(self, add: frozenset[int], remove: frozenset[int]) -> int:
        return await self._count(frames.Subscribe(tuple(sorted(add)), tuple(sorted(remove))))

    async def _transfer(self, player: int) -> int:
        return await self._count(frames.Transfer(player))

    async def _kick(self, player: int) -> int:
        return await self._count(frames.Kick(player))

    async def presence(self, state: PresenceState) -> None:
        self._post(frames.Presence(state))

    def _volatile(self, key: int, payload: bytes) -> None:
        self._post(frames.Volatile(key, None, payload))

    async def _count(self, frame: Frame) -> int:
        await self.pulse.until(lambda: self.is_out or self._has_room)
        if self.is_out:
            raise Out
        message = encode(frame)
        count = self._seat.window.add(message)
        if self._is_seated:
            self._send_queue.put_nowait(message)
        return count

    @property
    def _has_room(self) -> bool:
        return self._seat.player != 0 and not self._seat.window.is_full

    def _post(self, frame: Frame) -> None:
        if self._is_seated:
            self._send_queue.put_nowait(encode(frame))

    # Connections.

    async def run(self) -> None:
        """Connect again and again, until this player has left or is told to stay away."""
        while not self._is_leaving and not self.is_out:
            try:
                async with self._connect() as connection:
                    await self._converse(connection)
            except (OSError, WebSocketException):
                pass
            await asyncio.sleep(self._random.random() * RETRY)

    def _connect(self) -> connect:
        return connect(
            self._url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            ping_interval=None,
            open_timeout=PATIENCE,
            close_timeout=PATIENCE,
            proxy=None,
        )

    async def _converse(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._send_queue = asyncio.Queue()
        self._send_queue.put_nowait(encode(self._seat.hello()))
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self._send_all(connection))
                await self._receive_all(connection)
                sending.cancel()
        except* ConnectionClosed:
            pass
        finally:
            self._is_seated = self._is_live = False
            connection.transport.abort()
        code = connection.close_code or 1006
        if not may_return(code) and not self._is_leaving:
            self.end(code, connection.close_reason or "")

    async def _send_all(self, connection: ClientConnection) -> None:
        while True:
            await connection.send(await self._send_queue.get())

    async def _receive_all(self, connection: ClientConnection) -> None:
        """Receive until the end, or until a ping has no answer."""
        is_asked = False
        while self._connection is connection:
            try:
                async with asyncio.timeout(PATIENCE):
                    message = await connection.recv(decode=False)
            except TimeoutError:
                if is_asked:
                    return
                is_asked = True
                self._post(frames.Ping(1))
            else:
                is_asked = False
                if self._connection is connection:
                    self._receive(decode(message, Role.RELAY))

    # What the relay says.

    def _receive(self, frame: Frame) -> None:
        if isinstance(frame, frames.Welcome):
            self._welcomed(frame)
        elif self._is_seated:
            self._seat.received(frame)
            self._tell(frame)
        elif isinstance(frame, frames.Error):
            self._turned(frame)
        self.pulse.beat()

    def _turned(self, error: frames.Error) -> None:
        if error.code in RESET_CODES:
            self._refusal = ErrorCode(error.code).name
        if error.code in RESUME_REFUSALS:
            self._seat.forget()
            self._send_queue.put_nowait(encode(self._seat.hello()))

    def _welcomed(self, welcome: frames.Welcome) -> None:
        if self._unsure:
            self._learn_fate(welcome)
        said = self.journal.said
        said.append(journal.Acknowledged(self.taken))
        continued = self._seat.welcomed(welcome)
        epoch = welcome.session.epoch.hex()
        said.append(journal.Seated(epoch, welcome.player))
        lost = [decode(message, Role.CLIENT) for message in continued.lost]
        self.give_up(lost)
        self.announce(lost)
        if continued.resumed:
            self.hear(journal.Resumed())
        else:
            self._players.clear()
            self._complete_from = welcome.session.complete_from
            self.hear(journal.Began(epoch, welcome.player, self._refusal))
        self._refusal = ""
        self._is_seated = True
        for message in continued.resend:
            self._send_queue.put_nowait(message)
        if self._is_leaving:
            self._post(frames.Leave())

    def _learn_fate(self, welcome: frames.Welcome) -> None:
        """Learn the fate of frames that a reload has forgotten."""
        said, unsure, self._unsure = self.journal.said, self._unsure, []
        last = next(each for each in reversed(said) if isinstance(each, journal.Seated))
        if last == journal.Seated(welcome.session.epoch.hex(), welcome.player):
            never = {id(each) for each in unsure if each.count > welcome.session.taken}
            self.journal.said = [each for each in said if id(each) not in never]
        else:
            numbers = tuple(each.number for each in unsure if isinstance(each, journal.Sent))
            said.append(journal.GivenUp(numbers))
            self.hear(journal.Announced(numbers))

    def _tell(self, frame: Frame) -> None:
        match frame:
            case frames.Live(seq):
                self._is_live = self._was_live = True
                self.hear(journal.Live(seq, self._complete_from))
                self._post(frames.Ack(seq))
            case frames.Pong(seq=seq) | frames.Taken(seq=seq):
                self.hear(journal.Reached(seq))
                self._post(frames.Ack(seq))
            case frames.Notice(kind, detail):
                if kind == NoticeKind.TRIMMED:
                    self._complete_from = detail.seq or 0
                self.hear(journal.Noticed(kind))
            case frames.Deliver(seq, sender, payload):
                self.hear(journal.Delivered(seq, sender, *numbered.read(payload)))
            case frames.Update(key, _, payload):
                self.hear(journal.Updated(key, *numbered.read(payload)))
            case frames.Error(seq, code, _, detail):
                self.hear(journal.Refused(seq, detail.frame or 0, ErrorCode(code).name))
            case _:
                self._tell_of_room(frame)

    def _tell_of_room(self, frame: Frame) -> None:
        match frame:
            case frames.Joined(seq, player):
                self._players.add(player)
                self.hear(journal.Joined(seq, player))
            case frames.Left(seq, player):
                self._players.discard(player)
                self.hear(journal.Left(seq, player))
            case frames.Host(seq, player, term):
                self.hear(journal.Hosted(seq, player, term))
            case frames.PresenceChanged(seq, player, state):
                self.hear(journal.Told(seq, f"presence {player} {state}"))
            case frames.Property(seq, value=bytes(value), by=by):
                self.hear(journal.Delivered(seq, by, *numbered.read(unpack(value))))
