"""Who may enter, as far as the room itself cannot say: versions, passwords, the game's word."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from protocol import WIRE_VERSION, WIRE_VERSION_MIN, codec
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Hello, HelloOptions, PlayerInfo, RoomOptions
from protocol.limits import HEAD_ROOM
from protocol.mismatch import Mismatch
from protocol.schema import Record
from relay.room.refusals import Refusal
from relay.room.room import Room

MAX_WHY = 1024
"""UTF-8 bytes that ERROR's text holds; what a game has to say beyond is cut."""


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """What an `on_join` hook gets to decide about."""

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
    """Return what the room is told of who says this HELLO."""
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


def slow_down(wait: float, what: str) -> None:
    """Raise if so many seconds have to pass before the address may have more of this."""
    if wait:
        raise Refusal(
            ErrorCode.TOO_FAST,
            f"too many {what} from your address",
            close=CloseCode.TOO_FAST,
            retry=True,
            after=int(wait * 1000) + 1,
        )


def check_version(hello: Hello) -> None:
    """Raise unless a version is spoken by both sides."""
    lowest = hello.options.min or hello.version
    if lowest > WIRE_VERSION or hello.version < WIRE_VERSION_MIN:
        raise Refusal(
            ErrorCode.VERSION,
            f"this relay speaks wire version {WIRE_VERSION_MIN} to {WIRE_VERSION}, "
            f"you speak {lowest} to {hello.version}",
            close=CloseCode.VERSION,
            expected=f"{WIRE_VERSION_MIN}..{WIRE_VERSION}",
            got=f"{lowest}..{hello.version}",
        )


def check_frame_size(options: HelloOptions, max_frame: int) -> None:
    """Raise if players here may send more than this client takes."""
    longest = max_frame + HEAD_ROOM
    if longest > options.max_frame:
        raise Refusal(
            ErrorCode.FRAME_SIZE,
            f"frames in this room may have {longest} bytes, you take {options.max_frame}",
            close=CloseCode.FRAME_SIZE,
            expected=f"max_frame of at least {longest}",
            got=str(options.max_frame),
            limit=longest,
        )


def check_app(room: Room, options: HelloOptions) -> None:
    """Raise if the room was made by another game, or another build of it."""
    for what in ("app", "build"):
        theirs, ours = getattr(options, what), getattr(room.options, what)
        if ours and theirs != ours:
            raise Refusal(
                ErrorCode.OTHER_APP,
                f"this room is of {what} {ours!r}, you are {theirs!r}",
                close=CloseCode.OTHER_APP,
                expected=ours,
                got=theirs,
            )


def check_creation(hello: Hello, name: str) -> RoomOptions:
    """Return how the room is to be made that this HELLO found missing, or raise."""
    options = hello.options
    if options.position is not None:
        raise Refusal(ErrorCode.ROOM_GONE, f"room {name} is no more")
    if options.create is False:
        raise Refusal(
            ErrorCode.NO_SUCH_ROOM,
            f"there is no room {name}",
            close=CloseCode.NO_SUCH_ROOM,
            retry=True,
        )
    wanted = options.create if isinstance(options.create, RoomOptions) else RoomOptions()
    return replace(wanted, app=wanted.app or options.app, build=wanted.build or options.build)


def wrong_password(got: str) -> Refusal:
    return Refusal(
        ErrorCode.WRONG_PASSWORD,
        "the password is wrong" if got else "the room wants a password",
        close=CloseCode.WRONG_PASSWORD,
        retry=True,
    )


def key_of(room: str, seat: bytes | None) -> bytes | None:
    """Hash a seat secret. The room's name is in it, so that a hash tells nothing elsewhere."""
    if seat is None:
        return None
    return hashlib.blake2b(seat, digest_size=16, person=b"roomwire seat", salt=_salt(room)).digest()


def network_key(room: str, network: str | None) -> bytes | None:
    """Hash where a player comes from, so that what is kept of a room holds no address.

    The room's name is in it, so that it tells nothing of who plays elsewhere. Whoever has the
    hash and tries all addresses finds the one: it is no secret, and not shown to anyone.
    """
    if network is None:
        return None
    person = b"roomwire network"
    return hashlib.blake2b(
        network.encode(), digest_size=16, person=person, salt=_salt(room)
    ).digest()


def _salt(room: str) -> bytes:
    return hashlib.blake2b(room.encode(), digest_size=16).digest()


async def judge(on_join: OnJoin | None, request: JoinRequest) -> PlayerInfo:
    """Ask the game's own code, if there is any. Returns: what the room is told of the player.

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
    why = verdict if isinstance(verdict, str) else "this game did not admit you"
    raise Refusal(ErrorCode.NOT_ADMITTED, codec.cut(why, MAX_WHY), close=CloseCode.NOT_ADMITTED)


def _info(request: JoinRequest) -> PlayerInfo:
    return PlayerInfo(request.name, request.role, request.can_host)


def _checked(info: PlayerInfo) -> PlayerInfo:
    """Keep a slip of the game's code out of the room's log, where it could no longer be refused."""
    try:
        Record(PlayerInfo).dump(info)
    except Mismatch as wrong:
        raise ValueError(
            f"on_join gave a {wrong.path[0]} that is not {wrong.expected}: {wrong.got}"
        ) from None
    return info
