"""Who may enter, before any room is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol import WIRE_VERSION
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Hello, HelloOptions, RoomOptions
from protocol.limits import FRAME_IN, FRAME_OUT, HEAD_ROOM
from relay.node.admission import (
    check_app,
    check_creation,
    check_frame_size,
    check_version,
    wrong_password,
)
from relay.room.refusals import Refusal
from tests.helpers.playbook import a_room

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
