"""A relay in a process of its own ends: everybody is told, and nobody holds it up."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import httpx
import pytest

from protocol.close_codes import CloseCode
from protocol.frames import Live, Notice, NoticeKind, Send
from relay.node.drain import RESTART_SECONDS
from tests.helpers.measuring import fastest
from tests.helpers.peers import Peer, new_seat, party_at
from tests.helpers.relay import END_SECONDS, RelayProcess, relay_process
from tests.helpers.state_files import found, kept

GRACE = 1.5
ENDS_WITHIN = GRACE + 3.0  # seconds


async def ended(relay: RelayProcess) -> int:
    """Wait for the end. Returns: the exit code."""
    return await asyncio.to_thread(relay.process.wait, END_SECONDS)


async def leaves(peer: Peer) -> tuple[int, int, float]:
    """Return after how many ms to come back, the close code, and when it came."""
    code, _ = await peer.ends()
    (notice,) = (notice for notice in peer.all(Notice) if notice.kind == NoticeKind.DRAIN)
    return notice.detail.after or 0, code, time.monotonic()


async def test_everybody_is_told_before_the_end() -> None:
    assert await fastest(told_before_the_end, ENDS_WITHIN) < ENDS_WITHIN


async def told_before_the_end() -> float:
    """Return the seconds until the relay has ended."""
    with relay_process("--drain-seconds", str(GRACE)) as relay:
        async with party_at(relay.url) as at, httpx.AsyncClient(base_url=relay.url) as http:
            peers = [await at.enters(f"R{number % 5}") for number in range(50)]
            began = time.monotonic()
            relay.process.terminate()
            await peers[0].hears(Notice)
            health = await http.get("/healthz")
            assert (health.status_code, health.json()) == (503, {"status": "draining"})
            left = await asyncio.gather(*map(leaves, peers))
            assert await ended(relay) == 0
            took = time.monotonic() - began
    assert {code for _, code, _ in left} == {CloseCode.DRAIN}
    times = sorted(moment - began for _, _, moment in left)
    assert times[39] > GRACE / 2
    assert times[-1] > 0.9 * GRACE
    returns = {after for after, _, _ in left}
    assert len(returns) == len(peers)
    assert min(returns) >= 1000 * (GRACE + RESTART_SECONDS)
    return took


async def test_the_end_does_not_wait_for_who_never_reads() -> None:
    assert await fastest(ends_with_the_stuck, ENDS_WITHIN) < ENDS_WITHIN


async def ends_with_the_stuck() -> float:
    """Return the seconds until the relay has ended, though some of its players never read."""
    options = ("--profile", "bench", "--drain-seconds", str(GRACE))
    with relay_process(*options) as relay:
        async with party_at(relay.url) as at:
            healthy = await at.enters("R")
            for _ in range(5):
                stuck = await at.connects("R", receive_buffer=4096)
                stuck.greets(seat=new_seat())
                await stuck.hears(Live)
                stuck.raw.stop_reading()
            for _ in range(100):
                healthy.says(Send(None, bytes(10_000)))
                await healthy.catches_up()
            began = time.monotonic()
            relay.process.terminate()
            assert (await healthy.ends())[0] == CloseCode.DRAIN
            assert await ended(relay) == 0
            took = time.monotonic() - began
            assert "ERROR" not in relay.log
    return took


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
async def test_a_second_signal_ends_it_at_once_and_loses_nothing(
    file: Path, sig: signal.Signals
) -> None:
    with relay_process("--drain-seconds", "600", "--state", str(file)) as relay:
        async with party_at(relay.url) as at:
            peer = await at.enters("R", seat=new_seat())
            relay.process.send_signal(sig)
            await peer.hears(Notice)
            assert kept(file) is None
            relay.process.send_signal(sig)
            assert await ended(relay) == 0
    assert kept(file)


async def test_without_a_state_file_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with relay_process() as relay:
        async with party_at(relay.url) as at:
            await at.enters("R", seat=new_seat())
            assert await asyncio.to_thread(relay.end) == 0
    assert found(tmp_path) == []
