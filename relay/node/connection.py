"""One WebSocket's life: HELLO, then a player's messages, until it is gone.

A connection decides nothing about the room. It reads, measures and judges messages, proposes
entries, and passes on what the room's effects say. Every error of a client ends here: as an ERROR
to that client, as a close code, never as an exception.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from protocol import fast_path, limits
from protocol.close_codes import CloseCode
from protocol.codec import Role, decode, encode
from protocol.conversation import Conversation, State
from protocol.error_codes import ErrorCode
from protocol.errors import RemoteProtocolError
from protocol.frames import (
    Ack,
    Error,
    ErrorDetail,
    Frame,
    Hello,
    Notice,
    NoticeDetail,
    NoticeKind,
    Ping,
    Pong,
    Send,
    Set,
    Snapshot,
    Subscribe,
    Volatile,
)
from protocol.opcodes import is_counted
from relay.delivery.deferred import Deferred
from relay.delivery.tally import SAMPLED, Tally
from relay.history.ws_frame import wrap
from relay.node.entrance import Entrance, greeting_of
from relay.node.journal import Journal
from relay.node.lagging import Lagging
from relay.node.link import Link
from relay.policy.conduct import Conduct
from relay.policy.config import Settings
from relay.policy.rate_limits import surcharge
from relay.room.effects import Admit
from relay.room.entries import Acknowledge, Ask, Detach, Entry, Evict, Lag, Refuse
from relay.room.refusals import NO_MEMORY, Refusal, check_size, explain
from relay.room.requests import growth
from relay.room.room import Room
from relay.room.seats import Seat


class Owner:
    """What a connection asks of the node that took it in.

    It is a class and no `Protocol`, so that compiled code calls it without a lookup.
    """

    settings: Settings
    version: int
    """Of the wire: the highest that the node speaks."""
    append: Callable[[str, Entry], None]
    """Propose an entry for a room, by the room's name."""
    acks: Deferred
    """Acknowledgements that are owed."""
    journal: Journal
    tally: Tally

    def clock(self) -> int:
        """Return the relay's time in microseconds."""
        raise NotImplementedError

    def max_frame(self, room: str) -> int:
        """Return how many bytes a client's frame may have in the room of this name."""
        raise NotImplementedError

    def later(self, seconds: float | None, call: Callable[[], None]) -> asyncio.TimerHandle | None:
        """Call after so many seconds; None is never."""
        raise NotImplementedError

    def soon(self, call: Callable[[], None]) -> Callable[[], None]:
        """Return a function that asks for a call in the next turn of the loop. It may be called
        anywhere."""
        raise NotImplementedError

    def propose(self, room: Room, entry: Entry) -> None:
        """Propose an entry for a room. It may be applied before this returns."""
        raise NotImplementedError

    async def admit(self, connection: Connection, hello: Hello, message: bytes) -> None:
        """Decide whether a HELLO may enter its room, and propose that it joins.

        Raises:
            Refusal: it may not.
        """
        raise NotImplementedError

    def too_late(self, connection: Connection) -> Refusal:
        """Say, to the operator and to the client, that a HELLO was not decided about in time."""
        raise NotImplementedError

    def forget(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        raise NotImplementedError


class Connection:
    """What the relay knows of one WebSocket."""

    def __init__(self, node: Owner, link: Link, room: str, address: str, attachment: int) -> None:
        """Args: room: the name in the URL. address: of the client. attachment: unique here."""
        settings = node.settings
        self.node = node
        self.link = link
        self.room_name = room
        self.address = address
        self.attachment = attachment
        self.room: Room | None = None
        self.seat: Seat | None = None
        self.hello: Hello | None = None
        self.ignored: tuple[str, ...] = ()
        self.is_closed = False
        self.is_counted = True
        """Counts among the connections of its address."""
        self._conversation = Conversation(Role.RELAY)
        self.admitted_at = 0
        """When its seat was given to it, by the relay's clock; 0 before that."""
        self._max_frame = node.max_frame(room)
        self._allowance = settings.allowance()
        self._tally = node.tally
        self.conduct = Conduct(settings.bad_frames)
        self._told = 0
        self._owes = False
        self.entrance = Entrance(settings.hello_seconds, settings.admit_seconds, later=node.later)
        self._lagging = Lagging(
            link.outbox,
            settings.slow_seconds,
            later=node.later,
            tell=self._tell_lag,
            close=self.close,
        )
        self.behind = node.soon(self._lagging.fell_behind)
        """The outbox fell behind. This only asks for a call in the next turn of the loop."""
        self.caught_up = node.soon(self._lagging.caught_up)
        """The outbox keeps up again. This only asks for a call in the next turn of the loop."""
        self._expect_hello()
        node.journal.connected(attachment, address, room)

    # Messages in.

    def greet(self, message: bytes, now: float) -> None:
        """Take a message before WELCOME: it should be HELLO, and nothing until that is decided."""
        if self.is_closed:
            return
        self._tally.take(message)
        try:
            check_size(message, self._max_frame)
            hello = decode(message, Role.CLIENT)
            # SPEC 9.2: what comes before WELCOME is refused and not counted: there is no seat.
            self._conversation.advance(hello, Role.CLIENT)
        except RemoteProtocolError as error:
            self._answer(explain(error, message), now, message)
            return
        assert isinstance(hello, Hello)
        entering = self._enter(hello, message)
        self.entrance.decide(entering, lambda: self.turned(self.node.too_late(self)))

    def _expect_hello(self) -> None:
        self.entrance.expect_hello(lambda: self.close(CloseCode.NO_HELLO))

    async def _enter(self, hello: Hello, message: bytes) -> None:
        try:
            await self.node.admit(self, hello, message)
        except Refusal as refusal:
            if not self.is_closed:
                self.turned(refusal)
        except Exception as error:
            self.failed(error)

    def receive(self, message: bytes, now: float) -> float:
        """Take a message of a player.

        Returns: seconds for which the link must not read on; 0.0 while the rate is kept.
        """
        room, seat = self.room, self.seat
        if room is None or seat is None or self.is_closed:
            return 0.0
        size = len(message)
        wait = self._allowance.take(1, size, now)
        target = fast_path.target_of_send(message)
        if target != fast_path.NO_TARGET and size <= self._max_frame:
            tally = self._tally
            tally.sends = sends = tally.sends + 1
            tally.send_bytes += size
            came = 0.0 if sends % SAMPLED else tally.begin()
            self.node.append(room.name, (self.attachment, target, message[3:]))
            if came:
                room.audience.fan_out.time(came)
            if not self._owes or seat.taken - self._told >= limits.ACK_FRAMES:
                self._owe(seat)
        else:
            wait = self._take_any(room, seat, message, now, wait)
        return self._throttle(wait, now) if wait else 0.0

    def spend(self, frames: int, now: float) -> float:
        """Count frames that were no whole messages: pings, and fragments. Returns: as `receive`."""
        wait = self._allowance.take(frames, 0, now)
        return self._throttle(wait, now) if wait else 0.0

    def _take_any(self, room: Room, seat: Seat, message: bytes, now: float, wait: float) -> float:
        """Returns: seconds to wait: `wait` is the least, as the message is one."""
        self._tally.take(message)
        if wait and fast_path.is_volatile(message):  # volatile frames are the first to go
            self._tally.refused += 1
            return wait
        try:
            check_size(message, self._max_frame)
            target = fast_path.target_of_volatile(message)
            if target != fast_path.NO_TARGET:
                room.volatile(self.attachment, message[2], target, message[4:])
                return wait
            if fast_path.is_ack(message) and seat.is_acknowledged:
                return wait  # it says nothing more
            if self._conversation.state is State.OVER:
                return wait  # the answer to LEAVE is on its way
            frame = decode(message, Role.CLIENT)
            self._conversation.advance(frame, Role.CLIENT)
            if more := surcharge(frame):
                wait = self._allowance.take(more, 0, now) or wait
            self._take(room, seat, frame)
        except RemoteProtocolError as error:
            # SPEC 13.1: malformed or too big, it counts, for its sender has counted it.
            self._answer(explain(error, message), now, message, counted=is_counted(message))
        except Refusal as refusal:
            self._answer(refusal.error(op=message[1]), now, message)
        if is_counted(message):
            self._owe(seat)
        return wait

    def _take(self, room: Room, seat: Seat, frame: Frame) -> None:
        match frame:
            case Send(target, payload):
                self._propose((self.attachment, target, fast_path.tail(payload)))
            case Volatile(key, target, payload):
                room.volatile(self.attachment, key, target, fast_path.tail(payload))
            case Ping(t):
                self._told, now = seat.taken, self.node.clock()
                self.conduct.ping(now)
                self.send(Pong(t, now, now, seat.taken, self.link.outbox.position(room.seq)))
            case Ack():
                if not seat.is_acknowledged:
                    self._propose(Acknowledge(self.attachment))
            # SPEC 19.2: the refusal counts, and is no bad frame.
            case Set() | Snapshot() | Subscribe() if not room.account.may_grow(growth(room, frame)):
                detail = ErrorDetail(op=frame.opcode, retry=True)
                self._propose(Refuse(self.attachment, *NO_MEMORY, detail))
            case _:
                self._propose(Ask(self.attachment, frame))

    def _propose(self, entry: Entry) -> None:
        if self.room is not None:
            self.node.propose(self.room, entry)

    # What the room's effects say.

    def admitted(self, room: Room, admit: Admit) -> None:
        """Say WELCOME and the stream, and let the room write into the outbox."""
        assert self.hello is not None
        assert admit.stream is not None
        self.entrance.passed()
        self.room, self.seat, self.room_name = room, room.seats[admit.player], room.name
        self.admitted_at = self.node.clock()
        self._max_frame = room.max_frame
        self._told = self.seat.taken
        greeting = greeting_of(
            room,
            admit,
            version=min(self.hello.version, self.node.version),
            time=self.admitted_at,
            limits=self.node.settings.announced(self._max_frame),
            ignored=self.ignored,
        )
        self._conversation.state = State.LIVE
        outbox = self.link.outbox
        outbox.begin(greeting, admit.stream)
        room.connect(admit.player, outbox)

    def taken(self) -> None:
        """An entry of this connection has come back from the broker."""
        if self.seat is not None and not self.is_closed:
            self._owe(self.seat)

    def turned(self, refusal: Refusal) -> None:
        """Say why the room was not entered; then close, or wait for one more HELLO."""
        self.node.journal.refused(self.attachment, self.address, self.room_name, refusal)
        self.send(refusal.error())
        if refusal.close is not None:
            self.close(refusal.close)
        else:
            # SPEC 9.4: the next HELLO has as long as the first one had.
            self._conversation.state = State.NEW
            self._expect_hello()

    def _tell_lag(self, is_lagging: bool, detail: NoticeDetail) -> None:
        self.node.journal.lagged(self.attachment, self.room_name, self.player, is_lagging)
        self.send(Notice(NoticeKind.LAG, detail))
        self._propose(Lag(self.attachment, is_lagging))

    # The end.

    def drain(self, after: int) -> None:
        """Announce a close with DRAIN. Args: after: milliseconds for which to stay away."""
        if not self.is_closed:
            self.send(Notice(NoticeKind.DRAIN, NoticeDetail(after=after)))

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Close for a reason of the relay's. A code that says stay away gives the seat up."""
        if self.is_closed:
            return
        self.node.journal.closed(self.attachment, self.room_name, self.player, code, reason)
        # SPEC 11.4: any other code holds the seat, whoever closed.
        self._end(Evict(self.attachment) if code >= 4500 else Detach(self.attachment))
        self.link.close(code, reason or code.reason)

    def failed(self, error: BaseException) -> None:
        """Close, for an error in this relay."""
        if not self.is_closed:
            self.node.journal.failed(self.attachment, self.room_name, self.player, error)
            self.close(CloseCode.RELAY_FAULT)

    def lost(self) -> None:
        """The way to the client is gone."""
        if not self.is_closed:
            self.node.journal.lost(self.attachment, self.room_name, self.player)
            self._end(Detach(self.attachment))
        self.node.forget(self)
        # Whoever still holds this holds no room, and no end of the link.
        self.room = self.seat = self.hello = None
        self.link.outbox.discard()

    def _end(self, entry: Entry) -> None:
        self.node.journal.recent.keep(self)  # first, as the room may be gone after this
        self._propose(entry)
        self.is_closed = True
        self.entrance.end()
        self._lagging.end()
        self.link.outbox.end()

    # Answers.

    def send(self, frame: Frame) -> None:
        self.link.outbox.say(wrap(encode(frame)))

    def _answer(self, error: Error, now: float, raw: bytes, *, counted: bool = False) -> None:
        """Refuse a message. Too many bad ones in a short time end the connection."""
        at = self.node.clock()
        self.conduct.keep_frame(error, at, raw, is_first=self.seat is None, is_counted=counted)
        # SPEC 7: about a counted message an ERROR is a fact; about any other it has seq 0.
        if counted:
            self._propose(Refuse(self.attachment, ErrorCode(error.code), error.text, error.detail))
        else:
            self.node.journal.message_refused(self.attachment, self.room_name, self.player, error)
            self.conduct.note_refusal(error, at)
            self.send(error)
        if self.conduct.add_bad_frame(now):
            self.close(CloseCode.BAD_FRAMES)

    def _throttle(self, wait: float, now: float) -> float:
        """Ask for a pause of so many seconds. A client that never slows down is closed."""
        if self.conduct.add_pause(wait, now):
            self.node.journal.throttled(self.attachment, self.room_name, self.player, wait)
            detail = NoticeDetail(limit=int(self._allowance.rate), after=int(wait * 1000))
            self.send(Notice(NoticeKind.THROTTLE, detail))
        if self.conduct.never_slows_down(now):
            self.close(CloseCode.TOO_FAST)
        return wait

    def _owe(self, seat: Seat) -> None:
        """Acknowledge counted frames, by their number or after a while."""
        if seat.taken - self._told >= limits.ACK_FRAMES:
            self._acknowledge()
        elif not self._owes:
            self._owes = True
            self.node.acks.after_next(self._acknowledge)

    def _acknowledge(self) -> None:
        """Send the acknowledgement together with the room's next messages to the player."""
        self._owes = False
        seat, room = self.seat, self.room
        if self.is_closed or seat is None or room is None or seat.taken == self._told:
            return
        outbox, self._told = self.link.outbox, seat.taken
        # SPEC 12.4.1: `position` keeps the seq from running ahead of what was sent.
        outbox.say(wrap(fast_path.taken(seat.taken, outbox.position(room.seq))), rides=True)

    @property
    def player(self) -> int | None:
        return None if self.seat is None else self.seat.player
