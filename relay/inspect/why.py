"""Why a player sees nothing, or late: what the relay knows of it, in sentences.

Each reason says what is so, and what to do about it. The likeliest come first: what happens to this
player now, then what happened to them before, and last what holds for the whole room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from relay.conditions.conditions import Conditions
from relay.conditions.shape import Shape
from relay.inspect.heard import Heard, heard
from relay.inspect.outside import Rejections, ended, missing
from relay.inspect.overview import PlayerOverview, RoomOverview
from relay.inspect.reason import KEPT, Reason, refused
from relay.node.recent import Ended
from relay.node.shapes import EVERYBODY
from relay.policy.conduct import PING_SECONDS
from relay.room.room import Room

SLOW_MS: Final = 250.0
"""A round trip time that people notice."""
SILENT_MS: Final = 1000
"""If a ping has no answer for so long, the network is not slow: the client does not answer."""
FELT_MS: Final = 50.0
"""A round trip time, added on purpose, that some people notice."""
RARE_LOSS: Final = 0.05
"""A share of lost volatile values that nobody notices: the next value replaces each."""


@dataclass(frozen=True, slots=True)
class Account:
    """What an operator is told of one player. Without a seat they have no overview."""

    room: str
    player: int
    reasons: Sequence[Reason]
    overview: PlayerOverview | None
    rejected: Rejections = ()


def explain(room: Room, player: int, known: RoomOverview, rejected: Rejections = ()) -> Account:
    """Say why a player may see nothing, or late.

    Args: rejected: what was refused to players who are not in the room.
    """
    overview = known.players.get(player)
    ends = [end for end in known.ends if end.player == player]
    seat = room.seats.get(player)
    if overview is None or seat is None:
        away = [each for each in rejected if each["player"] in (player, None)]
        missed = missing(room, player, ends, known.ends, away)
        return Account(room.name, player, tuple(missed), None, away)
    theirs = [each for each in rejected if each["player"] == player]
    said = heard(room, seat)
    shaped = [*_conditions(room, overview, known.shapes)]
    addressed = [*_addressed(room, overview, said)]
    rank = _rank(overview, hears_nothing=bool(addressed))
    likely = [
        *(shaped if rank is Rank.TOTAL else ()),
        *_connection(overview, ends),
        *_standing_still(overview),
        *(shaped if rank is Rank.GRAVE else ()),
        *_reading(overview),
        *_kept_behind(room, overview),
        *_sending(overview),
        *_refusals(overview, theirs),
        *addressed,
        *_their_own(overview),
        *(shaped if rank is Rank.SMALL else ()),
    ]
    closes = [*_lapsed(overview), *ended(ends)] if overview.presence != "lost" else []
    general = [*_silence(room, overview, said)]
    well = [] if likely or general else [_nothing(overview)]
    reasons = [*likely, *closes, *general, *well, *(shaped if rank is Rank.HARMLESS else ())]
    reasons += _past(room, overview, said, seat.joined)
    return Account(room.name, player, reasons, overview, theirs)


DECODE: Final = (
    " Let it print the bytes that it sends, too: `relay decode --from client` shows which is wrong."
)

# The connection.


class Rank(Enum):
    """How much of what a player notices the conditions of their network explain."""

    TOTAL = 0
    """Nothing comes through, or connections end."""
    GRAVE = 1
    """What comes is late, or comes in bursts."""
    SMALL = 2
    """Some volatile values are lost, or come so little late that few notice."""
    HARMLESS = 3
    """Nobody notices."""


def _rank(overview: PlayerOverview, *, hears_nothing: bool) -> Rank:
    """Args: hears_nothing: nothing was for them, which a bad network does not explain."""
    shape = Shape.of(overview.conditions or {})
    ways = [way for way in (shape.down, shape.up) if way is not None]
    if any(way.freeze for way in ways) or (overview.presence == "lost" and any(map(_cuts, ways))):
        return Rank.TOTAL
    late = sum(way.lag_ms + way.jitter_ms for way in ways)
    waits = overview.behind > 0 or bool((overview.outbox or {}).get("frames"))
    is_choked = waits and any(way.bytes_per_second for way in ways)
    is_torn = any(way.stall_s or _cuts(way) or _loses_much(way) for way in ways)
    if is_choked or is_torn or late > SLOW_MS:
        return Rank.SMALL if hears_nothing else Rank.GRAVE
    is_felt = late > FELT_MS or any(way.loss or way.reordering or way.duplication for way in ways)
    return Rank.SMALL if is_felt else Rank.HARMLESS


def _loses_much(way: Conditions) -> bool:
    return max(way.loss, way.reordering) > RARE_LOSS


def _cuts(way: Conditions) -> bool:
    return bool(way.cut_every_frames or way.cut_every_s)


def _conditions(room: Room, overview: PlayerOverview, put: Mapping[int, Shape]) -> Iterator[Reason]:
    if not overview.conditions:
        return
    if overview.player in put:
        end = f"`relay shape {room.name} --player {overview.player} --off` ends that."
    elif EVERYBODY in put:
        end = f"`relay shape {room.name} --off` ends that, and all other conditions in the room."
    else:
        end = "The link by which they came asks for it: let them come without `chaos=` in it."
    yield Reason(
        "conditions",
        f"Their network is made worse on purpose: {Shape.of(overview.conditions)}.",
        end,
    )


def _connection(overview: PlayerOverview, ends: Sequence[Ended]) -> Iterator[Reason]:
    if overview.presence == "lost":
        long = overview.silent_ms / 1000
        before = f" Nothing was heard of them for {long:.1f} s before that." if long else ""
        yield Reason(
            "lost",
            f"They are not connected.{before} Their seat is held for them to come back.",
            "See that their program runs and has a network: a client comes back by itself.",
        )
        yield from ended(ends)
    elif overview.attachment is None:
        yield Reason(
            "elsewhere",
            "They are connected to another relay of this room, which has not answered.",
            "Ask again. If it stays so, look at that relay: `relay cluster doctor`.",
        )


def _standing_still(overview: PlayerOverview) -> Iterator[Reason]:
    """Say that they do not answer. Conditions do not explain that, as they do not hold up pings."""
    is_stuck = overview.blocked_ms >= SILENT_MS
    if is_stuck:
        yield _does_not_read(overview, str((overview.outbox or {}).get("mode")))
    elif is_silent(overview):
        long = max(overview.silent_ms, overview.unanswered_ms) / 1000
        yield Reason(
            "silent",
            f"They have answered no ping, and nothing was heard of them for {long:.1f} s: their "
            "program hangs, or their network stands still.",
            "See whether their program is stopped, or blocks its event loop. If they stay silent, "
            "the relay closes their connection.",
        )


def _lapsed(overview: PlayerOverview) -> Iterator[Reason]:
    """Say that they stood still, and are back. In a hidden page that is nothing new."""
    if overview.lapse is None or overview.presence == "away":
        return
    long, ago = overview.lapse["ms"] / 1000, overview.lapse["ago_ms"] // 1000
    how = LAPSES.get(overview.lapse["how"])
    if how is not None:
        yield Reason("lapsed", f"{how.format(long)}. That was over {ago} s ago.", LAPSED)


LAPSES: Final = {
    "silent": "They were silent: nothing was heard of them for {:.1f} s, though they were pinged",
    "blocked": "Their link was stalled: they took nothing of what waited for {:.1f} s",
    "late_ping": "They stood still, or their network did: {:.1f} s lay between two of their PINGs, "
    f"which come every {PING_SECONDS:.0f} s",
}
LAPSED: Final = (
    "If the game stuttered then, that is why: a program that was stopped or computed for long, a "
    "page that was hidden, or a network that stood still. See which, if it happens again."
)


def is_silent(overview: PlayerOverview) -> bool:
    """Whether a connected player does not answer. Older nodes tell only of their pings."""
    is_there = overview.presence != "lost"
    return is_there and max(overview.silent_ms, overview.unanswered_ms) >= SILENT_MS


def _reading(overview: PlayerOverview) -> Iterator[Reason]:
    if overview.blocked_ms >= SILENT_MS:
        return
    outbox = overview.outbox or {}
    is_kept_behind = overview.role == "spectator" and not overview.lagging
    is_late = is_kept_behind and outbox.get("mode") == "following"
    if overview.blocked_ms or (outbox.get("mode") in ("following", "lost") and not is_late):
        yield _does_not_read(overview, str(outbox.get("mode")))
    elif overview.lagging:
        yield Reason(
            "lagging",
            "They have read too slowly, and are just catching up.",
            "If it happens again and again, send them less, or look at their network.",
        )
    elif max(_own_way(overview), overview.unanswered_ms) > SLOW_MS and not is_silent(overview):
        yield Reason(
            "slow_way",
            f"The way to them and back takes {_way(overview)}.",
            "Their network is slow or far away, or their program blocks its event loop for so "
            "long. Let the game predict, or bring the relay nearer.",
        )


def _own_way(overview: PlayerOverview) -> float:
    """Return the RTT in milliseconds without the lag that an operator has added."""
    added = Shape.of(overview.conditions).lag_ms if overview.conditions else 0.0
    return (overview.rtt_ms or 0.0) - added


def _way(overview: PlayerOverview) -> str:
    """Say how long the round trip takes: the present ping may already take longer than the last
    one."""
    if overview.unanswered_ms > _own_way(overview):
        return f"at least {overview.unanswered_ms} ms"
    return f"{_own_way(overview):.0f} ms"


def _sending(overview: PlayerOverview) -> Iterator[Reason]:
    if overview.throttled_ms:
        yield Reason(
            "throttled",
            f"They send faster than the relay allows: it did not read from them for "
            f"{overview.throttled_ms} ms in all, and dropped their volatile values meanwhile.",
            "Send fewer frames, or put several things into one. Or let the relay take more: "
            "--frames-per-second.",
        )


def _does_not_read(overview: PlayerOverview, mode: str) -> Reason:
    waits = (overview.outbox or {}).get("bytes", 0)
    for_long = f" for {overview.blocked_ms} ms" if overview.blocked_ms else ""
    behind = f", and they are {overview.behind} seqs behind" if overview.behind else ""
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


def _silence(room: Room, overview: PlayerOverview, said: Heard) -> Iterator[Reason]:
    if not said.total and not _has_values(room, overview.player):
        yield Reason(
            "nothing_said",
            f"Nobody has sent any message since seq {said.since}, and no volatile value to all.",
            "See that the senders send at all, into this room: "
            f"`relay watch {room.name}` shows every frame.",
        )


def _addressed(room: Room, overview: PlayerOverview, said: Heard) -> Iterator[Reason]:
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
        yield _not_among(room, overview, said)
    elif said.to_nobody:
        yield Reason(
            "to_nobody",
            f"{said.to_nobody} messages since seq {said.since} went to groups in which nobody "
            "is, or to players who are not there.",
            _subscribe(room),
        )


def _has_values(room: Room, player: int) -> bool:
    """Whether others have sent volatile values to all players, so that there is something to
    see."""
    return next(room.audience.retained.but_of(player), None) is not None


def _not_among(room: Room, overview: PlayerOverview, said: Heard) -> Reason:
    inside = ", ".join(map(str, overview.groups))
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


def _past(room: Room, overview: PlayerOverview, said: Heard, joined: int) -> Iterator[Reason]:
    """Say that they have missed the past, where there may be one, and they have heard nothing."""
    others = (seat for seat in room.seats.values() if seat.player != overview.player)
    has_past = joined > 1 and (len(room.seats) < room.joins or any(seat.taken for seat in others))
    if room.options.history == "none" and has_past and not said.to_them:
        yield Reason(
            "no_history",
            f"This room keeps no past for late joiners: they were told nothing of what was said "
            f"before they joined, at seq {joined}.",
            'Make the room with the option history: "full", or "snapshot" if its host sends them. '
            "Or keep what newcomers need in properties.",
        )


def _kept_behind(room: Room, overview: PlayerOverview) -> Iterator[Reason]:
    if overview.role == "spectator" and room.options.delay:
        yield Reason(
            "delayed",
            f"They are a spectator, and this room keeps spectators {room.options.delay} s behind. "
            f"They are {overview.behind} seqs behind now.",
            "Let them join as a player, or make the room with delay 0.",
        )


def _their_own(overview: PlayerOverview) -> Iterator[Reason]:
    if overview.presence == "away":
        yield Reason(
            "away",
            "Their client says that nobody looks: a hidden tab, or a phone in a pocket.",
            "They hear everything all the same; browsers run hidden tabs slowly. Show the tab.",
        )


def _refusals(overview: PlayerOverview, before: Rejections) -> Iterator[Reason]:
    """Args: before: what was refused to them on earlier connections."""
    if overview.refusals:
        last = overview.refusals[-1]
        times = len(overview.refusals)
        more = f" That was the last of {times}." if times > 1 else ""
        yield Reason(
            "refused",
            f"{refused(last)}.{more}",
            "Their program gets each as an event, with what was expected: let it print them."
            + _decoding(overview, last),
        )
    elif before:
        yield Reason(
            "refused_before",
            f"Over connection {before[-1]['attachment']}: {refused(before[-1])}.",
            "See how that connection ended." + (KEPT if before[-1]["data"] else ""),
        )


def _decoding(overview: PlayerOverview, last: Mapping[str, Any]) -> str:
    about = ("op", "code", "offset")
    if any(all(frame[key] == last[key] for key in about) for frame in overview.refused_frames):
        return KEPT
    return "" if last.get("offset") is None else DECODE


def _nothing(overview: PlayerOverview) -> Reason:
    way = "" if overview.rtt_ms is None else f", the way there and back takes {overview.rtt_ms} ms"
    return Reason(
        "all_well",
        f"The relay has written everything to them: nothing waits{way}.",
        "See whether their program takes the events, and what it does with them.",
    )
