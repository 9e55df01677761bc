"""A relay that breaks a promise now and then, so that the checker has something to find.

    python -m tests.chaos.damaged serve --port 0

is `relay serve --port 0`, but does damage in rooms that are named for it, such as "skip-1". It does
the damage between the relay and its server, so it needs to know nothing about the relay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

from starlette import types

from protocol.codec import Role, decode, encode
from protocol.frames import Deliver, Frame, Live, Send, Welcome
from relay.cli import main as command
from relay.server import process

EVERY = 15  # payloads


class Damage:
    """One connection of a relay. It does nothing wrong; its subclasses do."""

    turns: Iterator[int]
    """Payloads so far, for each kind of damage, so that each has its turn."""

    def __init_subclass__(cls) -> None:
        cls.turns = count(1)

    def sends(self, frame: Frame) -> Iterable[Frame]:
        """Return what the client hears instead of `frame`."""
        return (frame,)

    def receives(self, frame: Frame) -> Frame:
        """Return what the relay hears instead of `frame`."""
        return frame

    def is_due(self, frame: Frame) -> bool:
        """Say whether to do harm: once in so many payloads."""
        is_payload = isinstance(frame, Deliver | Send)
        return is_payload and next(self.turns) % EVERY == 0


class Skip(Damage):
    """Leaves a frame out."""

    def sends(self, frame: Frame) -> Iterable[Frame]:
        return () if self.is_due(frame) else (frame,)


class Double(Damage):
    """Sends a frame twice."""

    def sends(self, frame: Frame) -> Iterable[Frame]:
        return (frame, frame) if self.is_due(frame) else (frame,)


class Swap(Damage):
    """Sends two frames in the wrong order."""

    held: Frame | None = None

    def sends(self, frame: Frame) -> Iterable[Frame]:
        if self.held is not None:
            held, self.held = self.held, None
            return self.exchange(held, frame)
        if self.is_due(frame):
            self.held = frame
            return ()
        return (frame,)

    def exchange(self, held: Frame, frame: Frame) -> Iterable[Frame]:
        return (frame, held)


class Renumber(Swap):
    """Sends two frames in the wrong order, with seqs that look right."""

    def exchange(self, held: Frame, frame: Frame) -> Iterable[Frame]:
        if not isinstance(held, Deliver) or not isinstance(frame, Deliver):
            return (held, frame)
        return (
            Deliver(held.seq, frame.sender, frame.payload),
            Deliver(frame.seq, held.sender, held.payload),
        )


class Misdeliver(Damage):
    """Sends a frame that was for some players to all."""

    def receives(self, frame: Frame) -> Frame:
        if isinstance(frame, Send) and self.is_due(frame):
            return replace(frame, target=True)
        return frame


class Vanish(Damage):
    """Acknowledges a frame and delivers it to nobody."""

    def receives(self, frame: Frame) -> Frame:
        if isinstance(frame, Send) and self.is_due(frame):
            return replace(frame, target=())
        return frame


class Forget(Damage):
    """Leaves out the first frame that a resumed connection missed."""

    is_resumed = False

    def sends(self, frame: Frame) -> Iterable[Frame]:
        if isinstance(frame, Welcome):
            self.is_resumed = frame.session.resumed
        elif self.is_resumed and isinstance(frame, Deliver):
            self.is_resumed = False
            return ()
        return (frame,)


class Shorten(Damage):
    """Leaves out the first frame of the past that a newcomer is told."""

    is_due_now = False

    def sends(self, frame: Frame) -> Iterable[Frame]:
        if isinstance(frame, Welcome):
            self.is_due_now = not frame.session.resumed
        elif isinstance(frame, Live):
            self.is_due_now = False
        elif self.is_due_now and isinstance(frame, Deliver):
            self.is_due_now = False
            return ()
        return (frame,)


class Replace(Damage):
    """Delivers a frame that its sender never sent."""

    def sends(self, frame: Frame) -> Iterable[Frame]:
        if isinstance(frame, Deliver) and self.is_due(frame):
            return (replace(frame, payload=frame.payload[:-1]),)
        return (frame,)


DAMAGES: dict[str, type[Damage]] = {
    cls.__name__.lower(): cls
    for cls in (Skip, Double, Swap, Renumber, Misdeliver, Vanish, Forget, Shorten, Replace)
}


def damaged(app: types.ASGIApp) -> types.ASGIApp:
    """Wrap a relay so that connections to rooms named for a damage suffer it."""

    async def wrapped(scope: types.Scope, receive: types.Receive, send: types.Send) -> None:
        name = scope.get("path", "").rpartition("/")[2].partition("-")[0]
        if scope["type"] != "websocket" or name not in DAMAGES:
            await app(scope, receive, send)
            return
        # Without extensions: the relay must send and receive through these two alone.
        plain = {**scope, "extensions": {}}
        damage = DAMAGES[name]()
        await app(plain, _receiving(damage, receive), _sending(damage, send))

    return wrapped


def _receiving(damage: Damage, receive: types.Receive) -> types.Receive:
    async def damaged_receive() -> types.Message:
        message = await receive()
        if frame := _frame_of(message, Role.CLIENT):
            message["bytes"] = encode(damage.receives(frame))
        return message

    return damaged_receive


def _sending(damage: Damage, send: types.Send) -> types.Send:
    async def damaged_send(message: types.Message) -> None:
        frame = _frame_of(message, Role.RELAY)
        if frame is None:
            await send(message)
            return
        for told in damage.sends(frame):
            await send({**message, "bytes": encode(told)})

    return damaged_send


def _frame_of(message: types.Message, by: Role) -> Frame | None:
    data = message.get("bytes")
    return decode(data, by) if isinstance(data, bytes) else None


def main() -> None:
    make_server = process.make_server
    process.make_server = lambda app, settings: make_server(damaged(app), settings)
    command.main()


if __name__ == "__main__":
    main()
