"""Workers in trouble: killed with sockets on their way to them, short of files, unable to begin."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path

import psutil
import pytest

from protocol.frames import Deliver, Send
from tests.helpers.crew import names_at, pids
from tests.helpers.peers import party_at, until
from tests.helpers.relay import RelayProcess, relay_process

WORKERS = ("--workers", "2", "--profile", "bench", "--log-level", "info")
START_SECONDS = 60.0
FIRST, SECOND = next(names_at(0)), next(names_at(1))
MANY = 40
UPGRADE = (
    "GET /r/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def asks(relay: RelayProcess, name: str) -> Streams:
    """Ask for a room's WebSocket."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(UPGRADE.format(name=name).encode())
    return reader, writer


async def answer(reader: asyncio.StreamReader) -> bytes:
    """Return the status that is answered; nothing if the connection ends."""
    with suppress(ConnectionError):
        async with asyncio.timeout(START_SECONDS):
            return (await reader.read(1024))[9:12]
    return b""


@asynccontextmanager
async def asking(relay: RelayProcess, many: int, worker: int = 1) -> AsyncIterator[list[Streams]]:
    """Ask for so many rooms of a worker."""
    async with AsyncExitStack() as stack:
        found = []
        for name in islice(names_at(worker), many):
            streams = await asks(relay, name)
            stack.callback(streams[1].transport.abort)
            found.append(streams)
        yield found


def only_listens(process: psutil.Process) -> bool:
    return not process.net_connections("tcp")[1:]


def is_replaced(relay: RelayProcess, before: int) -> bool:
    return pids(relay)[1] != before


async def plays(relay: RelayProcess, room: str) -> None:
    async with party_at(relay.url) as at:
        ann = await at.enters(room)
        ann.says(Send(True, b"hello"))
        assert (await ann.hears(Deliver)).payload == b"hello"


@pytest.mark.timeout(400)  # processes start in it
async def test_whoever_is_on_the_way_to_a_worker_that_is_killed_comes_to_the_next_one() -> None:
    with relay_process(*WORKERS) as relay:
        for _ in range(2):
            before = pids(relay)[1]
            os.kill(before, signal.SIGSTOP)
            async with asking(relay, MANY) as connections:
                first = psutil.Process(pids(relay)[0])
                await until(partial(only_listens, first))
                os.kill(before, signal.SIGKILL)
                answers = [await answer(reader) for reader, _ in connections]
                assert answers == [b"101"] * MANY
            assert pids(relay)[1] != before
        await plays(relay, FIRST)


@pytest.mark.timeout(400)  # processes start in it
async def test_who_comes_while_a_worker_is_killed_is_answered_or_cut_off() -> None:
    with relay_process(*WORKERS) as relay:
        for _ in range(3):
            before = pids(relay)[1]
            async with asking(relay, MANY) as connections:
                os.kill(before, signal.SIGKILL)
                answers = [await answer(reader) for reader, _ in connections]
                assert set(answers) <= {b"101", b""}
            await until(partial(is_replaced, relay, before), START_SECONDS)
            await plays(relay, SECOND)


@pytest.mark.timeout(400)  # processes start in it
async def test_a_wish_to_begin_anew_in_the_middle_of_a_round_is_no_wish_lost() -> None:
    with relay_process(*WORKERS) as relay:
        before = pids(relay)
        relay.process.send_signal(signal.SIGUSR2)
        await until(lambda: pids(relay)[0] != before[0], START_SECONDS)
        second = pids(relay)[0]
        relay.process.send_signal(signal.SIGUSR2)
        relay.process.send_signal(signal.SIGUSR2)
        begun = "all workers have begun anew"
        await until(lambda: relay.log.count(begun) == 2, 2 * START_SECONDS)
        assert pids(relay)[0] not in (before[0], second)
        assert pids(relay)[1] != before[1]
        await plays(relay, SECOND)


def forbid(file: Path) -> None:
    """Let nobody write a file: a folder has its name."""
    file.mkdir()


def allow(file: Path) -> None:
    file.rmdir()


@pytest.mark.timeout(400)  # processes start in it
async def test_a_worker_that_cannot_begin_is_tried_more_rarely_and_the_log_says_so(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rooms"
    with relay_process(*WORKERS, "--state", str(file)) as relay:
        obstacle = Path(f"{file}.worker-1")
        forbid(obstacle)
        os.kill(pids(relay)[1], signal.SIGKILL)
        await until(lambda: "the next begins in 0.2 s" in relay.log, 3 * START_SECONDS)
        assert relay.log.index("next begins in 0.1 s") < relay.log.index("next begins in 0.2 s")
        await plays(relay, FIRST)
        before = pids(relay)[1]
        allow(obstacle)
        await until(lambda: pids(relay)[1] != before, START_SECONDS)
        await plays(relay, SECOND)


@pytest.mark.timeout(400)  # processes start in it
@pytest.mark.parametrize("number", [0, 1])
async def test_a_worker_without_a_file_to_spare_lives_and_serves_again(number: int) -> None:
    with relay_process(*WORKERS) as relay:
        before = pids(relay)
        worker = psutil.Process(before[number])
        usual = worker.rlimit(psutil.RLIMIT_NOFILE)
        worker.rlimit(psutil.RLIMIT_NOFILE, (worker.num_fds() + MANY // 4, usual[1]))
        async with asking(relay, 2 * MANY, number) as connections:
            await until(lambda: worker.num_fds() >= worker.rlimit(psutil.RLIMIT_NOFILE)[0] - 1)
            worker.rlimit(psutil.RLIMIT_NOFILE, usual)
            answers = [await answer(reader) for reader, _ in connections]
            assert set(answers) <= {b"101", b""}
        await plays(relay, FIRST)
        await plays(relay, SECOND)
        assert pids(relay) == before
