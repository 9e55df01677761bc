"""Why a player sees nothing, or late: what the relay knows of it, in sentences.

Each reason says what is so, and what to do about it. The likeliest come first: what happens to
this player, then what happened to them, and last what is so for everybody in the room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relay.conditions.shape import Shape
from relay.inspect.facts import PlayerFacts, RoomFacts
from relay.inspect.heard import Heard, heard
from relay.node.recent import Ended
from relay.node.shapes import EVERYBODY
from relay.room.room import Room

SLOW_MS: Final = 250.0
"""A way there and back that people notice."""
SILENT_MS: Final = 1000
"""A ping without an answer for so long is no slow way: somebody does not answer."""
SHOWN_ENDS: Final = 3
SHOWN_PLAYERS: Final = 20


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a player may see nothing, or late.

    Attributes:
        reason: a word for programs.
        what: a sentence that says what is so.
        do: sentences that say what to do about it.
    """

    reason: str
    what: str
    do: str


@dataclass(frozen=True, slots=True)
class Account:
    """What the relay knows of one player. Without a seat they have no facts."""

    room: str
    player: int
    reasons: Sequence[Reason]
    facts: PlayerFacts | None


def explain(room: Room, player: int, known: RoomFacts) -> Account:
    """Say why a player may see nothing, or late."""
    facts = known.players.get(player)
    ends = [end for end in known.ends if end.player == player]
    seat = room.seats.get(player)
    if facts is None or seat is None:
        return Account(room.name, player, tuple(_missing(room, player, ends, known.ends)), None)
    said = heard(room, seat)
    likely = [
        *_conditions(room, facts, known.shapes),
        *_connection(facts, ends),
        *_reading(facts),
        *_kept_behind(room, facts),
        *_sending(facts),
        *_refusals(facts),
        *_addressed(room, facts, said),
        *_their_own(facts),
    ]
    ended = [*_ended(ends)] if facts.presence != "lost" else []
    general = [*_silence(room, facts, said)]
    well = [] if likely or general else [_nothing(facts)]
    reasons = [*likely, *ended, *general, *well, *_past(room, facts, seat.joined)]
    return Account(room.name, player, reasons, facts)


# Who is not there.


def _missing(
    room: Room, player: int, ends: Sequence[Ended], every: Sequence[Ended]
) -> Iterator[Reason]:
    if not 1 <= player <= room.joins:
        there = ", ".join(_named(room, each) for each in sorted(room.seats)[:SHOWN_PLAYERS])
        yield Reason(
            "no_such_player",
            f"There never was a player {player} in room {room.name}. There: {there or 'nobody'}"
            f"{', and others' if len(room.seats) > SHOWN_PLAYERS else ''}.",
            f"`relay watch {room.name}` lists all who are there. If they cannot enter, see below "
            "who was turned away.",
        )
    else:
        yield Reason(
            "has_left",
            f"Player {player} has left room {room.name}: the seat has ended.",
            "They get a new number when they enter again. The last close says whether they may.",
        )
    yield from _ended(ends)
    yield from _turned_away([each for each in every if each.player is None])


def _named(room: Room, player: int) -> str:
    return f"{player} {room.seats[player].info.name}".rstrip()


def _turned_away(ends: Sequence[Ended]) -> Iterator[Reason]:
    for end in ends[-SHOWN_ENDS:]:
        yield Reason(
            "turned_away",
            f"Connection {end.attachment} did not get into the room: {end.name}"
            f"{f': {end.text}' if end.text else ''}.",
            "If that was them, mend what the sentence says.",
        )


def _ended(ends: Sequence[Ended]) -> Iterator[Reason]:
    for end in reversed(ends[-SHOWN_ENDS:]):
        how = "was lost, or their client closed it"
        if end.code is not None:
            how = f"was closed by the relay: {end.code} {end.name}"
            how += f" ({end.text})" if end.text else ""
        yield Reason(
            "last_close",
            f"Their connection {end.attachment} {how}.",
            ADVICE.get(end.name, "SPEC 8 says what the code means, and whether to come back."),
        )


ADVICE: Final = {
    "LOST": "Look at their network, and at whether their program ended.",
    "SILENT": "Their client answered no ping: a device asleep, or a network that is gone.",
    "TOO_SLOW": "Their client did not read for too long: see whether its program hangs, or send it "
    "less. --slow-seconds is how long it may take.",
    "TOO_FAST": "Their client sent too fast for 10 s: let it pace itself, or raise "
    "--frames-per-second.",
    "BAD_FRAMES": "Their client sent 20 bad frames within 10 s: `relay decode` shows what is wrong "
    "with one.",
    "KICKED": "The host or an operator removed them. They are barred while the room lives.",
    "REPLACED": "A newer connection has their seat: another tab, or another program with the same "
    "seat secret.",
    "NORMAL": "They said LEAVE.",
    "MOVED": "The room moved to another relay. They come back by themselves.",
    "DRAIN": "The relay began anew. They come back by themselves.",
    "RELAY_FAULT": "That is a fault of the relay: its log has the traceback.",
}


