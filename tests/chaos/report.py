"""What the checker found, in numbers and words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

MAX_VIOLATIONS = 20
"""Violations kept in words: the first ones say what happened, the rest follows from them."""


@dataclass(slots=True)
class Report:
    """Counts of a run, or of several added up. All but `violations` and their kinds are neutral."""

    players: int = 0
    sent: int = 0
    acknowledged: int = 0
    delivered: int = 0
    """Frames at those who heard them: one to three others counts three times."""
    refused: int = 0
    given_up: int = 0
    """Never acknowledged, and announced to their sender as lost."""
    resumes: int = 0
    resets: Counter[str] = field(default_factory=Counter)
    """Streams that began anew, by reason."""
    notices: Counter[str] = field(default_factory=Counter)
    """What the relay gave notice of, by kind."""
    past: int = 0
    """Frames that late joiners heard of what was before them."""

    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    misdelivered: int = 0
    """Heard by one to whom it was not addressed."""
    unexplained: int = 0
    """Whatever else cannot be: resets and losses without a reason, frames that nobody sent."""
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
