"""What REST takes and gives, as the relay's OpenAPI shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from protocol import WIRE_VERSION, WIRE_VERSION_MIN, limits
from protocol.error_codes import ErrorCode
from protocol.frames import Limits, RoomOptions
from relay.lobby.listing import Filter
from relay.lobby.registry import NAME
from relay.policy.config import Settings
from relay.room.refusals import Refusal
from relay.room.room import Room


def _fits(most: int) -> Any:
    def check(text: str) -> str:
        # Characters are what OpenAPI can bound, but the wire counts bytes.
        if len(text.encode()) > most:
            raise ValueError(f"at most {most} bytes of UTF-8 were expected")
        return text

    return AfterValidator(check)


Name = Annotated[str, Field(max_length=limits.MAX_NAME), _fits(limits.MAX_NAME)]
Word = Annotated[str, Field(min_length=1, max_length=limits.MAX_WORD), _fits(limits.MAX_WORD)]
Value = Annotated[str, Field(max_length=limits.MAX_WORD), _fits(limits.MAX_WORD)]
Secret = Annotated[str, Field(max_length=limits.MAX_SECRET), _fits(limits.MAX_SECRET)]
HostKeys = Annotated[tuple[Word, ...], Field(max_length=limits.MAX_HOST_KEYS, strict=False)]
Tags = Annotated[dict[Word, Value], Field(max_length=limits.MAX_TAGS)]
RoomName = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]


class Wanted(BaseModel):
    """What kind of room. What is left out is as this relay makes rooms."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Name = Field(default="", description="for people, in listings")
    app: Name = Field(default="", description="the game; others are kept out")
    build: Name = Field(default="", description="its version; others are kept out")
    tags: Tags = Field(default={}, description="for filters and quick match")
    capacity: int | None = Field(
        default=None, ge=1, le=limits.MAX_CAPACITY, description="players at most"
    )
    spectators: int | None = Field(
        default=None, ge=0, le=limits.MAX_CAPACITY, description="spectators at most"
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
        default="none", description="what of the past a late joiner hears"
    )
    write: Literal["all", "host"] = Field(
        default="all", description="who may set the room's properties"
    )
    host_keys: HostKeys = Field(
        default=(), description="keys of properties that only the host may set, also of players"
    )
    delay: int = Field(
        default=0, ge=0, le=limits.MAX_HOLD, description="seconds by which spectators lag behind"
    )
    host_away: int = Field(
        default=0,
        ge=0,
        le=limits.MAX_HOLD,
        description="seconds of being away after which the host changes; 0: it does not",
    )
    bar: Literal["seat", "address"] = Field(
        default="seat",
        description="what a kick keeps out: the player's seat, or also all new ones at its address",
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
        default=None, description="code of the room; one is generated if it is left out"
    )
    public: bool = Field(default=True, description="listed, and open to quick match")
    locked: bool = Field(default=False, description="nobody may enter")
    password: Secret = Field(default="", description="asked of everyone who enters")


class Match(Wanted):
    """A game that someone would like to play now."""

    @property
    def filter(self) -> Filter:
        """Which rooms fit. App and build must be the same, also where they are empty."""
        return Filter(self.app, self.build, self.capacity, self.tags)


class RoomInfo(BaseModel):
    """A room as it is now."""

    room: str = Field(description="its code")
    url: str = Field(description="path of its page and of its WebSocket")
    title: str
    players: int
    capacity: int
    spectators: int
    locked: bool
    password: bool = Field(description="whether one is needed")
    public: bool
    app: str
    build: str
    tags: dict[str, str]
    host: str | None = Field(description="name of the player who is host, if there is one")


class Matched(RoomInfo):
    """A room that a place in was reserved in, for 15 seconds and for the asker's address."""

    created: bool = Field(description="whether it was made just now")


class RoomPage(BaseModel):
    """Some rooms, in order of their codes."""

    rooms: list[RoomInfo] = Field(description="fewer than `limit` where many do not fit")
    next: str | None = Field(description="what to pass as `after` for more; null if that is all")


class WireLimits(BaseModel):
    """What the relay asks of a client."""

    max_frame: int
    window: int
    frames_per_second: int
    bytes_per_second: int
    history_frames: int
    history_bytes: int


class RelayInfo(BaseModel):
    """This relay."""

    version: str
    wire: tuple[int, int] = Field(description="lowest and highest version of the wire")
    rooms: int
    players: int
    lan: str | None = Field(description="where others on the network find it, if they can")
    limits: WireLimits


class Health(BaseModel):
    """Whether the relay works."""

    status: str


def room_info(room: Room, root: str) -> RoomInfo:
    """Describe a room. Args: root: path under which the app is mounted."""
    return RoomInfo(**_known(room, root))


def matched(room: Room, root: str, *, created: bool) -> Matched:
    """Describe a room that a quick match led to."""
    return Matched(**_known(room, root), created=created)


def wire_limits(settings: Settings) -> WireLimits:
    """Describe what WELCOME will announce."""
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
    429: problem("Too many from this address; Retry-After says when to go on"),
    503: problem("The relay has no room for another room, or is going down"),
}
"""Answers to who wants a room made."""

ONLY_OPERATOR = (
    "metrics are for programs on this machine that ask at 127.0.0.1 and not through a proxy, and "
    "for whoever sends the operator's token: Authorization: Bearer TOKEN (--operator-token-file)"
)

STATUS = {ErrorCode.TOO_FAST: 429, ErrorCode.RELAY_FULL: 503, ErrorCode.NOT_AVAILABLE: 409}


def answer_of(refusal: Refusal) -> tuple[int, dict[str, str]]:
    """Return the HTTP status and headers that say the same as a refusal."""
    milliseconds = refusal.detail.get("after")
    headers = {} if milliseconds is None else {"Retry-After": str(-(-milliseconds // 1000))}
    return STATUS.get(refusal.code, 422), headers


def check_pace(wait: float, what: str) -> None:
    """Raise `Refusal` if the asker has to wait so many seconds."""
    if wait:
        after = math.ceil(wait * 1000)
        raise Refusal(ErrorCode.TOO_FAST, f"too many {what} from your address", after=after)


def say_what_is_invalid(problem: dict[str, Any], *_: object) -> None:
    """Put what is wrong with a request into the problem's one sentence."""
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


def _known(room: Room, root: str) -> Mapping[str, Any]:
    options = room.options
    host = room.seats.get(room.host)
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
        "host": host.info.name if host else None,
    }
