"""Starts the workers of a relay, restarts workers that end, and ends all of them together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgpack

from relay.persistence import shares
from relay.persistence.file import StateFile
from relay.policy import operators
from relay.policy.config import Settings
from relay.server import logs
from relay.server.clustered import nats_running
from relay.server.listening import Listener, inherited, listen
from relay.workers.crew import Crew, Place
from relay.workers.mail import Kind, Mail

log = logging.getLogger("relay")

END_SECONDS: Final = 15.0  # for workers to end, beside the time that their players get
START_SECONDS: Final = (
    60.0  # for a worker to start; after that the next one is renewed all the same
)
WRITE_SECONDS: Final = 60.0  # more, for those that write their rooms
CANNOT_START: Final = 126  # as a shell says it
STEADY_SECONDS: Final = 10.0  # after which a worker that ends is started again at once
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 10.0
"""Seconds before a worker that lived only shortly is started again; each time twice as many."""


class CannotShare(Exception):
    """The workers cannot run, or did not end well; says in one sentence why."""


def supervise(
    settings: Settings, *, on_listening: Callable[[Listener], None] = lambda listener: None
) -> None:
    """Run a relay of several workers until SIGINT, SIGTERM or SIGHUP.

    Args: on_listening: called once all workers serve.

    Raises:
        CannotListen: the address is not to be had.
        CannotKeep: the rooms cannot be written where the settings say.
        CannotShare: the workers cannot run, or one did not end well.
        CannotJoin: the settings name a NATS that cannot be used.
    """
    if not (hasattr(socket, "send_fds") and hasattr(socket, "AF_UNIX")):
        raise CannotShare(
            "--workers needs a system whose processes can hand sockets over, such as Linux or "
            "macOS: leave it out here"
        )
    # Until `_hear_signals` handles it, SIGUSR2 would end the relay; there are no workers to renew
    # yet.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    listener = inherited() or listen(settings.host, settings.port)
    logs.set_up(settings.log_level, settings.log_format)
    token = operators.token_of(settings.operator_token_file)
    with (
        nats_running(settings) as settings,
        operators.known(settings.operator_token_file, token, listener.port),
        _rooms_dealt(settings) as path,
    ):
        crew = Crew(settings, listener, token, path)
        try:
            asyncio.run(Supervisor(crew, settings, lambda: on_listening(listener)).run())
        finally:
            crew.close()


@contextlib.contextmanager
def _rooms_dealt(settings: Settings) -> Iterator[Path]:
    """Split the state file, if there is one, among the workers, and join their shares at the end.

    Yields: the path of which each worker has a share. If no rooms are to be kept, the path is in a
        folder that is removed at the end: through it a worker leaves its rooms to its successor.
    """
    if settings.state is None:
        with tempfile.TemporaryDirectory(prefix="roomwire-") as folder:
            yield Path(folder, "rooms")
        return
    file = StateFile(settings.state)
    with file.held():
        shares.deal(file, settings.workers)
        try:
            yield file.path
        finally:
            shares.gather(file)


class Supervisor:
    """Looks after a crew, in one event loop."""

    def __init__(self, crew: Crew, settings: Settings, on_ready: Callable[[], None]) -> None:
        """Args: on_ready: called once all workers serve."""
        self._crew = crew
        self._mail = Mail(*crew.own_mail)
        self._group = asyncio.TaskGroup()
        self._on_ready = on_ready
        self._patience = settings.drain_seconds + END_SECONDS
        if settings.state is not None:
            self._patience += WRITE_SECONDS
        self._ending = asyncio.Event()
        self._has_begun = False
        self._is_renewing = False
        self._has_to_renew = False
        self._failure: str | None = None

    async def run(self) -> None:
        """Look after the crew until a signal.

        Raises:
            CannotShare: a worker did not start, or did not end well.
        """
        self._mail.on(Kind.NOTE, lambda name, _: self._note_ready(name.decode()))
        self._mail.open()
        async with self._group:
            self._hear_signals()
            keeping = [self._group.create_task(self._keep(each)) for each in self._crew.places]
            self._group.create_task(self._begin())
            await self._ending.wait()
            await self._end(keeping)
        self._mail.close()
        if self._failure is not None:
            raise CannotShare(self._failure)

    async def _begin(self) -> None:
        for place in self._crew.places:
            await self._until(place.is_up)
        if not self._ending.is_set():
            self._has_begun = True
            self._on_ready()

    async def _end(self, keeping: list[asyncio.Task[None]]) -> None:
        self._crew.let_go()
        _, staying = await asyncio.wait(keeping, timeout=self._patience)
        if staying:
            self._fail(f"{len(staying)} workers did not end by themselves, and were killed")
            self._crew.kill()

    # One worker.

    async def _keep(self, place: Place) -> None:
        """Run one worker after another in a place."""
        loop, pause = asyncio.get_running_loop(), 0.0
        while not self._ending.is_set():
            began = loop.time()
            code = await self._run(place)
            self._tell_who_lives()
            is_failure = code != 0 if self._ending.is_set() else not self._has_begun
            if is_failure:
                self._fail(f"worker {place.number} ended with code {code}: the log says why")
            if self._ending.is_set():
                break
            pause = pause_after(loop.time() - began, pause)
            if code or not place.is_leaving:
                rooms = "are gone" if code else "are kept"
                what = "worker %d ended with code %d: its rooms %s; the next begins in %g s"
                log.error(what, place.number, code, rooms, pause)
                await self._sleep(pause)

    async def _run(self, place: Place) -> int:
        """Run a worker. Returns: its exit code."""
        try:
            return await place.run()
        except OSError as error:  # the others go on, and the next start may succeed
            log.error("worker %d cannot be started: %s", place.number, error)
            return CANNOT_START

    def _fail(self, why: str) -> None:
        self._failure = self._failure or why
        self._ending.set()

    def _note_ready(self, name: str) -> None:
        for place in self._crew.places:
            if place.name == name:
                place.is_up.set()
                log.info("worker %d serves: process %d", place.number, place.pid)
        self._tell_who_lives()

    def _tell_who_lives(self) -> None:
        up = [place for place in self._crew.places if place.is_up.is_set()]
        note = msgpack.packb({place.name: place.number for place in up})
        for place in up:
            self._mail.send(place.number, Kind.NOTE, note)

    # Signals.

    def _hear_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._leave_or_hurry)
        loop.add_signal_handler(signal.SIGTERM, self._leave_or_hurry)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, self._ending.set)
        loop.add_signal_handler(signal.SIGUSR2, self._ask_to_renew)

    def _leave_or_hurry(self) -> None:
        if self._ending.is_set():
            self._crew.hurry()
        self._ending.set()

    def _ask_to_renew(self) -> None:
        if not self._has_begun or self._ending.is_set():
            return
        self._has_to_renew = True
        if self._is_renewing:
            log.info("workers begin anew once more when this round is over")
        else:
            self._is_renewing = True
            self._group.create_task(self._renew())

    async def _renew(self) -> None:
        """Replace the workers by new ones, one after another, as often as was asked.

        If somebody asks in the middle of a round, the next workers may have to begin with other
        settings.
        """
        while self._has_to_renew and not self._ending.is_set():
            self._has_to_renew = False
            renewed = [await self._renew_one(place) for place in self._crew.places]
            if all(renewed):
                log.info("all workers have begun anew")
        self._is_renewing = False

    async def _renew_one(self, place: Place) -> bool:
        """Replace a worker. A worker that hangs is killed, and its rooms are gone.

        Returns: whether another worker serves in its place.
        """
        await self._until(place.is_up, START_SECONDS)
        if self._ending.is_set():
            return False
        place.leave()
        if not await self._until(place.is_empty, self._patience) and not self._ending.is_set():
            what = "worker %d does not end within %g s: process %d is killed"
            log.error(what, place.number, self._patience, place.pid)
            place.signal(signal.SIGKILL)
        return await self._until(place.is_up, START_SECONDS)

    async def _until(self, event: asyncio.Event, seconds: float | None = None) -> bool:
        """Wait for an event, for the end, or for so many seconds. Returns: whether it happened."""
        loop = asyncio.get_running_loop()
        waits = [loop.create_task(each.wait()) for each in (event, self._ending)]
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return waits[0] in done

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()


def pause_after(lived: float, last: float) -> float:
    """Return the seconds to wait before the next worker, after one that lived for so many."""
    return 0.0 if lived >= STEADY_SECONDS else min(max(FIRST_PAUSE, 2 * last), LONGEST_PAUSE)
