"""`relay decode` and `relay encode`, as people type them; a browser's own export; the import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protocol.codec import encode
from protocol.frames import Send
from tests.clients.decode.captures import LOOPBACK
from tests.helpers import forked
from tests.helpers.browser import browser as browser
from tests.helpers.relay import running_relay
from tests.test_roomwire import SERVER, loaded

if TYPE_CHECKING:  # importing Playwright takes longer than most tests here
    from playwright.async_api import Browser

HEX = "9310C3C4026869"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return forked.run("relay", *words)


def test_a_frame_is_shown() -> None:
    done = run("decode", HEX)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "client SEND, 7 bytes, by a guess",
        "     0  93                                   array of 3",
        "     1  10                                     op: 16 (SEND)",
        "     2  C3                                     target: true (everyone)",
        '     3  C4 02 68 69                            payload: bin of 2 "hi"',
    ]


def test_a_torn_frame_is_marked_and_told_by_the_status() -> None:
    done = run("decode", HEX[:-2], "--from", "client")
    assert done.returncode == 1
    assert "^^ TRUNCATED: the message ends before its last value does" in done.stdout
    assert "SPEC 3.3.3.7" in done.stdout


def test_a_capture_is_shown_connection_by_connection() -> None:
    done = run("decode", str(LOOPBACK))
    assert done.returncode == 1  # one of its frames is torn
    assert done.stdout.startswith("#1 is 127.0.0.1:")
    assert "\n#2 is 127.0.0.1:" in done.stdout
    assert "relay close 1000 NORMAL" in done.stdout
    assert "client SEND, 8 bytes, TRUNCATED" in done.stdout


def test_json_is_a_line_a_message() -> None:
    done = run("decode", str(LOOPBACK), "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[0]["frame"] == "HELLO"
    assert {"from", "time", "connection", "hex", "tree"} <= told[0].keys()
    (torn,) = (each for each in told if "error" in each)
    assert (torn["error"]["code"], torn["error"]["rule"]) == ("TRUNCATED", "3.3.3.7")
    assert told[-1]["close"] == "close 1000 NORMAL"


def test_what_was_decoded_can_be_encoded() -> None:
    told = run("decode", HEX, "--json").stdout
    assert run("encode", told).stdout == f"{HEX}\n"
    assert run("encode", told, "--to", "base64").stdout == "kxDDxAJoaQ==\n"
    assert run("encode", f"[{told}, {told}]").stdout == f"{HEX}\n" * 2


def test_a_short_form_is_encoded_and_piped() -> None:
    short = json.dumps({"frame": "SEND", "target": True, "payload": {"say": "hi"}})
    command = "relay encode --to raw | relay decode --json | relay encode"
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    ended = subprocess.run(
        command, shell=True, input=short, env={"PATH": path}, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == encode(Send(True, b"\x81\xa3say\xa2hi")).hex().upper() + "\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["decode", "what?"], "no hex, base64 or file: what?"),
        (["decode", "none.har", "--as", "har"], "there is no file none.har"),
        (["decode", "9310", "--from", "server"], "--from"),
        (["encode", "{"], "this is no JSON"),
        (["encode", ""], "there is no JSON"),
        (["encode", '{"frame": "SHOUT"}'], 'no frame is called "SHOUT"'),
    ],
)
def test_a_mistake_is_one_sentence(words: list[str], complaint: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("relay: ")
    assert len(done.stderr.splitlines()) == 1
    assert complaint in done.stderr


async def test_a_browsers_own_export_is_read(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "game.har"
    async with running_relay() as relay:
        context = await browser.new_context(record_har_path=path)
        page = await context.new_page()
        await page.goto(relay.url)
        await page.evaluate(
            """async () => {
                const { connect } = await import("/client/roomwire.js");
                const room = await connect({ room: "R", name: "Ada" });
                await room.send({ say: "hi" }, { to: true });
                await new Promise((done) => room.on("message", done));
                await room.leave();
            }"""
        )
        await context.close()
    done = run("decode", str(path), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    frames = [(each["from"], each["frame"]) for each in told]
    assert frames[:2] == [("client", "HELLO"), ("relay", "WELCOME")]
    assert {("client", "SEND"), ("relay", "DELIVER"), ("client", "LEAVE")} <= {*frames}


def test_to_decode_loads_no_server_no_client_and_no_hypothesis() -> None:
    packages = loaded("import roomwire.decoded")
    assert {"protocol", "clients"} <= packages
    assert packages & {*SERVER, "hypothesis", "cyclopts", "dpkt"} == set()
