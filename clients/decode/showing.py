"""A decoded message as text: offsets and bytes beside an indented tree, and a mark at an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from clients.decode.message import Decoded, Fault
from clients.decode.tree import REST, Node, is_whole
from protocol.legible import isolated

ROW = 12
"""Bytes in a line."""

MOST_ROWS = 4
"""Lines of one value's bytes, unless all are asked for."""

LONGEST_TEXT = 60


class Row(NamedTuple):
    """One line: bytes, and what they say."""

    at: int
    data: bytes
    text: str

    def __str__(self) -> str:
        return f"{self.at:6}  {self.data.hex(' ').upper():{3 * ROW}} {self.text}".rstrip()


def show(message: Decoded, full: bool = False) -> str:
    """Return a message as lines. Args: full: show all bytes of what is long."""
    rows = [row for node in message.nodes for row in rows_of(message, node, 0, full)]
    return "\n".join([title(message), *marked(rows, message.fault)])


def title(message: Decoded) -> str:
    """Return the sender and the frame's name, in one line."""
    size = counted(len(message.data))
    guessed = ", by a guess" if message.is_guessed else ""
    ignored = "; clients ignore it" if message.is_ignored else ""
    fault = f", {message.fault.code}" if message.fault else ""
    return f"{message.by.value} {message.name}, {size}{guessed}{fault}{ignored}"


def rows_of(message: Decoded, node: Node, depth: int, full: bool) -> Iterator[Row]:
    """Yield the lines of a value, and of those within it."""
    said = "  " * depth + words(node)
    data = message.data
    if node.children or node.end - node.start > ROW:
        if node.start < node.body:
            yield Row(node.start, data[node.start : node.body], said)
            said = ""
        if not node.children:
            yield from body_rows(message, node, depth + 1, full, said)
    elif node.start < node.end:
        yield Row(node.start, data[node.start : node.end], said)
    for child in node.children:
        yield from rows_of(message, child, depth + 1, full)


def body_rows(message: Decoded, node: Node, depth: int, full: bool, said: str) -> Iterator[Row]:
    """Yield the bytes of a long value; of a very long one its beginning, and what is to blame."""
    blamed = min(message.fault.offset, len(message.data) - 1) if message.fault else -1
    left_out = 0
    for count, at in enumerate(range(node.body, node.end, ROW)):
        piece = message.data[at : min(at + ROW, node.end)]
        if full or count < MOST_ROWS or at <= blamed < at + len(piece):
            if left_out:
                yield Row(at - left_out, b"", "  " * depth + f"... {left_out} more bytes")
                left_out = 0
            yield Row(at, piece, said or "  " * depth + printable(piece))
            said = ""
        else:
            left_out += len(piece)
    if left_out:
        yield Row(node.end - left_out, b"", "  " * depth + f"... {left_out} more bytes")


def marked(rows: list[Row], fault: Fault | None) -> Iterator[str]:
    """Yield the lines. After the line with the byte to blame, say what is wrong."""
    blamed = -1 if fault is None else row_of(rows, fault.offset)
    for number, row in enumerate(rows):
        yield str(row)
        if fault and number == blamed:
            yield from told(fault, row.at)
    if fault and not rows:
        yield from told(fault, 0)


def row_of(rows: list[Row], offset: int) -> int:
    """Return the number of the line that has this byte; of the last one, if none has."""
    for number, row in enumerate(rows):
        if row.at <= offset < row.at + len(row.data):
            return number
    return len(rows) - 1


def told(fault: Fault, row_at: int) -> Iterator[str]:
    yield f"{fault.offset:6}  {'   ' * (fault.offset - row_at)}^^ {fault.code}: {fault.text}"
    if fault.expected:
        yield f"{'':8}expected {fault.expected}, got {isolated(fault.got or '')}"
    yield f"{'':8}SPEC {fault.rule}"


def words(node: Node) -> str:
    """Return what a value is, in words."""
    name = f"{isolated(node.name)}: " if node.name and not node.is_key else ""
    means = f" ({node.means})" if node.means else ""
    note = f"  <- {node.note}" if node.note else ""
    key = "key " if node.is_key else ""
    return f"{name}{key}{plain(node)}{means}{note}"


def plain(node: Node) -> str:
    size = node.end - node.body
    claims = "" if is_whole(node) else f", of which {size} are there"
    match node.kind:
        case "int" | "float":
            return str(node.value)
        case "str":
            if isinstance(node.value, str) and not claims:
                return quoted(node.value)
            return f"str of {node.claims}{claims or ', no UTF-8'}"
        case "bin":
            return f"bin of {node.claims}{claims}{seen(node)}"
        case "array" | "map":
            return f"{node.kind} of {node.claims}"
        case _ if node.kind == REST:
            return f"{counted(size)} not read"
        case _:
            return node.kind


def counted(size: int) -> str:
    return "1 byte" if size == 1 else f"{size} bytes"


def seen(node: Node) -> str:
    """Return what a short bin looks like as text, if it does."""
    if not isinstance(node.value, bytes) or node.children:
        return ""
    short = (
        0 < len(node.value) <= ROW and node.value.isascii() and node.value.decode().isprintable()
    )
    return f' "{node.value.decode()}"' if short else ""


def quoted(text: str) -> str:
    cut = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
    return f'"{isolated(cut)}"'


def printable(piece: bytes) -> str:
    """Return bytes as the text that they may be."""
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
