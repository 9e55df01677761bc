"""A dissector for Wireshark and tshark: Lua that reads the grammar, with the grammar before it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from clients.fuzz.grammar.grammar import grammar

PARTS: Final = [Path(__file__).with_name(f"{name}.lua") for name in ("reading", "showing")]

HEADING: Final = """\
-- A dissector of the Roomwire wire for Wireshark 4 and tshark; `relay fuzz dissector` wrote it.
--
-- Put it into the folder of personal Lua plugins, which Wireshark names under Help, About,
-- Folders. Or name it: tshark -X lua_script:roomwire.lua

"""


def lua() -> str:
    """Return the dissector's text."""
    parts = (part.read_text("utf-8") for part in PARTS)
    return "\n".join([f"{HEADING}local GRAMMAR = {literal(grammar())}\n", *parts])


def literal(value: Any) -> str:
    """Write JSON as Lua does."""
    match value:
        case dict():
            return table((f"[{literal(key)}] = ", each) for key, each in value.items())
        case list():
            return table(("", each) for each in value)
        case bool():
            return str(value).lower()
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return str(value)


def table(entries: Iterable[tuple[str, Any]]) -> str:
    """Write a table, one entry a line."""
    lines = [f"{key}{literal(value)}," for key, value in entries]
    if not lines:
        return "{}"
    inner = "\n".join(lines).replace("\n", "\n ")
    return "{\n " + inner + "\n}"
