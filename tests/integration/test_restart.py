"""A relay in a process of its own is started again: what of its players' games is left."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from clients.python import connect, events
from protocol.codec import encode
from protocol.error_codes import ErrorCode
from protocol.frames import (
    Deliver,
    Error,
    Frame,
    Host,
    Live,
    RoomOptions,
    Send,
    Set,
    Subscribe,
    Transfer,
)
from tests.helpers.peers import PATIENCE, Party, Peer, new_seat, party_at
from tests.helpers.ports import free_ports
from tests.helpers.raw import Closed
from tests.helpers.relay import relay_process
from tests.helpers.state_files import found, kept

PASSWORD = "open sesame"
ENOUGH = 60  # words to all, after which a conversation may be interrupted


class Talker:
    """A player who talks without a pause: hearing one's own word is the cue for the next.

    Attributes:
        counted: every counted frame that it ever said; number n is `counted[n - 1]`.
        heard: sender and payload of all that was delivered to it, in order.
        is_deep_in_talk: set once it heard enough.
    """

    def __init__(self, room: str, number: int) -> None:
        self.room = room
        self.number = number
        self.seat = new_seat()
        self.counted: list[bytes] = []
        self.heard: list[tuple[int, bytes]] = []
        self.seqs: list[int] = []
        self.is_deep_in_talk = asyncio.Event()
        self.peer: Peer
        self.position = (b"", 0)

    async def enters(self, at: Party) -> None:
        create = RoomOptions(password=PASSWORD)
        self.peer = await at.enters(
            self.room, seat=self.seat, name=f"P{self.number}", create=create, password=PASSWORD
        )

    def says(self, *frames: Frame) -> None:
        for frame in frames:
            self.counted.append(encode(frame))
            self.peer.says(self.counted[-1])

    def talks(self) -> None:
        number = len(self.counted)
        word = b"%d from %d" % (number, self.peer.me)
        if number % 4 == 0:
            self.says(Send(-1, b"group " + word), Send((1, 2), b"two " + word))
        self.says(Send(True, b"all " + word))

    def said(self, kind: bytes) -> list[bytes]:
        """Return the payloads of this kind that it ever said."""
        return [frame[frame.index(kind) :] for frame in self.counted if kind in frame]

    @property
    def words_to_all(self) -> list[tuple[int, bytes]]:
        return [each for each in self.heard if each[1].startswith(b"all")]

    def has_heard(self, kind: bytes, sender: Talker) -> list[bytes]:
        return [word for by, word in self.heard if by == sender.number and word.startswith(kind)]

    async def talks_until(self, mark: bytes | None) -> None:
        """Talk until the relay closes, or until everybody's mark was heard."""
        missing = {number for number in (1, 2, 3) if mark is not None}
        while mark is None or missing:
            try:
                frame = await self.peer.next()
            except Closed:
                return
            if isinstance(frame, Deliver):
                self.heard.append((frame.sender, frame.payload))
                self.seqs.append(frame.seq)
                if not self.is_deep_in_talk.is_set() and len(self.words_to_all) >= ENOUGH:
                    self.is_deep_in_talk.set()
                if frame.payload == mark:
                    missing.discard(frame.sender)
                elif frame.sender == self.peer.me and mark is None and frame.payload[:3] == b"all":
                    self.talks()

    async def comes_back(self, at: Party) -> None:
        """Resume, and say again what the relay has not taken."""
        before, self.position = self.peer, self.peer.position
        self.peer = await at.connects(self.room)
        self.peer.greets(seat=self.seat, position=self.position)
        while not self.peer.heard:
            await self.peer.next()
        welcome = self.peer.welcome
        assert (welcome.player, welcome.session.epoch) == (before.me, self.position[0])
        assert (welcome.seq, welcome.session.resumed) == (self.position[1], True)
        assert welcome.session.taken <= len(self.counted)
        self.peer.says(*self.counted[welcome.session.taken :])


async def test_games_go_on_where_they_were(file: Path) -> None:
    talkers = [Talker(room, number) for room in ("A", "B") for number in (1, 2, 3)]
    options = ("--profile", "bench", "--state", str(file))
    with relay_process(*options, "--drain-seconds", "1") as relay:
        async with party_at(relay.url) as at:
            for talker in talkers:
                await talker.enters(at)
                talker.says(Subscribe((1,) if talker.number != 1 else (), ()))
            for host in talkers[::3]:
                host.says(Set(0, "map", b"\xa4dust"))
                host.says(Transfer(2))
                await host.peer.hears(Host)
            for talker in talkers:
                talker.talks()
            async with asyncio.TaskGroup() as tasks:
                for talker in talkers:
                    tasks.create_task(talker.talks_until(None))
                for talker in talkers:
                    await talker.is_deep_in_talk.wait()
                await asyncio.to_thread(relay.end)
        assert relay.process.returncode == 0
    data = kept(file)
    assert data
    assert not any(talker.seat in data for talker in talkers)
    assert PASSWORD.encode() not in data

    with relay_process(*options) as relay:
        assert kept(file) is None
        async with party_at(relay.url) as at, asyncio.timeout(2 * PATIENCE):
            for talker in talkers:
                await talker.comes_back(at)
            for talker in talkers:
                talker.says(Send(True, b"end"))
            await asyncio.gather(*(talker.talks_until(b"end") for talker in talkers))
            for talker in talkers:
                assert not talker.peer.all(Error)
                assert not talker.peer.all(Host)
            newcomer = await at.enters("A", password=PASSWORD)
            assert newcomer.all(Host)[-1].player == 2
        assert relay.end() == 0
    for room in (talkers[:3], talkers[3:]):
        judge(room)


