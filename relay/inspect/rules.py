"""Which rule of SPEC.md a refused message breaks, as far as its error says.

`relay decode` finds the exact rule from the bytes. Here the bytes may be gone, or hold a secret.
"""

from __future__ import annotations

from typing import Final

from protocol.error_codes import ErrorCode

STRUCTURE: Final = "3.3.3"
FIELDS: Final = "3.3.7"
OF_A_FIELD: Final = "is not what it should be"
"""The end of the codec's sentence about a field."""

RULES: Final = {
    ErrorCode.TOO_BIG: "3.3.1",
    ErrorCode.NOT_A_FRAME: "3.3.2",
    ErrorCode.TRUNCATED: STRUCTURE,
    ErrorCode.FORBIDDEN_TYPE: STRUCTURE,
    ErrorCode.TOO_DEEP: "3.3.3.6",
    ErrorCode.BAD_UTF8: "3.3.3.8",
    ErrorCode.DUPLICATE_KEY: "3.3.3.9",
    ErrorCode.TRAILING_BYTES: "3.3.4",
    ErrorCode.WRONG_DIRECTION: "3.3.5",
    ErrorCode.UNKNOWN_OPCODE: "3.3.5",
    ErrorCode.ARITY: "3.3.6",
    ErrorCode.HELLO_EXPECTED: "9",
    ErrorCode.UNEXPECTED: "9",
    ErrorCode.NO_SUCH_PLAYER: "6.2",
    ErrorCode.NOT_HOST: "15",
}


def rule_of(code: int, offset: int | None, text: str) -> str | None:
    """Return the section of SPEC.md that forbids it: "3.3.3.8"; None if no single one does.

    Args: offset: of the wrong byte, if there is one. text: the error's sentence.
    """
    if offset is not None and text.endswith(OF_A_FIELD):
        return FIELDS
    if code == ErrorCode.TRUNCATED and offset is not None and offset < 2:
        return "3.3.2"
    if code in (ErrorCode.WRONG_TYPE, ErrorCode.OUT_OF_RANGE, ErrorCode.TOO_MANY):
        return None if offset is None else STRUCTURE
    return next((rule for known, rule in RULES.items() if known == code), None)
