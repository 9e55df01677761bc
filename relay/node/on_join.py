"""The game's decision who may enter: the hook that `create_app` takes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from protocol import codec
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.fields.mismatch import Mismatch
from protocol.fields.schema import Record
from protocol.frames import HelloOptions, PlayerInfo
from relay.room.refusals import Refusal

NO_REASON = "this game did not admit you: check your name and ticket"

MAX_WHY = 1024
"""UTF-8 bytes that ERROR's text holds; a game's longer reason is cut."""


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """The request about which an `on_join` hook decides."""

    room: str
    name: str
    role: str
    ticket: str
    app: str
    build: str
    address: str
    can_host: bool = True


Verdict = JoinRequest | bool | str | None
"""None or True: may enter. False: may not. A str: may not, and this is why. A `JoinRequest`: may
enter, under its name and role, and may become host or not."""

OnJoin = Callable[[JoinRequest], Verdict | Awaitable[Verdict]]
"""Decides, with a prototype's own code, who may enter. Asked once a seat, not at every resume."""


def info_of(options: HelloOptions) -> PlayerInfo:
    """Return what the room is told about the player who sends this HELLO."""
    return PlayerInfo(options.name, options.role, options.can_host)


def request_of(name: str, options: HelloOptions, address: str) -> JoinRequest:
    return JoinRequest(
        room=name,
        name=options.name,
        role=options.role,
        ticket=options.ticket,
        app=options.app,
        build=options.build,
        address=address,
        can_host=options.can_host,
    )


async def judge(on_join: OnJoin | None, request: JoinRequest) -> PlayerInfo:
    """Ask the game's code, if there is any. Returns: what the room is told about the player.

    Raises:
        Refusal: the game does not admit the player.
        ValueError: the game's code gave a name or a role that no player can have.
    """
    if on_join is None:
        return _info(request)
    answer = on_join(request)
    verdict = await answer if inspect.isawaitable(answer) else answer
    if isinstance(verdict, JoinRequest):
        return _checked(_info(verdict))
    if verdict is None or verdict is True:
        return _info(request)
    why = verdict if isinstance(verdict, str) else NO_REASON
    raise Refusal(ErrorCode.NOT_ADMITTED, codec.cut(why, MAX_WHY), close=CloseCode.NOT_ADMITTED)


def _info(request: JoinRequest) -> PlayerInfo:
    return PlayerInfo(request.name, request.role, request.can_host)


def _checked(info: PlayerInfo) -> PlayerInfo:
    """Refuse a mistake of the game's code here: later it would be in the room's entries for
    ever."""
    try:
        Record(PlayerInfo).dump(info)
    except Mismatch as wrong:
        raise ValueError(
            f"on_join gave a {wrong.path[0]} that is not {wrong.expected}: {wrong.got}"
        ) from None
    return info
