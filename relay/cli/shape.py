"""The command `relay shape`: makes the network of players worse on purpose, at the relay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import JSONDecodeError, dumps, loads
from typing import Any

from cyclopts import CycloptsError

from relay.cli.operator_client import Flag, OperatorClient, Problem, TokenFile, path_of
from relay.cli.printing import say
from relay.conditions.conditions import BOUNDS, conditions_of
from relay.conditions.profiles import profile


def shape(
    room: str,
    /,
    *,
    player: int | None = None,
    down: str | None = None,
    up: str | None = None,
    both: str | None = None,
    seed: int = 0,
    off: Flag = False,
    url: str | None = None,
    token_file: TokenFile = None,
    json: Flag = False,
) -> None:
    """Make a player's network worse on purpose, or everybody's in a room.

    Args:
        room: the room's name
        player: the player's number in it; if left out, everybody
        down: conditions of what the relay sends
        up: conditions of what the player sends
        both: conditions of both
        seed: decides the fate of each frame
        off: end the conditions of the player, or all that there are in the room
        url: of the relay; if left out, http://127.0.0.1:8000
        token_file: file with the operator's token; a relay of yours on this machine needs none
        json: print what holds as JSON
    """
    path = f"{path_of(room)}/conditions"
    try:
        ways = {"down": _way(down or both), "up": _way(up or both)}
        client = OperatorClient.find(url, token_file)
        if off and player is None:
            client.request("DELETE", path)
        elif off or any(ways.values()):
            wanted = {"down": None, "up": None} if off else ways
            client.request("PUT", path, {"player": player, **wanted, "seed": seed})
        answer = client.request("GET", path)
    except (Problem, ValueError) as problem:
        raise CycloptsError(msg=str(problem)) from None
    say(dumps(answer) if json else "\n".join(_lines(answer)))


def _way(words: str | None) -> str | Mapping[str, Any] | None:
    """Read a profile's name, or numbers.

    Raises:
        ValueError: it is neither.
    """
    if words is None:
        return words
    if "=" not in words:
        return _profile(words)
    pairs = [word.partition("=") for word in words.split(",")]
    numbers = {key.strip(): _value(key, value) for key, _, value in pairs}
    conditions_of(numbers)
    return numbers


def _profile(name: str) -> str:
    if name in BOUNDS or name == "freeze":
        value = "true" if name == "freeze" else "NUMBER"
        raise ValueError(f"{name} is no profile, but a condition: write {name}={value}")
    profile(name)
    return name


def _value(key: str, text: str) -> Any:
    try:
        return loads(text)
    except JSONDecodeError:
        raise ValueError(f"{key}: expected a number, or true, and not {text!r}") from None


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Show what holds in a room."""
    if not answer["shapes"]:
        yield f"Room {answer['room']}: all networks are as they are"
    for each in answer["shapes"]:
        who = "everybody" if each["player"] is None else f"player {each['player']}"
        yield f"Room {answer['room']}, {who}: {each['text']}"
