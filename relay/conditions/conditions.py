"""What becomes of frames on their way, and how people are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

LONGEST_MS: Final = 10_000
LONGEST_S: Final = 3_600
MOST_FRAMES: Final = 1_000_000
MOST_BYTES: Final = 1_000_000_000
MOST_SEED: Final = 2**53 - 1

BOUNDS: Final[Mapping[str, float]] = {
    "lag_ms": LONGEST_MS,
    "jitter_ms": LONGEST_MS,
    "bytes_per_second": MOST_BYTES,
    "stall_every_s": LONGEST_S,
    "stall_s": LONGEST_S,
    "cut_every_frames": MOST_FRAMES,
    "cut_every_s": LONGEST_S,
    "loss": 1,
    "duplication": 1,
    "reordering": 1,
}
"""The most that each number can be. The least is 0, which is off."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions of one direction of a connection. All of them are off by default."""

    lag_ms: float = 0.0
    """Each frame is late by so many milliseconds."""
    jitter_ms: float = 0.0
    """Each frame is late by up to so many milliseconds more. The order stays."""
    bytes_per_second: float = 0.0
    """How much the connection carries."""
    freeze: bool = False
    """Nothing comes through, until the conditions change."""
    stall_every_s: float = 0.0
    """The connection stands still at the end of each such time."""
    stall_s: float = 0.0
    """It stands still for so long. Then all that waited comes at once."""
    cut_every_frames: int = 0
    """The connection is cut when so many frames have come, and the last of them is lost."""
    cut_every_s: float = 0.0
    """The connection is cut after so many seconds."""
    loss: float = 0.0
    """The share of volatile values that are lost. Reliable frames are late, and never lost."""
    duplication: float = 0.0
    """The share of volatile values that come twice."""
    reordering: float = 0.0
    """The share of volatile values that come behind later ones."""
    name: str = ""
    """The name of the profile that these are."""

    @property
    def is_off(self) -> bool:
        """Whether nothing happens to any frame."""
        is_still = self.freeze or (self.stall_every_s and self.stall_s)
        return not (is_still or any(getattr(self, key) for key in BOUNDS if "stall" not in key))

    def __str__(self) -> str:
        said = (f"{key} {_short(value)}" for key, value in asdict(self).items() if value)
        return self.name or ", ".join(said) or "nothing"


def conditions_of(given: Mapping[str, Any]) -> Conditions:
    """Read conditions from plain values.

    Raises:
        ValueError: a key is unknown, or a value is not possible.
    """
    known = {each.name for each in fields(Conditions)} - {"name"}
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"{key}: expected one of {', '.join(sorted(known))}")
        _check(key, value)
    if given.get("stall_s", 0) > given.get("stall_every_s", 0):
        raise ValueError("stall_s: expected at most stall_every_s")
    return Conditions(**given)


def _check(key: str, value: object) -> None:
    if key == "freeze":
        if not isinstance(value, bool):
            raise ValueError("freeze: expected true or false")
        return
    kinds = int if key == "cut_every_frames" else (int, float)
    most = BOUNDS[key]
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value <= most:
        kind = "a whole number" if kinds is int else "a number"
        raise ValueError(f"{key}: expected {kind} from 0 to {most:,}")


def _short(value: object) -> str:
    return "on" if value is True else f"{value:g}"
