"""The numbered rules of SPEC 3 that bytes can break, and what becomes of those that they cannot."""

from __future__ import annotations

from typing import Final

REPORTED: Final[dict[str, tuple[str, ...]]] = {
    "3.3.2": ("TRUNCATED", "NOT_A_FRAME"),
    "3.3.3.1": ("TRUNCATED",),
    "3.3.3.2": ("TOO_MANY",),
    "3.3.3.3": ("FORBIDDEN_TYPE", "WRONG_TYPE"),
    "3.3.3.4": ("TRUNCATED",),
    "3.3.3.5": ("OUT_OF_RANGE",),
    "3.3.3.6": ("TOO_MANY", "TOO_DEEP"),
    "3.3.3.7": ("TRUNCATED",),
    "3.3.3.8": ("BAD_UTF8",),
    "3.3.3.9": ("FORBIDDEN_TYPE", "DUPLICATE_KEY"),
    "3.3.4": ("TRAILING_BYTES",),
    "3.3.5": ("WRONG_DIRECTION", "UNKNOWN_OPCODE"),
    "3.3.6": ("ARITY",),
    "3.3.7.1": ("WRONG_TYPE", "OUT_OF_RANGE", "TOO_MANY"),
    "3.3.7.2": ("WRONG_TYPE",),
    "3.3.7.3": ("WRONG_TYPE",),
}
"""Each rule by which a reader refuses bytes, and the errors that it reports."""

MEANT: Final[dict[str, tuple[str, ...]]] = {
    "3.1.1": ("3.3.2",),
    "3.2.1": ("3.3.3.3",),
    "3.2.2": ("3.3.3.5", "3.3.7.1"),
    "3.2.3": ("3.3.3.8",),
    "3.2.4": ("3.3.3.3", "3.3.3.9"),
    "3.2.5": ("3.3.4",),
    "3.2.6": ("3.3.3.2", "3.3.3.6"),
    "3.2.7": ("3.3.3.7",),
    "3.3.3": tuple(rule for rule in REPORTED if rule.startswith("3.3.3.")),
    "3.3.7": tuple(rule for rule in REPORTED if rule.startswith("3.3.7.")),
}
"""Rules that say what is legal, and those of 3.3 by which a reader reports that they are broken."""

NOT_BROKEN: Final[dict[str, str]] = {
    "3.1.2": "It binds writers: a reader takes longer heads (3.1.3), and `again` compares writers.",
    "3.1.3": "It binds readers: `long_head` and every wordy message show whether they keep it.",
    "3.2.8": "Every order is legal. `again` shows which one a writer keeps.",
    "3.2.9": "It binds JavaScript's writers. Their adapters declare that floats are lossy.",
    "3.3.1": "The limit is the relay's setting, not the codec's: no bytes are too long for all.",
}
"""Rules that no input of a codec breaks, each with the reason."""
