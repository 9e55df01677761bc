"""`relay watch` shows a room of a relay that runs, over the network."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgpack
import pytest
from cyclopts import CycloptsError

from protocol.frames import Joined, Send
from relay.cli.main import build
from relay.cli.watch_view import FramesView, StatsView
from relay.inspect.watcher import show
from relay.inspect.watching import line
from tests.helpers.peers import party_at
from tests.helpers.relay import RelayProcess, relay_process
from tests.helpers.watchers import token_file


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return token_file(tmp_path_factory.mktemp("operator"))


@pytest.fixture(scope="module")
def relay(token: Path) -> Iterator[RelayProcess]:
    with relay_process("--operator-token-file", str(token)) as relay:
        yield relay


@contextmanager
def watch(relay: RelayProcess, token: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "relay", "watch", *options, "--url", relay.url]
    command += ["--token-file", str(token)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        try:
            yield watching
        finally:
            watching.kill()


def lines_until(watching: subprocess.Popen[str], word: str) -> list[str]:
    assert watching.stdout is not None
    found: list[str] = []
    while not found or word not in found[-1]:
        found.append(watching.stdout.readline())
        assert found[-1], f"it ended: {found}"
    return found


async def test_frames_are_shown_as_they_come(relay: RelayProcess, token: Path) -> None:
    async with party_at(relay.url) as at:
        ann = await at.enters("R", name="Ann")
        with watch(relay, token, "R", "--hex") as watching:
            shown = lines_until(watching, "Ann  ")
            assert shown[0].startswith("R: 1 of 64 players, host 1 Ann, seq 2, history none")
            ann.says(Send(None, msgpack.packb({"say": "hi"})))
            frame, data = lines_until(watching, "94 11")[-2:]
            assert frame.split()[1:7] == ["3", "DELIVER", "1", "Ann", ">", "others"]
            assert frame.endswith('{"say": "hi"}\n')
            sent = msgpack.packb([0x11, 3, 1, msgpack.packb({"say": "hi"})])
            assert data.split() == ["0", *sent.hex(" ").split()]


async def test_programs_read_lines_of_json(relay: RelayProcess, token: Path) -> None:
    async with party_at(relay.url) as at:
        await at.enters("J")
        with watch(relay, token, "J", "--json", "--op", "joined") as watching:
            kinds = [
                json.loads(text)["type"] for text in lines_until(watching, '"type": "players"')
            ]
            assert kinds == ["room", "players"]
            bob = await at.enters("J", name="Bob")
            told = json.loads(lines_until(watching, '"frames"')[-1])
            assert [frame["op"] for frame in told["frames"]] == ["JOINED"]
            assert bob.all(Joined)


def test_what_cannot_be_watched_is_said_in_one_sentence(
    relay: RelayProcess, token: Path, tmp_path: Path
) -> None:
    guess = tmp_path / "guess"
    guess.write_text("x" * 20)

    def fails(*options: str) -> str:
        with pytest.raises(CycloptsError) as failed:
            build()(["watch", *options])
        return str(failed.value)

    at = ("--url", relay.url, "--token-file")
    assert fails("NONE", *at, str(token)) == "there is no room of this name"
    assert "this is for the relay's operator" in fails("R", *at, str(guess))
    assert "it cannot be read" in fails("R", *at, str(tmp_path / "none"))
    assert "no relay of yours runs" in fails("R", "--url", "http://127.0.0.1:1")


# What is printed.


def room_line() -> dict[str, object]:
    room = {"room": "R", "players": 2, "capacity": 8}
    history = {"mode": "full", "frames": 1200, "bytes": 99_000, "first": 1}
    return {"type": "room", "room": room, "seq": 7, "host": 1, "history": history}


def players_line(**fields: object) -> dict[str, object]:
    ann = {"player": 1, "name": "A\x1b[31mnn", "presence": "live", "groups": [], "taken": 9}
    return {"type": "players", "players": [{**ann, **fields}]}


def test_a_player_who_lags_gets_a_line_of_their_own() -> None:
    view = FramesView()
    assert list(view.show(room_line())) == []
    head, *table = view.show(players_line())
    assert head.startswith("R: 2 of 8 players, host 1 A[31mnn, seq 7, history full (1,200 frames")
    assert "\x1b" not in "".join(table)
    assert list(view.show(players_line())) == []
    outbox = {"mode": "following", "frames": 3, "bytes": 100}
    slow = players_line(presence="lagging", outbox=outbox, conditions={"lag_ms": 80})
    assert list(view.show(slow)) == ["-- 1 A[31mnn: lagging, outbox following, network shaped"]


SINCE = r"silent since \d\d:\d\d:\d\d \(15\.2 s\)"


def test_a_player_who_answers_no_ping_is_marked() -> None:
    view = FramesView()
    list(view.show(room_line()))
    list(view.show(players_line(rtt_ms=5)))
    (told,) = view.show(players_line(rtt_ms=5, unanswered_ms=2500, silent_ms=15_200))
    assert re.fullmatch(rf"-- 1 A\[31mnn: live, no answer to pings, {SINCE}", told)
    assert any("silent for 15.2 s" in row for row in view.table())
    assert list(view.show(players_line(presence="lost", silent_ms=16_000))) == [
        "-- 1 A[31mnn: lost, after nothing was heard for 16.0 s"
    ]


def test_who_is_silent_already_is_named_at_once() -> None:
    view = FramesView()
    list(view.show(room_line()))
    *shown, told = view.show(players_line(unanswered_ms=1100, silent_ms=15_200))
    assert re.fullmatch(rf"-- 1 A\[31mnn: live, no answer to pings, {SINCE}", told)
    assert any("silent for 15.2 s" in row for row in shown)


def test_who_was_silent_before_they_went_is_said_to_have_been_so() -> None:
    view = FramesView()
    list(view.show(room_line()))
    list(view.show(players_line(silent_ms=15_200)))
    assert list(view.show({"type": "players", "players": []})) == [
        "-- 1 A[31mnn: gone, after nothing was heard for 15.2 s"
    ]
    list(view.show(players_line()))
    assert list(view.show({"type": "players", "players": []})) == []


def test_a_group_is_named() -> None:
    frame = json.loads(show(0, frozenset({1, 2}), msgpack.packb([0x11, 3, 1, b"\x01"]), 7))
    (text,) = FramesView().show({"type": "frames", "frames": [frame], "skipped": 0})
    assert "1 > group 7 (1, 2)" in text


def test_what_was_not_shown_is_counted() -> None:
    (told,) = FramesView().show(json.loads(line("frames", frames=[], skipped=1700)))
    assert told == "-- 1,700 more frames were not shown: there are too many"


def test_what_a_stranger_says_cannot_command_the_terminal() -> None:
    payload = msgpack.packb("\x9b31m \u202e\x07")
    frame = show(0, 1, msgpack.packb([0x11, 3, 1, payload]))
    (text,) = FramesView().show({"type": "frames", "frames": [json.loads(frame)], "skipped": 0})
    assert text.isprintable()


def test_rates_are_shown_beside_the_players() -> None:
    view = StatsView(clears=True)
    rates = {"type": "rates", "seconds": 2.0, "frames": {"DELIVER": [10_000, 200_000]}}
    told = [text for each in (room_line(), players_line(rtt_ms=5)) for text in view.show(each)]
    assert told == []
    (text,) = view.show(rates)
    assert text.startswith("\x1b[H\x1b[2JR: 2 of 8 players")
    assert "5.0 ms" in text
    assert "DELIVER  5,000     100,000" in text
