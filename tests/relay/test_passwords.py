"""Passwords are hashed slowly, verified in turn, and guessed five times a minute at most."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from relay.passwords import Passwords
from relay.refusals import Refusal

WIZARD = "192.0.2.1"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords()
    yield passwords
    passwords.close()


async def test_the_right_password_is_right_and_another_is_not(passwords: Passwords) -> None:
    hashed = await passwords.hash("sesam öffne dich")
    assert "sesam" not in hashed
    assert await passwords.verify(hashed, "sesam öffne dich", WIZARD, 0.0)
    assert not await passwords.verify(hashed, "sesam offne dich", WIZARD, 0.0)


async def test_a_hash_costs_a_guesser_memory_and_is_salted(passwords: Passwords) -> None:
    hashed = await passwords.hash("a")
    assert hashed.startswith("$argon2id$")
    assert "$m=19456,t=2,p=1$" in hashed
    assert hashed != await passwords.hash("a")


async def test_the_sixth_wrong_try_of_a_minute_is_refused(passwords: Passwords) -> None:
    hashed = await passwords.hash("a")
    for _ in range(5):
        assert not await passwords.verify(hashed, "b", WIZARD, 0.0)
    with pytest.raises(Refusal) as refused:
        await passwords.verify(hashed, "a", WIZARD, 0.0)
    assert refused.value.code is ErrorCode.TOO_FAST
    assert refused.value.close is CloseCode.TOO_FAST
    assert refused.value.detail == {"retry": True, "after": 12_000}
    assert await passwords.verify(hashed, "a", "192.0.2.2", 0.0)
    assert await passwords.verify(hashed, "a", WIZARD, 12.0)


async def test_right_passwords_are_no_tries(passwords: Passwords) -> None:
    hashed = await passwords.hash("a")
    verified = await asyncio.gather(
        *(passwords.verify(hashed, "a", WIZARD, 0.0) for _ in range(12))
    )
    assert verified == [True] * 12


async def test_tries_at_the_same_time_are_tries(passwords: Passwords) -> None:
    hashed = await passwords.hash("a")
    tries = (passwords.verify(hashed, "b", WIZARD, 0.0) for _ in range(8))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results[:5] == [False] * 5
    assert all(isinstance(result, Refusal) for result in results[5:])


async def test_the_event_loop_goes_on_meanwhile(passwords: Passwords) -> None:
    turns = 0
    hashing = asyncio.ensure_future(passwords.hash("a"))  # noqa: TID251 - awaited below
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    await hashing
    assert turns > 10
    names = [thread.name for thread in threading.enumerate()]
    assert sum(name.startswith("passwords") for name in names) == 1
