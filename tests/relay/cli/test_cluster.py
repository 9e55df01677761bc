"""`relay cluster` over real nats-servers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from relay.cluster.nats.examining import Examiner, examiner
from relay.cluster.nats.joining import joined
from relay.cluster.nats.layout import Layout
from relay.cluster.nats.options import Servers
from tests.helpers import forked
from tests.helpers.looking import until_equal
from tests.helpers.nats import NatsServer, nats_server
from tests.helpers.ports import free_ports

LAYOUT = Layout(streams=2, max_bytes=64 * 1024**2)


@pytest.fixture(scope="module")
def server() -> Iterator[NatsServer]:
    with nats_server() as server:
        yield server


STREAMS = ("--nats-streams", "2")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return forked.run("relay", "cluster", *words, *STREAMS)


@pytest.mark.parametrize(
    ("url", "why"),
    [("localhost:4222", "expected nats://HOST:PORT"), ("embedded", "see its log")],
)
def test_a_url_that_is_none_is_one_sentence(url: str, why: str) -> None:
    ended = run("doctor", "--nats", url)
    assert ended.returncode == 2
    assert why in ended.stderr
    assert ended.stderr.count("\n") == 1


async def test_a_relay_that_was_killed_is_seen_no_more_and_by_another_server(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with `--watch`: the server that was asked first may be the one that dies."""
    with nats_server() as other:
        async with (
            examiner(Servers((other.url, server.url)), LAYOUT) as examining,
            joined(Servers((server.url,)), "relay-1", LAYOUT) as node,
        ):
            assert await seen(examining) == {"relay-1"}
            other.kill()
            monkeypatch.setattr(node.connection, "publish", lambda *words: None)
            await until_equal(lambda: seen(examining), frozenset[str]())


async def seen(examining: Examiner) -> frozenset[str]:
    return (await examining.report()).nodes


async def test_the_doctor_says_that_all_is_well(server: NatsServer) -> None:
    async with joined(Servers((server.url,)), "relay-1", LAYOUT) as node:
        await node.log.publish_first("ROOM", "birth", b"begun")
        ended = await asyncio.to_thread(run, "doctor", "--nats", server.url)
    assert ended.returncode == 0, ended
    assert "All is well." in ended.stdout
    assert "relays: relay-1" in ended.stdout
    assert "secret" not in ended.stdout


def test_the_doctor_finds_a_server_that_is_away(server: NatsServer) -> None:
    (port,) = free_ports(1)
    away = f"nats://127.0.0.1:{port}"
    ended = run("doctor", "--nats", f"{server.url},{away}")
    assert ended.returncode == 1
    assert f"error: {away} is not reached" in ended.stdout
    assert "start it" in ended.stdout


def test_the_doctor_speaks_json(server: NatsServer) -> None:
    (port,) = free_ports(1)
    ended = run("doctor", "--json", "--nats", server.url, "--nats", f"nats://127.0.0.1:{port}")
    shown = json.loads(ended.stdout)
    assert [each["failure"] is None for each in shown["servers"]] == [True, False]
    assert ended.returncode == 1


def test_the_status_is_shown_again_and_again(server: NatsServer) -> None:
    words = ("cluster", "status", "--watch", "--json", "--nats", server.url, *STREAMS)
    command = [sys.executable, "-m", "relay", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            shown = [json.loads(process.stdout.readline()) for _ in range(2)]
        finally:
            process.kill()
    assert [len(each["servers"]) for each in shown] == [1, 1]


def test_a_file_that_is_not_there_is_one_sentence() -> None:
    ended = run("doctor", "--nats-credentials", "/nowhere/relay.creds")
    assert ended.returncode == 2
    assert ended.stderr.startswith("relay: /nowhere/relay.creds cannot be read")
    assert ended.stderr.count("\n") == 1


WITHOUT_NATS = """
import sys
sys.modules["nats"] = None
from relay.cli.main import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    "words", [("serve", "--port", "0", "--nats", "nats://127.0.0.1"), ("cluster", "doctor")]
)
def test_without_the_extra_its_name_is_said(words: tuple[str, ...]) -> None:
    code = [sys.executable, "-c", WITHOUT_NATS, *words]
    ended = subprocess.run(code, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "pip install 'roomwire[cluster]'" in ended.stderr
    assert ended.stderr.count("\n") == 1
