"""Our relay and our clients bear a hostile peer, as `relay fuzz` sees it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from clients.fuzz.peers.hostile_client import Attack
from clients.fuzz.peers.plan.as_client import story
from clients.fuzz.peers.plan.as_relay import plot
from clients.fuzz.peers.plan.steps import Enter
from clients.fuzz.peers.sides import Client
from clients.fuzz.peers.transcript import Transcript
from tests.clients.fuzz.peers.copies import IS_LONG, browser_client, fuzz, python
from tests.helpers.relay import relay_process

COUNT = 3000 if IS_LONG else 20
PATIENT = ("--patience", 30)  # seconds: nobody hangs, and the machine is busy
TESTEES = {
    "async": python("python_async"),
    "blocking": python("python_blocking"),
    "browser": browser_client(),
}


@pytest.mark.fuzz
def test_our_relay_bears_hostile_clients(tmp_path: Path) -> None:
    with relay_process("--bad-frames", "0", "--slow-seconds", "60") as relay:
        options = (*PATIENT, "--count", COUNT, "--jobs", 2, "--out", tmp_path / "out")
        done = fuzz("server", relay.url, *options)
        assert (done.status, done.report["findings"]) == (0, []), done.text
        assert relay.process.poll() is None
        assert "Traceback" not in relay.log
    assert done.report["conversations"] == COUNT
    assert {"enter", "send", "leave", "kick", "barred"} <= done.report["steps"].keys()
    assert {"lag: reads on", "lag: goes"} <= done.report["steps"].keys()


@pytest.mark.fuzz
@pytest.mark.parametrize("testee", TESTEES)
def test_our_client_bears_a_hostile_relay(testee: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = (*PATIENT, "--count", COUNT, "--jobs", 4, "--out", out)
    done = fuzz("client", TESTEES[testee], *options)
    assert (done.status, done.report["findings"]) == (0, []), done.text
    assert done.report["conversations"] == COUNT


@pytest.mark.parametrize("testee", TESTEES)
def test_our_client_may_say_in_its_own_way_that_a_text_is_refused(testee: str) -> None:
    seed = next(seed for seed in range(1000) if plot(seed)[0].finish.what == "breach: text")
    done = fuzz("client", TESTEES[testee], *PATIENT, "--count", 1, "--seed", seed)
    assert (done.status, done.report["findings"]) == (0, []), done.text


def without_positions() -> list[int]:
    """Return seeds whose bytes hold nothing that the relay drew: no epoch, no seq."""
    return [
        seed
        for seed in range(60)
        if all(step.position == "none" for step in story(seed) if isinstance(step, Enter))
    ]


def test_the_same_seed_sends_a_relay_the_same_bytes() -> None:
    seeds = without_positions()[:3]
    assert len(seeds) == 3
    with relay_process() as relay:
        for seed in seeds:
            first, second = (attacked(relay.url, seed) for _ in range(2))
            assert first.digest == second.digest
            assert first.digest != attacked(relay.url, seed + 1).digest


def attacked(url: str, seed: int) -> Transcript:
    transcript = Transcript()
    Attack(url, seed, 5, transcript).play()
    return transcript


def test_the_same_seed_sends_a_client_the_same_bytes() -> None:
    client = Client(TESTEES["async"], 5)
    try:
        sent = [ambushed(client, seed) for seed in (3, 5, 3, 5)]
    finally:
        client.end()
    assert sent[:2] == sent[2:]
    assert sent[0] != sent[1]


def ambushed(client: Client, seed: int) -> list[bytes]:
    """Return what was sent, but for the upgrades: those answer a key that the client draws."""
    transcript = Transcript()
    client.converse(seed, transcript)
    return [
        data
        for _, way, data in transcript.entries
        if way == "sent" and isinstance(data, bytes) and not data.startswith(b"HTTP/1.1 101")
    ]


DEAD = """
import sys
print('{"event": "hello", "can": []}', flush=True)
sys.exit("I do not play")
"""


def test_a_finding_has_a_folder_with_all_bytes_and_a_line_that_replays_it(tmp_path: Path) -> None:
    command = shlex.join([sys.executable, "-c", DEAD])
    out = tmp_path / "out"
    done = fuzz("client", command, "--count", 1, "--seed", 4, "--patience", 5, "--out", out)
    assert done.status == 1
    (finding,) = done.report["findings"]
    assert (finding["kind"], finding["seed"]) == ("died", 4)
    assert "I do not play" in finding["got"]
    folder = Path(finding["folder"])
    assert finding["replay"] == f"relay fuzz client {shlex.quote(command)} --replay {folder}"
    assert json.loads((folder / "finding.json").read_text()) == finding
    assert (folder / "transcript.jsonl").exists()


def test_a_program_that_is_no_testee_is_told_in_a_sentence() -> None:
    for command in ("no-such-program", shlex.join([sys.executable, "-c", "print(1)"])):
        done = told("client", command)
        assert done.returncode != 0
        assert command in done.stderr
        assert "Traceback" not in done.stderr


def test_a_relay_that_is_not_there_ends_a_run(tmp_path: Path) -> None:
    done = fuzz("server", "http://127.0.0.1:9", "--count", 50, "--out", tmp_path / "out")
    assert done.status == 1
    assert done.kinds == {"unreachable"}
    assert done.report["conversations"] == 3


def told(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "relay", "fuzz", *options, "--count", "1"]
    return subprocess.run(command, capture_output=True, text=True)
