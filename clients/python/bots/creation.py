"""Room options as words of a command line: `capacity=200`, `host_keys=score`, `tags.mode=duel`.

They have the names and the bounds of the wire's room options.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from protocol.fields.mismatch import Mismatch
from protocol.fields.schema import Record, record_fields
from protocol.frames import RoomOptions

FLAGS = {"true": True, "false": False}
DEFAULTS = {name: getattr(RoomOptions(), name) for name, _, _ in record_fields(RoomOptions)}
TAG = "tags."


def read_options(words: Iterable[str]) -> RoomOptions:
    """Read `KEY=VALUE` words.

    Raises:
        ValueError: there is no such option, or the value is not one for it.
    """
    options: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise ValueError(f"--create wants KEY=VALUE, as in capacity=200, and not {word!r}")
        if key.startswith(TAG):
            options.setdefault("tags", {})[key.removeprefix(TAG)] = text
        elif key in DEFAULTS and key != "tags":
            options[key] = _value(DEFAULTS[key], text)
        else:
            known = ", ".join(name for name in DEFAULTS if name != "tags")
            raise ValueError(f"no room has an option {key!r}: there are {known}, and {TAG}NAME")
    return _checked(options)


def _value(default: object, text: str) -> object:
    """Return the text as a value of the default's type, or as it is for the check to refuse."""
    if isinstance(default, bool):
        return FLAGS.get(text, text)
    if isinstance(default, int):
        return int(text) if text.isascii() and text.isdecimal() else text
    if isinstance(default, tuple):
        return text.split(",")
    return text


def _checked(options: dict[str, Any]) -> RoomOptions:
    try:
        made: RoomOptions = Record(RoomOptions).load(options)
    except Mismatch as wrong:
        key = ".".join(map(str, wrong.path))
        raise ValueError(f"--create {key} wants {wrong.expected}, and not {wrong.got}") from None
    return made
