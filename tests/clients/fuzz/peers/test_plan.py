"""What hostile peers will say depends on their seed alone, and misses no kind of harm."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest
from websockets.frames import Close
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from clients.fuzz.inputs.case import Reader
from clients.fuzz.inputs.judge import judge
from clients.fuzz.peers.plan import breaches
from clients.fuzz.peers.plan.as_client import story
from clients.fuzz.peers.plan.as_relay import Tell, plot
from clients.fuzz.peers.plan.dress import dressed, in_pieces
from clients.fuzz.peers.plan.framing import BINARY, Broken, Inbox, Message
from clients.fuzz.peers.plan.steps import End, Enter, Flood, Lag, Refused, Say

SEEDS = range(150)

DIGEST = """
import hashlib
from clients.fuzz.peers.plan.as_client import story
from clients.fuzz.peers.plan.as_relay import plot
told = repr([(story(seed), plot(seed)) for seed in range(5)])
print(hashlib.sha256(told.encode()).hexdigest())
"""


def digest(hash_seed: str) -> str:
    command = ["env", f"PYTHONHASHSEED={hash_seed}", sys.executable, "-c", DIGEST]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_same_seed_gives_the_same_plan_in_every_process() -> None:
    assert digest("1") == digest("2")


def test_a_hostile_client_does_all_that_it_can() -> None:
    steps = [step for seed in SEEDS for step in story(seed)]
    ends = {step.how for step in steps if isinstance(step, End)}
    assert ends == {"fin", "half", "reset", "close", "leave", "breach"}
    positions = {step.position for step in steps if isinstance(step, Enter)}
    assert positions == {"none", "newest", "behind", "beyond", "other"}
    assert {step.code for step in steps if isinstance(step, Refused)} == {
        *("VERSION", "FRAME_SIZE", "KICKED", "WRONG_PASSWORD")
    }
    assert {step.role for step in steps if isinstance(step, Enter)} == {"player", "spectator"}
    assert {step.password for step in steps if isinstance(step, Enter)} == {"", "hush"}
    assert any(isinstance(step, Flood) for step in steps)
    assert {step.reads_on for step in steps if isinstance(step, Lag)} == {True, False}
    broken = {step.what for step in steps if isinstance(step, End) and step.how == "breach"}
    assert broken == {f"breach: {name}" for name in breaches.MAKERS}


def test_what_a_hostile_client_calls_damaged_is_judged_so() -> None:
    for seed in range(30):
        for step in story(seed):
            if isinstance(step, Say) and step.what.startswith("damage"):
                _, verdict = judge(step.said.message, Reader.CLIENT_FRAME)
                assert (verdict.code, verdict.offset) == (step.said.code, step.said.offset)


def test_a_hostile_relay_does_all_that_it_can() -> None:
    visits = [visit for seed in SEEDS for visit in plot(seed)]
    finishes = [visit.finish for visit in visits]
    assert {each.how for each in finishes} == {"close", "fin", "reset", "damage", "breach"}
    assert {each.stage for each in finishes} == {"upgrade", "greeting", "catching up", "live"}
    assert {visit.refusal for visit in visits} == {
        *("", "EPOCH_CHANGED", "ROOM_GONE", "HISTORY_TRIMMED", "SEAT_EXPIRED")
    }
    assert any(visit.life.snapshot for visit in visits)


def test_a_hostile_relay_tells_only_what_is_legal_until_the_end() -> None:
    for seed in range(30):
        for visit in plot(seed):
            for line in visit.lines:
                if isinstance(line, Tell):
                    (message,) = read(line.writing.data, is_masked=False)
                    assert judge(message.data, Reader.RELAY_FRAME)[1].code is None


def read(data: bytes, *, is_masked: bool) -> list[Message]:
    """Return the binary messages in some bytes."""
    inbox = Inbox(is_masked=is_masked)
    inbox.feed(data)
    found: list[Message] = []
    while (message := inbox.take()) is not None:
        found.append(message)
    return [each for each in found if each.opcode == BINARY]


@pytest.mark.parametrize("is_client", [True, False])
def test_a_message_arrives_whole_in_every_dress(is_client: bool) -> None:
    for seed in range(300):
        rng = Random(seed)
        message = rng.randbytes(rng.choice((0, 1, 5, 125, 126, 300, 70_000)))
        writing = dressed(rng, message, is_client=is_client)
        assert b"".join(writing.pieces) == writing.data
        assert read(writing.data, is_masked=is_client) == [(BINARY, message)]


def test_bytes_travel_in_pieces_without_loss() -> None:
    for seed in range(200):
        data = bytes(range(40))
        assert b"".join(in_pieces(Random(seed), data).pieces) == data


@pytest.mark.parametrize("name", breaches.MAKERS)
def test_a_breach_is_one_to_other_readers_too(name: str) -> None:
    """The reader is that of the library `websockets`, which knows nothing of ours."""
    for seed in range(20):
        data, codes = breaches.MAKERS[name](Random(seed), True)
        library = ServerProtocol(state=OPEN, max_size=65_536)
        library.receive_data(data)
        said = library.close_sent
        if breaches.LIVES not in codes and breaches.TEXT_REFUSED not in codes:
            assert isinstance(said, Close)
            assert said.code in codes


@pytest.mark.parametrize(
    "name",
    [
        *("wrong_mask", "reserved_bits", "reserved_opcode", "continuation_of_nothing"),
        *("message_within_message", "control_in_fragments", "control_too_long"),
        "length_in_too_many_bytes",
    ],
)
@pytest.mark.parametrize("is_client", [True, False])
def test_our_own_reader_is_as_strict(name: str, is_client: bool) -> None:
    data, _ = breaches.MAKERS[name](Random(1), is_client)
    with pytest.raises(Broken):
        read(data, is_masked=is_client)
