"""The requests and answers of operators' REST, as the relay's OpenAPI document shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from protocol import limits
from relay.conditions.conditions import (
    LONGEST_MS,
    LONGEST_S,
    MOST_BYTES,
    MOST_FRAMES,
    MOST_SEED,
    Conditions,
    conditions_of,
)
from relay.conditions.profiles import PROFILES, profile
from relay.conditions.shape import Shape
from relay.http.rest import fits, room_info
from relay.inspect.outside import RoomAccount
from relay.inspect.overview import PlayerOverview
from relay.inspect.why import Account
from relay.node.shapes import EVERYBODY
from relay.room.room import Room

ONLY_OPERATOR = (
    "this is for the relay's operator: send their token, as in Authorization: Bearer TOKEN. The "
    "relay prints it when it starts, or --operator-token-file names its file"
)

NDJSON = "application/x-ndjson"
LINES = {"description": "Lines of JSON", "content": {NDJSON: {"schema": {"type": "string"}}}}
"""The answer of a stream, for OpenAPI."""

UNKEPT = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Headers of a stream: nobody on the way may keep it, or wait for more of it."""

SAID = 1024
"""Bytes that an operator may say at once."""


class Asked(BaseModel):
    """A body of which nothing is ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Kick(Asked):
    """Why a player is removed."""

    reason: Annotated[str, Field(max_length=limits.MAX_REASON), fits(limits.MAX_REASON)] = Field(
        default="", description="shown to them"
    )


class Heir(Asked):
    """Who is to be host."""

    player: int = Field(ge=1, description="a player who is here and can be host")


class Change(Asked):
    """Options of a room, as a host may change them. What is left out stays."""

    locked: bool | None = Field(default=None, description="nobody new may enter")
    capacity: int | None = Field(
        default=None, ge=1, le=limits.MAX_CAPACITY, description="most players"
    )
    bar: Literal["seat", "address"] | None = Field(
        default=None, description="what a kick keeps out"
    )


class Say(Asked):
    """What an operator tells all players."""

    text: Annotated[str, Field(min_length=1, max_length=SAID), fits(SAID)] = Field(
        description="for people to read; they get it as NOTICE OPERATOR"
    )


class Done(BaseModel):
    """The room has done it."""

    room: str


class Outbox(BaseModel):
    """What waits for a player."""

    mode: str = Field(description="flowing, queueing, following the history, opening, lost, ended")
    frames: int
    bytes: int


class RefusedFrame(BaseModel):
    """Something that a player was refused."""

    at: int = Field(description="the relay's clock, in microseconds")
    code: str
    op: str | None
    text: str
    offset: int | None = Field(
        default=None, description="of the byte that is wrong, if the message is malformed"
    )
    expected: str | None = None
    got: str | None = None
    frame: int | None = Field(
        default=None, description="which of their counted frames it was, by its count"
    )
    rule: str | None = Field(default=None, description="the section of SPEC.md that forbids it")


class RefusedBytes(RefusedFrame):
    """The bytes of a frame that was refused, up to where they may hold a secret."""

    data: str = Field(description="the first 256 at most, in base64")
    size: int = Field(description="how many it had")


class Rejected(RefusedBytes):
    """What a client was refused whose connection is over, or that has not entered."""

    room: str
    player: int | None = Field(description="null: they had not entered")
    node: str | None = Field(description="the relay that they came to; null if alone")
    attachment: int = Field(description="the number of their connection, as in the log")
    address: str | None
    closed: str | None = Field(description="how it ended; null: it has not")


class Lapse(BaseModel):
    """A time for which a player stood still."""

    how: Literal["silent", "blocked", "late_ping"] = Field(
        description="they answered no ping, did not take what waited, or sent no PING in time"
    )
    ms: int = Field(description="for how long")
    ago_ms: int = Field(description="since it was over")


class Player(BaseModel):
    """A player, as the relay knows them. What only a connection has is null without one."""

    player: int
    name: str
    role: str
    presence: str = Field(description="live, away, lost or lagging")
    groups: list[int] = Field(description="the numbers of the groups that they are in")
    taken: int = Field(description="counted frames of theirs that the room has taken")
    node: str | None = Field(description="the relay that they are connected to; null if alone")
    attachment: int | None = Field(description="the number of their connection, as in the log")
    address: str | None
    link: str | None = Field(description="direct or portable")
    rtt_ms: float | None = Field(
        description="there and back by the last ping that was answered, with the lag of "
        "conditions; measured for the next request"
    )
    unanswered_ms: int = Field(
        description="time for which they have answered no ping, and sent nothing else"
    )
    silent_ms: int = Field(
        description="time since anything was heard of one who has answered no ping for 1 s; of "
        "one who is lost, such a time before their connection ended"
    )
    joined_s: float | None = Field(description="seconds since they connected")
    outbox: Outbox | None
    behind: int = Field(description="seqs of the room that are not on their way to them yet")
    lapse: Lapse | None = Field(description="how they stood still lately, and are back")
    blocked_ms: int = Field(description="time for which they have not taken what waits")
    lagging: bool
    sent_frames: int | None = Field(
        description="WebSocket frames that they sent, those that only answer too; null if portable"
    )
    throttled_ms: int = Field(description="pauses in all, as they sent too fast")
    refusals: list[RefusedFrame] = Field(description="the last 8")
    refused_frames: list[RefusedBytes] = Field(
        description="the last 4 of them whose bytes are kept; a stream of `watch` leaves them out"
    )
    conditions: dict[str, Any] | None = Field(description="of their network, if any are applied")

    @classmethod
    def of(cls, overview: PlayerOverview) -> Self:
        return cls(**asdict(overview))


class PlayerList(BaseModel):
    """All players of a room."""

    room: str
    players: list[Player]


class Reason(BaseModel):
    """Why a player may see nothing, or late."""

    reason: str = Field(description="a word for programs")
    what: str = Field(description="a sentence")
    do: str = Field(description="what to do about it")


class Explanation(BaseModel):
    """All that the relay knows of why, the likeliest first."""

    room: str
    player: int
    is_there: bool = Field(description="whether the player has a seat")
    reasons: list[Reason]
    overview: Player | None
    rejected: list[Rejected] = Field(
        description="what they were refused over earlier connections; if no such player is there, "
        "also what those were refused who did not get in"
    )

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            room=account.room,
            player=account.player,
            is_there=account.overview is not None,
            reasons=[Reason(**asdict(each)) for each in account.reasons],
            overview=None if account.overview is None else Player.of(account.overview),
            rejected=[Rejected(**each) for each in account.rejected],
        )


class RoomExplanation(BaseModel):
    """Who did not get into a room lately, or was cut off, and what they were refused."""

    room: str | None = Field(description="null: any room")
    is_there: bool = Field(description="whether there is such a room")
    reasons: list[Reason]
    rejected: list[Rejected]

    @classmethod
    def of(cls, account: RoomAccount) -> Self:
        return cls(
            room=account.room or None,
            is_there=account.is_there,
            reasons=[Reason(**asdict(each)) for each in account.reasons],
            rejected=[Rejected(**each) for each in account.rejected],
        )


def described(room: Room, root: str) -> Mapping[str, Any]:
    """Describe a room in a stream. Args: root: path under which the app is mounted."""
    return room_info(room, root).model_dump()


# Players' networks.

Name = Literal["lan", "wifi", "train-wifi", "mobile-3g", "hotel", "satellite"]


class Way(Asked):
    """What becomes of the frames of one direction. All of it is off where it is left out."""

    lag_ms: float = Field(default=0, ge=0, le=LONGEST_MS, description="each frame is so late")
    jitter_ms: float = Field(
        default=0, ge=0, le=LONGEST_MS, description="and by up to so much more; the order stays"
    )
    bytes_per_second: float = Field(default=0, ge=0, le=MOST_BYTES, description="0: no limit")
    freeze: bool = Field(default=False, description="nothing comes through until this changes")
    stall_every_s: float = Field(
        default=0,
        ge=0,
        le=LONGEST_S,
        description="the way stands still at the end of each such time",
    )
    stall_s: float = Field(
        default=0, ge=0, le=LONGEST_S, description="for so long; then all comes at once"
    )
    cut_every_frames: int = Field(
        default=0, ge=0, le=MOST_FRAMES, description="the connection is cut at this frame"
    )
    cut_every_s: float = Field(
        default=0, ge=0, le=LONGEST_S, description="the connection is cut after this time"
    )
    loss: float = Field(default=0, ge=0, le=1, description="share of volatile values")
    duplication: float = Field(default=0, ge=0, le=1, description="share of volatile values")
    reordering: float = Field(default=0, ge=0, le=1, description="share of volatile values")


class NewShape(Asked):
    """Conditions of a player's network. Without `down` and `up` they end."""

    player: int | None = Field(default=None, ge=1, description="null: everybody")
    down: Name | Way | None = Field(default=None, description="of what the relay sends")
    up: Name | Way | None = Field(default=None, description="of what the player sends")
    seed: int = Field(default=0, ge=0, le=MOST_SEED, description="decides the fate of each frame")

    def shape(self) -> Shape | None:
        """Return what is to be put; None for none.

        Raises:
            ValueError: the conditions contradict each other.
        """
        shape = Shape(_conditions(self.down), _conditions(self.up), self.seed)
        return None if shape.is_off else shape


class ShapeInfo(BaseModel):
    """The conditions of a player."""

    player: int | None = Field(description="null: everybody who has none of their own")
    down: dict[str, float | bool | str] | None
    up: dict[str, float | bool | str] | None
    seed: int
    text: str = Field(description="what the player is told")

    @classmethod
    def of(cls, player: int, shape: Shape) -> Self:
        """Describe a shape."""
        named = None if player == EVERYBODY else player
        return cls(player=named, **shape.plain(), text=str(shape))


class RoomConditions(BaseModel):
    """All conditions of a room, and the profiles that there are."""

    room: str
    shapes: list[ShapeInfo]
    profiles: dict[str, dict[str, float | bool | str]]


def conditions_info(room: str, shapes: Mapping[int, Shape]) -> RoomConditions:
    """Describe the conditions of a room."""
    return RoomConditions(
        room=room,
        shapes=[ShapeInfo.of(player, shapes[player]) for player in sorted(shapes)],
        profiles={name: asdict(conditions) for name, conditions in PROFILES.items()},
    )


def _conditions(way: str | Way | None) -> Conditions | None:
    if way is None:
        return None
    return profile(way) if isinstance(way, str) else conditions_of(way.model_dump())
