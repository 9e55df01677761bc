"""One upgraded TCP connection, with bounds on all that its client can make it do and keep.

A channel reads in slices, so that a burst of tiny frames does not make the neighbours wait; reads
not at all while anyone has a reason (`Hold`); answers pings, but keeps only the newest pong for a
client that does not read; notices silence; and is over some seconds after it was ended, whatever
the client does. What the messages mean is its owner's: a room's (relay/link/direct.py) or a foreign
app's (relay/server/ws_protocol.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

from websockets.exceptions import InvalidState

from relay.link.answers import SILENT_SECONDS, Answers
from relay.link.inbound import Closed, Inbound

SLICE = 64  # frames

PATIENCE = 2.0  # seconds for a client to take what waits and to close, once all is sent
BLOCKED_PATIENCE = 0.5  # the same for a client that was not reading when that began
MOST_DISCARDED = 64 * 1024
MOST_READ_ON = 4 * SLICE
"""Bytes and frames that are still read of a client once the relay sends nothing more. The client's
close must be among them, or it is cut off."""

ECHO: Final = b"rtt"
"""What the relay's pings hold. Clients send it back."""

LATE_SECONDS = 0.1  # by which a timer may be late before it is this process that was stopped


class Hold:
    """Reasons not to read: bits of a number, as they come and go with messages."""

    NONE: Final = 0
    SLICE: Final = 1
    """Others first."""
    OWNER: Final = 2
    """The owner has enough for now."""


class Heartbeat(NamedTuple):
    """Seconds of silence after which to ping, and for the answer; None is never."""

    interval: float | None
    timeout: float | None


