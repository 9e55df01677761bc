"""What `relay watch` prints of each line of a room's stream."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from protocol.legible import legible
from relay.inspect.printable import said
from relay.inspect.why import SILENT_MS

CLEAR: Final = "\x1b[H\x1b[2J"
HEX_BYTES: Final = 16
"""Bytes on a line."""

Shown = Mapping[str, Any]

PLAYERS: Final = ("player", "name", "presence", "RTT", "behind", "waiting", "groups", "taken")
RATES: Final = ("frames", "a second", "bytes a second")


class View:
    """Keeps what is known of a room, and makes of each line what is to be printed."""

    def __init__(self) -> None:
        self.room: Shown = {}
        self.players: dict[int, Shown] = {}

    def show(self, line: Shown) -> Iterator[str]:
        """Yield what to print of a line."""
        match line["type"]:
            case "room":
                self.room = line
            case "players":
                before = self.players
                self.players = {each["player"]: each for each in line["players"]}
                yield from self.show_players(before)
            case "frames":
                for frame in line["frames"]:
                    yield from self.show_frame(frame)
                if line["skipped"]:
                    yield f"-- {line['skipped']:,} more frames were not shown: there are too many"
            case "rates":
                yield from self.show_rates(line)
            case "end":
                yield f"-- {line['why']}"

    def show_players(self, before: Mapping[int, Shown]) -> Iterator[str]:
        """Show the players. Args: before: how they were a second ago."""
        yield from ()

    def show_frame(self, frame: Shown) -> Iterator[str]:
        """Show a frame."""
        yield from ()

    def show_rates(self, line: Shown) -> Iterator[str]:
        """Show what a second brought."""
        yield from ()

    def head(self) -> str:
        """Say in one line how the room stands."""
        room, history = self.room["room"], self.room["history"]
        host = f"host {self.name(self.room['host'])}" if self.room["host"] else "no host"
        kept = f"{history['frames']:,} frames kept, {history['bytes']:,} bytes"
        return (
            f"{room['room']}: {room['players']} of {room['capacity']} players, {host}, "
            f"seq {self.room['seq']}, history {history['mode']} ({kept})"
        )

    def name(self, player: int) -> str:
        """Return a player's number and name."""
        name = legible(self.players.get(player, {}).get("name", ""))
        return f"{player} {name}".rstrip()

    def table(self) -> list[str]:
        """Return the players as a table."""
        rows = [self._row(each) for each in self.players.values()]
        return aligned([PLAYERS, *rows]) if rows else ["nobody is there"]

    def _row(self, overview: Shown) -> tuple[str, ...]:
        waiting = overview.get("outbox") or {}
        return (
            str(overview["player"]),
            legible(overview["name"]),
            overview["presence"],
            _way(overview),
            _number(overview.get("behind")),
            f"{waiting['frames']:,} in {waiting['bytes']:,} B" if waiting.get("frames") else "",
            legible(" ".join(map(str, overview["groups"]))),
            _number(overview.get("taken")),
        )


class FramesView(View):
    """Every frame on a line, beginning with how the room stands."""

    def __init__(self, *, has_hex: bool = False) -> None:
        super().__init__()
        self._has_hex = has_hex
        self._has_begun = False

    def show_players(self, before: Mapping[int, Shown]) -> Iterator[str]:
        if not self._has_begun:
            self._has_begun = True
            yield from (self.head(), *self.table(), "")
            for player, overview in self.players.items():
                if _silent(overview):
                    yield f"-- {self.name(player)}: {_told(overview)}"
        for player, overview in self.players.items():
            if player in before and _state(overview) != _state(before[player]):
                yield f"-- {self.name(player)}: {_told(overview)}"
        for player in before.keys() - self.players.keys():
            if silent := _silent(before[player]):
                name = f"{player} {legible(before[player]['name'])}".rstrip()
                yield f"-- {name}: gone, after nothing was heard for {silent / 1000:.1f} s"

    def show_frame(self, frame: Shown) -> Iterator[str]:
        data = b64decode(frame["data"])
        at = time.strftime("%H:%M:%S", time.localtime(frame["at"] // 1_000_000))
        at += f".{frame['at'] // 1000 % 1000:03}"
        seq = "-" if frame["seq"] is None else frame["seq"]
        by = "relay" if frame["from"] is None else self.name(frame["from"])
        way = f"{by} > {_to(frame)}"
        text = legible(said(data))
        yield f"{at} {seq:>7} {frame['op']:<8} {way:<20} {frame['size']:>5} B  {text}"
        if self._has_hex:
            yield from (
                f"{start:>20}  {data[start : start + HEX_BYTES].hex(' ')}"
                for start in range(0, len(data), HEX_BYTES)
            )


class StatsView(View):
    """The players and the rates, every second."""

    def __init__(self, *, clears: bool) -> None:
        """Args: clears: whether to clear the screen each time."""
        super().__init__()
        self._clears = clears

    def show_rates(self, line: Shown) -> Iterator[str]:
        seconds = line["seconds"]
        rates = [
            (op, f"{count / seconds:,.0f}", f"{size / seconds:,.0f}")
            for op, (count, size) in line["frames"].items()
        ]
        told = aligned([RATES, *rates]) if rates else ["no frames"]
        text = [self.head(), "", *self.table(), "", *told, ""]
        yield (CLEAR if self._clears else "") + "\n".join(text)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines with columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _state(overview: Shown) -> str:
    """Say how a player is, in words that change only if that does."""
    mode = (overview.get("outbox") or {}).get("mode", "flowing")
    words = [overview["presence"]]
    words += [f"outbox {mode}"] if mode != "flowing" else []
    words += ["no answer to pings"] if _silent(overview) and overview["presence"] != "lost" else []
    words += ["network shaped"] if overview.get("conditions") else []
    return ", ".join(words)


def _told(overview: Shown) -> str:
    """Say how a player is, and since when or after how long they are silent."""
    silent = _silent(overview)
    if not silent:
        return _state(overview)
    if overview["presence"] == "lost":
        return f"{_state(overview)}, after nothing was heard for {silent / 1000:.1f} s"
    since = time.strftime("%H:%M:%S", time.localtime(time.time() - silent / 1000))
    return f"{_state(overview)}, silent since {since} ({silent / 1000:.1f} s)"


def _silent(overview: Shown) -> int:
    """Return for how many milliseconds one was not heard who should have answered; or 0."""
    silent = max(overview.get("silent_ms", 0), overview.get("unanswered_ms", 0))
    return silent if silent >= SILENT_MS else 0


def _way(overview: Shown) -> str:
    """Say how long the way to a player and back is, or for how long they have not answered."""
    silent, rtt = _silent(overview), overview.get("rtt_ms")
    if silent:
        return f"silent for {silent / 1000:.1f} s"
    return "" if rtt is None else f"{rtt:.1f} ms"


def _to(frame: Shown) -> str:
    to, group = frame["to"], frame.get("group")
    named = to if isinstance(to, str) else ", ".join(map(str, to)) or "nobody"
    return named if group is None else f"group {group} ({named})"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
