"""The requests and answers of REST about players' networks, as the OpenAPI document shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal, Self

from pydantic import BaseModel, Field

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
from relay.http.operating import Asked
from relay.node.shapes import EVERYBODY

Name = Literal["lan", "wifi", "train-wifi", "mobile-3g", "hotel", "satellite"]


class Way(Asked):
    """What becomes of the frames of one direction. All of it is off where it is left out."""

    lag_ms: float = Field(default=0, ge=0, le=LONGEST_MS, description="each frame is late by it")
    jitter_ms: float = Field(
        default=0, ge=0, le=LONGEST_MS, description="and by up to so much more; the order stays"
    )
    bytes_per_second: float = Field(default=0, ge=0, le=MOST_BYTES, description="0: any number")
    freeze: bool = Field(default=False, description="nothing comes through until this changes")
    stall_every_s: float = Field(
        default=0, ge=0, le=LONGEST_S, description="the way stands still at the end of each"
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
    """Conditions to be put for a player. Without `down` and `up` there are none any more."""

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


def described(room: str, shapes: Mapping[int, Shape]) -> RoomConditions:
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