class Channel:
    """An asyncio protocol, by its methods: give it to a transport, and override what begins with
    `on_`. (A compiled class cannot have an interpreted base.)

    Attributes:
        is_blocked: the kernel takes no more: the client does not read, or not fast enough.
        is_ended: a close was sent or received, or the client broke the rules.
    """

    __slots__ = (
        "_answers",
        "_at_once",
        "_beating",
        "_discarded",
        "_ending",
        "_heartbeat",
        "_held",
        "_last_frame",
        "_pinged",
        "_pong",
        "_unread",
        "_watching",
        "blocked_since",
        "heard",
        "inbound",
        "is_blocked",
        "is_ended",
        "loop",
        "max_blocked",
        "transport",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, inbound: Inbound, *, at_once: int = SLICE
    ) -> None:
        """Args: at_once: frames that are worked off before others have their turn."""
        self.inbound = inbound
        self._at_once = at_once
        self.transport: asyncio.Transport
        self.is_blocked = False
        self.is_ended = False
        self.blocked_since = 0.0
        self.max_blocked: float | None = None
        """Seconds for which it may be blocked before `on_stuck`."""
        self.loop = loop
        self._held = Hold.NONE
        self._unread: Sequence[bytes | str] = ()
        self._pong = b""
        self._discarded = 0
        self._last_frame = 0
        self.heard = loop.time()
        self._heartbeat = Heartbeat(None, None)
        self._pinged: float | None = None
        self._answers = Answers()
        self._beating: asyncio.TimerHandle | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._watching: asyncio.TimerHandle | None = None

    def inherit(self, other: Channel) -> None:
        """Go on from where another channel is, which has no connection any more."""
        self.transport = other.transport
        self.is_blocked, self.blocked_since = other.is_blocked, other.blocked_since
        self._pong, self._unread = other._pong, other._unread
        other._forget_timers()
        self.transport.set_protocol(cast(asyncio.Protocol, self))
        # From now on a client counts as blocked when anything waits for it.
        self.transport.set_write_buffer_limits(high=0)
        if other._held or self._unread or self.inbound.is_waiting:
            self.hold(Hold.SLICE)
            self.loop.call_soon(self.release, Hold.SLICE)
            other._held = Hold.NONE

    # For the owner to override.

    def on_messages(self, messages: Sequence[bytes | str]) -> Sequence[bytes | str]:
        """Take messages. Returns: those that are to wait, after `hold`, until `release`."""
        raise NotImplementedError

    def on_extras(self, frames: int, controls: int) -> None:
        """Take notice of frames that were no whole messages, and how many were control frames."""

    def on_rest(self, messages: Sequence[bytes | str]) -> None:
        """Take messages that were to wait: the client has closed behind them."""
        raise NotImplementedError

    def on_closed(self, closed: Closed) -> None:
        """Take notice that the client closes, or has broken the rules."""

    def on_writable(self) -> None:
        """Go on writing: the kernel has taken all."""

    def on_silent(self) -> None:
        """End a client that answers no ping."""
        raise NotImplementedError

    def on_stuck(self) -> None:
        """End a client that has not read for too long."""
        raise NotImplementedError

    def on_lost(self) -> None:
        """Take notice that the connection is no more."""

    # Reading.

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        if self.is_ended:
            self._discarded += len(data)
            if self._discarded > MOST_DISCARDED:
                self.abort()
                return
        self.inbound.feed(data)
        if not self._held:
            self._read()

    def hold(self, why: int) -> None:
        """Read no more until `release`."""
        if not self._held:
            self.transport.pause_reading()
        self._held |= why

    def release(self, why: int) -> None:
        """Read on, if there is no other reason not to."""
        if not self._held & why:
            return
        self._held &= ~why
        if not self._held:
            self.heard = self.loop.time()  # a client that is not read cannot be silent
            self._read()
        if not self._held and not self.transport.is_closing():
            self.transport.resume_reading()

    def _read(self) -> None:
        inbound = self.inbound
        if self._unread:
            self._unread = self.on_messages(self._unread)
            if self._held:
                return
        frames, controls = inbound.frames, inbound.controls
        messages = inbound.read(self._at_once)
        if messages:
            self._unread = self.on_messages(messages)
        if self.is_ended and inbound.frames > self._last_frame:
            self.abort()
            return
        if inbound.closed is not None and self._unread:
            rest, self._unread = self._unread, ()
            self.on_rest(rest)
        extras = inbound.frames - frames - len(messages)
        if extras or inbound.closed is not None:
            self._note(extras, inbound.controls - controls)
        if inbound.is_waiting and not self._held:
            self.hold(Hold.SLICE)
            self.loop.call_soon(self.release, Hold.SLICE)

    def _note(self, extras: int, controls: int) -> None:
        replies = self.inbound.library.data_to_send()
        if self.inbound.closed is not None:
            self._part(self.inbound.closed, b"".join(replies))
        elif self.is_blocked:
            self._pong = replies[-1] if replies else self._pong
        else:
            self.write(b"".join(replies))
        if controls and self.inbound.echo == ECHO:
            self._answers.take(self.heard, self.inbound.frames)
        if extras and not self.is_ended:
            self.on_extras(extras, controls)

    def _part(self, closed: Closed, reply: bytes) -> None:
        if not self.is_ended:
            self.is_ended = True
            self._last_frame = self.inbound.frames
            self.on_closed(closed)
            self.write(reply)
            self._leave(half_close=closed.is_error)
        elif not closed.is_error:
            self.transport.close()  # both have said goodbye

    # Writing.

    def write(self, data: bytes) -> None:
        if data and not self.transport.is_closing():
            self.transport.write(data)

    def pause_writing(self) -> None:
        self.is_blocked = True
        self.blocked_since = self.loop.time()
        if self._watching is None:
            self._watch(self.max_blocked)

    def resume_writing(self) -> None:
        self.is_blocked = False
        now = self.loop.time()
        self._answers.flowed(now - self.blocked_since, now)
        pong, self._pong = self._pong, b""
        self.write(pong)
        self.on_writable()

    def _watch(self, seconds: float | None) -> None:
        if seconds is not None:
            self._watching = self.loop.call_later(seconds, self._check_blocked)

    def _check_blocked(self) -> None:
        self._watching = None
        if not self.is_blocked or self.max_blocked is None:
            return
        left = self.blocked_since + self.max_blocked - self.loop.time()
        if left > 0:
            self._watch(left)
        else:
            self.on_stuck()

    # The heartbeat.

    def begin_heartbeat(self, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat
        self._beat_in(heartbeat.interval)

    def _beat_in(self, seconds: float | None) -> None:
        if seconds is not None:
            self._beating = self.loop.call_later(seconds, self._beat)

    def _beat(self) -> None:
        # SPEC 18.1: a ping after the interval, the end after the timeout.
        interval, timeout = self._heartbeat
        assert interval is not None
        now = self.loop.time()
        silent = now - self.heard
        if self.is_ended:
            return
        if self._held:
            self._beat_in(interval)
        elif self._is_unanswered() and timeout is not None and not self._is_late(now, timeout):
            self.on_silent()
        elif silent < interval:
            self._pinged = None
            self._beat_in(max(interval - silent, 0.001))
        else:
            self._pinged = now
            self._ping()
            self._beat_in(interval if timeout is None else timeout)

    def rtt(self) -> float | None:
        """Return the seconds of the last round trip, and measure again for the next call.

        So it costs nothing where nobody asks. An answer that is still awaited is no part of it:
        `unanswered` tells of that.
        """
        if self._answers.asked is None and not (self._held or self.is_blocked or self.is_ended):
            self._ping()
        return self._answers.rtt

    def unanswered(self) -> float:
        """Return the seconds for which a ping has had no answer, and nothing else was heard."""
        return self._owes_for(self._answers.asked, self.loop.time())

    def silent(self, *, lately: bool = False) -> float:
        """See `Link.silent`."""
        now = self.loop.time()
        since = self.blocked_since if self.is_blocked else self._answers.asked
        if self._owes_for(since, now) >= SILENT_SECONDS:
            return now - self.heard
        return self._answers.lately(now, self.heard, self.inbound.frames) if lately else 0.0

    def lapses(self) -> tuple[tuple[str, float, float], ...]:
        """See `Answers.lapses`."""
        return self._answers.lapses(self.loop.time())

    def _owes_for(self, since: float | None, now: float) -> float:
        """Return the seconds for which a client owes an answer, and has sent nothing."""
        return 0.0 if since is None or self._held else now - max(since, self.heard)

    def _ping(self) -> None:
        if self._answers.asked is None:
            self._answers.ask(self.loop.time(), self.heard, self.inbound.frames)
            self.inbound.echo = b""
        self.inbound.library.send_ping(ECHO)
        self.write(b"".join(self.inbound.library.data_to_send()))

    def _is_unanswered(self) -> bool:
        # An answer may come in the millisecond of its ping, and uvloop's clock has no finer ones.
        return self._pinged is not None and self.heard < self._pinged

    def _is_late(self, now: float, timeout: float) -> bool:
        """Say whether this relay stood still, so that an answer may have come and be unread."""
        return self._pinged is not None and now > self._pinged + timeout + LATE_SECONDS

    # The end.

    def end(self, code: int, reason: str) -> None:
        """Send a close, and cut the connection off if the client does not close as well."""
        if self.is_ended:
            return
        self.is_ended = True
        self._last_frame = self.inbound.frames + MOST_READ_ON
        self._unread = ()
        try:
            self.inbound.library.send_close(code, reason)
        except InvalidState:  # the client's close was read, and is not answered yet
            self.write(b"".join(self.inbound.library.data_to_send()))
            self._leave(half_close=False)
            return
        self.write(b"".join(self.inbound.library.data_to_send()))
        self._cut_in(BLOCKED_PATIENCE if self.is_blocked else PATIENCE)
        # Reading goes on, at any reason not to: what is awaited is the client's close.
        self._held &= ~Hold.OWNER
        if not self._held:
            self.transport.resume_reading()

    def abort(self) -> None:
        """Cut the connection off: what waits for the client is lost."""
        self.is_ended = True
        if self.transport is not None:
            self.transport.abort()

    def _leave(self, *, half_close: bool) -> None:
        """Go, once the client has had what waits for it."""
        self._cut_in(BLOCKED_PATIENCE if self.is_blocked else PATIENCE)
        if half_close and self.transport.can_write_eof():
            # Closing at once would reset a connection on which more is coming, and the client
            # might never see why.
            self.transport.write_eof()
        else:
            self.transport.close()

    def _cut_in(self, seconds: float) -> None:
        if self._ending is None:
            self._ending = self.loop.call_later(seconds, self.abort)

    def eof_received(self) -> bool:
        """Let the transport close: a client that sends nothing more is gone."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_ended = True
        self._forget_timers()
        self.on_lost()
        self._unread = ()
        self.inbound.discard()

    def _forget_timers(self) -> None:
        for timer in (self._beating, self._ending, self._watching):
            if timer is not None:
                timer.cancel()
        self._beating = self._ending = self._watching = None
