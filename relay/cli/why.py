"""The command `relay why`: what a relay knows of why a player sees nothing, late, or no room."""

from __future__ import annotations

import textwrap
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any

from cyclopts import CycloptsError

from protocol.legible import isolated, legible
from relay.cli.operator_client import Flag, OperatorClient, Problem, TokenFile, path_of
from relay.cli.printing import say
from relay.inspect.why import SILENT_MS
from relay.policy.conduct import KEPT_BYTES

WIDTH = 96


def why(
    room: str | None = None,
    player: str | None = None,
    /,
    *,
    url: str | None = None,
    token_file: TokenFile = None,
    json: Flag = False,
) -> None:
    """Explain why a player sees nothing, or late: the likeliest reason first. Without a player:
    who did not get in, or was cut off.

    Args:
        room: the room's name; if left out, any room
        player: the player's number in it, or their name; if left out, those who are not there
        url: of the relay; if left out, http://127.0.0.1:8000
        token_file: file with the operator's token; a relay of yours on this machine needs none
        json: print it as JSON
    """
    try:
        client = OperatorClient.find(url, token_file)
        answer = client.request("GET", _path(client, room, player))
    except Problem as problem:
        raise CycloptsError(msg=str(problem)) from None
    say(dumps(answer) if json else "\n".join(lines_of(answer)))


def _path(client: OperatorClient, room: str | None, player: str | None) -> str:
    if room is None:
        return "/api/why"
    if player is None:
        return f"{path_of(room)}/why"
    number = player if player.isdecimal() else _called(client, room, player)
    return f"{path_of(room)}/players/{number}/why"


def _called(client: OperatorClient, room: str, name: str) -> int:
    """Find a player by name; where nobody is called so exactly, capitals do not count.

    Raises:
        Problem: nobody is called so, or several are.
    """
    players = client.request("GET", f"{path_of(room)}/players")["players"]
    exact = [each["player"] for each in players if each["name"] == name]
    alike = [each["player"] for each in players if each["name"].lower() == name.lower()]
    found = exact or alike
    if not found:
        there = ", ".join(f"{each['player']} {legible(each['name'])}".rstrip() for each in players)
        raise Problem(
            f"nobody in this room is called {legible(name)}: there are {there or 'no players'}"
        )
    if len(found) > 1:
        numbers = " or ".join(map(str, found))
        raise Problem(f"several are called {legible(name)}: say one's number, {numbers}")
    return int(found[0])


def lines_of(answer: Mapping[str, Any]) -> Iterator[str]:
    """Show an explanation as text."""
    yield _head(answer)
    for number, reason in enumerate(answer["reasons"], start=1):
        yield ""
        yield from _wrapped(f"{number}. ", reason["what"])
        yield from _wrapped("   → ", reason["do"])
    for frame in (answer.get("overview") or {}).get("refused_frames", ()):
        yield from _refused("", frame)
    for frame in answer.get("rejected", ()):
        if frame["data"]:
            yield from _refused(f"Connection {frame['attachment']}, ", frame)


def _refused(whose: str, frame: Mapping[str, Any]) -> Iterator[str]:
    """Show a frame that was refused, as a command that decodes it: none is wrapped."""
    data = b64decode(frame["data"])
    about = f"frame {frame['frame']}, " if frame.get("frame") else ""
    where = "" if frame["offset"] is None else f" at byte {frame['offset']}"
    where += f" (SPEC {frame['rule']})" if frame.get("rule") else ""
    whole = f"{frame['size']:,} bytes"
    shown = whole if len(data) == frame["size"] else f"the first {len(data)} of {whole}"
    at = time.strftime("%H:%M:%S", time.localtime(frame["at"] // 1_000_000))
    yield ""
    what = f"{whose}{about}{frame['op'] or 'a message'}"
    yield isolated(f"{at} {what}: {frame['code']}{where}, {shown}:")
    yield f"  relay decode --from client {data.hex().upper()}"
    if len(data) < min(frame["size"], KEPT_BYTES):
        yield "  (What follows is not kept: it may be a secret. The decoder says TRUNCATED there.)"


def _head(answer: Mapping[str, Any]) -> str:
    if "player" not in answer:
        return _whole_room(answer)
    who = f"Room {answer['room']}, player {answer['player']}"
    overview = answer["overview"]
    if overview is None:
        return f"{who}: not there"
    named = f" {isolated(overview['name'])}" if overview["name"] else ""
    said = [overview["presence"], overview["role"]]
    silent_ms = max(overview["unanswered_ms"], overview.get("silent_ms", 0))
    if silent_ms >= SILENT_MS:
        said.append(f"silent for {silent_ms / 1000:.1f} s")
    elif overview["rtt_ms"] is not None:
        said.append(f"RTT {overview['rtt_ms']} ms")
    if overview["outbox"] is not None:
        said.append(f"outbox {overview['outbox']['mode']}")
    return f"{who}{named}: {', '.join(said)}"


def _whole_room(answer: Mapping[str, Any]) -> str:
    if answer["room"] is None:
        return "All rooms: who did not get in, or was cut off"
    there = "" if answer["is_there"] else " (there is none now)"
    return f"Room {answer['room']}{there}: who did not get in, or was cut off"


def _wrapped(mark: str, text: str) -> list[str]:
    indent = " " * len(mark)
    return textwrap.wrap(
        isolated(text), WIDTH, initial_indent=mark, subsequent_indent=indent, break_on_hyphens=False
    )
