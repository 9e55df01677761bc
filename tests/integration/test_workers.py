"""A relay of two workers is one relay: in its rooms, in its end, and when one of them is killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from itertools import islice
from pathlib import Path

import httpx
import psutil
import pytest

from protocol import limits
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.frames import Deliver, Error, Leave, Live, RoomOptions, Send
from relay.persistence.file import StateFile
from relay.persistence.shares import gather
from relay.policy.operators import find_token
from relay.server.listening import listen
from tests.helpers.crew import names_at, pids
from tests.helpers.looking import until_equal
from tests.helpers.peers import Party, new_seat, party_at, until
from tests.helpers.relay import RelayProcess, relay_process
from tests.helpers.state_files import found
from tests.helpers.watchers import decoded, watcher

WORKERS = ("--workers", "2", "--profile", "bench", "--log-level", "info")
AT_ONCE = 50
START_SECONDS = 60.0  # for processes to start, one after another, beside all other tests
FIRST, OF_FIRST = islice(names_at(0), 2)
SECOND, OF_SECOND = islice(names_at(1), 2)
"""Rooms, two in each worker."""
PATIENT = RoomOptions(hold=limits.MAX_HOLD)
"""Waits for its players however long a start takes."""


async def joins(relay: RelayProcess, many: int) -> None:
    """Let so many players enter 100 rooms, each over a connection of its own, and leave."""
    places = asyncio.Semaphore(AT_ONCE)

    async def join(number: int) -> None:
        async with places, party_at(relay.url) as at:
            peer = await at.enters(f"CROWD-{number % 100}")
            peer.says(Send(True, b"%d" % number))
            assert (await peer.hears(Deliver, lambda d: d.sender == peer.me)).payload == (
                b"%d" % number
            )

    await asyncio.gather(*map(join, range(many)))


async def meet(at: Party, rooms: int) -> None:
    """Let four players meet in each room, over connections that any worker accepts, and leave."""
    for number in range(rooms):
        peers = [await at.enters(f"MEET-{number}") for _ in range(4)]
        peers[0].says(Send(None, b"hello"))
        for peer in peers[1:]:
            assert (await peer.hears(Deliver)).payload == b"hello"
        for peer in peers:
            peer.says(Leave())
            await peer.ends()


async def comes_back_to_nothing(
    at: Party, room: str, seat: bytes, position: tuple[bytes, int]
) -> None:
    again = await at.connects(room)
    again.greets(seat=seat, position=position)
    error = await again.hears(Error)
    assert error.code in (ErrorCode.ROOM_GONE, ErrorCode.EPOCH_CHANGED)
    again.greets(seat=seat)
    await again.hears(Live)


@pytest.mark.timeout(600)  # six processes start in it
async def test_two_workers_are_one_relay() -> None:
    with (
        listen("127.0.0.1", 0).sockets[0] as bound,
        relay_process(*WORKERS, bound=bound.fileno()) as relay,
    ):
        assert relay.port == bound.getsockname()[1]
        async with party_at(relay.url) as at:
            await meet(at, 6)
            await joins(relay, 1000)
            await a_visitor_sees_one_relay(relay, at)
            await any_worker_shows_a_room(relay, at)
            await a_second_start_is_refused(relay)
            await a_killed_worker_is_replaced(relay, at)
            await a_worker_that_cannot_be_started_is_tried_again(relay, at)
            await all_workers_begin_anew(relay, at)
            left = [await at.enters(room) for room in (FIRST, SECOND)]
            ending = asyncio.to_thread(relay.end)
            one, other, code = await asyncio.gather(left[0].ends(), left[1].ends(), ending)
            assert one[0] == other[0] == CloseCode.DRAIN
            assert code == 0, relay.log


async def a_visitor_sees_one_relay(relay: RelayProcess, at: Party) -> None:
    """Each request comes over a connection of its own, to any worker."""
    inside = [await at.enters(room, name=room) for room in (OF_FIRST, OF_SECOND)]
    async with (
        httpx.AsyncClient(base_url=relay.url, headers={"connection": "close"}) as http,
        AsyncExitStack() as stack,
    ):

        async def sees() -> tuple[set[str], int, set[float]]:
            rooms = (await http.get("/api/rooms", params={"limit": 200})).json()["rooms"]
            count = (await http.get("/api/relay")).json()["players"]
            metrics = (await http.get("/metrics")).text
            seats = re.findall(
                r'^roomwire_seats{presence="here",role="player"} (\S+)$', metrics, re.M
            )
            return (
                {room["host"] for room in rooms if room["players"]},
                count,
                set(map(float, seats)),
            )

        for peer in inside:  # or the relay would miss their answers to its pings
            await stack.enter_async_context(peer.reading())
        for _ in range(AT_ONCE):
            await until_equal(sees, ({OF_FIRST, OF_SECOND}, 2, {2.0}), START_SECONDS)
        wanted = {"app": "of all", "capacity": AT_ONCE}
        matches = [(await http.post("/api/match", json=wanted)).json() for _ in range(AT_ONCE // 2)]
        assert len({match["room"] for match in matches}) == 1
        assert (await http.get("/healthz")).json() == {"status": "ok"}
    for peer in inside:
        peer.says(Leave())
        await peer.ends()


async def any_worker_shows_a_room(relay: RelayProcess, at: Party) -> None:
    """Each watcher comes over a connection of its own, to any worker."""
    token = find_token(relay.port)
    ann, bob = await at.enters(OF_FIRST), await at.enters(OF_SECOND)
    for number in range(8):
        for peer, room in ((ann, OF_FIRST), (bob, OF_SECOND)):
            async with watcher(relay.url, room, ("op", "DELIVER"), token=token) as eve:
                await eve.hears("players")
                peer.says(Send(None, b"%d" % number))
                (frame,) = map(decoded, await eve.sees(1))
                assert isinstance(frame, Deliver)
                assert frame.payload == b"%d" % number
    for peer in (ann, bob):
        peer.says(Leave())
        await peer.ends()


async def a_second_start_is_refused(relay: RelayProcess) -> None:
    command = [sys.executable, "-m", "relay", "serve", "--port", str(relay.port), *WORKERS]
    ended = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 2
    assert f"port {relay.port}" in ended.stderr
    assert ended.stderr.count("\n") == 1


async def a_killed_worker_is_replaced(relay: RelayProcess, at: Party) -> None:
    """Its players come back, those of the other notice nothing, and nobody who comes is lost."""
    seat = new_seat()
    ann, bob = await at.enters(FIRST), await at.enters(SECOND, seat=seat)
    before = pids(relay)
    os.kill(before[1], signal.SIGKILL)
    await bob.ends()
    await comes_back_to_nothing(at, SECOND, seat, bob.position)
    await until(lambda: pids(relay)[1] != before[1], START_SECONDS)  # the log may come later
    assert pids(relay)[0] == before[0]
    ann.says(Send(True, b"still here"))
    assert (await ann.hears(Deliver)).payload == b"still here"
    assert "worker 1 ended with code -9: its rooms are gone" in relay.log


async def a_worker_that_cannot_be_started_is_tried_again(relay: RelayProcess, at: Party) -> None:
    """A system that is short of files or processes costs one worker, and not the relay."""
    supervisor = psutil.Process(relay.process.pid)
    before, limits_before = pids(relay), supervisor.rlimit(psutil.RLIMIT_NOFILE)
    ann = await at.enters(FIRST)
    supervisor.rlimit(psutil.RLIMIT_NOFILE, (supervisor.num_fds(), limits_before[1]))
    os.kill(before[1], signal.SIGKILL)
    await until(lambda: "worker 1 cannot be started" in relay.log)
    supervisor.rlimit(psutil.RLIMIT_NOFILE, limits_before)
    await until(lambda: pids(relay)[1] != before[1], START_SECONDS)
    ann.says(Send(True, b"still here"))
    assert (await ann.hears(Deliver)).payload == b"still here"


async def all_workers_begin_anew(relay: RelayProcess, at: Party) -> None:
    """SIGUSR2: rooms stay, with all that was said in them."""
    before, seats = pids(relay), {room: new_seat() for room in (OF_FIRST, OF_SECOND)}
    peers = {room: await at.enters(room, seat=seat, create=PATIENT) for room, seat in seats.items()}
    for peer in peers.values():
        peer.says(Send(True, b"word"))  # SPEC 11.3: who says nothing may not know of their seat
        await peer.hears(Deliver)
    relay.process.send_signal(signal.SIGUSR2)
    assert (await peers[OF_FIRST].ends())[0] == CloseCode.DRAIN
    await until(lambda: "all workers have begun anew" in relay.log, START_SECONDS)
    assert (await peers[OF_SECOND].ends())[0] == CloseCode.DRAIN
    assert not set(pids(relay).values()) & set(before.values())
    for room, peer in peers.items():
        again = await at.connects(room)
        again.greets(seat=seats[room], position=peer.position)
        await again.hears(Live)
        assert again.welcome.session.resumed
        again.raw.abort()


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_ten_thousand_joins_lose_none() -> None:
    with relay_process(*WORKERS) as relay:
        await joins(relay, 10_000)


async def test_a_worker_that_hangs_does_not_stop_the_others_from_beginning_anew() -> None:
    with relay_process(*WORKERS, module="tests.helpers.impatient") as relay:
        before = pids(relay)
        os.kill(before[0], signal.SIGSTOP)
        relay.process.send_signal(signal.SIGUSR2)
        await until(lambda: "all workers have begun anew" in relay.log, START_SECONDS)
        assert f"worker 0 does not end within 1 s: process {before[0]} is killed" in relay.log
        assert not set(pids(relay).values()) & set(before.values())
        async with party_at(relay.url) as at:
            for room in (FIRST, SECOND):
                assert (await at.enters(room)).me == 1


async def test_rooms_go_from_one_relay_to_workers_and_back(file: Path) -> None:
    seats = {room: new_seat() for room in (FIRST, SECOND)}
    positions: dict[str, tuple[bytes, int]] = {}
    for options in ((), WORKERS):
        with relay_process(*options, "--state", str(file)) as relay:
            async with party_at(relay.url) as at:
                for room, seat in seats.items():
                    peer = await at.connects(room)
                    peer.greets(seat=seat, position=positions.get(room), create=PATIENT)
                    await peer.hears(Live)
                    assert peer.welcome.session.resumed == (room in positions)
                    peer.says(Send(True, b"word"))
                    await peer.hears(Deliver)
                    positions[room] = peer.position
                assert await asyncio.to_thread(relay.end) == 0, relay.log
        assert found(file.parent) == [file.name]
    assert_kept(file, positions)


def assert_kept(file: Path, positions: dict[str, tuple[bytes, int]]) -> None:
    """Check that the next relay finds the rooms as their players have left them."""
    state = StateFile(file)
    gather(state)
    rooms = {room.name: room for room in state.take().rooms}
    assert set(rooms) == set(positions)
    for name, (epoch, seq) in positions.items():
        assert rooms[name].epoch == epoch
        assert rooms[name].seq >= seq


async def test_workers_whose_supervisor_is_killed_end_and_keep_their_rooms(file: Path) -> None:
    seat = new_seat()
    with relay_process(*WORKERS, "--state", str(file)) as relay:
        async with party_at(relay.url) as at:
            peer = await at.enters(SECOND, seat=seat)
            relay.process.kill()
            assert (await peer.ends())[0] == CloseCode.DRAIN
        workers = pids(relay).values()
        await until(lambda: not any(map(is_alive, workers)))
    assert_kept(file, {SECOND: peer.position})


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_cannot_begin_ends_the_start(file: Path) -> None:
    command = [sys.executable, "-m", "relay", "serve", "--port", "0", *WORKERS]
    file.with_name(f"{file.name}.worker-1").mkdir()
    ended = subprocess.run(
        [*command, "--state", str(file)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert f"{file.name}.worker-1" in ended.stderr
