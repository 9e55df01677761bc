"""One run, in this process or in several, until its time or count is over."""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import queue
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any

from clients.fuzz.codec import corpus
from clients.fuzz.codec.hunt import Batch, batches, hunt
from clients.fuzz.codec.settings import Settings
from clients.fuzz.codec.sides.adapter import AdapterError
from clients.fuzz.codec.tally import Tally
from clients.fuzz.inputs.case import Case
from clients.fuzz.inputs.cases import cases

Show = Callable[[Tally], None]
"""Gets all that is known so far, every now and then."""

GARBAGE = 50_000
"""Objects that are made before Python looks for circles among them: we make none, and each input
makes hundreds."""

EVERY = 0.5
"""Seconds between two reports of a process."""


def run(settings: Settings, show: Show) -> Tally:
    """Judge inputs and return what came of it.

    Ctrl+C ends it early, and so does a program that breaks the adapters' protocol; neither loses
    what was found.

    Raises:
        AdapterError: a program is no adapter from the beginning.
        NoCorpus: there are no inputs.
    """
    total = Tally()

    def report(part: Tally) -> None:
        total.add(part)
        show(total)

    try:
        if settings.jobs == 1:
            work(settings, report, lambda: False)
        else:
            many(settings, report)
    except KeyboardInterrupt:
        pass  # what was found until then is told
    except AdapterError as error:
        if not total.executions:
            raise
        total.trouble = str(error)
    return total


def work(settings: Settings, report: Show, is_over: Callable[[], bool]) -> None:
    """Do one process's share, and report what is new every half second and at the end."""
    stream = source(settings)
    gc.freeze()
    gc.set_threshold(GARBAGE)
    with settings.adapters() as adapters:
        clock = Clock(settings, report, is_over)
        try:
            hunt(stream, adapters, clock.goes_on)
        finally:
            clock.flush()


def source(settings: Settings) -> Iterable[Batch]:
    """Return the inputs: generated without end, or a corpus, again and again if time is given."""
    if settings.corpus is None:
        return batches(limited(cases(settings.seed, settings.reader), settings.count))
    prepared = list(batches(corpus.load(settings.corpus, settings.reader)))
    is_once = settings.count is None and settings.seconds is None
    return prepared if is_once else itertools.cycle(prepared)


def limited(stream: Iterable[Case], count: int | None) -> Iterable[Case]:
    return stream if count is None else itertools.islice(stream, count)


@dataclass
class Clock:
    """Collects what batches came to, reports it, and says when a share is done."""

    settings: Settings
    report: Show
    is_over: Callable[[], bool]

    def __post_init__(self) -> None:
        self.started = self.reported = time.monotonic()
        self.done = 0
        self.new = Tally()

    def goes_on(self, tally: Tally) -> bool:
        """Take a batch's tally; say whether there is to be another batch."""
        now = time.monotonic()
        self.new.add(tally)
        self.done += tally.executions
        if now - self.reported >= EVERY:
            self.reported = now
            self.flush()
        seconds, count = self.settings.seconds, self.settings.count
        is_late = seconds is not None and now - self.started >= seconds
        is_enough = count is not None and self.done >= count
        is_found = self.settings.first and bool(tally.found)
        return not (is_late or is_enough or is_found or self.is_over())

    def flush(self) -> None:
        """Report what is new."""
        new, self.new = self.new, Tally()
        self.report(new)


def many(settings: Settings, report: Show) -> None:
    """Share the work among processes; report what each reports."""
    context = multiprocessing.get_context("spawn")
    reports, over = context.Queue(), context.Event()
    shares = [
        context.Process(target=share, args=(settings.share(index), reports, over), daemon=True)
        for index in range(settings.jobs)
    ]
    for process in shares:
        process.start()

    def report_first(part: Tally) -> None:
        if settings.first and part.found:
            over.set()
        report(part)

    try:
        gather(reports, shares, report_first)
    finally:
        over.set()
        drain(reports, shares, report)


def share(settings: Settings, reports: Any, over: Event) -> None:
    """Work in a process of its own. Its last report is None, or what went wrong."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process gets it, and sets `over`
    first = multiprocessing.parent_process()
    assert first is not None

    def is_over() -> bool:
        return over.is_set() or not first.is_alive()  # it may have been killed

    try:
        work(settings, reports.put, is_over)
    except (AdapterError, corpus.NoCorpus) as error:
        reports.put(error)
    else:
        reports.put(None)


def gather(reports: Any, shares: list[Any], report: Show) -> None:
    """Take reports until every process has given its last."""
    missing = len(shares)
    while missing:
        try:
            said = reports.get(timeout=1)
        except queue.Empty:
            dead = [process for process in shares if process.exitcode not in (None, 0)]
            if dead:
                raise RuntimeError(f"a process died with {dead[0].exitcode}") from None
            continue
        if isinstance(said, Exception):
            raise said
        if said is None:
            missing -= 1
        else:
            report(said)


def drain(reports: Any, shares: list[Any], report: Show) -> None:
    """Take what is still reported until the processes are gone: an early end loses nothing."""
    while any(process.is_alive() for process in shares) or not reports.empty():
        try:
            said = reports.get(timeout=0.1)
        except queue.Empty:
            continue
        if isinstance(said, Tally):
            report(said)
    for process in shares:
        process.join()
