"""The demo says where to play, and ends with all that it started."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from websockets.sync.client import connect

from protocol import codec
from protocol.opcodes import Opcode
from relay.cli import demo
from relay.server.process import Listener, listen

LINK = re.compile(r"http://127\.0\.0\.1:\d+/r/DEMO")


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = listen("127.0.0.1", 0)
    with listener.sockets[0]:
        listener.sockets[0].listen()
        yield listener


def test_it_tells_both_links_and_draws_one(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.policy.lan.lan_address", lambda: "192.168.1.5")
    told = demo.describe(replace(listener, host="0.0.0.0", port=8000), 8, "http://look")
    assert "8 bots" in told
    assert "http://look" in told
    assert "http://127.0.0.1:8000/r/DEMO" in told
    assert "http://192.168.1.5:8000/r/DEMO" in told
    drawing = [line for line in told.splitlines() if "█" in line]
    assert len({len(line) for line in drawing}) == 1
    assert len(drawing) > 10


def test_without_a_network_there_is_one_link_and_nothing_to_scan(listener: Listener) -> None:
    told = demo.describe(listener, 0, None)
    assert "bots" not in told
    assert "network" not in told
    assert "█" not in told


def test_a_terminal_that_cannot_draw_is_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ascii:
        encoding = "ascii"

    monkeypatch.setattr(sys, "stdout", Ascii())
    assert demo._qr("http://192.168.1.5:8000") == []


def test_a_taken_port_leads_to_the_next(listener: Listener) -> None:
    for host in ("127.0.0.1", "localhost"):
        found = demo.listen_nearby(host, listener.port)
        assert listener.port < found.port <= listener.port + demo.NEIGHBOURS
        for bound in found.sockets:
            bound.close()


def test_it_runs_with_bots_and_takes_them_along(listener: Listener) -> None:
    command = [sys.executable, "-m", "relay", "demo", "--host", "127.0.0.1", "--bots", "2"]
    command += ["--port", str(listener.port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        link = next(filter(None, map(LINK.search, process.stdout)))[0]
        with connect(f"ws{link.removeprefix('http')}") as me:
            me.send(bytes.fromhex("93010180"))
            players: set[int] = set()
            while len(players) < 3:
                message = me.recv(timeout=30, decode=False)
                if message[1] == Opcode.JOINED:
                    players.add(codec.unpack(message)[2])
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
