"""`relay why`: it finds the token of a relay on this machine, and prints plain sentences."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from protocol.codec import encode
from protocol.frames import Error, Hello, HelloOptions, Kick, Left, Send, Subscribe
from relay.cli import main
from relay.cli.operator_client import OperatorClient, Problem
from relay.policy.operators import kept
from tests.helpers.looking import until_seen
from tests.helpers.peers import Party, party, until
from tests.helpers.ports import free_ports
from tests.relay.link.test_direct import link_of


@asynccontextmanager
async def kept_party() -> AsyncIterator[Party]:
    """Run a relay whose token is where its user's command line looks."""
    async with party(is_portable=False) as at:  # the portable link sends no pings
        with kept(at.token, at.relay.listener.port):
            yield at


async def run(*words: str) -> int:
    """Run a command beside the relay. Returns: its exit code."""

    def command() -> int:
        with pytest.raises(SystemExit) as ended:
            main.main(["why", *words])
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return await anyio.to_thread.run_sync(command)


async def test_a_bot_that_hears_nothing_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    async with kept_party() as at:
        ann, bot = await at.enters("ROOM"), await at.enters("ROOM", name="Bot \u202etob")
        ann.says(Subscribe((7,), ()), Send(-7, b"x"))
        await ann.catches_up()

        async def explained() -> str:
            assert await run("room", str(bot.me), "--url", at.url) == 0
            return capsys.readouterr().out

        async with bot.reading():
            # On a busy machine the likeliest reason may be a slow way, at first.
            shown = await until_seen(explained, lambda shown: "1. Nothing was for them" in shown)
            link = link_of(at, bot)
            await until(lambda: not link.unanswered())  # or a late answer would count below
        assert shown.startswith("Room ROOM, player 2 Bot tob: live, player")
        assert "   → Let them subscribe" in shown
        assert max(map(len, shown.splitlines())) <= 100
        assert await run("ROOM", "2", "--json", "--url", at.url) == 0
        answer = json.loads(capsys.readouterr().out)
        assert [each["reason"] for each in answer["reasons"]][:2] == ["silent", "not_addressed"]
        assert answer["overview"]["unanswered_ms"] >= 1000
        assert await run("ROOM", "2", "--url", at.url) == 0
        assert re.search(r"live, player, silent for [1-9]", capsys.readouterr().out)


async def test_a_player_is_found_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    async with kept_party() as at:
        for name in ("Ann", "Bot", "Twin", "Twin"):
            await at.enters("ROOM", name=name)
        host = at.url.removeprefix("http://")
        assert await run("ROOM", "bot", "--url", host) == 0
        assert "Room ROOM, player 2 Bot: " in capsys.readouterr().out
        for name, said in {
            "Mine": "nobody in this room is called Mine: there are 1 Ann, 2 Bot, 3 Twin, 4 Twin",
            "Twin": "several are called Twin: say one's number, 3 or 4",
        }.items():
            assert await run("ROOM", name, "--url", host) == 2
            assert said in " ".join(capsys.readouterr().err.replace("│", " ").split())
        assert await run("ROOM", "9", "--url", host) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert "There: 1 Ann, 2 Bot, 3 Twin, 4 Twin." in shown
        assert "`relay watch ROOM`" in shown


async def test_what_cannot_be_asked_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("a-token-of-another-relay")
    async with kept_party() as at:
        for words, said in {
            ("NONE", "1", "--url", at.url): "there is no room of this name",
            ("ROOM", "1", "--url", at.url, "--token-file", str(wrong)): "for the relay's operator",
            ("ROOM", "1", "--url", "http://relay.example"): "is not this machine",
            ("ROOM", "1", "--url", "ftp://somewhere"): "is no URL of a relay",
            ("ROOM", "1", "--url", "relay.example"): "https://relay.example is not this machine",
            ("ROOM", "1", "--url", at.url.removeprefix("http://")): "no room of this name",
            ("ROOM", "1", "--token-file", str(tmp_path)): "it cannot be read",
        }.items():
            assert await run(*words) == 2
            shown = capsys.readouterr().err
            assert said in shown
            assert shown.count("\n") == 1


def test_a_relay_that_does_not_run_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A relay that was killed may have left its token, and its port may be the one that is free.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with pytest.raises(Problem, match=f"no relay of yours runs at port {port}"):
        OperatorClient.find(url, None)
    token = tmp_path / "token"
    token.write_text("the-token-of-a-relay")
    client = OperatorClient.find(url, token)
    with pytest.raises(Problem, match="cannot be reached"):
        client.request("GET", "/api/rooms")


Served = Callable[[bytes], str]


