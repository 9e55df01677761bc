"""The requests and answers of operators' REST, as the relay's OpenAPI document shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from protocol import limits
from relay.http.rest import fits, room_info
from relay.inspect.facts import PlayerFacts
from relay.inspect.why import Account
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


class Player(BaseModel):
    """A player, as the relay knows them. What only a connection has is null without one."""

    player: int
    name: str
    role: str
    presence: str = Field(description="live, away, lost or lagging")
    groups: list[int]
    taken: int = Field(description="counted frames of theirs that the room has taken")
    node: str | None = Field(description="the relay that they are connected to; null if alone")
    attachment: int | None = Field(description="the number of their connection, as in the log")
    address: str | None
    link: str | None = Field(description="direct or portable")
    rtt_ms: float | None = Field(description="there and back; measured for the next request")
    joined_s: float | None = Field(description="seconds since they connected")
    outbox: Outbox | None
    behind: int = Field(description="seqs of the room that are not on their way to them yet")
    blocked_ms: int = Field(description="time for which they have not taken what waits")
    lagging: bool
    sent_frames: int | None = Field(description="WebSocket frames; null where they are not counted")
    throttled_ms: int = Field(description="pauses in all, as they sent too fast")
    refusals: list[RefusedFrame] = Field(description="the last 8")
    conditions: dict[str, Any] | None = Field(description="of their network, if any are applied")

    @classmethod
    def of(cls, facts: PlayerFacts) -> Self:
        return cls(**asdict(facts))


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
    facts: Player | None

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            room=account.room,
            player=account.player,
            is_there=account.facts is not None,
            reasons=[Reason(**asdict(each)) for each in account.reasons],
            facts=None if account.facts is None else Player.of(account.facts),
        )


def described(room: Room, root: str) -> Mapping[str, Any]:
    """Describe a room in a stream. Args: root: path under which the app is mounted."""
    return room_info(room, root).model_dump()
