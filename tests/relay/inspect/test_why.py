"""Why a player sees nothing: each reason is found with players on real sockets."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Error,
    Joined,
    Kick,
    Left,
    Notice,
    NoticeKind,
    Presence,
    PresenceChanged,
    PresenceState,
    RoomOptions,
    Send,
    Subscribe,
    Volatile,
)
from tests.helpers.operators import Operator, operator_at
from tests.helpers.peers import Party, Peer, new_seat, party, until
from tests.helpers.relay import IS_PORTABLE
from tests.helpers.watchers import watcher
from tests.relay.link.test_direct import link_of


@pytest.fixture
async def at(request: pytest.FixtureRequest) -> AsyncIterator[Party]:
    """Run a relay. Its parameter: whether it has the portable link, which sends no pings."""
    async with party(is_portable=getattr(request, "param", IS_PORTABLE)) as at:
        yield at


@pytest.fixture
async def operator(at: Party) -> AsyncIterator[Operator]:
    async with operator_at(at.url, at.token) as operator:
        yield operator


def first(why: dict[str, Any]) -> Any:
    """Return the likeliest reason."""
    return next(iter(why.values()))


async def likeliest(operator: Operator, peer: Peer, room: str = "ROOM") -> Any:
    """Return the likeliest reason of a player whose program runs."""
    async with peer.reading():
        return first(await operator.why(room, peer.me))


async def says_to(ann: Peer, *targets: Any) -> None:
    """Let a player say something to each of these, and have it ordered."""
    ann.says(*(Send(target, b"x") for target in targets))
    await ann.catches_up()


# What was said.


async def test_nobody_has_said_anything(at: Party, operator: Operator) -> None:
    ann = await at.enters("ROOM")
    assert (await likeliest(operator, ann))["reason"] == "nothing_said"


async def test_who_is_told_volatile_values_alone_is_told_something(
    at: Party, operator: Operator
) -> None:
    ann, bot = await at.enters("ROOM"), await at.enters("ROOM")
    ann.says(Volatile(1, None, b"here"))
    await ann.catches_up()
    assert (await likeliest(operator, bot))["reason"] == "all_well"
    assert (await likeliest(operator, ann))["reason"] == "nothing_said"


async def test_a_bot_is_in_no_group_that_is_spoken_to(at: Party, operator: Operator) -> None:
    ann, eve, bot = [await at.enters("ROOM") for _ in range(3)]
    eve.says(Subscribe((7,), ()))
    await eve.catches_up()
    await says_to(ann, -7, -7, (2,))
    why = await likeliest(operator, bot)
    assert why["reason"] == "not_addressed"
    assert "3 messages" in why["what"]
    assert "They are in no group" in why["what"]
    assert "7 (1)" in why["do"]


async def test_a_bot_is_in_another_group(at: Party, operator: Operator) -> None:
    ann, eve, bot = [await at.enters("ROOM") for _ in range(3)]
    eve.says(Subscribe((7,), ()))
    bot.says(Subscribe((8,), ()))
    await eve.catches_up()
    await bot.catches_up()
    await says_to(ann, -7)
    assert "only in group 8" in (await likeliest(operator, bot))["what"]


async def test_a_group_that_is_spoken_to_has_nobody_in_it(at: Party, operator: Operator) -> None:
    ann, bot = await at.enters("ROOM"), await at.enters("ROOM")
    await says_to(ann, -7)
    assert (await likeliest(operator, bot))["reason"] == "to_nobody"


async def test_who_plays_alone_hears_not_their_own(at: Party, operator: Operator) -> None:
    ann = await at.enters("ROOM")
    await says_to(ann, None, None)
    assert (await likeliest(operator, ann))["reason"] == "only_their_own"
    await says_to(ann, True)
    assert (await likeliest(operator, ann))["reason"] == "all_well"


async def test_who_was_addressed_is_not_said_to_be_left_out(at: Party, operator: Operator) -> None:
    ann, bot = await at.enters("ROOM"), await at.enters("ROOM")
    await says_to(ann, (bot.me,))
    why = await likeliest(operator, bot)
    assert why["reason"] == "all_well"
    assert "program" in why["do"]


async def test_a_room_without_history_tells_late_joiners_no_past(
    at: Party, operator: Operator
) -> None:
    ann = await at.enters("ROOM")
    await says_to(ann, None)
    bot = await at.enters("ROOM")
    why = await operator.why("ROOM", bot.me)
    assert "at seq 4" in why["no_history"]["what"]
    await at.enters("KEPT", create=RoomOptions(history="full"))
    late = await at.enters("KEPT")
    assert "no_history" not in await operator.why("KEPT", late.me)


# How fast it is.


async def test_who_sends_too_fast_is_throttled() -> None:
    async with (
        party(frames_per_second=50, frames_burst=50) as at,
        operator_at(at.url, at.token) as operator,
    ):
        ann, bob = await at.enters("ROOM"), await at.enters("ROOM")
        await says_to(bob, None)
        ann.says(*(Send(None, b"x") for _ in range(60)))
        await ann.hears(Notice, lambda notice: notice.kind == NoticeKind.THROTTLE)
        why = first(await operator.why("ROOM", 1))
        assert why["reason"] == "throttled"
        assert "--frames-per-second" in why["do"]


async def test_whose_link_is_stalled_follows_the_history() -> None:
    settings: dict[str, Any] = {
        "frames_per_second": 1e6,
        "frames_burst": 1e6,
        "bytes_per_second": 1e9,
    }
    async with (
        party(bytes_burst=1e9, slow_seconds=30, **settings) as at,
        operator_at(at.url, at.token) as operator,
    ):
        ann = await at.enters("ROOM")
        await at.enters_and_sticks("ROOM")
        for _ in range(400):
            ann.says(Send(None, bytes(8000)))
            heard = await ann.catches_up()
            if any(isinstance(each, PresenceChanged) for each in heard):
                break
        reasons = await operator.why("ROOM", 2)
        assert not {"slow_way", "silent"} & set(reasons), "they follow from the same cause"
        why = first(reasons)
        assert why["reason"] == "following", why
        assert "has not read what waits" in why["what"]
        assert "behind" in why["what"]


@pytest.mark.parametrize("at", [False], indirect=True, ids=["direct"])
async def test_a_program_that_hangs_answers_no_ping(at: Party, operator: Operator) -> None:
    await at.enters("ROOM")
    bob = await at.enters("ROOM")
    why = await operator.why("ROOM", bob.me)
    assert first(why)["reason"] == "silent"
    assert "nothing was heard of them for 1." in first(why)["what"]
    assert "slow_way" not in why
    async with bob.reading():
        assert not {"silent", "slow_way"} & set(await operator.why("ROOM", bob.me))


@pytest.mark.parametrize("at", [False], indirect=True, ids=["direct"])
async def test_an_answer_that_is_awaited_is_no_way_there_and_back(
    at: Party, operator: Operator
) -> None:
    bob = await at.enters("ROOM")
    async with bob.reading():
        await operator.why("ROOM", bob.me)
    assert first(await operator.why("ROOM", bob.me))["reason"] == "silent"
    once, again = [(await operator.players("ROOM"))[bob.me] for _ in range(2)]
    assert once["rtt_ms"] is not None
    assert once["rtt_ms"] == again["rtt_ms"]
    assert 1000 <= once["unanswered_ms"] < again["unanswered_ms"] + 1


@pytest.mark.parametrize("at", [False], indirect=True, ids=["direct"])
async def test_the_lag_of_conditions_is_in_the_rtt_and_no_slow_way(
    at: Party, operator: Operator
) -> None:
    ann = await at.enters("ROOM")
    lag = {"lag_ms": 400}
    await operator.asks("PUT", "/ROOM/conditions", {"down": lag, "up": lag})
    async with ann.reading():
        why = await operator.why("ROOM", 1)
        assert (await operator.players("ROOM"))[1]["rtt_ms"] >= 800
    assert first(why)["reason"] == "conditions"
    assert "`relay shape ROOM --off`" in first(why)["do"]
    assert "slow_way" not in why


async def test_who_is_away_is_said_to_be_so(at: Party, operator: Operator) -> None:
    ann, bob = await at.enters("ROOM"), await at.enters("ROOM")
    await says_to(ann, None)
    bob.says(Presence(PresenceState.AWAY))
    await bob.catches_up()
    assert (await likeliest(operator, bob))["reason"] == "away"


async def test_a_spectator_is_kept_behind(at: Party, operator: Operator) -> None:
    ann = await at.enters("ROOM", create=RoomOptions(delay=30))
    late = await at.connects("ROOM")
    late.greets(role="spectator")
    await ann.hears(Joined, lambda joined: joined.player == 2)
    await says_to(ann, None)
    async with late.reading():
        why = first(await operator.why("ROOM", 2))
    assert why["reason"] == "delayed"
    assert "30 s behind" in why["what"]


# What was refused, and what ended.


async def test_what_was_refused_is_said(at: Party, operator: Operator) -> None:
    ann, bob = await at.enters("ROOM"), await at.enters("ROOM")
    await says_to(ann, None)
    bob.says(Kick(1), Volatile(1, (9,), b""), b"\x93\x10")
    for _ in range(3):
        await bob.hears(Error)
    why = await likeliest(operator, bob)
    assert why["reason"] == "refused"
    assert "the last of 3" in why["what"]
    codes = [each["code"] for each in (await operator.players("ROOM"))[2]["refusals"]]
    assert codes[:2] == ["NOT_HOST", "NO_SUCH_PLAYER"]
    assert codes[2] in ErrorCode.__members__


async def test_who_lost_their_connection_is_waited_for(at: Party, operator: Operator) -> None:
    ann, bob = await at.enters("ROOM"), await at.enters("ROOM", seat=new_seat())
    bob.raw.abort()
    await ann.hears(PresenceChanged)
    why = await operator.why("ROOM", 2)
    assert list(why)[:2] == ["lost", "last_close"]


async def test_conditions_are_the_first_reason_of_who_is_lost(
    at: Party, operator: Operator
) -> None:
    ann, bob = await at.enters("ROOM"), await at.enters("ROOM", seat=new_seat())
    body = {"player": 2, "down": {"freeze": True}, "up": {"freeze": True}}
    await operator.asks("PUT", "/ROOM/conditions", body)
    bob.raw.abort()
    await ann.hears(PresenceChanged)
    why = await operator.why("ROOM", 2)
    assert list(why)[:2] == ["conditions", "lost"]
    assert "`relay shape ROOM --player 2 --off`" in why["conditions"]["do"]


async def test_how_it_ended_comes_before_what_is_so_for_all(at: Party, operator: Operator) -> None:
    ann, seat = await at.enters("ROOM"), new_seat()
    bob = await at.enters("ROOM", seat=seat)
    bob.raw.abort()
    await ann.hears(PresenceChanged)
    again = await at.enters("ROOM", seat=seat, position=bob.position)
    async with again.reading():
        reasons = list(await operator.why("ROOM", 2))
    assert reasons == ["last_close", "nothing_said"]


async def test_a_refusal_comes_before_that_nobody_has_spoken(at: Party, operator: Operator) -> None:
    ann = await at.enters("ROOM")
    ann.says(b"\x93\x10")
    await ann.hears(Error)
    async with ann.reading():
        why = await operator.why("ROOM", 1)
    assert list(why) == ["refused", "nothing_said"]
    (refused,) = (await operator.players("ROOM"))[1]["refusals"]
    assert refused["offset"] == 2
    assert refused["expected"]
    assert f"(at byte 2, expected {refused['expected']}" in why["refused"]["what"]
    assert "`relay decode` shows it byte by byte" in why["refused"]["do"]


async def test_who_has_left_is_known_by_their_last_close(at: Party, operator: Operator) -> None:
    ann, bob = await at.enters("ROOM"), await at.enters("ROOM")
    ann.says(Kick(2, "spam"))
    await bob.ends()
    await ann.hears(Left)
    why = await operator.why("ROOM", 2)
    assert list(why) == ["has_left", "last_close"]
    assert "4503 KICKED (spam)" in why["last_close"]["what"]


async def test_who_never_was_there_may_have_been_turned_away(at: Party, operator: Operator) -> None:
    await at.enters("ROOM", create=RoomOptions(capacity=1))
    late = await at.connects("ROOM")
    late.greets()
    await late.is_turned_away()
    why = await operator.why("ROOM", 7)
    assert list(why) == ["no_such_player", "turned_away"]
    assert "There: 1." in why["no_such_player"]["what"]
    assert "ROOM_FULL" in why["turned_away"]["what"]


async def test_nothing_is_kept_of_a_room_that_is_gone(at: Party, operator: Operator) -> None:
    ann = await at.enters("ROOM")
    ann.raw.abort()
    await until(lambda: at.room("ROOM").seats.joins and not at.room("ROOM").seats)
    assert len(at.node.journal.recent.ends("ROOM")) == 1
    await operator.asks("DELETE", "/ROOM")
    await at.enters("ROOM")
    assert at.node.journal.recent.ends("ROOM") == []
    assert "last_close" not in await operator.why("ROOM", 1)


async def test_the_bytes_of_refused_frames_are_kept(at: Party, operator: Operator) -> None:
    ann, bob = await at.enters("ROOM"), await at.enters("ROOM")
    bad = bytes.fromhex("9310C0C40568656C")
    toward_nobody = encode(Send((77,), b"x"))
    bob.says(bad, Kick(ann.me), toward_nobody, bytes.fromhex("9207A1") + bytes(400))
    await bob.catches_up()
    kept = (await operator.players("ROOM"))[bob.me]["refused_frames"]
    assert [(each["op"], each["code"], each["offset"], each["size"]) for each in kept] == [
        ("SEND", "TRUNCATED", 8, 8),
        ("KICK", "NOT_HOST", None, len(encode(Kick(ann.me)))),
        ("SEND", "NO_SUCH_PLAYER", None, len(toward_nobody)),
        ("ACK", "TRAILING_BYTES", 4, 403),
    ]
    data = [b64decode(each["data"]) for each in kept]
    assert data[:3] == [bad, encode(Kick(ann.me)), toward_nobody]
    assert data[3] == (bytes.fromhex("9207A1") + bytes(400))[:256]
    assert "stands below" in (await operator.why("ROOM", bob.me))["refused"]["do"]
    assert (await operator.players("ROOM"))[ann.me]["refused_frames"] == []


# What was before the end.


async def test_a_freeze_that_ended_a_connection_is_named() -> None:
    async with (
        party(is_portable=False, ping_seconds=0.2, ping_timeout=1.4) as at,
        operator_at(at.url, at.token) as operator,
    ):
        ann, bob = await at.enters("ROOM"), await at.enters("ROOM", seat=new_seat())
        async with ann.reading():
            await until(lambda: at.node.journal.recent.ends("ROOM"))
            why = await operator.why("ROOM", bob.me)
        assert list(why)[:2] == ["lost", "last_close"]
        assert "Nothing was heard of them for 1." in why["lost"]["what"]
        assert "SILENT, after nothing was heard of them for 1." in why["last_close"]["what"]
        assert (await operator.players("ROOM"))[bob.me]["silent_ms"] >= 1400


async def test_a_freeze_is_named_though_the_client_woke_and_closed() -> None:
    async with (
        party(is_portable=False, ping_seconds=0.1, ping_timeout=60) as at,
        operator_at(at.url, at.token) as operator,
    ):
        bob = await at.enters("ROOM", seat=new_seat())
        link = link_of(at, bob)
        await until(lambda: link.silent() > 1.2)
        bob.says(Send(None, b"I am back"))
        await bob.raw.close(1000)
        await until(lambda: at.node.journal.recent.ends("ROOM"))
        why = await operator.why("ROOM", bob.me)
        assert "after nothing was heard of them for 1." in why["last_close"]["what"]


@pytest.mark.parametrize("at", [False], indirect=True, ids=["direct"])
async def test_who_hangs_as_one_begins_to_watch_is_known_at_once(at: Party) -> None:
    ann, bob = await at.enters("ROOM"), await at.enters("ROOM")
    async with ann.reading(), watcher(at.url, "ROOM", token=at.token) as eve:
        told = {each["player"]: each for each in (await eve.hears("players"))["players"]}
    assert told[ann.me]["silent_ms"] == 0
    assert told[bob.me]["silent_ms"] >= 1000
