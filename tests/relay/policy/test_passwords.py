"""Passwords are hashed slowly, verified in turn, and guessed five times a minute at most."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2.exceptions import InvalidHashError

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from relay.policy.passwords import TRIES, Line, Passwords
from relay.room.refusals import Refusal

WIZARD, STRANGER = "192.0.2.1", "192.0.2.66"
ROOM = "R"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords()
    yield passwords
    passwords.close()


async def test_the_right_password_is_right_and_another_is_not(passwords: Passwords) -> None:
    hashed = await passwords.hash("sesam öffne dich", WIZARD, 0.0)
    assert "sesam" not in hashed
    assert await passwords.verify(hashed, "sesam öffne dich", ROOM, WIZARD, 0.0)
    assert not await passwords.verify(hashed, "sesam offne dich", ROOM, WIZARD, 0.0)


async def test_a_hash_costs_a_guesser_memory_and_is_salted(passwords: Passwords) -> None:
    hashed = await passwords.hash("a", WIZARD, 0.0)
    assert hashed.startswith("$argon2id$")
    assert "$m=19456,t=2,p=1$" in hashed
    assert hashed != await passwords.hash("a", WIZARD, 0.0)


async def test_the_sixth_wrong_try_of_a_minute_is_refused(passwords: Passwords) -> None:
    hashed = await passwords.hash("a", WIZARD, 0.0)
    for _ in range(5):
        assert not await passwords.verify(hashed, "b", ROOM, WIZARD, 0.0)
    with pytest.raises(Refusal) as refused:
        await passwords.verify(hashed, "a", ROOM, WIZARD, 0.0)
    assert refused.value.code is ErrorCode.TOO_FAST
    assert refused.value.close is CloseCode.TOO_FAST
    assert refused.value.detail == {"retry": True, "after": 12_000}
    assert await passwords.verify(hashed, "a", ROOM, "192.0.2.2", 0.0)
    assert await passwords.verify(hashed, "a", ROOM, WIZARD, 12.0)


async def test_wrong_tries_count_for_an_ipv6_site_too() -> None:
    passwords = Passwords(1000, 1000, site_factor=1)
    hashed = await passwords.hash("a", WIZARD, 0.0)
    for number in range(TRIES):
        assert not await passwords.verify(hashed, "b", ROOM, f"2001:db8:0:{number}::1", 0.0)
    with pytest.raises(Refusal):
        await passwords.verify(hashed, "a", ROOM, "2001:db8:0:9::1", 0.0)
    assert await passwords.verify(hashed, "a", "OTHER", "2001:db8:0:9::1", 0.0)
    assert await passwords.verify(hashed, "a", ROOM, "2001:db8:1::1", 0.0)
    passwords.close()


async def test_right_passwords_are_no_tries(passwords: Passwords) -> None:
    hashed = await passwords.hash("a", WIZARD, 0.0)
    verified = await asyncio.gather(
        *(passwords.verify(hashed, "a", ROOM, WIZARD, 0.0) for _ in range(12))
    )
    assert verified == [True] * 12


async def test_tries_at_the_same_time_are_tries(passwords: Passwords) -> None:
    hashed = await passwords.hash("a", WIZARD, 0.0)
    tries = (passwords.verify(hashed, "b", ROOM, WIZARD, 0.0) for _ in range(8))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results[:5] == [False] * 5
    assert all(isinstance(result, Refusal) for result in results[5:])


async def test_the_event_loop_goes_on_meanwhile(passwords: Passwords) -> None:
    turns = 0
    hashing = asyncio.ensure_future(passwords.hash("a", WIZARD, 0.0))  # noqa: TID251 - awaited below
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    await hashing
    assert turns > 10
    names = [thread.name for thread in threading.enumerate()]
    assert sum(name.startswith("passwords") for name in names) == 1


# Who pays.


async def test_wrong_passwords_lock_nobody_out_of_another_room(passwords: Passwords) -> None:
    hashed = await passwords.hash("a", WIZARD, 0.0)
    for _ in range(TRIES):
        assert not await passwords.verify(hashed, "b", ROOM, WIZARD, 0.0)
    assert await passwords.verify(hashed, "a", "S", WIZARD, 0.0)


async def test_tries_are_forgotten_once_they_count_no_more(passwords: Passwords) -> None:
    hashed = "no hash, so that nothing takes its time"
    for number in range(5):
        with pytest.raises(InvalidHashError):
            await passwords.verify(hashed, "b", f"R{number}", "127.0.0.1", 0.0)
    assert len(passwords.tries) == 5
    passwords.tries._sweep_at = 5
    with pytest.raises(InvalidHashError):
        await passwords.verify(hashed, "b", "R9", "127.0.0.1", 60.0)
    assert len(passwords.tries) == 1


@pytest.mark.parametrize("what", ["hash", "verify"])
async def test_each_password_costs_its_address_a_share(what: str) -> None:
    passwords = Passwords(2, 3)
    hashed = await passwords.hash("a", "127.0.0.1", 0.0)

    async def asks(address: str, now: float) -> object:
        if what == "hash":
            return await passwords.hash("a", address, now)
        return await passwords.verify(hashed, "a", ROOM, address, now)

    for _ in range(3):
        await asks(WIZARD, 0.0)
    with pytest.raises(Refusal, match="too many passwords from your address") as refused:
        await asks(WIZARD, 0.0)
    assert refused.value.detail["after"] == 500
    await asks(STRANGER, 0.0)
    await asks("127.0.0.1", 0.0)
    await asks(WIZARD, 0.5)
    passwords.close()


async def test_addresses_take_turns_so_that_one_does_not_wait_for_all_of_another() -> None:
    line, order = Line(), []

    async def goes(who: str) -> None:
        async with line.turn(who[0]):
            order.append(who)
            await asyncio.sleep(0)

    await asyncio.gather(*map(goes, ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]))
    assert order == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]
    assert not line._waiting
    assert not line._is_busy


async def test_a_line_is_only_so_long_and_its_most_frequent_guest_is_sent_away() -> None:
    line, served = Line(most=4), []

    async def goes(who: str) -> None:
        async with line.turn(who[0]):
            served.append(who)
            await asyncio.sleep(0)

    guests = ["a1", "a2", "a3", "a4", "a5", "b1", "c1"]
    results = await asyncio.gather(*map(goes, guests), return_exceptions=True)
    refused = [who for who, result in zip(guests, results, strict=True) if result is not None]
    assert refused == ["a4", "a5"]
    assert all(isinstance(result, Refusal) for result in results if result is not None)
    assert sorted(served) == ["a1", "a2", "a3", "b1", "c1"]


@pytest.mark.parametrize("when", ["waiting", "called"])
async def test_who_goes_away_holds_up_nobody(when: str) -> None:
    line, served, leave = Line(), [], asyncio.Event()

    async def goes(who: str) -> None:
        async with line.turn(who):
            served.append(who)
            await leave.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(goes("a"))
        await asyncio.sleep(0)
        gone = tasks.create_task(goes("b"))
        tasks.create_task(goes("c"))
        await asyncio.sleep(0)
        if when == "called":
            leave.set()
            await asyncio.sleep(0)  # `a` is done, and `b` does not know yet that it is called
        gone.cancel()
        leave.set()
    assert served == ["a", "c"]
    assert not line._is_busy
