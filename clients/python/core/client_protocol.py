"""A client's side of the wire, over as many connections as it takes.

Bytes in, events and bytes out.

Rule 1: nothing here touches the world. Time is an argument, in seconds of a monotonic clock.
Rule 2: a counted frame is in the window before it is on a connection, so that a resume knows it.

Its driver calls, for each connection: `connected` first; `receive` for every message, then
`events_received` and `data_to_send`; `handle_timer` at `deadline`; `disconnected` at the end. The
driver closes the connection when `fault` is set, and opens a new one at `retry_at`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

from clients.python import events
from clients.python.core import commands
from clients.python.core.backoff import Backoff
from clients.python.core.before_live import BeforeLive
from clients.python.core.clock import Clock
from clients.python.core.commands import Slot
from clients.python.core.farewell import Farewell
from clients.python.core.fast_path import PAYLOAD_HEADS, UPDATE, read_payload
from clients.python.core.heartbeat import Heartbeat
from clients.python.core.room_state import RoomFold, RoomState
from clients.python.core.send_queue import SendQueue, lost
from clients.python.errors import explain
from clients.python.events import Event
from protocol import frames
from protocol.close_codes import CloseCode
from protocol.codec import Role, decode, encode
from protocol.conversation import RESUME_REFUSALS, Conversation
from protocol.error_codes import ErrorCode
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.frames import Frame, HelloOptions, PresenceState, RoomOptions
from protocol.resume import ResumeState

Phase = Literal["connecting", "live", "reconnecting", "closed"]

ENTRY_REFUSALS = range(ErrorCode.VERSION, ErrorCode.NO_SUCH_PLAYER)
"""The relay closes after such an ERROR; the ERROR explains the close."""

ABNORMAL = 1006
"""The WebSocket standard's code for an end without a close frame."""

MICROSECONDS = 1_000_000
MILLISECONDS = 1_000


