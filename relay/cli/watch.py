"""`relay watch`: who is in a room, and every frame as it is ordered."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from json import dumps
from typing import Annotated, Any
from urllib.parse import urlencode

from cyclopts import CycloptsError, Parameter

from relay.cli.operator_client import Flag, OperatorClient, Problem, TokenFile, path_of
from relay.cli.printing import let_go
from relay.cli.watch_view import FramesView, StatsView, View

Several = Parameter(negative_iterable=())


class Unread(Exception):
    """Nobody reads what is printed, as with `relay watch ROOM | head`."""


def watch(
    room: str,
    *,
    sender: Annotated[tuple[int, ...], Several, Parameter(name="--from")] = (),
    op: Annotated[tuple[str, ...], Several] = (),
    grep: str = "",
    hex: Flag = False,
    stats: Flag = False,
    json: Flag = False,
    url: str | None = None,
    token_file: TokenFile = None,
) -> None:
    """Watch a room of a running relay: who is there, and every frame as it is ordered.

    Args:
        room: the room's name
        sender: only frames of this player, or about them; several may be given
        op: only frames of this kind, such as DELIVER or JOINED; several may be given
        grep: only frames that say this
        hex: show the bytes of each frame, too
        stats: show rates and players instead of frames, every second
        json: print the relay's lines of JSON, for programs
        url: of the relay; if left out, http://127.0.0.1:8000
        token_file: file with the operator's token; a relay of yours on this machine needs none
    """
    view = StatsView(clears=sys.stdout.isatty()) if stats else FramesView(has_hex=hex)
    query = [*(("from", str(each)) for each in sender), *(("op", each) for each in op)]
    query += [("grep", grep)] if grep else []
    query += [("stats", "true")] if stats else []
    path = f"{path_of(room)}/watch?{urlencode(query)}"
    try:
        _show(OperatorClient.find(url, token_file).lines(path), None if json else view)
    except Problem as error:
        raise CycloptsError(msg=str(error)) from None
    except Unread:
        let_go()


def _show(lines: Iterable[Mapping[str, Any]], view: View | None) -> None:
    for line in lines:
        for text in [dumps(line)] if view is None else view.show(line):
            _print(text)


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError:
        raise Unread from None
