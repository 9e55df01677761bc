"""What one codec says of one input, and the line of JSON that an adapter says it with."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

ACCEPTED = "accepted"
REFUSED = "refused"
IGNORED = "ignored"
"""A frame of a relay whose opcode the codec does not know."""

SKIPPED = "skipped"
"""The codec does not read such inputs. It counts as no answer."""

FAILED = "failed"
"""The codec neither accepts nor refuses: something else came out of it."""
CRASHED = "crashed"
HUNG = "hung"
NONSENSE = "nonsense"
"""An adapter's line that is none of its protocol's."""

ENDINGS = (CRASHED, HUNG)

SPOKEN = (ACCEPTED, REFUSED, IGNORED, SKIPPED, FAILED)
"""Verdicts that an adapter may write."""


CODE = re.compile("[A-Z0-9_]{1,40}")
"""How an error is named."""


class Answer(NamedTuple):
    """A verdict, and what goes with it."""

    verdict: str
    code: str | None = None
    """Name of the error, where the input is refused."""
    offset: int | None = None
    value: Any = None
    """What was read: tagged, once somebody looks at it."""
    again: str = ""
    """The re-encoding, in hex."""
    text: str = ""
    """What is known of a failure."""
    opcode: int | None = None

    @property
    def word(self) -> str:
        """The error's name, or the verdict where there is none: it names classes."""
        return self.code or self.verdict

    @property
    def ending(self) -> str:
        """How the program ended, in the first words of what is known."""
        return self.text.partition(". ")[0]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON of a report or of an adapter's line, without what says nothing."""
        if self.verdict == ACCEPTED:
            said = {"value": self.value, "again": self.again}
        else:
            known = {"code": self.code, "offset": self.offset, "opcode": self.opcode}
            said = {key: value for key, value in known.items() if value is not None}
        return {"verdict": self.verdict, **said, **({"text": self.text} if self.text else {})}


def read(line: bytes) -> Answer:
    """Read an adapter's line."""
    try:
        said = json.loads(line)
        verdict, code = said["verdict"], said.get("code")
        if verdict in SPOKEN and (verdict != REFUSED or CODE.fullmatch(code)):
            again = said["again"].lower() if verdict == ACCEPTED else ""
            offset, opcode = number(said.get("offset")), number(said.get("opcode"))
            text = str(said.get("text", ""))
            return Answer(verdict, code, offset, said.get("value"), again, text, opcode)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return Answer(NONSENSE, text=line[:200].decode(errors="replace"))


def number(said: object) -> int | None:
    """Return an int that may be left out.

    Raises:
        TypeError: it is something else.
    """
    if said is not None and type(said) is not int:
        raise TypeError(said)
    return said