class ClientProtocol:
    """One seat in one room."""

    def __init__(
        self, options: HelloOptions, *, clock: Clock, random: Callable[[], float], relays: int = 1
    ) -> None:
        """
        Args:
            options: of every HELLO. Without `options.seat` the seat ends with its connection.
            clock: reads the same local clock as every argument `now`, in microseconds.
            random: draws from [0, 1), for the backoff.
            relays: how many there are that share the room.
        """
        self.resume = ResumeState(options)
        self.farewell, self.clock = Farewell(self.resume), clock
        self.phase: Phase = "connecting"
        self.code = ""
        self.limits = frames.Limits()
        self.options = RoomOptions()
        """How the room was made."""
        self.complete_from = 0
        """Everything sent to all after this seq was told, as history or within a snapshot."""
        self.fault: tuple[int, str] | None = None
        """Close code and reason: the driver closes this connection with them at once."""
        self.retry_at: float | None = None
        """When to connect again; None while there is a connection."""
        self.closed: events.Closed | None = None
        self.unposted: Callable[[], tuple[bytes, ...]] = tuple
        """Takes what the program has handed over and nobody has posted; asked after `closed`."""
        self.backoff = Backoff(random, relays)
        self._conversation = Conversation(Role.CLIENT)
        self._heartbeat = Heartbeat(0.0)
        self._fold = RoomFold()
        self._before_live: BeforeLive | None = None
        self._hello_at, self._is_in_room = 0.0, False
        self._events: list[Event] = []
        self._greeting: list[bytes] = []
        self._send_queue = SendQueue(self.resume.window)
        self._groups: set[int] = set()
        self._presence = PresenceState.HERE
        self._refusal: frames.Error | None = None

    @property
    def room(self) -> RoomState:
        """The room after everything that was received. The value never changes."""
        return self._fold.state

    # What the program asks for.

    @property
    def window_has_room(self) -> bool:
        """Whether another counted frame may be posted."""
        return not self.resume.window.is_full

    def check_size(self, message: bytes) -> bytes:
        """Return the message.

        Raises:
            LocalProtocolError: it is larger than the relay takes.
        """
        if len(message) > self.limits.max_frame:
            raise LocalProtocolError(
                ErrorCode.TOO_BIG,
                "the frame is larger than the relay takes: send less at once",
                got=f"{len(message)} bytes",
                limit=self.limits.max_frame,
            )
        return message

    def post(self, message: bytes) -> int:
        """Send a counted frame, now or after the next WELCOME; return its number.

        Raises:
            LocalProtocolError: it is larger than the relay takes.
        """
        return self._send_queue.counted(self.check_size(message))

    def volatile(self, slot: Slot, message: bytes) -> None:
        """Send a volatile frame. A newer one of its slot replaces it while it waits."""
        self._send_queue.volatile(slot, self.check_size(message))

    def note_groups(self, add: Iterable[int], remove: Iterable[int]) -> None:
        """Note which groups the program wants: a new seat has to subscribe to them again."""
        self._groups = self._groups.union(add).difference(remove)

    def presence(self, state: PresenceState) -> None:
        """Say HERE or AWAY, again on every new connection."""
        message = commands.presence(state)
        self._presence = state
        self._send_queue.own("presence", message)

    def leave(self) -> None:
        """Give the seat up after what was sent: on this connection, or upon the next WELCOME."""
        self.farewell.begin()
        if self._is_in_room:
            self._say_leave()

    @property
    def known_seq(self) -> int:
        """The seq up to which the room is known in full; 0 before a fresh stream is live."""
        return self.resume.seq if self.resume.is_live else 0

    # What happens to the connection.

    def connected(self, now: float) -> None:
        """Begin on a new connection."""
        self._conversation = Conversation(Role.CLIENT)
        self._heartbeat = Heartbeat(now)
        self.clock.restart()
        self.fault = self.retry_at = self._refusal = None
        self._hello(now)

    def disconnected(self, code: int, reason: str, now: float, *, after: float = 0.0) -> None:
        """End a connection, or the attempt at one; decide whether to come back.

        Args:
            code: the WebSocket close code; 1006 where there was none.
            reason: the relay's word for it; with 1006, the network's error.
            after: seconds before which not to come back, if the other side said so.
        """
        said = reason if code == ABNORMAL else ""
        if self.fault:
            code, said = ABNORMAL, self.fault[1]
        if self._refusal:
            said = self._refusal.text
        self._out()
        self._greeting = []
        self.farewell.disconnected(code)
        delay = self.backoff.lost(code, now, after=after)
        if delay is None or not self.farewell.may_return:
            self._end(code, reason, said)
            return
        text = explain(code, reason, said)
        self.phase = "reconnecting" if self.resume.player else "connecting"
        self.retry_at = now + delay
        self._events.append(events.Reconnecting(self.backoff.attempt, delay, text))

    def give_up(self, code: int, text: str) -> None:
        """End for good, although the relay would accept this client again."""
        self._close(events.Closed(code, "gave_up", text, may_return=True))

    def receive(self, data: bytes, now: float) -> None:
        """Take one message of the relay."""
        self._heartbeat.heard = now
        if self._before_live is not None and not self._may_hear(len(data)):
            return
        if self._is_in_room and data[:2] in PAYLOAD_HEADS and (fields := read_payload(data)):
            self._payload(*fields)
            return
        # SPEC 9.5: after LEAVE what still arrives is ignored.
        if self.fault or self.farewell.is_said:
            return
        try:
            frame = decode(data, by=Role.RELAY)
            self._conversation.advance(frame, by=Role.RELAY)
            self._handle(frame, now)
        except RemoteProtocolError as error:
            self.break_off(error)

    def handle_timer(self, now: float) -> None:
        """Do what is due: ping, acknowledge, or give up a silent connection."""
        if self._heartbeat.is_silent(now):
            self.fault = (CloseCode.SILENT, "the relay was silent for too long")
        elif self._is_in_room:
            if self._heartbeat.take_ping(now):
                self._say(frames.Ping(int(now * MICROSECONDS)))
            if self._heartbeat.take_ack(self.resume.seq, now):
                self._say(frames.Ack(self.resume.seq))

    def not_listening(self, now: float) -> None:
        """Note that the silence is our own: nothing is read while the program is behind."""
        self._heartbeat.heard = now

    @property
    def deadline(self) -> float:
        """When to call `handle_timer`, while there is a connection."""
        return self._heartbeat.deadline(self.resume.seq)

    def events_received(self) -> list[Event]:
        """Take what happened since the last call, in order."""
        taken, self._events = self._events, []
        return taken

    def data_to_send(self) -> list[bytes]:
        """Take the messages to send now, in order."""
        greeting, self._greeting = self._greeting, []
        return greeting + self._send_queue.take()

    # What the relay's frames mean.

    def _payload(self, opcode: int, first: int, sender: int, payload: bytes) -> None:
        player = self._fold.player(sender)
        if opcode == UPDATE:
            self._events.append(events.Updated(first, sender, payload, player))
            return
        if first > self.resume.seq:
            self.resume.seq = first
        is_history = not self.resume.is_live
        self._events.append(events.Message(first, sender, payload, player, is_history))

    def _handle(self, frame: Frame, now: float) -> None:
        match frame:
            case frames.Welcome():
                self._welcomed(frame, now)
                return
            case frames.Error():
                self._refused(frame, now)
            case frames.Notice():
                self._noticed(frame, now)
            case frames.Deliver(seq=first) | frames.Update(key=first):
                self._payload(frame.opcode, first, frame.sender, frame.payload)
            case frames.Pong():
                self.clock.add(frame.t, frame.received, frame.sent, int(now * MICROSECONDS))
            case frames.Live():
                self._live(frame, now)
            case _:
                if isinstance(frame, frames.Left):
                    self._send_queue.forget(frame.player)
                if (event := self._fold.apply(frame)) is not None:
                    self._events.append(event)
        if self._is_in_room:
            self.resume.received(frame)

    def _hello(self, now: float) -> None:
        hello = self.resume.hello()
        self._conversation.advance(hello, by=Role.CLIENT)
        self._hello_at = now
        self._greeting.append(encode(hello))

    def _welcomed(self, welcome: frames.Welcome, now: float) -> None:
        session = welcome.session
        is_return, seat = self.resume.epoch is not None, self.resume.seat_id
        continued = self.resume.welcomed(welcome)
        self.code, self.limits, self.options = session.room, session.limits, session.options
        asked, heard = int(self._hello_at * MICROSECONDS), int(now * MICROSECONDS)
        self.clock.add(asked, session.time, session.time, heard)
        if continued.lost:
            self._events.append(lost(continued.lost))
        # If LEAVE came through and its answer did not, the program asked for no new seat.
        is_left = self.farewell.has_begun and seat != self.resume.seat_id
        if is_return and not is_left:
            why = self._refusal.text if self._refusal else ""
            self._events.append(events.Resumed(continued.resumed, why))
        if not continued.resumed:
            self._fold = RoomFold()
            self._before_live = BeforeLive(session.limits)
            self.complete_from = session.complete_from
        self._refusal = None
        self._enter(continued.resend, is_same_seat=seat == self.resume.seat_id or not is_return)

    def _enter(self, resend: tuple[bytes, ...], *, is_same_seat: bool) -> None:
        self._is_in_room = True
        self._send_queue.open(resend, is_same_seat=is_same_seat)
        if self.farewell.has_begun:
            self._say_leave()
            return
        # SPEC 15.2: the relay sets everybody who comes back to HERE.
        if self._presence is not PresenceState.HERE:
            self.presence(self._presence)
        if self._groups and not is_same_seat:
            self.post(commands.subscribe(sorted(self._groups)))

    def _may_hear(self, size: int) -> bool:
        """Count a message before LIVE. A relay that tells more than a room can hold is at fault."""
        assert self._before_live is not None
        try:
            self._before_live.count(size)
        except RemoteProtocolError as error:
            self.break_off(error)
            return False
        return True

    def _out(self) -> None:
        self._is_in_room = False
        self._before_live = None
        self._send_queue.close()

    def _live(self, live: frames.Live, now: float) -> None:
        self.resume.received(live)
        self._before_live = None
        self.phase = "live"
        self.backoff.live(now)
        self._heartbeat.live(now)
        self._events.append(events.Live(live.seq))
        self.handle_timer(now)

    def _refused(self, error: frames.Error, now: float) -> None:
        if not self._is_in_room:
            self._refusal = error
            self.backoff.wait((error.detail.after or 0) / MILLISECONDS, now)
            # SPEC 7.1: the connection lives, and waits for a HELLO without a position.
            if error.code in RESUME_REFUSALS:
                self._come_anew(error.code, now)
        elif error.code in ENTRY_REFUSALS:
            self._refusal = error
        else:
            detail = error.detail
            self._events.append(
                events.Refused(error.code, error.text, detail, detail.frame, error.seq)
            )

    def _come_anew(self, code: int, now: float) -> None:
        """Enter without a position. A room that is gone is made again: its players meet in it."""
        if self.farewell.has_begun:  # there is nothing left to leave
            self.farewell.end()
            self.fault = (CloseCode.NORMAL, "left")
            return
        self.resume.forget()
        if code == ErrorCode.ROOM_GONE:
            again = replace(self.options, password=self.resume.options.password, locked=False)
            self.resume.options = replace(self.resume.options, create=again)
        self._hello(now)

    def _noticed(self, notice: frames.Notice, now: float) -> None:
        if notice.kind == frames.NoticeKind.DRAIN:
            self.backoff.wait((notice.detail.after or 0) / MILLISECONDS, now)
        elif notice.kind == frames.NoticeKind.TRIMMED:
            self.complete_from = max(self.complete_from, notice.detail.seq or 0)
        self._events.append(events.Notice(notice.kind, notice.detail))

    def break_off(self, error: RemoteProtocolError) -> None:
        """Give up a connection whose relay broke the protocol. A resume brings the same again."""
        self.resume.forget()
        self._out()
        self.fault = (1002, f"the relay broke the protocol: {error}")

    def _end(self, code: int, reason: str, said: str) -> None:
        if self.farewell.has_begun:
            code, reason, said = CloseCode.NORMAL, CloseCode.NORMAL.reason, ""
        self._close(events.Closed(code, reason, explain(code, reason, said), may_return=False))

    def _close(self, closed: events.Closed) -> None:
        self.closed = closed
        if pending := (*self.resume.window.pending(), *self.unposted()):
            self._events.append(lost(pending))
        self.phase = "closed"
        self.retry_at = None
        self._events.append(closed)

    def _say_leave(self) -> None:
        self.farewell.said()
        self._say(frames.Leave())
        self._greeting += self._send_queue.take()
        self._out()

    def _say(self, frame: Frame) -> None:
        self._conversation.advance(frame, by=Role.CLIENT)
        self._send_queue.own(type(frame).__name__, encode(frame))
