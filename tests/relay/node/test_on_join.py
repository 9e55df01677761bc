"""The game's own word on who may enter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from protocol.close_codes import CloseCode
from protocol.codec import Role, decode, encode
from protocol.error_codes import ErrorCode
from protocol.frames import Error, HelloOptions, PlayerInfo
from relay.node.on_join import JoinRequest, OnJoin, Verdict, info_of, judge, request_of
from relay.room.refusals import Refusal

REQUEST = JoinRequest("LOBBY", "Ada", "player", "", "", "", "127.0.0.1")


def admitting(verdict: Verdict) -> OnJoin:
    return lambda request: verdict


def admitting_later(verdict: Verdict) -> OnJoin:
    async def on_join(request: JoinRequest) -> Verdict:
        return verdict

    return on_join


async def test_without_a_hook_everyone_enters_as_itself() -> None:
    assert await judge(None, REQUEST) == PlayerInfo("Ada")


@pytest.mark.parametrize("hook", [admitting, admitting_later])
@pytest.mark.parametrize(
    ("verdict", "info"),
    [
        (None, PlayerInfo("Ada")),
        (True, PlayerInfo("Ada")),
        (replace(REQUEST, name="Countess"), PlayerInfo("Countess")),
        (replace(REQUEST, role="spectator"), PlayerInfo("Ada", "spectator")),
        (replace(REQUEST, can_host=False), PlayerInfo("Ada", can_host=False)),
    ],
)
async def test_a_hook_admits(
    hook: Callable[[Verdict], OnJoin], verdict: Verdict, info: PlayerInfo
) -> None:
    assert await judge(hook(verdict), REQUEST) == info


@pytest.mark.parametrize("hook", [admitting, admitting_later])
@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (False, "this game did not admit you: check your name and ticket"),
        ("members only", "members only"),
        ("", ""),
    ],
)
async def test_a_hook_refuses(
    hook: Callable[[Verdict], OnJoin], verdict: Verdict, text: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        await judge(hook(verdict), REQUEST)
    assert refusal.value.text == text
    assert refusal.value.code == ErrorCode.NOT_ADMITTED
    assert refusal.value.close == CloseCode.NOT_ADMITTED


@pytest.mark.parametrize("verdict", [0, 1, [], {}], ids=repr)
async def test_what_is_no_verdict_admits_nobody(verdict: Verdict) -> None:
    with pytest.raises(Refusal):
        await judge(admitting(verdict), REQUEST)


async def test_a_long_reason_is_cut_to_what_an_error_holds() -> None:
    with pytest.raises(Refusal) as refusal:
        await judge(admitting("é" * 1000), REQUEST)
    told = decode(encode(refusal.value.error()), Role.RELAY)
    assert isinstance(told, Error)
    assert told.text == "é" * 512


@pytest.mark.parametrize(
    ("slip", "message"),
    [
        (replace(REQUEST, name="x" * 65), "on_join gave a name that is not str of 0..64 bytes"),
        (replace(REQUEST, role="admin"), 'on_join gave a role that is not "player" or "spectator"'),
        (replace(REQUEST, name=None), "on_join gave a name"),  # type: ignore[arg-type]
        (replace(REQUEST, can_host=1), "on_join gave a can_host that is not bool"),  # type: ignore[arg-type]
    ],
    ids=["name", "role", "type", "can_host"],
)
async def test_a_slip_of_the_games_code_is_found_before_the_room_is_told(
    slip: JoinRequest, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        await judge(admitting(slip), REQUEST)


# What others ask of this module.


def test_a_hook_is_asked_about_what_hello_says() -> None:
    options = HelloOptions(
        name="Ada", role="spectator", ticket="t", app="pong", build="7", password="secret"
    )
    request = request_of("LOBBY", options, "127.0.0.1")
    assert request == JoinRequest("LOBBY", "Ada", "spectator", "t", "pong", "7", "127.0.0.1")
    assert "secret" not in repr(request)
    assert info_of(options) == PlayerInfo("Ada", "spectator")
    no_host = HelloOptions(can_host=False)
    assert info_of(no_host) == PlayerInfo(can_host=False)
    assert not request_of("LOBBY", no_host, "127.0.0.1").can_host
