"""The conditions of one player: for both directions, with a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self
from urllib.parse import parse_qs

from relay.conditions.conditions import MOST_SEED, Conditions
from relay.conditions.profiles import profile

KNOWN: Final = frozenset(each.name for each in fields(Conditions))


@dataclass(frozen=True, slots=True)
class Shape:
    """Conditions of a player's connections. A direction without any is left alone."""

    down: Conditions | None = None
    """For what the relay sends."""
    up: Conditions | None = None
    """For what the player sends."""
    seed: int = 0

    @property
    def is_off(self) -> bool:
        """Whether nothing happens to any frame."""
        return all(way is None or way.is_off for way in (self.down, self.up))

    @property
    def lag_ms(self) -> float:
        """The lag there and back, without jitter."""
        return sum(way.lag_ms for way in (self.down, self.up) if way is not None)

    def __str__(self) -> str:
        if self.down == self.up:
            return f"{self.down}, seed {self.seed}"
        ways = (("down", self.down), ("up", self.up))
        said = [f"{name} {way}" for name, way in ways if way is not None]
        return "; ".join([*said, f"seed {self.seed}"])

    def plain(self) -> Mapping[str, Any]:
        """Return it as plain values, which `of` reads."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Make one of what `plain` has returned, here or in another version."""
        values = dict(plain)
        down, up = (_way(values.get(key)) for key in ("down", "up"))
        return cls(down, up, int(values.get("seed", 0)))


def _way(plain: Mapping[str, Any] | None) -> Conditions | None:
    known = {key: value for key, value in dict(plain or {}).items() if key in KNOWN}
    return Conditions(**known) if known else None


def wished(query: bytes) -> Shape | None:
    """Read what a room's URL asks for: `chaos` names a profile, `seed` is a number.

    Returns: None if it asks for nothing, or for an unknown profile.
    """
    try:
        asked = parse_qs(query.decode("ascii"), max_num_fields=16)
        way = profile(asked["chaos"][-1])
        seed = int(asked.get("seed", ["0"])[-1])
    except (ValueError, KeyError):
        return None
    return Shape(way, way, seed) if 0 <= seed <= MOST_SEED else None
