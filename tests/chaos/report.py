"""The checker's result, in numbers and words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

MAX_VIOLATIONS = 20
"""Most violations to keep in words: the first ones show the cause of the others."""


@dataclass(slots=True)
class Report:
    """Counts of a run, or of several added up. Only `violations` and their kinds are faults."""

    players: int = 0
    sent: int = 0
    acknowledged: int = 0
    delivered: int = 0
    """Frames at their hearers: a frame that three players heard counts three times."""
    refused: int = 0
    given_up: int = 0
    """Frames that were never acknowledged, and announced to their sender as lost."""
    resumes: int = 0
    resets: Counter[str] = field(default_factory=Counter)
    """Streams that began anew, by reason."""
    notices: Counter[str] = field(default_factory=Counter)
    """The relay's notices, by kind."""
    past: int = 0
    """Frames of the past that late joiners heard."""

    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    misdelivered: int = 0
    """Frames that somebody heard whom they were not for."""
    unexplained: int = 0
    """All other faults: resets and losses without a reason, frames that nobody sent."""
    violations: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        return not self.violations

    def violate(self, kind: str, text: str) -> None:
        """Count a violation. Kinds: lost, doubled, reordered, misdelivered, unexplained."""
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.violations) < MAX_VIOLATIONS:
            self.violations.append(f"{kind}: {text}")

    def __add__(self, other: Report) -> Report:
        total = Report()
        for each in fields(self):
            setattr(total, each.name, getattr(self, each.name) + getattr(other, each.name))
        total.violations = total.violations[:MAX_VIOLATIONS]
        return total
