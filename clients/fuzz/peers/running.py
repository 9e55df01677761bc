"""One run: conversations, seed after seed, until its time or count is over."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from clients.fuzz.peers.faults import Fault
from clients.fuzz.peers.memory import Memory
from clients.fuzz.peers.plan.parts import Kept, Unsound, fewest
from clients.fuzz.peers.program import NoProgram
from clients.fuzz.peers.sides import DRAINED, ENTRY, Side
from clients.fuzz.peers.transcript import Transcript

OF_NO_PART: Final = ("unreachable", "memory")
"""Faults that are no part's of a conversation."""

MOST_UNREACHED: Final = 3
"""Conversations in a row that cannot even begin, after which a run ends."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How long a run goes on, and what it bears."""

    seed: int = 0
    seconds: float | None = None
    count: int | None = None
    jobs: int = 1
    memory_mib: float = 64
    is_first_enough: bool = False
    """Whether a run ends with the first fault."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, with the conversation that showed it."""

    fault: Fault
    seed: int
    transcript: Transcript
    kept: Kept | None = None
    """The numbers of its parts that are left; None where it could not be shrunk."""
    is_drain: bool = False
    """Whether the relay is told to end after it."""

    @property
    def group(self) -> tuple[str, str]:
        """What it has in common with others like it: the numbers in its step do not count."""
        step = "".join(letter for letter in self.fault.step if not letter.isdigit())
        return self.fault.kind, " ".join(step.split())


class Known(NamedTuple):
    """What plays a finding again."""

    seed: int
    kept: Kept | None = None
    is_drain: bool = False


Last = Callable[[Transcript], None]
"""What is done last, once: it tells the relay to end."""


@dataclass
class Tally:
    """What a run came to so far."""

    conversations: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    found: dict[tuple[str, str], Finding] = field(default_factory=dict)
    """Of each kind the shortest conversation."""
    seeds: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """All that showed it."""
    trouble: str = ""
    """Why the run ended early, or why nothing is written; "" where all went well."""

    def add(self, finding: Finding) -> None:
        """Take a finding in."""
        known = self.found.get(finding.group)
        if known is None or len(finding.transcript.entries) < len(known.transcript.entries):
            self.found[finding.group] = finding
        self.seeds.setdefault(finding.group, []).append(finding.seed)


class Run:
    """Shares the seeds among as many sides as there are jobs."""

    def __init__(self, settings: Settings, make: Callable[[], Side]) -> None:
        """Args: make: starts what is under test, once a job."""
        self.settings = settings
        self.tally = Tally()
        self._make = make
        self._seeds = itertools.count(settings.seed)
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._unreached = 0
        self._errors: list[BaseException] = []
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """For how long it goes on."""
        return time.monotonic() - self._started

    def go(self, show: Callable[[Tally, float], None]) -> Tally:
        """Play conversations until the run is over.

        Ctrl+C ends it early, and so does a client that cannot be started again; neither loses what
        was found.

        Raises:
            NoProgram: the client under test cannot be started at all.
        """
        jobs = [threading.Thread(target=self._job, daemon=True) for _ in range(self.settings.jobs)]
        for job in jobs:
            job.start()
        try:
            while any(job.is_alive() for job in jobs):
                jobs[0].join(0.1)
                show(self.tally, self.seconds)
        except KeyboardInterrupt:
            self._is_over.set()
        with contextlib.suppress(KeyboardInterrupt):  # whoever insists does not wait for the rest
            for job in jobs:
                job.join()
        self._tell_errors()
        return self.tally

    def _tell_errors(self) -> None:
        for error in self._errors[:1]:
            if not isinstance(error, NoProgram) or not self.tally.conversations:
                raise error
            self.tally.trouble = f"it ended early: {error}"

    def shrink(self, seconds: float) -> None:
        """Make the findings smaller, each within so many seconds. Ctrl+C leaves the others."""
        worth = [group for group in self.tally.found if group[0] not in OF_NO_PART]
        if seconds and worth:
            with contextlib.suppress(KeyboardInterrupt, NoProgram), ended(self._make()) as side:
                for group in worth:
                    found = self.tally.found[group]
                    self.tally.found[group] = shrunk(side, found, seconds)

    def finish(self, last: Last) -> None:
        """Do something last, which may show a fault, too."""
        transcript = Transcript()
        try:
            last(transcript)
        except Fault as fault:
            self.tally.add(Finding(fault, DRAINED, transcript, ENTRY, is_drain=True))

    def replay(self, known: Iterable[Known], last: Last | None = None) -> Tally:
        """Play conversations, or parts of them, once more. Then end the relay, if one needs it.

        Raises:
            ValueError: one needs it, and there is nothing to do so with.
        """
        known = list(known)
        is_drain = any(each.is_drain for each in known)
        if is_drain and last is None:
            raise ValueError("a finding of --drain is one of a relay: replay it with `server`")
        with ended(self._make()) as side:
            for seed, kept, _ in (each for each in known if not each.is_drain):
                self.tally.conversations += 1
                if found := again_with(side, seed, kept):
                    self.tally.add(found)
        if is_drain and last is not None:
            self.tally.conversations += 1
            self.finish(last)
        return self.tally

    def _job(self) -> None:
        try:
            with ended(self._make()) as side:
                memory = Memory(self.settings.memory_mib)
                while (seed := self._next()) is not None:
                    self._play(side, memory, seed)
        except BaseException as error:
            self._errors.append(error)
            self._is_over.set()

    def _next(self) -> int | None:
        """Return the seed of another conversation, unless the run is over."""
        settings = self.settings
        with self._lock:
            seed = next(self._seeds)
            is_enough = settings.count is not None and seed >= settings.seed + settings.count
            is_late = settings.seconds is not None and self.seconds >= settings.seconds
            return None if is_enough or is_late or self._is_over.is_set() else seed

    def _play(self, side: Side, memory: Memory, seed: int) -> None:
        transcript = Transcript()
        try:
            steps = side.converse(seed, transcript)
            memory.check(side.pid)
        except Fault as fault:
            with self._lock:
                self.tally.conversations += 1
                self.tally.add(Finding(fault, seed, transcript))
                self._unreached = self._unreached + 1 if fault.kind == "unreachable" else 0
                if self._unreached >= MOST_UNREACHED or self.settings.is_first_enough:
                    self._is_over.set()
            return
        with self._lock:
            self._unreached = 0
            self.tally.conversations += 1
            self.tally.steps.update(steps)


def shrunk(side: Side, finding: Finding, seconds: float) -> Finding:
    """Return the same fault in a conversation of fewer parts, if one shows it."""
    until = time.monotonic() + seconds
    smallest = finding

    def still_fails(kept: Kept) -> bool:
        nonlocal smallest
        again = None if time.monotonic() > until else again_with(side, finding.seed, kept)
        if again is None or again.group != finding.group:
            return False
        smallest = again
        return True

    fewest(side.parts(finding.seed), still_fails)
    return smallest


def again_with(side: Side, seed: int, kept: Kept | None) -> Finding | None:
    """Play a conversation, or some parts of it, once more. Returns: the fault that it shows."""
    transcript = Transcript()
    try:
        side.converse(seed, transcript, kept)
    except Unsound:
        return None
    except Fault as fault:
        return Finding(fault, seed, transcript, kept)
    return None


@contextlib.contextmanager
def ended(side: Side) -> Iterator[Side]:
    """Let go of a side at the end."""
    try:
        yield side
    finally:
        side.end()
