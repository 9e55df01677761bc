"""The requests and answers of REST, as the relay's OpenAPI document shows them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from protocol import WIRE_VERSION, WIRE_VERSION_MIN, limits
from protocol.error_codes import ErrorCode
from protocol.frames import Limits, RoomOptions
from relay.lobby.listing import Filter, Listed
from relay.lobby.registry import NAME
from relay.policy.config import Settings
from relay.room.refusals import Refusal


def fits(most: int) -> Any:
    """Bound the bytes of a text."""

    def check(text: str) -> str:
        # OpenAPI can bound characters only, but the wire bounds bytes.
        if len(text.encode()) > most:
            raise ValueError(f"at most {most} bytes of UTF-8 were expected")
        return text

    return AfterValidator(check)


Name = Annotated[str, Field(max_length=limits.MAX_NAME), fits(limits.MAX_NAME)]
Word = Annotated[str, Field(min_length=1, max_length=limits.MAX_WORD), fits(limits.MAX_WORD)]
Value = Annotated[str, Field(max_length=limits.MAX_WORD), fits(limits.MAX_WORD)]
Secret = Annotated[str, Field(max_length=limits.MAX_SECRET), fits(limits.MAX_SECRET)]
HostKeys = Annotated[tuple[Word, ...], Field(max_length=limits.MAX_HOST_KEYS, strict=False)]
Tags = Annotated[dict[Word, Value], Field(max_length=limits.MAX_TAGS)]
RoomName = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]


class Wanted(BaseModel):
    """Options of a room. The relay has a default for each one that is left out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Name = Field(default="", description="shown to people in lists")
    app: Name = Field(default="", description="the game's name; others cannot enter")
    build: Name = Field(default="", description="the game's build; others cannot enter")
    tags: Tags = Field(default={}, description="for filters and for quick match")
    capacity: int | None = Field(
        default=None, ge=1, le=limits.MAX_CAPACITY, description="most players"
    )
    spectators: int | None = Field(
        default=None, ge=0, le=limits.MAX_CAPACITY, description="most spectators"
    )
    hold: int | None = Field(
        default=None,
        ge=0,
        le=limits.MAX_HOLD,
        description="seconds for which a lost player's seat is held",
    )
    keep: int | None = Field(
        default=None,
        ge=0,
        le=limits.MAX_KEEP,
        description="seconds for which the room is kept while it is empty",
    )

    history: Literal["none", "snapshot", "full"] = Field(
        default="none", description="which part of the past a late joiner hears"
    )
    write: Literal["all", "host"] = Field(
        default="all", description="who may set the room's properties"
    )
    host_keys: HostKeys = Field(
        default=(), description="keys of properties that only the host may set, even on a player"
    )
    delay: int = Field(
        default=0, ge=0, le=limits.MAX_HOLD, description="seconds by which spectators are behind"
    )
    host_away: int = Field(
        default=0,
        ge=0,
        le=limits.MAX_HOLD,
        description="seconds after which a host who is away loses the role; 0: never",
    )
    bar: Literal["seat", "address"] = Field(
        default="seat",
        description="what a kick keeps out: the seat, or also new seats from its address",
    )
    chaos: bool = Field(
        default=False,
        description="whether a link may ask for a bad network: `?chaos=train-wifi&seed=42`",
    )

    def options(self, settings: Settings) -> RoomOptions:
        """Return how to make the room."""
        named = self.model_dump(exclude_none=True, exclude={"name"})
        defaults = settings.room_options
        known = {key: getattr(defaults, key) for key in ("capacity", "spectators", "hold", "keep")}
        return RoomOptions(**{**known, **named})


class NewRoom(Wanted):
    """A room to be made."""

    name: RoomName | None = Field(
        default=None, description="the room's code; the relay makes one if it is left out"
    )
    public: bool = Field(default=True, description="whether lists and quick matches show it")
    locked: bool = Field(default=False, description="nobody may enter")
    password: Secret = Field(default="", description="everyone who enters must give it")


class Match(Wanted):
    """A game that somebody would like to play."""

    @property
    def filter(self) -> Filter:
        """Which rooms fit. App and build must be equal, even if they are empty."""
        return Filter(self.app, self.build, self.capacity, self.tags)


class RoomInfo(BaseModel):
    """A room as it is."""

    room: str = Field(description="its code")
    url: str = Field(description="the path of its page and of its WebSocket")
    title: str
    players: int
    capacity: int
    spectators: int
    locked: bool
    password: bool = Field(description="whether a password is needed")
    public: bool
    app: str
    build: str
    tags: dict[str, str]
    host: str | None = Field(description="the host's name; null if there is no host")


class Matched(RoomInfo):
    """A room with a place that is reserved for the asker's address, for 15 seconds."""

    created: bool = Field(description="whether this request made it")


