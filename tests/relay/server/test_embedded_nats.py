"""`relay serve --nats`: a relay waits for NATS, or starts a server of its own and keeps it up."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from relay.cluster.nats.joining import joined
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import CannotJoin, Servers
from relay.server.embedded_nats import default_folder, embedded_nats, find_server
from tests.helpers.nats import nats_server, until
from tests.helpers.ports import free_ports
from tests.helpers.relay import relay_process

LAYOUT = Layout(streams=1, max_bytes=32 * 1024**2)
SECONDS = 30.0


def number_of(folder: Path) -> int:
    return int((folder / "pid").read_text())


def lives(number: int) -> bool:
    try:
        # Where process 1 waits for nobody, a process that has ended stays as a zombie.
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def begun(folder: Path) -> int:
    """Wait for a server to begin. Returns: its number."""
    wait_until(lambda: (folder / "pid").exists() and bool((folder / "pid").read_text()))
    return number_of(folder)


async def test_an_own_server_keeps_rooms_over_its_end_and_its_death(tmp_path: Path) -> None:
    with embedded_nats(tmp_path) as url:
        async with joined(Servers((url,)), "one", LAYOUT) as node:
            await node.log.publish_first("ROOM", "birth", b"begun")
            first = number_of(tmp_path)
            os.kill(first, signal.SIGKILL)
            await until(lambda: number_of(tmp_path) != first)
            await until(lambda: node.connection.is_up)
            await node.log.publish_first("ROOM", "next", b"next")
        last = number_of(tmp_path)
    assert not lives(last)
    with embedded_nats(tmp_path) as url:
        async with joined(Servers((url,)), "two", LAYOUT) as node:
            kept = await node.log.read("ROOM", 0)
            assert [entry.data for entry in kept] == [b"begun", b"next"]


async def test_strangers_on_the_machine_do_not_know_its_password(tmp_path: Path) -> None:
    with embedded_nats(tmp_path) as url:
        async with joined(Servers((url,)), "one", LAYOUT):
            pass
        assert (tmp_path / "nats.conf").stat().st_mode & 0o077 == 0
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"CONNECT {}\r\nPING\r\n")
            stranger.settimeout(SECONDS)
            heard = b""
            while more := stranger.recv(4096):
                heard += more
        assert b"Authorization Violation" in heard
        assert b"PONG" not in heard


def test_a_folder_is_one_relay_s(tmp_path: Path) -> None:
    with (
        embedded_nats(tmp_path),
        pytest.raises(CannotJoin, match="another relay has its nats-server in"),
        embedded_nats(tmp_path),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotJoin, match="nats-dir"), embedded_nats(tmp_path / "file" / "data"):
        pass


def test_the_data_is_in_the_user_s_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert default_folder() == Path("/state/roomwire/nats")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert default_folder() == Path.home() / ".local/state/roomwire/nats"


EMBEDDED = ("--nats", "embedded", "--nats-streams", "1", "--nats-dir")


def test_the_server_of_a_relay_that_was_killed_is_ended_by_the_next_one(tmp_path: Path) -> None:
    with relay_process(*EMBEDDED, str(tmp_path)) as relay:
        left = number_of(tmp_path)
        relay.process.kill()
        relay.process.wait()
        assert lives(left)
    with relay_process(*EMBEDDED, str(tmp_path)) as relay:
        assert not lives(left)
        new = number_of(tmp_path)
        assert relay.end() == 0
        assert f"nats-server {left} is ended" in relay.log
    assert not lives(new)


def test_a_relay_that_ends_before_it_serves_leaves_no_server(tmp_path: Path) -> None:
    with serving(*EMBEDDED, str(tmp_path)) as relay:
        server = begun(tmp_path)
        relay.terminate()
        relay.communicate(timeout=SECONDS)
    assert not lives(server)


def test_a_signal_while_a_server_begins_to_be_watched_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, server = threading.Thread.start, 0

    def start_and_be_told_to_end(thread: threading.Thread) -> None:
        nonlocal server
        start(thread)
        if thread.name == "nats-server":
            server = begun(tmp_path)
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(threading.Thread, "start", start_and_be_told_to_end)
    with pytest.raises(SystemExit), embedded_nats(tmp_path):
        pass
    assert server
    assert not lives(server)


def test_what_was_left_is_ended_where_there_is_no_ps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with relay_process(*EMBEDDED, str(tmp_path)) as relay:
        left = number_of(tmp_path)
        relay.process.kill()
        relay.process.wait()
    monkeypatch.setenv("PATH", str(tmp_path))
    with embedded_nats(tmp_path):
        assert not lives(left)


def test_a_program_that_is_missing_for_a_while_is_started_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program, aside, data = tmp_path / "nats-server", tmp_path / "aside", tmp_path / "data"
    shutil.copy(find_server(), program)
    monkeypatch.setattr("relay.server.embedded_nats.find_server", lambda: str(program))
    with embedded_nats(data):
        wait_until((data / "pid").exists)
        first = number_of(data)
        program.rename(aside)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: "cannot be started" in caplog.text)
        aside.rename(program)
        wait_until(lambda: number_of(data) != first)


def serving(*options: str, port: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "relay", "serve", "--port", str(port), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_relay_waits_for_nats_and_serves_nobody_until_then() -> None:
    with nats_server() as server:
        server.kill()
        (port,) = free_ports(1)
        with serving("--nats", server.url, port=port) as relay:
            try:
                assert relay.stderr is not None
                assert relay.stdout is not None
                line = next(line for line in relay.stderr if "waiting for NATS" in line)
                assert f"at nats://127.0.0.1:{server.port}" in line
                assert "secret" not in line
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    client.settimeout(0.5)
                    with pytest.raises(TimeoutError):
                        client.recv(1)
                    server.start()
                    client.settimeout(SECONDS)
                    assert client.recv(12) == b"HTTP/1.1 200"
                assert f":{port}" in relay.stdout.readline()
            finally:
                relay.terminate()
                assert relay.wait(SECONDS) == 0
                relay.communicate()


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_a_relay_that_waits_obeys_a_signal(options: tuple[str, ...]) -> None:
    (port,) = free_ports(1)
    with serving("--nats", f"nats://127.0.0.1:{port}", *options) as relay:
        assert relay.stderr is not None
        assert any("waiting for NATS" in line for line in relay.stderr)
        relay.terminate()
        assert relay.wait(SECONDS) == 0
        relay.communicate()


def test_a_relay_says_why_it_cannot_join() -> None:
    with nats_server() as server, serving("--nats", server.url, "--nats-replicas", "3") as relay:
        _, said = relay.communicate(timeout=SECONDS)
        assert relay.returncode == 2
        assert re.search(r"relay: NATS does not make the stream ROOMS0: .*replicas", said)
