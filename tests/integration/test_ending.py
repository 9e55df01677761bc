"""A relay in a process of its own is ended in every way that there is, and keeps its rooms.

What players notice of it is in test_draining.py and test_restart.py.
"""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from protocol.close_codes import CloseCode
from protocol.frames import Live, Notice
from relay.persistence.file import StateFile
from relay.policy.config import Settings
from relay.policy.spelling import ENVIRONMENT
from tests.helpers import forked
from tests.helpers.peers import new_seat, party_at
from tests.helpers.playbook import a_room, enters, sends
from tests.helpers.ports import free_ports
from tests.helpers.relay import MODULE, relay_process

END_SECONDS = 30
STOP_SECONDS = 7.0
"""In which a relay is to have ended: `docker stop` kills it after 10."""
PLAYERS = 200


def makes_room(url: str, name: str) -> None:
    answer = httpx.post(f"{url}/api/rooms", json={"name": name, "keep": 3600})
    assert answer.status_code == 201, answer.text


def has_room(url: str, name: str) -> bool:
    return httpx.get(f"{url}/api/rooms/{name}").status_code == 200


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", MODULE, "serve", "--drain-seconds", "0", *options]


def environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(ENVIRONMENT)}


def serves(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for a relay that cannot say where it is."""
    until = time.monotonic() + END_SECONDS
    with httpx.Client(base_url=url) as http:  # one: each takes longer to be made than to ask
        while time.monotonic() < until and process.poll() is None:
            try:
                assert http.get("/healthz").status_code == 200
                return
            except httpx.TransportError:
                time.sleep(0.02)  # whoever does not listen yet tells nobody
    raise AssertionError(f"it does not serve: {process.poll()}")


# Signals.


async def test_a_hangup_is_a_drain(file: Path) -> None:
    """A terminal that closes sends more than one; none of them hurries anybody."""
    with relay_process("--drain-seconds", "1", "--state", str(file)) as relay:
        async with party_at(relay.url) as at:
            peers = [await at.enters("R", seat=new_seat()) for _ in range(2)]
            began = time.monotonic()
            relay.process.send_signal(signal.SIGHUP)
            await asyncio.gather(*(peer.hears(Notice) for peer in peers))
            relay.process.send_signal(signal.SIGHUP)
            for peer in peers:
                assert (await peer.ends())[0] == CloseCode.DRAIN
            assert time.monotonic() - began > 0.6
            assert await asyncio.to_thread(relay.process.wait, END_SECONDS) == 0
    assert len(StateFile(file).take().rooms[0].seats) == 2


def test_a_hangup_that_was_ignored_at_the_start_stays_so() -> None:
    """As under nohup, whose programs begin so."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        relaying = relay_process(is_forked=False)
        relay = relaying.__enter__()
    finally:
        signal.signal(signal.SIGHUP, before)
    try:
        relay.process.send_signal(signal.SIGHUP)
        assert httpx.get(f"{relay.url}/healthz").status_code == 200
        assert relay.end() == 0
    finally:
        relaying.__exit__(None, None, None)


def test_a_terminal_that_is_closed_costs_no_room(file: Path) -> None:
    main, terminal = pty.openpty()
    options = ("--port", "0", "--state", str(file))
    with subprocess.Popen(
        command(*options),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(),
        start_new_session=True,
        preexec_fn=takes_terminal,
    ) as process:
        os.close(terminal)
        with os.fdopen(main) as screen:
            url = screen.readline().split()[3]
            makes_room(url, "KEPT")
        assert process.wait(END_SECONDS) == 0
    with relay_process("--state", str(file)) as relay:
        assert has_room(relay.url, "KEPT")


def takes_terminal() -> None:
    """Make the standard input the terminal that controls this process."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


# Lines that cannot be printed.


@contextmanager
def mute_relay(
    how: str, file: Path, *options: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a relay that can print nothing, once it serves."""
    (port,) = free_ports(1)
    line = " ".join(command("--port", str(port), "--state", str(file), *options))
    with subprocess.Popen(["/bin/sh", "-c", f"exec {line} {how}"], env=environment()) as process:
        try:
            serves(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()


@pytest.mark.parametrize("how", [">/dev/full 2>&1", ">&- 2>&-"])
def test_lines_that_cannot_be_printed_end_nothing(file: Path, how: str) -> None:
    with mute_relay(how, file) as (url, process):
        makes_room(url, "KEPT")  # it logs each
        process.terminate()
        assert process.wait(END_SECONDS) == 0
    with mute_relay(how, file) as (url, process):
        assert has_room(url, "KEPT")
        process.terminate()
        assert process.wait(END_SECONDS) == 0
    assert StateFile(file).take().rooms[0].name == "KEPT"


def test_a_complaint_that_cannot_be_printed_ends_with_its_own_code() -> None:
    line = " ".join(command("--port", "nonsense"))
    ended = subprocess.run(["/bin/sh", "-c", f"exec {line} 2>/dev/full"], check=False)
    assert ended.returncode == 2


# The file, whatever happens.


def test_who_is_killed_while_it_starts_loses_nothing(file: Path) -> None:
    room = a_room(keep=3600)
    room.apply(enters(1))
    room.apply(sends(1, True, bytes(64)))
    StateFile(file).write([room], 0)
    taken = file.with_name(f"{file.name}.taken")
    options = ("serve", "--port", "0", "--state", str(file))
    ended = forked.run("tests.helpers.felled", *options)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == "", "it served before it was killed"
    assert taken.exists()
    assert not file.exists()
    with relay_process("--state", str(file)) as relay:
        assert has_room(relay.url, room.name)
        assert "ended before it served" in relay.log
        assert not taken.exists()
        relay.process.kill()
        relay.process.wait(END_SECONDS)
    with relay_process("--state", str(file)) as relay:
        assert not has_room(relay.url, room.name)  # or its order would go on in two ways


def test_two_relays_with_one_file_are_told(file: Path) -> None:
    with relay_process("--state", str(file)) as relay:
        makes_room(relay.url, "KEPT")
        options = ("--port", "0", "--state", str(file))
        second = subprocess.run(
            command(*options), capture_output=True, text=True, check=False, env=environment()
        )
        assert second.returncode == 2
        assert second.stderr == (
            f"relay: another relay (process {relay.process.pid}) keeps its rooms in {file}: "
            "end it first, or name another file with --state\n"
        )
        relay.process.kill()
        relay.process.wait(END_SECONDS)
    with relay_process("--state", str(file)) as relay:
        assert relay.end() == 0


# In time.


@pytest.mark.long
async def test_a_full_house_has_gone_before_docker_loses_its_patience(file: Path) -> None:
    """By default, and though some of the players never read."""
    grace = str(Settings().drain_seconds)
    with relay_process("--drain-seconds", grace, "--state", str(file)) as relay:
        async with party_at(relay.url) as at:
            peers = [await at.enters(f"R{n % 10}", seat=new_seat()) for n in range(PLAYERS - 5)]
            for _ in range(5):
                stuck = await at.connects("R0", receive_buffer=4096)
                stuck.greets(seat=new_seat())
                await stuck.hears(Live)
                stuck.raw.stop_reading()
            began = time.monotonic()
            relay.process.terminate()
            codes = {code for code, _ in await asyncio.gather(*(peer.ends() for peer in peers))}
            assert await asyncio.to_thread(relay.process.wait, END_SECONDS) == 0
            took = time.monotonic() - began
    assert codes == {CloseCode.DRAIN}
    assert took < STOP_SECONDS
    assert sum(len(room.seats) for room in StateFile(file).take().rooms) == PLAYERS