class RoomPage(BaseModel):
    """Some rooms, in order of their codes."""

    rooms: list[RoomInfo] = Field(description="may be fewer than `limit`, if many rooms do not fit")
    next: str | None = Field(description="pass it as `after` to get more; null if these are all")


class WireLimits(BaseModel):
    """The limits that the relay sets for a client."""

    max_frame: int
    window: int
    frames_per_second: int
    bytes_per_second: int
    history_frames: int
    history_bytes: int


class RelayInfo(BaseModel):
    """This relay."""

    version: str
    wire: tuple[int, int] = Field(description="the lowest and the highest version of the wire")
    rooms: int
    players: int
    lan: str | None = Field(description="the URL for others on the network, if they can reach it")
    limits: WireLimits


class Health(BaseModel):
    """Tells whether the relay works."""

    status: str


class Shown(Listed, Protocol):
    """What is shown of a room, of this node or of another."""

    @property
    def spectator_count(self) -> int: ...
    @property
    def host_name(self) -> str | None: ...


def room_info(room: Shown, root: str) -> RoomInfo:
    """Describe a room. Args: root: path under which the app is mounted."""
    return RoomInfo(**_known(room, root))


def matched(room: Shown, root: str, *, created: bool) -> Matched:
    """Describe a room that a quick match led to."""
    return Matched(**_known(room, root), created=created)


def wire_limits(settings: Settings) -> WireLimits:
    """Describe the limits that WELCOME will announce."""
    return WireLimits(
        max_frame=settings.max_frame,
        window=Limits().window,
        frames_per_second=int(settings.frames_per_second),
        bytes_per_second=int(settings.bytes_per_second),
        history_frames=settings.history_frames,
        history_bytes=settings.history_bytes,
    )


def wire_versions() -> tuple[int, int]:
    """Return the lowest and the highest version of the wire that this relay speaks."""
    return WIRE_VERSION_MIN, WIRE_VERSION


def parse_tags(words: list[str]) -> dict[str, str]:
    """Read tags from a query. A word without a colon is a tag with an empty value.

    Raises:
        ValueError: a tag is named twice.
    """
    pairs = [word.partition(":") for word in words]
    tags = {key: value for key, _, value in pairs}
    if len(tags) < len(pairs):
        raise ValueError("each tag can be asked for once")
    return tags


def problem(why: str) -> dict[str, Any]:
    """Describe an answer that is a problem, for OpenAPI."""
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {"description": why, "content": {"application/problem+json": {"schema": schema}}}


NOT_MADE = {
    403: problem("A page of another site may not do this"),
    429: problem("Too many requests from this address; Retry-After says when to go on"),
    503: problem("The relay cannot take another room, or is going down"),
}
"""Refusals of a request that may make a room."""

ONLY_OPERATOR = (
    "metrics are for programs on this machine that ask at 127.0.0.1 without a proxy, and for "
    "requests with the operator's token: Authorization: Bearer TOKEN (--operator-token-file)"
)

STATUS = {
    ErrorCode.TOO_FAST: 429,
    ErrorCode.RELAY_FULL: 503,
    ErrorCode.NOT_AVAILABLE: 409,
    ErrorCode.NOT_HERE: 409,
    ErrorCode.NO_SUCH_PLAYER: 404,
    ErrorCode.ROOM_GONE: 404,
}


def answer_of(refusal: Refusal) -> tuple[int, dict[str, str]]:
    """Return a refusal as HTTP status and headers."""
    milliseconds = refusal.detail.get("after")
    headers = {} if milliseconds is None else {"Retry-After": str(-(-milliseconds // 1000))}
    return STATUS.get(refusal.code, 422), headers


def check_pace(wait: float, what: str) -> None:
    """Raise `Refusal` if the asker has to wait this many seconds."""
    if wait:
        after = math.ceil(wait * 1000)
        raise Refusal(ErrorCode.TOO_FAST, f"too many {what} from your address", after=after)


def say_what_is_invalid(problem: dict[str, Any], *_: object) -> None:
    """Say in one sentence what is wrong with a request."""
    errors = problem.get("errors", ())
    for error in errors:
        for key in ("url", "ctx", "input"):  # `ctx` may not be JSON, `input` may be a password
            error.pop(key, None)
    if errors:
        problem["detail"] = "; ".join(map(_said, errors))


def _said(error: Mapping[str, Any]) -> str:
    where = ".".join(map(str, error.get("loc", ())))
    what = str(error.get("msg", "it cannot be read"))
    return f"{where}: {what}" if where else what


def _known(room: Shown, root: str) -> Mapping[str, Any]:
    options = room.options
    return {
        "room": room.name,
        "url": f"{root}/r/{room.name}",
        "title": options.title,
        "players": room.player_count,
        "capacity": options.capacity,
        "spectators": room.spectator_count,
        "locked": options.locked,
        "password": bool(room.password_hash),
        "public": options.public,
        "app": options.app,
        "build": options.build,
        "tags": dict(options.tags),
        "host": room.host_name,
    }
