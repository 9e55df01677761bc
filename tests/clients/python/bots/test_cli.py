"""`relay bots`, as people type it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from clients.python import Updated, blocking
from tests.helpers import forked
from tests.helpers.longer import given_time
from tests.helpers.relay import RelayProcess, relay_process

COMMAND = [sys.executable, "-m", "relay", "bots"]
PATIENCE = 30.0


@pytest.fixture(scope="module")
def relay() -> Iterator[RelayProcess]:
    with relay_process() as relay:
        yield relay


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return forked.run("relay", "bots", *options)


async def played(joined: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Let bots play until their time suffices for all to enter. Args: joined: is printed then."""

    async def attempt(seconds: float) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(run, *options, "--seconds", f"{seconds:g}")

    return await given_time(attempt, 2.0, lambda done: joined in done.stdout)


async def test_bots_play_and_sum_up(relay: RelayProcess) -> None:
    done = await played("5 of 5", "--url", relay.url, "--room", "K7QF", "--count", "5")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("5 of 5 bots (Wander) in room K7QF")
    assert done.stderr == ""


async def test_what_a_room_ignores_is_said_once_for_all_bots(relay: RelayProcess) -> None:
    done = await played("3 of 3", "--url", f"{relay.url}/r/CALM?chaos=hotel", "--count", "3")
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("room CALM does not let links ask for a bad network, so chaos=hotel")


async def test_the_summary_is_for_programs_too(relay: RelayProcess) -> None:
    options = ("--url", f"{relay.url}/r/JSON", "--count", "2", "--json")
    done = await played('"joined": 2', *options)
    assert json.loads(done.stdout)["joined"] == 2


@pytest.mark.timeout(300)
async def test_bots_make_the_room_as_they_are_told(relay: RelayProcess) -> None:
    words = ["capacity=70", "title=Many bots", "tags.mode=duel", "app=arena", "keep=60"]
    options = ["--script", "idle", *(word for each in words for word in ("--create", each))]
    done = await played("66 of 66", "--url", f"{relay.url}/r/MADE", "--count", "66", *options)
    assert done.stdout.startswith("66 of 66 bots"), done.stdout + done.stderr
    (made,) = blocking.Lobby(relay.url).rooms(app="arena")
    assert (made.code, made.title, made.capacity) == ("MADE", "Many bots", 70)
    assert made.tags == {"mode": "duel"}


def test_a_signal_lets_bots_leave_and_sum_up(relay: RelayProcess) -> None:
    command = [*COMMAND, "--url", relay.url, "--room", "SIGNAL", "--count", "3"]
    with (
        blocking.connect(relay.url, room="SIGNAL") as room,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
    ):
        ends = time.monotonic() + PATIENCE
        moved: set[int] = set()  # a bot that flies has entered, also by its own account
        while len(moved) < 3 and time.monotonic() < ends:
            moved |= {event.sender for event in room.poll() if isinstance(event, Updated)}
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert out.startswith("3 of 3 bots")
        while len(room.players) > 1 and time.monotonic() < ends:
            room.poll()
            time.sleep(0.01)
        assert len(room.players) == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--room", "K7QF", "--script", "wonder"], "no script is called 'wonder'"),
        ([], "names no room"),
        (["--room", "K7QF", "--count", "0"], "count"),
        (["--room", "K7QF", "--create", "capacity=0"], "--create capacity wants int 1..1024"),
    ],
)
def test_what_can_be_mended_is_said_in_one_line(options: list[str], complaint: str) -> None:
    done = run(*options)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_nobody_to_play_with_is_no_success() -> None:
    done = run("--url", "127.0.0.1:1", "--room", "K7QF", "--count", "2")
    assert done.returncode == 1
    assert "2 x  nothing listens" in done.stdout.lower()


def test_help_has_examples() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "relay bots --room K7QF --count 20" in done.stdout