DECODE: Final = (
    " Let it print the bytes that it sends, too: `relay decode --from client` shows which is wrong."
)

KEPT: Final = " What they sent stands below: `relay decode` shows it byte by byte."

# The connection.


def _conditions(room: Room, facts: PlayerFacts, put: Mapping[int, Shape]) -> Iterator[Reason]:
    if not facts.conditions:
        return
    if facts.player in put:
        end = f"`relay shape {room.name} --player {facts.player} --off` ends that."
    elif EVERYBODY in put:
        end = f"`relay shape {room.name} --off` ends that, and all other conditions in the room."
    else:
        end = "The link by which they came asks for it: let them come without `chaos=` in it."
    yield Reason(
        "conditions",
        f"Their network is made worse on purpose: {Shape.of(facts.conditions)}.",
        end,
    )


def _connection(facts: PlayerFacts, ends: Sequence[Ended]) -> Iterator[Reason]:
    if facts.presence == "lost":
        yield Reason(
            "lost",
            "They are not connected. Their seat is held for them to come back.",
            "See that their program runs and has a network: a client comes back by itself.",
        )
        yield from _ended(ends)
    elif facts.attachment is None:
        yield Reason(
            "elsewhere",
            "They are connected to another relay of this room, which has not answered.",
            "Ask again. If it stays so, look at that relay: `relay cluster doctor`.",
        )


def _reading(facts: PlayerFacts) -> Iterator[Reason]:
    outbox = facts.outbox or {}
    is_late = facts.role == "spectator" and outbox.get("mode") == "following" and not facts.lagging
    if facts.blocked_ms or (outbox.get("mode") in ("following", "lost") and not is_late):
        yield _does_not_read(facts, str(outbox.get("mode")))
    elif facts.lagging:
        yield Reason(
            "lagging",
            "They have read too slowly, and are just catching up.",
            "If it happens again and again, send them less, or look at their network.",
        )
    elif facts.unanswered_ms >= SILENT_MS:
        yield Reason(
            "silent",
            f"They have answered no ping for {facts.unanswered_ms / 1000:.1f} s, and have sent "
            "nothing else: their program hangs, or their network stands still.",
            "See whether their program is stopped, or blocks its event loop. If they stay silent, "
            "the relay closes their connection.",
        )
    elif max(_own_way(facts), facts.unanswered_ms) > SLOW_MS:
        yield Reason(
            "slow_way",
            f"The way to them and back takes {_way(facts)}.",
            "Their network is slow or far away, or their program blocks its event loop for so "
            "long. Let the game predict, or bring the relay nearer.",
        )


def _own_way(facts: PlayerFacts) -> float:
    """Return the RTT in milliseconds without the lag that an operator has added."""
    added = Shape.of(facts.conditions).lag_ms if facts.conditions else 0.0
    return (facts.rtt_ms or 0.0) - added


def _way(facts: PlayerFacts) -> str:
    """Say how long the way is: the answer to a ping may take longer than that to the last one."""
    if facts.unanswered_ms > _own_way(facts):
        return f"at least {facts.unanswered_ms} ms"
    return f"{_own_way(facts):.0f} ms"


def _sending(facts: PlayerFacts) -> Iterator[Reason]:
    if facts.throttled_ms:
        yield Reason(
            "throttled",
            f"They send faster than the relay allows: it did not read from them for "
            f"{facts.throttled_ms} ms in all, and dropped their volatile values meanwhile.",
            "Send fewer frames, or put several things into one. Or let the relay take more: "
            "--frames-per-second.",
        )


def _does_not_read(facts: PlayerFacts, mode: str) -> Reason:
    waits = (facts.outbox or {}).get("bytes", 0)
    for_long = f" for {facts.blocked_ms} ms" if facts.blocked_ms else ""
    behind = f", and they are {facts.behind} seqs behind" if facts.behind else ""
    how = {
        "following": "They follow the room's history instead of hearing all at once",
        "lost": "The history no longer reaches back to where they are, so they are cut off",
    }.get(mode, "Their link is stalled")
    return Reason(
        "following" if mode == "following" else "stalled",
        f"{how}: their client has not read what waits{for_long} ({waits} bytes){behind}.",
        "Their network stands still, or their program does not read: see whether it blocks "
        "its event loop. What is reliable is not lost; older volatile values are.",
    )


# What was said.