def judge(talkers: list[Talker]) -> None:
    """Check that all heard what was for them and nothing else, once, in one order."""
    for talker in talkers:
        assert all(early < late for early, late in pairwise(talker.seqs))
        for sender in talkers:
            for kind, receivers in ((b"all", {1, 2, 3}), (b"group", {2, 3}), (b"two", {1, 2})):
                wanted = sender.said(kind) if talker.number in receivers else []
                assert talker.has_heard(kind, sender) == wanted
    orders = [talker.words_to_all for talker in talkers]
    assert orders[0] == orders[1] == orders[2]
    assert len(orders[0]) >= ENOUGH


async def test_frames_that_were_allowed_when_they_were_sent_are_taken_by_a_stricter_relay(
    file: Path,
) -> None:
    """A room keeps the limit that its players were told, over a restart with a smaller one."""
    before = 128 * 1024  # more than what the transport takes where 256 bytes are the limit
    payload = bytes(before - 16)
    options = ("--profile", "bench", "--state", str(file), "--max-frame")
    greeting: dict[str, Any] = {"max_frame": 2 * before, "ticket": "t" * 1000}
    seats = [new_seat() for _ in range(2)]
    with relay_process(*options, str(before)) as relay:
        async with party_at(relay.url) as at:
            peers = [await at.enters("R", seat=seat, **greeting) for seat in seats]
            ending = asyncio.to_thread(relay.end)
            await asyncio.gather(ending, *(peer.ends() for peer in peers))
    with relay_process(*options, "256") as relay:
        async with party_at(relay.url) as at:
            for seat, peer in zip(seats, peers, strict=True):
                again = await at.connects("R")
                again.greets(seat=seat, position=peer.position, **greeting)
                await again.hears(Live)
                assert again.welcome.session.limits.max_frame == before
                again.says(*[Send((again.me,), payload)] * 20)
                for _ in range(20):
                    assert (await again.hears(Deliver)).payload == payload
                assert not again.all(Error)
                again.says(Send(True, bytes(before)))
                assert (await again.hears(Error)).detail.limit == before
            small = await at.connects("R")
            small.greets(max_frame=before)
            assert (await small.is_turned_away())[0].code == ErrorCode.FRAME_SIZE
            other = await at.enters("S", max_frame=1024)
            assert other.welcome.session.limits.max_frame == 256


async def test_a_state_file_is_good_for_one_start(file: Path) -> None:
    seat = new_seat()
    with relay_process("--state", str(file)) as relay:
        async with party_at(relay.url) as at:
            before = await at.enters("R", seat=seat)
            await asyncio.to_thread(relay.end)
    with relay_process("--state", str(file)) as relay:
        relay.process.kill()
    with relay_process("--state", str(file)) as relay:
        async with party_at(relay.url) as at:
            again = await at.connects("R")
            again.greets(seat=seat, position=before.position)
            assert (await again.hears(Error)).code == ErrorCode.ROOM_GONE


async def test_who_is_killed_keeps_nothing(file: Path) -> None:
    seat = new_seat()
    with relay_process("--state", str(file)) as relay:
        async with party_at(relay.url) as at:
            before = await at.enters("R", seat=seat)
            relay.process.kill()
            await before.ends()
    assert kept(file) is None
    with relay_process("--state", str(file)) as relay:
        async with party_at(relay.url) as at:
            other = await at.enters("R")
            again = await at.connects("R")
            again.greets(seat=seat, position=before.position)
            assert (await again.hears(Error)).code == ErrorCode.EPOCH_CHANGED
            assert other.position[0] != before.position[0]


def test_a_damaged_file_is_no_reason_not_to_start(file: Path) -> None:
    file.write_bytes(b"no rooms")
    with relay_process("--state", str(file)) as relay:
        assert httpx.get(f"{relay.url}/healthz").status_code == 200
        assert relay.end() == 0
        assert relay.log.count("\n") == 1
        assert "cannot be used" in relay.log
    assert found(file.parent) == [f"{file.name}.bad"]


def test_a_file_that_can_never_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "relay", "serve", "--port", "0", "--state", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "--state" in ended.stderr


def test_rooms_that_cannot_be_written_in_the_end_are_missed_aloud(file: Path) -> None:
    with relay_process("--state", str(file)) as relay:
        httpx.post(f"{relay.url}/api/rooms", json={"keep": 3600})
        file.mkdir()
        assert relay.end() == 2
        assert relay.log.count("\n") == 2
        assert f"the rooms cannot be written to {file}" in relay.log


async def test_a_python_client_comes_back_by_itself(file: Path) -> None:
    options = ("--state", str(file), "--drain-seconds", "0.2")
    (port,) = free_ports(1)  # it is nobody else's meanwhile
    async with AsyncExitStack() as stack:
        with relay_process(*options, port=port) as relay:
            room = await stack.enter_async_context(connect(relay.url, room="R", name="Ann"))
            peer = await stack.enter_async_context(connect(relay.url, room="R", name="Bob"))
            await room.send("before")
            assert await asyncio.to_thread(relay.end) == 0
        ended = time.monotonic()
        with relay_process(*options, port=port):
            await room.send("after")
            heard: list[object] = []
            async for event in peer:
                heard.append(event)
                if isinstance(event, events.Message) and event.value == "after":
                    break
            assert time.monotonic() - ended < PATIENCE
            [back] = [event for event in heard if isinstance(event, events.Resumed)]
            assert back.resumed
            said = [event.value for event in heard if isinstance(event, events.Message)]
            assert said == ["before", "after"]
