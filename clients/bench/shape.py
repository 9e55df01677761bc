"""The shape of a load: rooms, players in each, messages a second of each, and their size."""

from __future__ import annotations

from dataclasses import dataclass

from clients.bench.sockets.stamps import STAMP


@dataclass(frozen=True, slots=True)
class Shape:
    """A load. Every player sends to all others of its room.

    Raises:
        ValueError: a number is out of its bounds. The text is a sentence for a human.
    """

    rooms: int
    players: int
    hz: float
    """Messages a second of each player."""
    size: int = 64
    """Bytes of a payload."""

    def __post_init__(self) -> None:
        if self.rooms < 1 or self.players < 2:
            raise ValueError("a load has 1 room or more, and 2 players or more in each")
        if not 0 < self.hz <= 1000:
            raise ValueError("players send more than 0 and at most 1,000 times a second")
        if not STAMP.size <= self.size <= 65_000:
            raise ValueError(f"a payload has {STAMP.size} to 65,000 bytes: it carries a stamp")

    @property
    def connections(self) -> int:
        return self.rooms * self.players

    @property
    def sends(self) -> float:
        """Messages a second."""
        return self.connections * self.hz

    @property
    def deliveries(self) -> float:
        """Deliveries a second, if none is lost."""
        return self.sends * (self.players - 1)

    def __str__(self) -> str:
        return f"{self.rooms} x {self.players} x {self.hz:g} Hz x {self.size} B"
