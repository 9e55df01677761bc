"""Who may enter, before any room is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from protocol import WIRE_VERSION
from protocol.close_codes import CloseCode
from protocol.codec import Role, decode, encode
from protocol.error_codes import ErrorCode
from protocol.frames import Error, Hello, HelloOptions, PlayerInfo, RoomOptions
from protocol.limits import FRAME_IN, FRAME_OUT, HEAD_ROOM
from relay.node.admission import (
    check_app,
    check_creation,
    check_frame_size,
    check_version,
    wrong_password,
)
from relay.node.keys import key_of, network_key
from relay.node.on_join import JoinRequest, OnJoin, Verdict, info_of, judge, request_of
from relay.room.refusals import Refusal, slow_down
from tests.helpers.playbook import a_room

REQUEST = JoinRequest("LOBBY", "Ada", "player", "", "", "", "127.0.0.1")
SECRET = bytes(range(16))


# Versions.


@pytest.mark.parametrize(("lowest", "highest"), [(None, 1), (1, 1), (1, 9), (1, 2**53 - 1)])
def test_a_version_that_both_speak_is_enough(lowest: int | None, highest: int) -> None:
    check_version(Hello(highest, HelloOptions(min=lowest)))


@pytest.mark.parametrize(("lowest", "highest"), [(None, 2), (2, 9), (5, 1)])
def test_no_common_version_is_refused_and_both_ranges_named(
    lowest: int | None, highest: int
) -> None:
    with pytest.raises(Refusal) as refusal:
        check_version(Hello(highest, HelloOptions(min=lowest)))
    assert refusal.value.code == ErrorCode.VERSION
    assert refusal.value.close == CloseCode.VERSION
    detail = refusal.value.error().detail
    assert (detail.expected, detail.got) == ("1..1", f"{lowest or highest}..{highest}")
    assert f"you speak {lowest or highest} to {highest}" in refusal.value.text
    assert WIRE_VERSION == 1


# Frame sizes.


def test_a_client_that_takes_the_longest_frame_here_is_welcome() -> None:
    check_frame_size(HelloOptions(), FRAME_IN)
    check_frame_size(HelloOptions(max_frame=FRAME_IN + HEAD_ROOM), FRAME_IN)


def test_a_client_that_takes_less_is_told_both_numbers() -> None:
    with pytest.raises(Refusal) as refusal:
        check_frame_size(HelloOptions(), FRAME_OUT)
    assert (refusal.value.code, refusal.value.close) == (
        ErrorCode.FRAME_SIZE,
        CloseCode.FRAME_SIZE,
    )
    detail = refusal.value.error().detail
    assert (detail.limit, detail.got) == (FRAME_OUT + HEAD_ROOM, str(FRAME_OUT))


# Apps and builds.


@pytest.mark.parametrize(
    ("room", "client"),
    [
        ({}, {}),
        ({}, {"app": "pong", "build": "7"}),
        ({"app": "pong"}, {"app": "pong", "build": "7"}),
    ],
)
def test_a_room_takes_its_own_app_and_one_that_names_none_takes_all(
    room: dict[str, str], client: dict[str, Any]
) -> None:
    check_app(a_room(**room), HelloOptions(**client))


@pytest.mark.parametrize(
    ("room", "client", "expected", "got"),
    [
        ({"app": "pong"}, {"app": "chess"}, "pong", "chess"),
        ({"app": "pong"}, {}, "pong", ""),
        ({"app": "pong", "build": "7"}, {"app": "pong", "build": "8"}, "7", "8"),
    ],
)
def test_another_app_or_build_is_refused(
    room: dict[str, str], client: dict[str, Any], expected: str, got: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        check_app(a_room(**room), HelloOptions(**client))
    assert (refusal.value.code, refusal.value.close) == (ErrorCode.OTHER_APP, CloseCode.OTHER_APP)
    detail = refusal.value.error().detail
    assert (detail.expected, detail.got) == (expected, got)


# Rooms that are not there.


def test_a_missing_room_is_made_as_hello_says() -> None:
    assert check_creation(Hello(1), "LOBBY") == RoomOptions()
    wanted = RoomOptions(capacity=4, app="pong")
    options = HelloOptions(create=wanted, app="other", build="7")
    assert check_creation(Hello(1, options), "LOBBY") == replace(wanted, build="7")


def test_a_missing_room_is_not_made_for_a_slip_of_the_finger() -> None:
    with pytest.raises(Refusal) as refusal:
        check_creation(Hello(1, HelloOptions(create=False)), "LOBY")
    assert refusal.value.code == ErrorCode.NO_SUCH_ROOM
    assert refusal.value.close == CloseCode.NO_SUCH_ROOM


@pytest.mark.parametrize("create", [True, False, RoomOptions()])
def test_who_comes_back_to_a_room_that_is_gone_creates_nothing(
    create: bool | RoomOptions,
) -> None:
    options = HelloOptions(position=(b"an epoch", 7), create=create)
    with pytest.raises(Refusal) as refusal:
        check_creation(Hello(1, options), "LOBBY")
    assert (refusal.value.code, refusal.value.close) == (ErrorCode.ROOM_GONE, None)


# Secrets.


@pytest.mark.parametrize("got", ["", "guess"])
def test_a_wrong_password_is_refused_and_not_repeated(got: str) -> None:
    refusal = wrong_password(got)
    assert (refusal.code, refusal.close) == (ErrorCode.WRONG_PASSWORD, CloseCode.WRONG_PASSWORD)
    assert "guess" not in str(refusal.error())


def test_a_key_is_the_same_for_the_same_secret_in_the_same_room() -> None:
    assert key_of("LOBBY", SECRET) == key_of("LOBBY", SECRET)
    assert key_of("LOBBY", None) is None


def test_a_key_tells_neither_the_secret_nor_the_key_elsewhere() -> None:
    key = key_of("LOBBY", SECRET)
    assert key is not None
    assert len(key) == 16
    assert key not in (SECRET, key_of("OTHER", SECRET), key_of("LOBBY", bytes(16)))


def test_a_network_is_kept_as_a_hash_that_tells_nothing_elsewhere() -> None:
    network = network_key("LOBBY", "192.0.2.1")
    assert network is not None
    assert len(network) == 16
    assert network == network_key("LOBBY", "192.0.2.1")
    assert network not in (network_key("OTHER", "192.0.2.1"), network_key("LOBBY", "192.0.2.2"))
    assert network_key("LOBBY", None) is None


# The game's own word.


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
    [(False, "this game did not admit you"), ("members only", "members only"), ("", "")],
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


def test_who_is_too_fast_is_told_when_to_come_back() -> None:
    slow_down(0.0, "joins")
    with pytest.raises(Refusal) as refusal:
        slow_down(0.25, "joins")
    assert (refusal.value.code, refusal.value.close) == (ErrorCode.TOO_FAST, CloseCode.TOO_FAST)
    detail = refusal.value.error().detail
    assert (detail.retry, detail.after) == (True, 251)
