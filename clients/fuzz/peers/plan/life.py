"""One life of a room, as a hostile relay invents it: facts in order, and how they are told anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from protocol import frames
from protocol.fields.numbers import PresenceState

Report = tuple[object, ...]
"""An event as a program under test prints it: its kind, then its values."""

FIELDS: Final = {
    "message": ("seq", "sender", "payload", "history"),
    "update": ("key", "sender", "payload"),
    "joined": ("seq", "player"),
    "left": ("seq", "player", "reason"),
    "presence": ("seq", "player", "state"),
    "host": ("seq", "player", "term"),
    "property": ("seq", "scope", "key", "payload"),
    "snapshot": ("seq", "payload"),
    "live": ("seq",),
    "resumed": ("resumed",),
    "closed": ("code",),
}
"""What a program prints of each kind of event. Bytes are hex. `history` is there where the program
can tell it."""


@dataclass
class Life:
    """What has happened in a room, as one player is told it."""

    epoch: bytes
    player: int
    """The number of the client under test."""
    has_history: bool
    facts: list[frames.Frame] = field(default_factory=list)
    """All facts, in order. Their seqs grow."""
    snapshot: tuple[frames.Snapshot, ...] = ()

    @property
    def head(self) -> int:
        """The seq of the newest fact."""
        return seq_of(self.facts[-1]) if self.facts else 0

    def after(self, seq: int) -> list[frames.Frame]:
        """Return what a resume tells (SPEC 12.3)."""
        return [fact for fact in self.facts if seq_of(fact) > seq]

    def fresh(self) -> list[frames.Frame]:
        """Return what a fresh stream tells (SPEC 12.2), up to LIVE."""
        stands: dict[tuple[object, ...], frames.Frame] = {}
        for fact in self.facts:
            fold(stands, fact)
        return sorted(stands.values(), key=seq_of) + self._past()

    def _past(self) -> list[frames.Frame]:
        if not self.has_history:
            return []
        covered = self.snapshot[0].seq if self.snapshot else 0
        said = [fact for fact in self.facts if isinstance(fact, frames.Deliver)]
        return [*self.snapshot, *(fact for fact in said if fact.seq > covered)]


def fold(stands: dict[tuple[object, ...], frames.Frame], fact: frames.Frame) -> None:
    """Let a fact take the place of the one that it overrules."""
    match fact:
        case frames.Joined(_, player):
            stands["joined", player] = fact
        case frames.Left(_, player):
            for key in [each for each in stands if each[1:2] == (player,)]:
                del stands[key]
        case frames.PresenceChanged(_, player, state):
            stands["presence", player] = fact
            if state == PresenceState.HERE:
                del stands["presence", player]
        case frames.Host():
            stands["host",] = fact
        case frames.Property(_, scope, key, value):
            stands["property", scope, key] = fact
            if value is False:
                del stands["property", scope, key]


def seq_of(frame: frames.Frame) -> int:
    """Return the seq of a fact."""
    seq = getattr(frame, "seq", 0)
    assert isinstance(seq, int)
    return seq


def report_of(frame: frames.Frame, *, is_history: bool) -> Report | None:
    """Return what a program prints of a frame; None where nothing is judged."""
    match frame:
        case frames.Deliver(seq, sender, payload):
            return ("message", seq, sender, payload.hex(), is_history)
        case frames.Joined(seq, player):
            return ("joined", seq, player)
        case frames.Left(seq, player, reason):
            return ("left", seq, player, reason)
        case frames.PresenceChanged(seq, player, state):
            return ("presence", seq, player, state)
        case frames.Host(seq, player, term):
            return ("host", seq, player, term)
        case frames.Property(seq, scope, key, value):
            return ("property", seq, scope, key, value.hex() if isinstance(value, bytes) else None)
        case frames.Live(seq):
            return ("live", seq)
    return None


def snapshot_report(parts: tuple[frames.Snapshot, ...]) -> Report:
    """Return what a program prints once all parts of a snapshot are there."""
    return ("snapshot", parts[0].seq, b"".join(part.payload for part in parts).hex())
