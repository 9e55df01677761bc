"""`connect` checks its options before it opens a socket, and gives each player a seat."""

from __future__ import annotations

import pytest

from clients.python.core.client_protocol import ClientProtocol
from clients.python.options import Options, driver_for
from protocol import limits
from protocol.errors import LocalProtocolError
from protocol.frames import RoomOptions

URL = "localhost:8000/r/K7QF"


async def protocol(**options: object) -> ClientProtocol:
    return driver_for(URL, **options).protocol  # type: ignore[arg-type]  # some are mistakes


async def test_each_player_has_a_secret_of_their_own() -> None:
    first, second = [(await protocol()).resume.options.seat for _ in range(2)]
    assert first is not None
    assert second is not None
    assert len(first) == len(second) == limits.SEAT_BYTES
    assert first != second


async def test_a_secret_that_is_given_is_kept() -> None:
    secret = bytes(range(limits.SEAT_BYTES))
    assert (await protocol(seat=secret)).resume.options.seat == secret


async def test_every_option_reaches_hello() -> None:
    given = Options(
        name="Ann",
        role="spectator",
        create=RoomOptions(capacity=2),
        password="open",
        app="chess",
        build="7",
        ticket="t",
        max_frame=4096,
        can_host=False,
    )
    said = (await protocol(**given)).resume.options
    assert {key: getattr(said, key) for key in given} == given


async def test_the_room_may_be_in_the_address_or_beside_it() -> None:
    assert driver_for(URL).address == driver_for("localhost:8000", room="K7QF").address


@pytest.mark.parametrize(
    ("url", "room"), [("localhost:8000", None), (URL, "OTHER"), ("ftp://x", "A"), (URL, "a b")]
)
async def test_an_address_or_a_room_that_cannot_be_is_a_mistake(url: str, room: str | None) -> None:
    with pytest.raises(ValueError, match=r"names no room|name one|not a relay|cannot be a room"):
        driver_for(url, room=room)


@pytest.mark.parametrize(
    "option",
    [
        {"name": "x" * (limits.MAX_NAME + 1)},
        {"password": "x" * (limits.MAX_SECRET + 1)},
        {"seat": b"short"},
        {"max_frame": 1},
        {"role": "referee"},
    ],
    ids=repr,
)
async def test_an_option_that_hello_cannot_carry_is_a_mistake(option: dict[str, object]) -> None:
    with pytest.raises(LocalProtocolError):
        await protocol(**option)