def _silence(room: Room, facts: PlayerFacts, said: Heard) -> Iterator[Reason]:
    if not said.total and not _has_values(room, facts.player):
        yield Reason(
            "nothing_said",
            f"Nobody has sent any message since seq {said.since}, and no volatile value to all.",
            "See that the senders send at all, into this room: "
            f"`relay watch {room.name}` shows every frame.",
        )


def _addressed(room: Room, facts: PlayerFacts, said: Heard) -> Iterator[Reason]:
    if said.to_them:
        return
    if said.total and said.by_them == said.total:
        yield Reason(
            "only_their_own",
            f"All {said.total} messages since seq {said.since} were their own. A message "
            "to others does not come back.",
            "To hear one's own messages, send them to all: target true.",
        )
    elif said.past_them:
        yield _not_among(room, facts, said)
    elif said.to_nobody:
        yield Reason(
            "to_nobody",
            f"{said.to_nobody} messages since seq {said.since} went to groups in which nobody "
            "is, or to players who are not there.",
            _subscribe(room),
        )


def _has_values(room: Room, player: int) -> bool:
    """Whether others have told all players volatile values, so that there is something to see."""
    return next(room.audience.retained.but_of(player), None) is not None


def _not_among(room: Room, facts: PlayerFacts, said: Heard) -> Reason:
    inside = ", ".join(map(str, facts.groups))
    theirs = f"only in group {inside}" if inside else "in no group"
    spoken = said.past_them + said.to_nobody
    return Reason(
        "not_addressed",
        f"Nothing was for them since seq {said.since}: {spoken} messages went to groups or "
        f"players, and they were not among those. They are {theirs}.",
        _subscribe(room),
    )


def _subscribe(room: Room) -> str:
    known = {group: len(players) for group, players in sorted(room.groups.summary().items())}
    groups = ", ".join(f"{group} ({many})" for group, many in known.items()) or "none"
    return (
        "Let them subscribe to the group that is spoken to, or send to all. "
        f"Groups, with their players: {groups}."
    )


def _past(room: Room, facts: PlayerFacts, joined: int) -> Iterator[Reason]:
    if room.options.history == "none" and joined > 1 and room.joins > 1:
        yield Reason(
            "no_history",
            f"This room keeps no past for late joiners: they were told nothing of what was said "
            f"before they joined, at seq {joined}.",
            'Make the room with the option history: "full", or "snapshot" if its host sends them. '
            "Or keep what newcomers need in properties.",
        )


def _kept_behind(room: Room, facts: PlayerFacts) -> Iterator[Reason]:
    if facts.role == "spectator" and room.options.delay:
        yield Reason(
            "delayed",
            f"They are a spectator, and this room keeps spectators {room.options.delay} s behind. "
            f"They are {facts.behind} seqs behind now.",
            "Let them join as a player, or make the room with delay 0.",
        )


def _their_own(facts: PlayerFacts) -> Iterator[Reason]:
    if facts.presence == "away":
        yield Reason(
            "away",
            "Their client says that nobody looks: a hidden tab, or a phone in a pocket.",
            "They hear everything all the same; browsers run hidden tabs slowly. Show the tab.",
        )


def _refusals(facts: PlayerFacts) -> Iterator[Reason]:
    if facts.refusals:
        last = facts.refusals[-1]
        what = last["op"] or "A message of theirs"
        more = f" That was the last of {len(facts.refusals)}." if len(facts.refusals) > 1 else ""
        yield Reason(
            "refused",
            f"{what} was refused with {last['code']}: {last['text']}{_where(last)}.{more}",
            "Their program gets each as an event, with what was expected: let it print them."
            + _decoding(facts, last),
        )


def _decoding(facts: PlayerFacts, last: Mapping[str, Any]) -> str:
    about = ("op", "code", "offset")
    if any(all(frame[key] == last[key] for key in about) for frame in facts.refused_frames):
        return KEPT
    return "" if last.get("offset") is None else DECODE


def _where(refused: Mapping[str, Any]) -> str:
    """Say which byte was wrong, and what was expected. A node of another version may not tell."""
    said = []
    if refused.get("offset") is not None:
        said.append(f"at byte {refused['offset']}")
    if refused.get("expected"):
        said.append(f"expected {refused['expected']}")
    if refused.get("got"):
        said.append(f"got {refused['got']}")
    return f" ({', '.join(said)})" if said else ""


def _nothing(facts: PlayerFacts) -> Reason:
    way = "" if facts.rtt_ms is None else f", the way there and back takes {facts.rtt_ms} ms"
    return Reason(
        "all_well",
        f"The relay has written everything to them: nothing waits{way}.",
        "See whether their program takes the events, and what it does with them.",
    )