@pytest.fixture
def served() -> Iterator[Served]:
    """Return what answers one request with these bytes, at a URL."""
    listeners: list[socket.socket] = []

    def serve(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def once() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(65536)
                client.sendall(answer)

        threading.Thread(target=once, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for listener in listeners:
        listener.close()


HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def test_lines_of_a_stream_come_one_by_one(served: Served) -> None:
    body = b'b\r\n{"type": 1}\r\n1\r\n\n\r\nc\r\n{"type": 2}\n\r\n0\r\n\r\n'
    client = OperatorClient(served(HEAD + body), "a-token")
    assert [line["type"] for line in client.lines("/watch")] == [1, 2]


def test_a_stream_that_breaks_off_is_a_problem(served: Served) -> None:
    client = OperatorClient(served(HEAD + b'c\r\n{"type": 2}\n\r\n5\r\n{'), "a-token")
    lines = client.lines("/watch")
    assert next(lines)["type"] == 2
    with pytest.raises(Problem, match="broke off"):
        next(lines)


async def test_refused_frames_are_shown_as_commands_that_decode_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with kept_party() as at:
        ann = await at.enters("ROOM")
        ann.says(bytes.fromhex("9310C0C40568656C"), Kick(1), bytes.fromhex("9207A1") + bytes(400))
        await ann.catches_up()
        async with ann.reading():
            assert await run("ROOM", "1", "--url", at.url) == 0
        lines = capsys.readouterr().out.splitlines()
        (first,) = (row for row, line in enumerate(lines) if line.endswith("3.3.3), 8 bytes:"))
        assert re.fullmatch(r"[0-9:]{8} frame 1, SEND: TRUNCATED at byte 8 .*", lines[first])
        assert lines[first + 1] == "  relay decode --from client 9310C0C40568656C"
        assert " frame 2, KICK: " in lines[first + 3]
        of_ack = " ACK: TRAILING_BYTES at byte 4 (SPEC 3.3.4), the first 256 of 403 bytes:"
        assert lines[first + 6].endswith(of_ack)
        assert lines[first + 7].endswith("00" * 253)


async def test_a_malformed_hello_is_shown_though_nobody_entered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with kept_party() as at:
        assert await run("--url", at.url) == 0
        assert "Nobody was kept out of any room" in " ".join(capsys.readouterr().out.split())
        assert await run("NEW", "--url", at.url) == 2
        assert "nobody was refused there lately" in capsys.readouterr().err
        bob = await at.connects("NEW")
        bob.says(bytes.fromhex("93010181A46E616D65A35A6FC3AB"))
        await bob.hears(Error)
        for words in (("new",), ()):
            assert await run(*words, "--url", at.url) == 0
            shown = capsys.readouterr().out
            said = " ".join(shown.split())
            where = "" if words else " (room NEW)"
            assert f"127.0.0.1 did not get in{where}. HELLO was refused with BAD_UTF8" in said
            assert "(at byte 12, expected UTF-8, got byte 0xC3, SPEC 3.3.3.8)" in said
            assert ", 14 bytes:\n  relay decode --from client 93010181A46E616D65A35A6FC3AB" in shown
        bob.says(b'{"password": "pw-42"}')
        await bob.hears(Error)
        assert await run("NEW", "--url", at.url) == 0
        shown = capsys.readouterr().out
        said = " ".join(shown.split())
        assert "A message of theirs was refused with NOT_A_FRAME" in said
        assert "no JSON" in said
        assert "relay decode --from client 7B\n" in shown
        bob.says(encode(Hello(1, HelloOptions(name="Bob", password="pw-42")))[:-1])
        await bob.hears(Error)
        bob.raw.abort()
        await until(lambda: at.node.journal.recent.ends("NEW"))
        assert await run("NEW", "--url", at.url) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("Room NEW (there is none now): who did not get in")
        assert "the first 14 of 27 bytes:" in shown
        assert "it may be a secret" in shown
        assert "The connection ended: LOST." in " ".join(shown.split())


async def test_what_cost_a_bot_its_seat_is_shown_when_it_is_gone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with kept_party() as at:
        ann, bot = await at.enters("ROOM"), await at.enters("ROOM")
        bot.says(*[bytes.fromhex("9310C0C40568656C")] * 20)
        await bot.ends()
        await ann.hears(Left)
        for words in (("ROOM", "2"), ("ROOM",)):
            assert await run(*words, "--url", at.url) == 0
            shown = capsys.readouterr().out
            assert "frame 20, SEND: TRUNCATED at byte 8 (SPEC 3.3.3)" in shown
            assert "BAD_FRAMES" in shown
