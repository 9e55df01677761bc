"""What is known of players outside a room: they have left, were cut off or did not get in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from relay.inspect.reason import KEPT, Reason, refused
from relay.node.recent import Ended, ShutOut
from relay.room.room import Room

SHOWN_ENDS: Final = 3
SHOWN_CLIENTS: Final = 8
SHOWN_PLAYERS: Final = 20

AS_MEANT: Final = frozenset({"NORMAL", "GOING_AWAY", "DRAIN", "MOVED"})
"""Closes that kept nobody out."""

Rejections = Sequence[Mapping[str, Any]]
"""See `Overviews.rejected`."""


@dataclass(frozen=True, slots=True)
class RoomAccount:
    """What the relay knows of players who are not in a room, which need not exist.

    Attributes: room: its name; "" is any room.
    """

    room: str
    is_there: bool
    reasons: Sequence[Reason]
    rejected: Rejections


def explain_room(
    name: str,
    room: Room | None,
    ends: Sequence[Ended],
    rejected: Rejections,
    shut_out: Sequence[ShutOut] = (),
) -> RoomAccount:
    """Say who did not get into a room, or was cut off, and why.

    Args:
        name: of the room; "" is any.
        shut_out: requests that came to no room.
    """
    known = {(each["room"], each["attachment"]) for each in rejected}
    away = [end for end in ends if end.player is None or _is_gone(room, end.player)]
    unrefused = [
        end
        for end in away
        if (end.room or name, end.attachment) not in known and _is_worth_it(end, name)
    ]
    reasons = [*_rejections(rejected, name), *_turned_away(unrefused, name), *_shut(shut_out)]
    return RoomAccount(name, room is not None, reasons or [_nobody(name, room)], rejected)


def _is_worth_it(end: Ended, room: str) -> bool:
    """Say whether an end kept somebody out. Of all rooms, players who just went are too many."""
    has_just_gone = end.name == "LOST" and end.player is not None and not end.silent_ms
    return end.name not in AS_MEANT and (bool(room) or not has_just_gone)


def _shut(shut_out: Sequence[ShutOut]) -> Iterator[Reason]:
    """Say which requests were refused before they came to a room, the last one first."""
    for each in reversed(shut_out[-SHOWN_CLIENTS:]):
        often = f", {each.times} times" if each.times > 1 else ""
        yield Reason(
            "shut_out",
            f"A request from {each.address or 'nowhere'} came to no room{often}: {each.why}.",
            "The sentence says what to change. The client was told 403, or why.",
        )


def _is_gone(room: Room | None, player: int) -> bool:
    return room is None or player not in room.seats


def _nobody(name: str, room: Room | None) -> Reason:
    where = f"room {name}" if name else "any room"
    there = "" if room is None else f" There: {_all(room) or 'nobody'}."
    ask = f"`relay why {name} PLAYER` explains one who is there. " if room is not None else ""
    return Reason(
        "nobody_outside",
        f"Nobody was kept out of {where} or cut off lately, as far as the relay knows.{there}",
        f"{ask}See that the client reaches this relay, and asks for this room. With "
        "`relay serve --log-level debug` each connection has a line.",
    )


def missing(
    room: Room, player: int, ends: Sequence[Ended], every: Sequence[Ended], rejected: Rejections
) -> Iterator[Reason]:
    """Say why a player is not in the room. Args: ends: of theirs. every: of all connections."""
    if not 1 <= player <= room.joins:
        yield Reason(
            "no_such_player",
            f"There never was a player {player} in room {room.name}. There: "
            f"{_all(room) or 'nobody'}.",
            f"`relay watch {room.name}` lists all who are there. If they cannot enter, see below "
            "who was turned away.",
        )
    else:
        yield Reason(
            "has_left",
            f"Player {player} has left room {room.name}: the seat has ended.",
            "They get a new number when they enter again. The last close says whether they may.",
        )
    known = {each["attachment"] for each in rejected if each["player"] is None}
    yield from ended(ends)
    yield from _rejections(rejected, room.name)
    yield from _turned_away(
        [end for end in every if end.player is None and end.attachment not in known], room.name
    )


def _all(room: Room) -> str:
    shown = ", ".join(_named(room, each) for each in sorted(room.seats)[:SHOWN_PLAYERS])
    return f"{shown}, and others" if len(room.seats) > SHOWN_PLAYERS else shown


def _named(room: Room, player: int) -> str:
    return f"{player} {room.seats[player].info.name}".rstrip()


def _rejections(rejected: Rejections, room: str) -> Iterator[Reason]:
    """Say what was last refused to each client, the newest first. Args: room: "" is any."""
    clients = [list(each) for _, each in groupby(rejected, _client)]
    for refusals in clients[: -SHOWN_CLIENTS - 1 : -1]:
        last = refusals[-1]
        whose = f"Connection {last['attachment']}" + (
            f" from {last['address']}" if last["address"] else ""
        )
        how = "did not get in" if last["player"] is None else f"was player {last['player']}'s"
        how += "" if room else f" (room {last['room']})"
        more = f" That was the last of {len(refusals)}." if len(refusals) > 1 else ""
        over = f" The connection ended: {last['closed']}." if last["closed"] else ""
        yield Reason(
            "rejected",
            f"{whose} {how}. {refused(last)}.{more}{over}",
            f"Mend what the client sends: it was told the same, as an ERROR.{_hint(last)}"
            + (KEPT if any(each["data"] for each in refusals) else ""),
        )


def _hint(refused: Mapping[str, Any]) -> str:
    if refused["code"] != "NOT_A_FRAME":
        return ""
    return " A frame is a msgpack array, alone in its message: no JSON, and no length before it."


def _client(rejected: Mapping[str, Any]) -> tuple[Any, ...]:
    return rejected.get("node"), rejected["attachment"]


def _turned_away(ends: Sequence[Ended], room: str) -> Iterator[Reason]:
    """Say how connections ended that are in no room, the last one first. Args: room: "" is any."""
    most = SHOWN_ENDS if room else SHOWN_CLIENTS
    for end in reversed(ends[-most:]):
        where = "the room" if room else f"room {end.room}"
        if end.player is not None:
            yield from ended([end], f"Player {end.player}'s" + ("" if room else f" ({where})"))
            continue
        yield Reason(
            "turned_away",
            f"Connection {end.attachment} did not get into {where}: {end.name}"
            f"{f': {end.text}' if end.text else ''}.",
            ADVICE.get(end.name, "If that was them, mend what the sentence says."),
        )


def ended(ends: Sequence[Ended], whose: str = "Their") -> Iterator[Reason]:
    """Say how connections ended, the last one first."""
    for end in reversed(ends[-SHOWN_ENDS:]):
        how = "was lost, or their client closed it"
        if end.code is not None:
            how = f"was closed by the relay: {end.code} {end.name}"
            how += f" ({end.text})" if end.text else ""
        if end.silent_ms:
            how += f", after nothing was heard of them for {end.silent_ms / 1000:.1f} s"
        yield Reason(
            "last_close",
            f"{whose} connection {end.attachment} {how}.",
            _advice(end),
        )


def _advice(end: Ended) -> str:
    if end.name == "LOST" and end.silent_ms:
        return ADVICE["SILENT"]
    return ADVICE.get(end.name, "SPEC 8 says what the code means, and whether to come back.")


ADVICE: Final = {
    "LOST": "Look at their network, and at whether their program ended.",
    "SILENT": "Their client answered no ping: a program that hangs, a device asleep, or a network "
    "that is gone.",
    "TOO_SLOW": "Their client did not read for too long: see whether its program hangs, or send it "
    "less. --slow-seconds is how long it may take.",
    "TOO_FAST": "Their client sent too fast for 10 s: let it pace itself, or raise "
    "--frames-per-second.",
    "BAD_FRAMES": "Their client sent 20 bad frames within 10 s: `relay decode` shows what is wrong "
    "with one.",
    "KICKED": "The host or an operator removed them. They are barred while the room lives.",
    "REPLACED": "A newer connection has their seat: another tab, or another program with the same "
    "seat secret.",
    "NO_HELLO": "The first message must be a HELLO, within 5 s of the upgrade (SPEC 9). "
    "--hello-seconds is how long it may take.",
    "TEXT_REFUSED": "Every frame is a binary message (SPEC 2.5): their client sent text.",
    "NORMAL": "They said LEAVE.",
    "MOVED": "The room moved to another relay. They come back by themselves.",
    "DRAIN": "The relay began anew. They come back by themselves.",
    "RELAY_FAULT": "That is a fault of the relay: its log has the traceback.",
}
